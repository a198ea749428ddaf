"""Making a practice, its campaigns, and what the server should have before people come."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import psycopg

from coordinator_app.db.admin_session import as_owner, connect_admin, practice_day
from coordinator_app.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.db.admin_session import Admin

_RULE_NUMBERS = ("months_inactive_min", "months_inactive_max", "age_min", "age_max")
_RULE_FLAGS = ("care_gap", "missed_only", "paying_only")


@dataclass(frozen=True, slots=True)
class NewPractice:
    """What a practice is made of. ``office_number`` is E.164: patients see it as the caller."""

    name: str
    voicemail_name: str  # said to machines; must not tell the specialty
    office_number: str
    office_hours: str
    address: str
    state: str
    zone: str
    visit_types: tuple[tuple[str, int], ...]  # name, minutes
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign in the administrator's list."""

    id: UUID
    name: str
    status: str
    open_entries: int
    refreshed_at: datetime | None


def create_practice(conninfo: str, new: NewPractice) -> None:
    """Make the one practice of this database, after ``migrate``.

    Raises RefusedError when there is one already or a value cannot be.
    """
    if new.zone not in available_timezones():
        raise RefusedError(
            f"{new.zone} is not a time zone. Write it like America/New_York.", name="bad_zone"
        )
    if not re.fullmatch("[A-Z]{2}", new.state):
        raise RefusedError("The state is written with two letters, like MA.", name="bad_state")
    with connect_admin(conninfo) as conn, as_owner(conn):
        made = conn.execute(
            "INSERT INTO app.practice (name, voicemail_name, office_number, office_hours, address, "
            "state_code, zone, is_demo) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING id",
            [
                new.name,
                new.voicemail_name,
                new.office_number,
                new.office_hours,
                new.address,
                new.state,
                new.zone,
                new.is_demo,
            ],
        ).fetchone()
        if made is None:
            raise RefusedError(
                "This database has a practice already. To bring it up to date use "
                "coordinator-admin upgrade.",
                name="practice_exists",
            )
        for rank, (name, minutes) in enumerate(new.visit_types, start=1):
            conn.execute(
                "INSERT INTO app.visit_type (name, minutes, rank) VALUES (%s, %s, %s)",
                [name, minutes, rank],
            )


def authorize_caller_id(conninfo: str, signed_by: str, evidence: str) -> None:
    """Record that the practice lets its number be shown as the caller, for a year from today.

    Without it no call is placed (47 U.S.C. 227(e): no false caller ID).
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        conn.execute(
            "INSERT INTO app.caller_id_authorization (e164, evidence, signed_by, valid) SELECT "
            "office_number, %s, %s, daterange(%s, (%s + interval '1 year')::date) "
            "FROM app.practice",
            [evidence, signed_by, today, today],
        )


def sign_agreement(conninfo: str, kind: str, vendor: str, signed_by: str, evidence: str) -> None:
    """Record a business associate contract for a year from today (45 CFR 164.308(b)).

    ``kind``: carrier, hosting, coordinators, mail or other. Without the carrier's no real call is
    placed.
    """
    with connect_admin(conninfo) as conn, as_owner(conn):
        today, _ = practice_day(conn)
        conn.execute(
            "INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid) VALUES "
            "(%s, %s, %s, %s, daterange(%s, (%s + interval '1 year')::date))",
            [kind, vendor, signed_by, evidence, today, today],
        )


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """Who may work a campaign and what its people read.

    ``assigned_only``: only who is assigned; ``needs_certification``: only who is certified in its
    script; ``shows_clinical``: False keeps conditions and kinds of visit off the screen (45 CFR
    164.502(b)); ``third_party_payment``: somebody else pays for it, so that each patient's signed
    authorization is needed (45 CFR 164.508(a)(3)).
    """

    assigned_only: bool = False
    needs_certification: bool = False
    shows_clinical: bool = True
    third_party_payment: bool = False


def create_campaign(
    conninfo: str,
    name: str,
    script: str,
    purpose: str,
    rule: Mapping[str, int | bool],
    *,
    terms: CampaignTerms | None = None,
) -> UUID:
    """Make a campaign and fill its queue. ``rule``: see app.campaign_refresh.

    Raises RefusedError for a name that is taken and for a rule or value that is unknown.
    """
    for key, value in rule.items():
        flag = isinstance(value, bool)
        if key not in (_RULE_FLAGS if flag else _RULE_NUMBERS) or value < 0:
            raise RefusedError(f"A campaign has no rule {key} with that value.", name="bad_rule")
    with connect_admin(conninfo) as conn, as_owner(conn):
        practice_day(conn)
        try:
            of = terms or CampaignTerms()
            row = conn.execute(
                "INSERT INTO app.campaign (name, script, purpose, rule, assigned_only, "
                "needs_certification, shows_clinical, third_party_payment, status, created_by, "
                "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'running', session_user, "
                "app.now()) ON CONFLICT (name) DO NOTHING RETURNING id",
                [
                    name,
                    script,
                    purpose,
                    json.dumps(dict(rule)),
                    of.assigned_only,
                    of.needs_certification,
                    of.shows_clinical,
                    of.third_party_payment,
                ],
            ).fetchone()
        except psycopg.errors.CheckViolation:
            raise RefusedError(
                "The script's name or the purpose is not known. Purposes: APPT, RECALL, CAREGAP, "
                "SDOH, ANNOUNCE, PROMO.",
                name="bad_campaign",
            ) from None
        if row is None:
            raise RefusedError(
                f"There is a campaign named {name} already. Choose another name.",
                name="campaign_exists",
            )
        campaign: UUID = row[0]
        _refresh(conn, campaign)
    return campaign


def refresh_campaign(conninfo: str, name: str) -> Mapping[str, Any]:
    """Bring a campaign's queue up to its rule; returns the counts added, refreshed, closed."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        row = conn.execute("SELECT id FROM app.campaign WHERE name = %s", [name]).fetchone()
        if row is None:
            raise ConfigurationError(
                f"There is no campaign named {name}. See coordinator-admin campaign list.",
                name="no_such_campaign",
            )
        return _refresh(conn, row[0])


def list_campaigns(conninfo: str) -> tuple[CampaignLine, ...]:
    """Return all campaigns by name."""
    with connect_admin(conninfo) as conn, as_owner(conn):
        rows = conn.execute(
            "SELECT c.id, c.name, c.status, (SELECT count(*) FROM app.queue_entry e WHERE "
            "e.campaign_id = c.id AND e.state <> 'closed'), c.refreshed_at "
            "FROM app.campaign c ORDER BY c.name"
        ).fetchall()
    return tuple(CampaignLine(*row) for row in rows)


def _refresh(conn: Admin, campaign: UUID) -> Mapping[str, Any]:
    row = conn.execute("SELECT app.campaign_refresh(%s)", [campaign]).fetchone()
    counts: Mapping[str, Any] = row[0] if row else {}
    return counts
