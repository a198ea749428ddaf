"""Rules as dated rows, and the facts about numbers and patients that the gate asks."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb

from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.domain.phone import PhoneNumber, PhoneNumberError
from coordinator_app.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date
    from pathlib import Path

    from coordinator_app.db.admin_session import Admin

ANSWERS = ("yes", "no", "no_data")
_PARTS = ("numbers", "hours", "holidays", "blackouts")
# Below zero; more than the database counts, which looks for a function with larger numbers.
_NO_NUMBER = (psycopg.errors.CheckViolation, psycopg.errors.UndefinedFunction)
_UNKNOWN_KIND = "There is no rule {}. See coordinator-admin rules list."


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule in force on a day. ``words``: the number, or the hours."""

    id: str
    jurisdiction: str
    words: str
    citation: str


@dataclass(frozen=True, slots=True)
class RulePack:
    """A file of rules, checked: its version, content hash (SHA-256, hex) and parts."""

    version: str
    note: str
    sha256: str
    parts: Mapping[str, tuple[Mapping[str, Any], ...]]


def list_rules(conninfo: str, *, on: date | None, state: str) -> tuple[str, tuple[RuleLine, ...]]:
    """Return the version of the pack in force on a day (default: today) and its rows.

    ``state``: two letters, "*" for the rows without a state, "" for all.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, zone = practice_day(conn)
        day = on or today
        row = conn.execute(
            "SELECT app.rule_version((%s + time '12:00') AT TIME ZONE %s)", [day, zone]
        ).fetchone()
        rows = conn.execute(
            "SELECT x.id, x.jurisdiction, x.number::text, x.citation FROM app.rule x "
            "WHERE x.effective @> %(day)s AND (%(state)s = '' OR x.jurisdiction = %(state)s) "
            "UNION ALL SELECT h.value ->> 'id', c.jurisdiction, h.value ->> 'words', "
            "h.value ->> 'citation' FROM app.calling_rule c, jsonb_array_elements(app.rules_behind("
            "'hours', ARRAY[c.jurisdiction], (%(day)s + time '12:00') AT TIME ZONE %(zone)s)) AS h "
            "WHERE c.effective @> %(day)s AND (%(state)s = '' OR c.jurisdiction = %(state)s) "
            "ORDER BY 1",
            {"day": day, "zone": zone, "state": state},
        ).fetchall()
    return (row[0] if row else ""), tuple(RuleLine(*found) for found in rows)


def set_rule(
    conninfo: str, kind: str, number: int, *, state: str, since: date | None, citation: str
) -> None:
    """Let a rule have another number from a day on (default: today); the old row stays.

    Raises RefusedError for an unknown rule, a number that none can be, or a day that has passed.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        _not_past(since or today, today)
        known = conn.execute("SELECT FROM app.rule WHERE kind = %s LIMIT 1", [kind]).fetchone()
        if known is None:
            raise RefusedError(_UNKNOWN_KIND.format(kind), name="no_such_rule")
        _known_state(conn, state)
        try:
            conn.execute(
                "SELECT app.set_rule(%s, %s, %s, %s, %s)",
                [kind, state, number, since or today, citation],
            )
        except _NO_NUMBER:
            raise RefusedError(
                f"{kind} cannot be {number}. A rule is a whole number from 0 up.",
                name="no_such_number",
            ) from None


def read_pack(path: Path, expected: str) -> RulePack:
    """Read a file of rules; ``expected``: its SHA-256 as received apart from it, or "".

    Raises ConfigurationError for a file that is not one or whose content is unexpected.
    """
    try:
        content = path.read_bytes()
        pack = json.loads(content)
    except (OSError, ValueError):
        raise ConfigurationError(
            f"{path.name} cannot be read as a pack of rules (JSON).", name="bad_pack"
        ) from None
    sha256 = hashlib.sha256(content).hexdigest()
    if expected and expected.lower() != sha256:
        raise ConfigurationError(
            f"{path.name} is not the file that was announced: its SHA-256 is {sha256}. "
            "Get it again from where it comes from.",
            name="pack_changed",
        )
    if not isinstance(pack, dict) or not isinstance(pack.get("version"), str):
        raise ConfigurationError(f"{path.name} has no version.", name="bad_pack")
    unknown = set(pack) - {"version", "note", *_PARTS}
    lists = [pack.get(part, []) for part in _PARTS]
    if unknown or not all(isinstance(rows, list) for rows in lists):
        words = ", ".join(sorted(unknown)) or "a part that is no list"
        raise ConfigurationError(f"{path.name} has something unexpected: {words}.", name="bad_pack")
    if not all(isinstance(row, dict) for rows in lists for row in rows):
        raise ConfigurationError(f"{path.name} has a row that is no object.", name="bad_pack")
    parts = {part: tuple(pack.get(part, ())) for part in _PARTS}
    return RulePack(pack["version"], str(pack.get("note", "")), sha256, parts)


def load_pack(conninfo: str, pack: RulePack, *, dry_run: bool) -> Mapping[str, int]:
    """Close and add the rows of a pack, all or nothing; returns how many of each part.

    Raises RefusedError when a row cannot be: in the past, unknown, incomplete.
    """
    with connect_admin(conninfo) as conn:
        try:
            with as_owner(conn):
                today, _ = practice_day(conn)
                _load(conn, pack, today)
                if dry_run:
                    raise psycopg.Rollback
        except (psycopg.errors.DataError, psycopg.errors.IntegrityError, *_NO_NUMBER) as error:
            raise RefusedError(
                f"The pack {pack.version} has a row that cannot be: "
                f"{error.diag.message_primary}. Nothing was changed.",
                name="bad_pack",
            ) from None
    return {part: len(rows) for part, rows in pack.parts.items()}


def _load(conn: Admin, pack: RulePack, today: date) -> None:
    for row in (*pack.parts["numbers"], *pack.parts["hours"]):
        if not row.get("citation") or not row.get("from"):
            raise RefusedError(
                "Each rule of a pack needs the day it begins and its citation.", name="bad_pack"
            )
    for row in pack.parts["numbers"]:
        _known_state(conn, row.get("jurisdiction", "*"))
        conn.execute(
            "SELECT app.set_rule(%s, %s, %s, %s::date, %s)",
            [
                row.get("kind"),
                row.get("jurisdiction", "*"),
                row.get("number"),
                row["from"],
                row["citation"],
            ],
        )
    for row in pack.parts["hours"]:
        conn.execute("SELECT app.set_hours(%s)", [Jsonb(row)])
    for row in pack.parts["holidays"]:
        added = conn.execute(
            "INSERT INTO app.holiday (jurisdiction, day, name) VALUES (%s, %s::date, %s) "
            "ON CONFLICT (jurisdiction, day) DO NOTHING RETURNING day",
            [row.get("jurisdiction"), row.get("day"), row.get("name")],
        ).fetchone()
        if added:  # a pack may repeat the days that it had before
            _not_past(added[0], today)
    for row in pack.parts["blackouts"]:
        added = _black_out(conn, row.get("jurisdiction", "*"), row.get("day"), row.get("reason"))
        if added:
            _not_past(added[0], today)
    conn.execute(
        "SELECT app.seal_rules(%s)", [f"pack {pack.version}, sha256 {pack.sha256}. {pack.note}"]
    )


def black_out(conninfo: str, state: str, day: date, reason: str) -> None:
    """Let nobody of a state ("*": nobody) be called on a day: a storm, a governor's order."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        _not_past(day, today)
        _black_out(conn, state, day, reason)


def _known_state(conn: Admin, state: object) -> None:
    """Refuse a state that there is none of: its rule would never hold, and nobody would know."""
    known = conn.execute(
        "SELECT FROM app.calling_rule WHERE jurisdiction = %s LIMIT 1", [state]
    ).fetchone()
    if known is None:
        raise RefusedError(
            f"There is no state {state}. Write its two letters, as in IL.", name="no_such_state"
        )


def _black_out(conn: Admin, state: object, day: object, reason: object) -> tuple[date] | None:
    """Return the day, or None when it was one before."""
    _known_state(conn, state)
    return conn.execute(
        "INSERT INTO app.blackout_date (jurisdiction, day, reason) VALUES (%s, %s::date, %s) "
        "ON CONFLICT (jurisdiction, day) DO NOTHING RETURNING day",
        [state, day, reason],
    ).fetchone()


def record_numbers(
    conninfo: str, kind: str, rows: Iterable[tuple[str, str]], *, checked_on: date | None
) -> tuple[int, int]:
    """Record the answers of a do-not-call scrub or of the Reassigned Numbers Database.

    Args:
        kind: "dnc" (answers yes: on the list, no) or "reassigned" (yes, no, no_data).
        rows: number as written, answer.
        checked_on: the day of the answer, by default the practice's today.

    Returns:
        How many were recorded, and how many could not be.
    """
    good: list[tuple[str, str]] = []
    bad = 0
    allowed = ANSWERS if kind == "reassigned" else ANSWERS[:2]
    for written, answer in rows:
        said = answer.strip().lower().replace(" ", "_")
        try:
            number = PhoneNumber.parse(written).e164
        except PhoneNumberError:
            number = ""
        if number and said in allowed:
            good.append((number, said))
        else:
            bad += 1
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        day = checked_on or today
        if day > today:
            raise RefusedError("The day of the check has not come yet.", name="bad_dates")
        statement = (
            "INSERT INTO app.dnc_scrub (e164, checked_on, listed, source) "
            "VALUES (%s, %s, %s = 'yes', 'file') ON CONFLICT DO NOTHING"
            if kind == "dnc"
            else "INSERT INTO app.reassigned_check (e164, asked_on, consent_on, answer, source) "
            "VALUES (%s, %s, %s, %s, 'file') ON CONFLICT DO NOTHING"
        )
        for number, answer in good:
            values = [number, day, answer] if kind == "dnc" else [number, day, day, answer]
            conn.execute(statement, values)
    return len(good), bad


def record_confidential(
    conninfo: str, patient: str, number: PhoneNumber | None, voicemail: str, *, withdrawn: bool
) -> None:
    """Record how a patient asked to be reached (45 CFR 164.522(b)), or that it no longer holds.

    ``patient``: the number in the practice's system, or the medical record number. Without
    ``number``: not by telephone. Raises RefusedError when not exactly one patient fits.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        rows = conn.execute(
            "SELECT id FROM app.patient WHERE external_id = %(p)s OR mrn = %(p)s LIMIT 2",
            {"p": patient},
        ).fetchall()
        if len(rows) != 1:
            raise RefusedError(
                "No patient, or more than one, has that number. Use the number of the practice's "
                "system.",
                name="no_such_patient",
            )
        conn.execute(
            "INSERT INTO app.confidential_request (patient_id, withdrawn, e164, extension, "
            "voicemail, source, recorded_at) "
            "VALUES (%s, %s, %s, %s, %s, 'the practice', app.now())",
            [
                rows[0][0],
                withdrawn,
                number.e164 if number else None,
                number.extension if number else "",
                voicemail,
            ],
        )
        if number is not None:
            # It may be a number the practice's system does not have.
            conn.execute(
                "INSERT INTO app.patient_telecom (patient_id, use, e164, extension, rank, zones, "
                "states, provenance) VALUES (%s, 'mobile', %s, %s, 0, %s, %s, 'confidential') "
                "ON CONFLICT (patient_id, e164, extension) DO UPDATE SET quality = 'ok'",
                [
                    rows[0][0],
                    number.e164,
                    number.extension,
                    list(number.candidate_zones()),
                    list(number.region_states()),
                ],
            )
        conn.execute(
            "UPDATE app.queue_entry e SET call_group = app.entry_group(e.patient_id) "
            "WHERE e.patient_id = %s AND e.state <> 'closed'",
            [rows[0][0]],
        )


def _not_past(day: date, today: date) -> None:
    if day < today:
        raise RefusedError(
            "A rule begins today or later: what was in force on a past day stays as it was.",
            name="rule_in_the_past",
        )
