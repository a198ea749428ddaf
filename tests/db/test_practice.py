"""SqlPractice against the practice's real functions: each answer decodes, each call is one turn."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.db.admin_import import import_spreadsheet
from coordinator_app.db.admin_people import add_gateway_login, add_person, record_training
from coordinator_app.db.admin_practice import (
    NewPractice,
    authorize_caller_id,
    create_campaign,
    create_practice,
)
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.practice import SqlPractice
from coordinator_app.domain.call import (
    CallCommand,
    CallEnd,
    CallFact,
    CallState,
    LegFact,
    PhoneState,
)
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.domain.patient import Card, IdentifierKind, IdentityResult, RevealField
from coordinator_app.domain.person import Role, WorkStatus
from coordinator_app.domain.practice import LineHealth
from coordinator_app.domain.queue import Gate, QueueFilter, SkipReason
from coordinator_app.domain.schedule import Appointment
from coordinator_app.domain.session import Connection, SignedIn, TlsMode
from coordinator_app.errors import NotAllowedError, StaleError, UserFacingError
from coordinator_app.ports import Phones
from coordinator_app.practice_systems.spreadsheet import read_export
from tests.helpers.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from coordinator_app.ports import CallStore, Connector, PracticeDatabase
    from tests.helpers.postgres import Database, TestServer

PASSWORD = "correct-horse-battery"
LOGINS = ("practice_maya", "practice_noor", "practice_sam", "practice_anna")
GATEWAY = "practice_gateway"
CSV = """Patient ID,Last Name,First Name,DOB,Cell Phone,Last Visit,State,ZIP,Insurance
1,Canary,Maria,1951-03-14,212-736-5000,01/15/2024,NY,10001,Medicare
2,Weaver,John,1980-02-28,212-736-5001,01/15/2024,NY,10001,Aetna
3,Stone,Ruth,1949-05-06,212-736-5002,02/15/2024,NY,10001,Medicare
4,Reed,Owen,1970-05-06,212-736-5003,02/15/2024,NY,10001,Aetna
"""


@dataclass(frozen=True)
class Scene:
    """A practice with four patients in its queue, on a weekday at mid-morning."""

    database: Database
    practitioner: UUID


@pytest.fixture
def scene(migrated_server: TestServer, stage: Scene) -> Iterator[Scene]:
    """A scene of its own for each test."""
    with migrated_server.copy(stage.database.name) as database:
        yield Scene(database, stage.practitioner)


@pytest.fixture(scope="module")
def stage(migrated_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    (folder / "patients.csv").write_text(CSV, "utf-8")
    with migrated_server.copy() as database:
        conninfo = database.conninfo
        drop_logins(conninfo)
        create_practice(
            conninfo,
            NewPractice(
                "Elm Street",
                "the doctor's office",
                "+12127365099",
                "9 to 5",
                "",
                "NY",
                "America/New_York",
                (("Follow-up", 30),),
                is_demo=True,
            ),
        )
        with psycopg.connect(conninfo, autocommit=True) as admin:
            admin.execute(
                "UPDATE app.practice SET clock_offset = n.monday - clock_timestamp() FROM (SELECT "
                "(date_trunc('week', now() AT TIME ZONE zone) + interval '7 days 10 hours') "
                "AT TIME ZONE zone AS monday FROM app.practice) n"
            )
        authorize_caller_id(conninfo, "Dr. Okafor", "letter")
        roles = (Role.COORDINATOR, Role.COORDINATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)
        for login, role in zip(LOGINS, roles, strict=True):
            add_person(conninfo, login, login.title(), role, languages=["en"], password=PASSWORD)
            record_training(conninfo, login, "HIPAA", "1", completed=None, expires=date(2099, 1, 1))
        add_gateway_login(conninfo, GATEWAY, PASSWORD)
        load(conninfo, folder / "patients.csv")
        create_campaign(conninfo, "Recall", "recall", "RECALL", {"months_inactive_min": 6})
        yield Scene(database, add_practitioner(conninfo))
        drop_logins(conninfo)


def load(conninfo: str, path: Path) -> None:
    import_spreadsheet(
        conninfo, lambda today: read_export(path, today=today), source="csv", file_name=path.name
    )


def add_practitioner(conninfo: str) -> UUID:
    with psycopg.connect(conninfo, autocommit=True) as admin:
        made = admin.execute(
            "INSERT INTO app.practitioner (source, external_id, family, bookable) "
            "VALUES ('test', 'd1', 'Okafor', true) RETURNING id"
        ).fetchone()
        assert made is not None
        practitioner: UUID = made[0]
        admin.execute(
            "INSERT INTO app.schedule_template (practitioner_id, weekday, starts, ends) "
            "SELECT %s, d, '08:00', '17:00' FROM generate_series(1, 5) d",
            [practitioner],
        )
    return practitioner


def drop_logins(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as admin:
        for login in (*LOGINS, GATEWAY):
            admin.execute(f"DROP ROLE IF EXISTS {login}".encode())


@pytest.fixture
def proxy(scene: Scene) -> Iterator[Proxy]:
    with Proxy(scene.database.host, scene.database.port) as running:
        yield running


@pytest.fixture
def at_work(scene: Scene, proxy: Proxy) -> Iterator[Callable[[str], SqlPractice]]:
    """Opens a person's connection through the proxy."""
    opened: list[SqlPractice] = []

    def work(login: str) -> SqlPractice:
        connection = Connection(
            "Elm", "127.0.0.1", proxy.port, scene.database.name, login, TlsMode.LOOPBACK
        )
        opened.append(SqlConnector().connect(connection, PASSWORD))
        return opened[-1]

    yield work
    for practice in opened:
        practice.close()


@pytest.fixture
def gateway(scene: Scene) -> Iterator[SqlCallStore]:
    conninfo = make_conninfo(scene.database.conninfo, user=GATEWAY, password=PASSWORD)
    store = SqlCallStore.connect(conninfo)
    store.beat(LineHealth("ok", is_practice_line=True, since=None, sentence="The line is fine."))
    yield store
    store.close()


class OneTurn:
    """Counts the round trips of each call of an object's methods, and wants one."""

    def __init__(self, target: object, proxy: Proxy) -> None:
        self._target, self._proxy = target, proxy

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            before = self._proxy.turns
            answer = method(*arguments, **named)
            assert self._proxy.turns == before + 1, name
            return answer

        return counted


def test_a_whole_call_from_sign_in_to_the_supervisors_log(
    scene: Scene, at_work: Callable[[str], SqlPractice], proxy: Proxy, gateway: SqlCallStore
) -> None:
    plain = at_work("practice_maya")
    maya = OneTurn(plain, proxy)
    signed_in = maya.sign_in("0.1.0", "test")
    assert signed_in.person.login == "practice_maya"
    assert signed_in.practice.office_number == "+12127365099"
    page = maya.queue(QueueFilter.ALL, "", 50)
    assert page.counts.all == 4
    maya.set_status(WorkStatus.AVAILABLE)
    card = maya.claim_next(uuid4())
    assert isinstance(card, Card), card
    assert maya.heartbeat(card.entry_id, card.fence).lease_until is not None
    assert maya.claim(card.entry_id, uuid4()).entry_id == card.entry_id
    assert "736" in maya.reveal(card.entry_id, card.fence, RevealField.PHONE)

    call = maya.request_call(card.entry_id, card.fence, card.phones[0].id, uuid4())
    assert call.state is CallState.REQUESTED
    assert gateway.take_requests(5) == ()  # nobody is rung for an empty room
    ref = _own_phone(maya, gateway)
    (request,) = gateway.take_requests(5)
    assert (request.call_id, request.caller_id) == (call.id, "+12127365099")
    assert request.agent_ref == ref
    at = request.requested_at
    gateway.record((CallFact(call.id, CallState.LIVE, at, carrier_ref="CA1", answered_at=at),))
    assert [one.request.call_id for one in gateway.open_calls()] == [call.id]
    maya.command(call.id, CallCommand.HOLD, "", uuid4())
    (command,) = gateway.take_commands(5)
    assert (command.call_id, command.command) == (call.id, CallCommand.HOLD)
    assert maya.call(call.id).state is CallState.LIVE
    verified = maya.verify_identity(
        call.id,
        IdentityResult.PASS,
        (IdentifierKind.FULL_NAME, IdentifierKind.BIRTH_DATE),
        uuid4(),
    )
    assert verified.chart is not None

    booked = book(maya, signed_in, scene.practitioner, card, call.id)
    gateway.record(
        (
            CallFact(
                call.id,
                CallState.ENDED,
                at + timedelta(seconds=60),
                ended_at=at + timedelta(seconds=60),
                end=CallEnd.COMPLETED_BY_PATIENT,
            ),
        )
    )
    wrap_up = WrapUp(
        uuid4(),
        call.id,
        card.entry_id,
        card.fence,
        Outcome.BOOKED,
        OutcomeDetails(note="Comes by bus", appointment_id=booked.id),
    )
    recorded, following = maya.finish(wrap_up, then_next=True)
    assert recorded.result == "recorded"
    assert isinstance(following, Card), following
    assert following.entry_id != card.entry_id
    assert maya.finish(wrap_up, then_next=False)[0].result == "duplicate"
    maya.skip(following.entry_id, following.fence, SkipReason.BAD_TIME, uuid4())
    assert [row.outcome for row in maya.call_log(CallLogFilter(), None, 50).rows] == ["BOOKED"]
    assert maya.callbacks() == ()
    maya.sign_out()

    sam = OneTurn(at_work("practice_sam"), proxy)
    sam.sign_in("0.1.0", "test")
    log = sam.call_log(CallLogFilter(outcome="BOOKED", campaign="Recall"), None, 200)
    assert [row.id for row in log.rows] == [call.id]
    assert sam.team().coordinators
    assert {row.person.login for row in sam.people()} == set(LOGINS)


def _own_phone(person: Phones, gateway: SqlCallStore) -> str:
    """The person's phone is called, picked up, and heard; the carrier's id of that leg."""
    assert person.connect_phone(uuid4()).state is PhoneState.CONNECTING
    (leg,) = [one for one in gateway.legs() if one.state is PhoneState.CONNECTING]
    assert leg.wanted
    ref = f"CA{leg.session_id.hex}"
    assert gateway.record_legs((LegFact(leg.session_id, PhoneState.UP, ref),)) == frozenset()
    up = person.my_phone()
    assert (up.state, up.confirmed, up.ready) == (PhoneState.UP, False, False)
    assert person.hear_me(up.leg, "press", uuid4()).ready
    return ref


def book(
    maya: Any, signed_in: SignedIn, practitioner: UUID, card: Card, call_id: UUID
) -> Appointment:
    """Look for openings, hold one, let it go, hold and book the next."""
    visit = signed_in.practice.visit_types[0].id
    openings = maya.openings((practitioner,), visit, signed_in.now.date(), 5)
    starts = [start for day in openings.days for start in day.free if start > openings.now]
    slot = card.entry_id, card.fence, practitioner, visit
    maya.release_hold(maya.hold_slot(*slot, starts[0], uuid4()).id)
    hold = maya.hold_slot(*slot, starts[1], uuid4())
    details = OutcomeDetails(hold_id=hold.id)
    booked: Appointment = maya.book(call_id, card.fence, hold.id, details, uuid4())
    assert booked.start == starts[1]
    return booked


def test_a_callback_is_moved_and_released(
    at_work: Callable[[str], SqlPractice], gateway: SqlCallStore
) -> None:
    noor = at_work("practice_noor")
    signed_in = noor.sign_in("0.1.0", "test")
    card = noor.claim_next(uuid4())
    assert isinstance(card, Card), card
    call = noor.request_call(card.entry_id, card.fence, card.phones[0].id, uuid4())
    _own_phone(noor, gateway)
    gateway.take_requests(5)
    at = signed_in.now
    gateway.record(
        (
            CallFact(call.id, CallState.LIVE, at, answered_at=at),
            CallFact(call.id, CallState.ENDED, at, ended_at=at, end=CallEnd.COMPLETED_BY_PATIENT),
        )
    )
    due = at + timedelta(days=1)
    details = OutcomeDetails(callback_at=due)
    op = uuid4()
    wrap_up = WrapUp(op, call.id, card.entry_id, card.fence, Outcome.CALLBACK_AT, details)
    recorded, following = noor.finish(wrap_up, then_next=False)
    assert (recorded.result, following) == ("recorded", None)
    (row,) = noor.callbacks()
    assert (row.due_at, row.mine) == (due, True)
    noor.move_callback(row.id, due + timedelta(hours=1), uuid4())
    (row_now,) = noor.callbacks()
    assert row_now.due_at == due + timedelta(hours=1)
    with pytest.raises(StaleError):  # the promise that was replaced is no longer open
        noor.release_callback(row.id, uuid4())
    noor.release_callback(row_now.id, uuid4())
    assert noor.callbacks()[0].anyone
    noor.sign_out()


def test_the_administrator_sees_imports_and_their_problems(
    at_work: Callable[[str], SqlPractice], proxy: Proxy
) -> None:
    anna = OneTurn(at_work("practice_anna"), proxy)
    anna.sign_in("0.1.0", "test")
    (batch,) = anna.import_batches()
    assert (batch.source, batch.created, batch.file_name) == ("csv", 4, "patients.csv")
    assert anna.import_problems(batch.id) == ()


def test_refusals_arrive_as_sentences(at_work: Callable[[str], SqlPractice]) -> None:
    noor = at_work("practice_noor")
    noor.sign_in("0.1.0", "test")
    with pytest.raises(NotAllowedError):
        noor.team()
    with pytest.raises(StaleError):
        noor.claim(uuid4(), uuid4())
    with pytest.raises(UserFacingError):
        noor.call(uuid4())
    with pytest.raises(StaleError):
        noor.heartbeat(uuid4(), 1)
    noor.sign_out()


def test_the_database_hints_at_ones_own_call(
    at_work: Callable[[str], SqlPractice], gateway: SqlCallStore, scene: Scene
) -> None:
    maya = at_work("practice_maya")
    signed_in = maya.sign_in("0.1.0", "test")
    heard: queue.Queue[str] = queue.Queue()
    maya.listen(heard.put)
    channel = f"cc_person_{signed_in.person.id.hex}"
    with psycopg.connect(scene.database.conninfo, autocommit=True) as admin:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND state = 'idle'"
        while admin.execute(waiting, [f"LISTEN%{channel}%"]).fetchone() != (1,):
            pass
        admin.execute("SELECT app.hint_person(%s)", [signed_in.person.id])
    names = {heard.get(timeout=10)}
    while "call" not in names:  # the queue's own hints may come first
        names.add(heard.get(timeout=10))
    maya.sign_out()


def test_the_adapters_are_the_ports() -> None:
    """Checked by mypy; here only that an adapter that was never opened can be closed."""
    practice: PracticeDatabase = SqlPractice({})
    connector: Connector = SqlConnector()
    gateway = SqlCallStore("host=127.0.0.1")
    store: CallStore = gateway
    assert (connector, store) == (connector, gateway)
    practice.close()
    gateway.close()


def test_nobody_to_call_is_a_gate(at_work: Callable[[str], SqlPractice], scene: Scene) -> None:
    with psycopg.connect(scene.database.conninfo, autocommit=True) as admin:
        admin.execute(
            "UPDATE app.queue_entry SET state = 'closed', closed_at = now(), due_at = NULL, "
            "holder = NULL, lease_until = NULL"
        )
    noor = at_work("practice_noor")
    noor.sign_in("0.1.0", "test")
    found = noor.claim_next(uuid4())
    assert isinstance(found, Gate)
    assert found.sentence
    noor.sign_out()
