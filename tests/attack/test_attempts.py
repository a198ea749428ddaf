# ruff: noqa: E501  an attempt is one line
"""Each attempt of the written list, by the login it names, over a raw connection.

Refused with exactly the SQLSTATE of the list, or harmless and said so; no secret in any answer,
nothing of the treasure moves, and what was refused stands in the server's log.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.attack.attempts import BY_EVERYBODY, BY_SOME, OUTSIDERS, ROLES, Attempt
from tests.attack.attempts.words import OK
from tests.helpers.db_practice import (
    Party,
    connect,
    op,
    open_doors,
    open_practice,
)
from tests.helpers.practice_template import practice_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.helpers.db_practice import Practice
    from tests.helpers.postgres import TestServer

AT_LEAST = 60  # attempts by each role (issue 3)
SECRETS = (
    "Zyx",
    "1970-01",
    "01/01/1970",
    # No part of an id or of a time.
    r"(?<![0-9a-f.-])4711[0-9]{4}(?![0-9a-f-])",
    r"(?<![0-9a-f.-])02110(?![0-9a-f-])",
    "Elm St",
    "@example[.]org",
    "likes mornings",
    "[+]16175559",
)
# Where a value is shown as the numbers of its bytes, as in a printed plan.
_BYTES = re.compile(r"\[ ([-0-9 ]+)\]")
# Reading is allowed to them, and leaves an event in their own chain: who, what is typed, action.
MUST_BE_AUDITED = (
    ("c2", "SELECT api.callbacks()", "callbacks.read"),
    ("c2", "SELECT api.return_calls()", "returns.read"),
    ("c2", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
    ("sup", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
    ("cli", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
    ("aud", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
    ("c2", "SELECT api.sign_in('1', 'x')", "sign_in"),
    ("adm", "SELECT api.import_problems('00000000-0000-0000-0000-000000000001')", "import.review"),
    ("c3", "SELECT api.find_patient('{\"name\": \"Given7 Zyx7\"}', 'returns our call')", "patient.search"),
    ("c3", "SELECT api.find_patient('{\"name\": \"Given7 Zyx7\"}', 'returns our call')", "found.read"),
    ("sup", "SELECT api.break_glass('<patient>', 'collapsed on the line', gen_random_uuid())", "break_glass"),
    ("cli", "SELECT api.break_glass('<patient>', 'collapsed on the line', gen_random_uuid())", "alert.break_glass"),
    ("aud", "SELECT api.why_not_called('<patient>', NULL)", "gate.read"),
    ("c4", "SELECT api.claim('<free>', gen_random_uuid())", "claim"),
    ("c5", "SELECT api.claim('<another>', gen_random_uuid())", "card.read"),
    ("c6", "SELECT api.claim_next(gen_random_uuid())", "card.read"),
)  # fmt: skip
# Taken back with ROLLBACK, the reading stands in the server's log all the same.
MUST_STAY_IN_THE_LOG = (
    ("c2", "SELECT api.claim('<spare>', gen_random_uuid())", "card.read"),
    ("c2", "SELECT api.claim_next(gen_random_uuid())", "card.read"),
    ("c2", "SELECT api.find_patient('{\"name\": \"Given7 Zyx7\"}', 'returns our call')", "found.read"),
    ("c2", "SELECT api.open_found('<spare>', 'returns our call', gen_random_uuid())", "card.read"),
    ("cli", "SELECT api.break_glass('<patient>', 'collapsed on the line', gen_random_uuid())", "emergency.read"),
    ("aud", "SELECT api.why_not_called('<patient>', NULL)", "gate.read"),
    ("c2", "SELECT api.callbacks()", "callbacks.read"),
    ("c2", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
    ("aud", "SELECT api.call_log('{}', NULL, 5)", "call_log.read"),
)  # fmt: skip


@pytest.fixture(scope="module")
def scene(migrated_server: TestServer) -> Iterator[Practice]:
    """One practice for all attempts: each must leave it as it was."""
    with migrated_server.copy(practice_template(migrated_server)) as database:
        open_doors(database)
        with open_practice(database) as made:
            yield made


@pytest.fixture(scope="module")
def loot(scene: Practice) -> dict[str, str]:
    """Ids of what Jordan (c1) has, known to the attacker."""
    kept, call = scene.talk(scene.c1, 3)
    at = (scene.now() + timedelta(hours=4)).isoformat()
    scene.c1.finish(call, kept, "CALLBACK_AT", {"callback_at": at, "note": "likes mornings"})
    scene.hang_up(call)
    used = op()
    card = scene.c1.claim(scene.entry_of(1))
    call = scene.c1.dial(card, op_id=used)
    scene.answer(call)
    hold = scene.c1.hold(card, scene, scene.slot())
    said = scene.c1.ask("report_return", {"what": "wants_call", "phone": "+16175559001"}, op())
    # However long the list becomes, Jordan keeps the patient and the time of the visit.
    scene.rows("UPDATE app.queue_entry SET lease_until = 'infinity' WHERE state = 'claimed'")
    scene.rows("UPDATE app.slot_hold SET until = 'infinity' WHERE state = 'held'")
    victim = scene.person_id("cc_c1")
    with scene.superuser() as server:
        blob = server.execute("SELECT lo_from_bytea(0, 'Zyx, synthetic')").fetchone()
    assert blob is not None
    known: dict[str, Any] = {
        "entry": card["entry_id"],
        "fence": card["fence"],
        "phone": card["phones"][0]["id"],
        "number": card["phones"][0]["e164"],
        "patient": card["patient_id"],
        "call": call["id"],
        "hold": hold["id"],
        "op": used,
        "return": said["id"],
        "callback": scene.value(
            "SELECT id FROM app.callback WHERE state = 'open' AND entry_id = %s::uuid",
            kept["entry_id"],
        ),
        "free": scene.entry_of(2),
        "another": scene.entry_of(4),
        "spare": scene.entry_of(6),
        "doctor": scene.doctor,
        "visit_type": scene.visit_type,
        "victim": victim,
        "supervisor": scene.person_id("cc_sup"),
        "admin": scene.person_id("cc_adm"),
        "database": scene.database.name,
        "meter": f"meter_charts_{victim.hex}",
        "blob": blob[0],
        "pid": scene.c1.one("SELECT pg_backend_pid()"),
        "gateway_pid": scene.gw.one("SELECT pg_backend_pid()"),
        "hidden": "insufficient privilege",
    }
    return {name: str(value) for name, value in known.items()}


@pytest.fixture
def untouched(scene: Practice, loot: dict[str, str]) -> str:
    """The treasure before it is tried."""
    assert loot
    return treasure(scene)


@pytest.fixture(scope="module")
def room(scene: Practice, migrated_server: TestServer, loot: dict[str, str]) -> Iterator[Room]:
    with contextlib.closing(Room(scene, migrated_server, loot)) as made:
        yield made


def test_each_role_tries_at_least_sixty() -> None:
    tried = Counter(attempt.who for attempt in BY_SOME)
    assert set(tried) == {*ROLES, *OUTSIDERS}
    assert len(BY_EVERYBODY) >= AT_LEAST
    typed = [("everybody", typed) for typed, _ in BY_EVERYBODY]
    typed += [(attempt.who, attempt.typed) for attempt in BY_SOME]
    assert [twice for twice, n in Counter(typed).items() if n > 1] == []


def test_a_list_names_exact_answers() -> None:
    """One answer each; two only where builds of PostgreSQL differ."""
    answers = [answers for _, answers in BY_EVERYBODY] + [one.answers for one in BY_SOME]
    assert [codes for codes in answers if not 1 <= len(codes) <= 2] == []
    codes = frozenset().union(*answers) - {OK}
    assert [code for code in codes if not re.fullmatch("[0-9A-Z]{5}", code)] == []


@pytest.mark.parametrize(
    ("typed", "answers"), BY_EVERYBODY, ids=[typed[:80] for typed, _ in BY_EVERYBODY]
)
def test_everybody_tries(room: Room, untouched: str, typed: str, answers: frozenset[str]) -> None:
    """On a connection that is as new after each attempt."""
    room.scene.beat()
    for who in (*ROLES, *OUTSIDERS):
        room.try_again(Attempt(who, typed, answers))
    assert treasure(room.scene) == untouched


@pytest.mark.parametrize("attempt", BY_SOME, ids=str)
def test_some_try(room: Room, untouched: str, attempt: Attempt) -> None:
    """On a connection of its own: what the session has read before is part of the attempt."""
    room.scene.beat()
    with connect(room.scene.database, f"cc_{attempt.who}") as connection:
        room.try_and_look(attempt, connection)
    assert treasure(room.scene) == untouched


@pytest.mark.parametrize(("who", "typed", "action"), MUST_BE_AUDITED)
def test_what_is_read_is_in_the_audit(room: Room, who: str, typed: str, action: str) -> None:
    room.scene.beat()
    before = events(room.scene, who, action)
    # Signed out again, so that nobody keeps a patient that another attempt needs.
    assert room.ask(who, f"{typed};; SELECT api.sign_out()").said == OK
    assert events(room.scene, who, action) == before + 1


@pytest.mark.parametrize(("who", "typed", "action"), MUST_STAY_IN_THE_LOG)
def test_what_is_read_and_taken_back_is_in_the_servers_log(
    room: Room, migrated_server: TestServer, who: str, typed: str, action: str
) -> None:
    room.scene.beat()
    log = Log(migrated_server)
    before = events(room.scene, who, action)
    assert room.ask(who, f"BEGIN;; {typed};; ROLLBACK").said == OK
    assert events(room.scene, who, action) == before
    assert re.search(rf"care-coordinator read: cc_{who} \d+ {re.escape(action)} ", log.new())


def test_what_is_heard_says_nothing(room: Room) -> None:
    """Anybody may listen, so a notification says only that there is something."""
    scene = room.scene
    scene.beat()
    victim = scene.person_id("cc_c3")
    with connect(scene.database, "cc_nobody") as ear:
        for channel in ("cc_queue", "cc_team", "cc_gateway", f"cc_person_{victim.hex}"):
            ear.execute(f"LISTEN {channel}".encode())
        card, call = scene.talk(scene.c3, 7)
        scene.c3.ask("command", call["id"], "mute", "", op())
        scene.c3.finish(call, card, "TECHNICAL")
        heard = list(ear.notifies(timeout=5, stop_after=4))
    assert {note.payload for note in heard} == {""}
    assert {"cc_gateway", f"cc_person_{victim.hex}"} <= {note.channel for note in heard}


def test_an_id_of_somebody_else_answers_like_one_that_is_not(room: Room) -> None:
    """No difference tells whether an id exists: the same SQLSTATE, name, detail and place."""
    unknown = "'ffffffff-ffff-4fff-bfff-ffffffffffff'"
    questions = (
        ("call", "SELECT api.call(@)"),
        ("call", "SELECT api.command(@, 'hang_up', '', gen_random_uuid())"),
        ("call", "SELECT api.verify_identity(@, 'PASS', '{zip,phone}', gen_random_uuid())"),
        ("call", "SELECT api.book(@, 1, '<hold>', '{}', gen_random_uuid())"),
        ("call", "SELECT api.finish(@, '<entry>', 1, 'NO_ANSWER', '{}', gen_random_uuid(), true)"),
        ("hold", "SELECT api.release_hold(@)"),
        ("callback", "SELECT api.move_callback(@, '2027-03-05 15:00Z', gen_random_uuid())"),
        ("callback", "SELECT api.release_callback(@, gen_random_uuid())"),
        ("patient", "SELECT api.claim(@, gen_random_uuid())"),
        ("patient", "SELECT api.heartbeat(@, 1)"),
        ("patient", "SELECT api.reveal(@, 1, 'mrn')"),
        ("call", "SELECT api.call_log('{}', @, 5)"),
    )
    for name, question in questions:
        answers = [
            room.ask("c2", question.replace("@", value)) for value in (f"'<{name}>'", unknown)
        ]
        assert answers[0] == answers[1], question


# ------------------------------------------------------------------------------- the machinery


class Log:
    """What the server writes from now on."""

    def __init__(self, server: TestServer) -> None:
        self._file = server.server.log_file
        self._start = self._file.stat().st_size

    def new(self) -> str:
        with self._file.open("rb") as file:
            file.seek(self._start)
            return file.read().decode("utf-8", "replace")


@dataclass
class Tried:
    """What came of an attempt: the SQLSTATE or OK, the first line, and all that was shown."""

    said: str = OK
    message: str = ""
    shown: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All that was shown; values printed as bytes are read as the attacker would."""
        text = "\n".join(self.shown)
        numbers = [bytes(int(n) % 256 for n in m[1].split()) for m in _BYTES.finditer(text)]
        return text + "\n".join(one.decode("latin-1") for one in numbers)


class Room:
    """The scene, what is known of it, and one connection a login that is used again."""

    def __init__(self, scene: Practice, server: TestServer, loot: Mapping[str, str]) -> None:
        self.scene = scene
        self._server = server
        self._loot = loot
        self._kept: dict[str, psycopg.Connection[Any]] = {}

    def try_again(self, attempt: Attempt) -> None:
        """Type it on the connection that this login keeps, and make that as new."""
        if attempt.who not in self._kept:
            self._kept[attempt.who] = connect(self.scene.database, f"cc_{attempt.who}")
            self._kept[attempt.who].prepare_threshold = None  # forgotten by DISCARD ALL
        connection = self._kept[attempt.who]
        self.try_and_look(attempt, connection)
        connection.rollback()
        connection.execute("DISCARD ALL")

    def close(self) -> None:
        for connection in self._kept.values():
            connection.close()

    def try_and_look(self, attempt: Attempt, connection: psycopg.Connection[Any]) -> None:
        """Type it, and hold the answer against the list and the secrets."""
        log = Log(self._server)
        tried = self.try_it(attempt.who, attempt.typed, connection)
        text = tried.text()
        assert tried.said in attempt.answers, f"{attempt}: {tried.said} {text[:500]}"
        assert secrets_in(text, attempt.typed) == [], attempt
        new = log.new()
        if tried.said != OK:
            assert f"ERROR:  {tried.message.splitlines()[0]}" in new
        assert secrets_in(new, attempt.typed) == [], attempt

    def try_it(self, who: str, typed: str, connection: psycopg.Connection[Any]) -> Tried:
        known = {**self._loot, "me": f"cc_{who}"}
        tried = Tried()

        def hear(notice: psycopg.errors.Diagnostic) -> None:
            tried.shown.append(f"{notice.message_primary} {notice.message_detail}")

        connection.add_notice_handler(hear)
        try:
            for statement in typed.split(";; "):
                said = re.sub("<([a-z_]+)>", lambda m: known[m[1]], statement)
                if said.startswith("COPY (") and "STDOUT" in said:
                    with connection.cursor().copy(said.encode()) as copy:
                        tried.shown += [bytes(row).decode() for row in copy]
                else:
                    tried.shown.append(str(Party(who, connection).run(said)))
        except psycopg.Error as error:
            diag = error.diag
            tried.said = error.sqlstate or type(error).__name__
            tried.message = diag.message_primary or ""
            tried.shown += [str(error), str(diag.message_detail), str(diag.message_hint)]
        connection.remove_notice_handler(hear)
        return tried

    def ask(self, who: str, typed: str) -> Tried:
        """Type it on a new connection, whatever comes of it."""
        with connect(self.scene.database, f"cc_{who}") as connection:
            return self.try_it(who, typed, connection)


def secrets_in(text: str, typed: str) -> list[str]:
    """What is shown of a patient; what the attacker typed may be repeated to him."""
    return [s for s in SECRETS if re.search(s, text) and not re.search(s, typed)]


def events(scene: Practice, who: str, action: str) -> int:
    with scene.superuser() as server:
        found = server.execute(
            "SELECT count(*) FROM audit.event WHERE chain = %s AND action = %s",
            [f"cc_{who}", action],
        ).fetchone()
    assert found is not None
    return int(found[0])


_TREASURE = " UNION ALL ".join(
    f"SELECT '{name}', md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM ({rows}) t"
    for name, rows in {
        "queue": "SELECT id, state, holder, fence, attempts, score FROM app.queue_entry",
        "call": "SELECT id, state, outcome, hang_up_wanted, identity FROM app.call",
        "callback": "SELECT id, state, owner, due_at FROM app.callback",
        "hold": "SELECT id, state FROM app.slot_hold",
        "person": "SELECT id, login, role, active FROM app.person",
        "patient": "SELECT * FROM app.patient",
        "telecom": "SELECT * FROM app.patient_telecom",
        "appointment": "SELECT * FROM app.appointment",
        "command": "SELECT * FROM app.call_command",
        "suppression": "SELECT * FROM app.suppression",
        "rule": "SELECT * FROM app.rule",
        "practice": "SELECT * FROM app.practice",
        "training": "SELECT * FROM app.training_record",
        "door": "SELECT datname, datdba, datacl FROM pg_database",
        "right": "SELECT oid, relacl, relowner, relrowsecurity, relforcerowsecurity FROM pg_class "
        "WHERE relnamespace IN ('app'::regnamespace, 'audit'::regnamespace)",
        "function": "SELECT oid, proacl, proowner, prosecdef, proconfig, md5(prosrc) FROM pg_proc "
        "WHERE pronamespace IN ('app'::regnamespace, 'api'::regnamespace, 'audit'::regnamespace)",
        "trigger": "SELECT oid, tgenabled FROM pg_trigger WHERE NOT tgisinternal",
        "member": "SELECT roleid, member, admin_option FROM pg_auth_members",
        "role": "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolconfig FROM pg_roles",
        "blob": "SELECT * FROM pg_largeobject_metadata",
    }.items()
)


def treasure(scene: Practice) -> str:
    """All that an attempt must leave alone."""
    rows = scene.rows(_TREASURE)
    return hashlib.sha256(str(sorted(rows)).encode()).hexdigest()
