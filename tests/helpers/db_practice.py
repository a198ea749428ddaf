"""A small practice in a database of its own, and the people who work there.

Real logins, real connections: what a test does as ``practice.c1`` is what that coordinator could
do with ``psql``. The practice is a demo, so its clock can be moved forward; it starts on a Monday
at 10:00 in Boston.
"""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from coordinator_app.db.roles import GROUPS
from tests.helpers.own_phone import pick_up

if TYPE_CHECKING:
    from tests.helpers.postgres import Database
    from tests.helpers.practice_template import Caretaker

WELL = {"state": "ok", "is_practice_line": True, "sentence": ""}
_ID_OR_TIME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[0-9:.]+")
PASSWORD = "a long synthetic password"
OFFICE = "+16175550100"
MONDAY = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)  # 10:00 in Boston, no holiday near
# login: (groups, role of the person row or None, name)
LOGINS: Mapping[str, tuple[tuple[str, ...], str | None, str]] = {
    "cc_c1": (("coordinator",), "coordinator", "Jordan Park"),
    "cc_c2": (("coordinator",), "coordinator", "Amelia Brown"),
    "cc_c3": (("coordinator",), "coordinator", "Ken Ito"),
    "cc_c4": (("coordinator",), "coordinator", "Lena Wolf"),
    "cc_c5": (("coordinator",), "coordinator", "Omar Said"),
    "cc_c6": (("coordinator",), "coordinator", "Pia Lund"),
    "cc_c7": (("coordinator",), "coordinator", "Ravi Nair"),
    "cc_c8": (("coordinator",), "coordinator", "Sofia Reyes"),
    "cc_sup": (("supervisor",), "supervisor", "Val Stone"),
    "cc_cli": (("clinician",), "clinician", "Noor Haddad"),
    "cc_adm": (("administrator",), "administrator", "Max Weber"),
    "cc_aud": (("auditor",), "auditor", "Ada Quinn"),
    "cc_gw": (("gateway",), None, "the phone line"),
    "cc_nobody": ((), None, "in no group at all"),
    "cc_stray": (("coordinator",), None, "in a group, but no person"),
}
PATIENTS = 20
PEOPLE = tuple(login for login, (_, role, _) in LOGINS.items() if role)


class RefusedAnswerError(Exception):
    """A refusal that came as an answer, so that its record stays: {"refused": {...}}."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__(str(facts))
        self.facts = {**facts, "gate": facts["name"]}


class UnexpectedError(AssertionError):
    """The database did not do what a test took for granted."""


@dataclass(slots=True)
class Party:
    """One login's connection; ``ask`` calls a function of the API and returns its answer."""

    login: str
    connection: psycopg.Connection[Any]

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Send any statement; its rows, none if it has no result."""
        cursor = self.connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> Any:
        rows = self.run(statement, *values)
        return rows[0][0] if rows else None

    def ask(self, function: str, *values: object) -> Any:
        """Call ``api.function``; dicts and lists of dicts travel as jsonb."""
        sent = [Jsonb(v) if _is_json(v) else v for v in values]
        return self.one(f"SELECT api.{function}({', '.join(['%s'] * len(sent))})", *sent)

    # ---- what a coordinator does, with a new operation id unless one is given

    def sign_in(self) -> Any:
        return self.ask("sign_in", "0.1.0", "test")

    def claim(self, entry: object) -> Any:
        return _granted(self.one("SELECT api.claim(%s::uuid, %s)", entry, op()))

    def claim_next(self, op_id: uuid.UUID | None = None) -> Any:
        return self.one("SELECT api.claim_next(%s)", op_id or op())

    def skip(self, card: Any, reason: str = "other") -> None:
        self.one(
            "SELECT api.skip(%s::uuid, %s, %s, %s)", card["entry_id"], card["fence"], reason, op()
        )

    def dial(self, card: Any, *, phone: object = None, op_id: uuid.UUID | None = None) -> Any:
        return _granted(
            self.one(
                "SELECT api.request_call(%s::uuid, %s, %s::uuid, %s)",
                card["entry_id"],
                card["fence"],
                phone or card["phones"][0]["id"],
                op_id or op(),
            )
        )

    def verify(self, call: Any, result: str = "PASS", kinds: str = "{birth_date,zip}") -> Any:
        return self.one(
            "SELECT api.verify_identity(%s::uuid, %s, %s::text[], %s)",
            call["id"],
            result,
            kinds,
            op(),
        )

    def finish(
        self,
        call: Any,
        card: Any,
        outcome: str,
        details: Mapping[str, object] | None = None,
        *,
        op_id: uuid.UUID | None = None,
        then_next: bool = False,
        fence: int | None = None,
    ) -> Any:
        return self.one(
            "SELECT api.finish(%s::uuid, %s::uuid, %s, %s, %s, %s, %s)",
            call["id"],
            card["entry_id"],
            card["fence"] if fence is None else fence,
            outcome,
            Jsonb(dict(details or {})),
            op_id or op(),
            then_next,
        )

    def hold(self, card: Any, practice: Practice, start: datetime) -> Any:
        return self.one(
            "SELECT api.hold_slot(%s::uuid, %s, %s::uuid, %s::uuid, %s, %s)",
            card["entry_id"],
            card["fence"],
            practice.doctor,
            practice.visit_type,
            start,
            op(),
        )

    def book(self, call: Any, card: Any, hold: Any, op_id: uuid.UUID | None = None) -> Any:
        return self.one(
            "SELECT api.book(%s::uuid, %s, %s::uuid, %s, %s)",
            call["id"],
            card["fence"],
            hold["id"],
            Jsonb({}),
            op_id or op(),
        )


@dataclass
class Practice:
    """The database, its people by login, and its owner."""

    database: Database
    owner: Party
    doctor: uuid.UUID
    visit_type: uuid.UUID
    _parties: dict[str, Party] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Party:
        """``practice.c1`` is the connection of ``cc_c1``."""
        if f"cc_{name}" not in LOGINS:
            raise AttributeError(name)
        return self.as_person(f"cc_{name}")

    def as_person(self, login: str) -> Party:
        """The connection of this login, opened once."""
        if login not in self._parties:
            self._parties[login] = self.another(login)
        return self._parties[login]

    def another(self, login: str) -> Party:
        """A second connection of this login; closed with the practice or by the test."""
        made = Party(login, connect(self.database, login))
        self._parties[f"{login} {len(self._parties)}"] = made
        return made

    def close(self) -> None:
        for party in (*self._parties.values(), self.owner):
            party.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the owner's view

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self.owner.run(statement, *values)

    def value(self, statement: str, *values: object) -> Any:
        return self.owner.one(statement, *values)

    def now(self) -> datetime:
        found = self.value("SELECT app.now()")
        assert isinstance(found, datetime)
        return found

    def pass_time(self, **amount: float) -> None:
        """Move the practice's clock forward; the phone line stays alive."""
        self.owner.run(
            "UPDATE app.practice SET clock_offset = clock_offset + %s", timedelta(**amount)
        )
        self.beat()

    def move_to(self, moment: datetime) -> None:
        """Move the practice's clock forward to this moment."""
        self.pass_time(seconds=(moment - self.now()).total_seconds())

    def set_rules(self, **numbers: int) -> None:
        """Let these rules have these numbers from the practice's today on."""
        for kind, number in numbers.items():
            self.owner.run(
                "SELECT app.set_rule(%s, '*', %s, app.practice_day(app.now()), 'test')",
                kind,
                number,
            )

    def entry(self, entry_id: object) -> dict[str, Any]:
        found = self.value("SELECT to_jsonb(e) FROM app.queue_entry e WHERE id = %s", entry_id)
        assert isinstance(found, dict)
        return found

    def entry_of(self, number: int) -> str:
        """The queue entry of the n-th patient."""
        return str(
            self.value(
                "SELECT e.id FROM app.queue_entry e JOIN app.patient p ON p.id = e.patient_id "
                "JOIN app.campaign c ON c.id = e.campaign_id "
                "WHERE p.external_id = %s AND c.name = 'Recall'",
                str(number),
            )
        )

    def call_row(self, call: Any) -> dict[str, Any]:
        found = self.value("SELECT to_jsonb(c) FROM app.call c WHERE id = %s", call["id"])
        assert isinstance(found, dict)
        return found

    def person_id(self, login: str) -> uuid.UUID:
        found = self.value("SELECT id FROM app.person WHERE login = %s", login)
        assert isinstance(found, uuid.UUID)
        return found

    def gate(self, entry_id: object, at: datetime | None = None) -> dict[str, bool]:
        """Every check of the gate with its result, for the patient's best number."""
        found = self.value(
            "SELECT app.gate(e, NULL, coalesce(%s, app.now())) "
            "FROM app.queue_entry e WHERE id = %s",
            at,
            entry_id,
        )
        return {check["name"]: check["ok"] for check in found}

    # ---- the gateway

    def beat(self, state: str = "ok") -> None:
        self.gw.ask("gateway_beat", {**WELL, "state": state})

    def pick_up(self) -> None:
        """Every coordinator's phone that is called is picked up, and each says "I hear you"."""
        pick_up(self.gw.connection)
        self.rows(
            "UPDATE app.agent_leg SET confirmed_at = app.now(), confirmed_by = 'press' "
            "WHERE state = 'up' AND confirmed_at IS NULL"
        )

    def take(self) -> list[Any]:
        self.pick_up()
        found = self.gw.one("SELECT api.gateway_take_requests(50)")
        assert isinstance(found, list)
        return found

    def report(self, call: Any, state: str, **more: object) -> None:
        """What the carrier says, now."""
        fact = {"call_id": call["id"], "state": state, "at": _real_now(), **more}
        self.gw.one("SELECT api.gateway_record(%s)", Jsonb([fact]))

    def answer(self, call: Any) -> None:
        """Place the call and let somebody pick up."""
        self.take()
        self.report(call, "live", answered_at=_real_now())

    def hang_up(self, call: Any, end: str = "completed_by_patient") -> None:
        self.take()
        self.report(call, "ended", end=end)

    # ---- whole stories

    def talk(self, who: Party, number: int | None = None) -> tuple[Any, Any]:
        """Claim (the n-th patient, or the next), dial, be answered: the card and the call."""
        card = who.claim(self.entry_of(number)) if number else who.claim_next()["card"]
        if card is None:
            raise UnexpectedError("Nobody in the queue may be called.")
        call = who.dial(card)
        self.answer(call)
        return card, call

    def slot(self, days: int = 2, hour: int = 14) -> datetime:
        """A time on a later working day, on the full hour in UTC, inside the doctor's hours."""
        day = (self.now() + timedelta(days=days)).date()
        while day.isoweekday() > 5:
            day += timedelta(days=1)
        return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)

    @contextlib.contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.database.conninfo, autocommit=True) as connection:
            yield connection


def without_ids(answer: object) -> str:
    """An answer as text without its ids and times, whose digits are anybody's."""
    return _ID_OR_TIME.sub("", json.dumps(answer, ensure_ascii=False))


def op() -> uuid.UUID:
    return uuid.uuid4()


def connect(database: Database, login: str) -> psycopg.Connection[Any]:
    conninfo = make_conninfo(database.conninfo, user=login, password=PASSWORD)
    return psycopg.connect(conninfo, autocommit=True)


@contextlib.contextmanager
def open_practice(database: Database, caretaker: Caretaker | None = None) -> Iterator[Practice]:
    """The practice in this copy of the template."""
    owner = Party("owner", psycopg.connect(database.conninfo, autocommit=True))
    # The real clock went on since the template was made; the trigger would not let it go back.
    owner.run("SET session_replication_role = replica")
    owner.run("UPDATE app.practice SET clock_offset = %s - clock_timestamp()", MONDAY)
    owner.run("SET session_replication_role = origin")
    owner.run("SET ROLE app_owner")
    doctor = owner.one("SELECT id FROM app.practitioner WHERE external_id = 'okafor'")
    visit_type = owner.one("SELECT id FROM app.visit_type")
    with Practice(database, owner, doctor, visit_type) as practice:
        if caretaker is None:
            practice.beat()
        else:
            caretaker.beat()
        yield practice


def open_doors(database: Database) -> None:
    """Give the copy the rights on the database that migration 0001 gave, which a copy loses.

    ``cc_nobody`` is let in all the same: what if somebody else had a login on this server?
    """
    name = sql.Identifier(database.name)
    groups = sql.SQL(", ").join(sql.Identifier(g) for g in (*GROUPS, "cc_nobody"))
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, groups))


def _granted(answer: Any) -> Any:
    if isinstance(answer, dict) and answer.get("refused"):
        raise RefusedAnswerError(answer["refused"])
    return answer


def _is_json(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def _real_now() -> str:
    # The gateway lives in real time, whatever the practice's clock says.
    return datetime.now(UTC).isoformat()


@dataclass(slots=True)
class Refusal:
    """What a refusal said: its stable name, and the facts in its detail."""

    code: str
    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@contextlib.contextmanager
def refused(*codes: str) -> Iterator[Refusal]:
    """Expect one of these SQLSTATEs from what is done inside."""
    said = Refusal("")
    try:
        yield said
    except RefusedAnswerError as error:
        said.code, said.name, said.facts = "QC020", str(error.facts["name"]), dict(error.facts)
        if said.code not in codes:
            raise UnexpectedError(f"Expected {codes}, was refused: {said.facts}.") from error
    except psycopg.Error as error:
        said.code, said.name = error.sqlstate or "", error.diag.message_primary or ""
        if said.code.startswith("QC"):
            said.facts = json.loads(error.diag.message_detail or "{}")
        if said.code not in codes:
            raise UnexpectedError(
                f"Expected {codes}, got {said.code} {said.name} {said.facts}."
            ) from error
    else:
        raise UnexpectedError(f"Expected {codes}, but it was allowed.")
