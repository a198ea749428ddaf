"""What goes wrong, on the real database: a lost link, lost answers, killed windows, refusals."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QWidget

from coordinator_app.bootstrap import build_sign_in
from coordinator_app.db.admin_people import set_active
from coordinator_app.db.connector import SqlConnector
from coordinator_app.demo import cluster
from coordinator_app.demo.account import server_account
from coordinator_app.demo.line import Manners
from coordinator_app.demo.practice import DemoPractice, reset
from coordinator_app.demo.witness import callable_entries, calls_for_supervisor
from coordinator_app.domain.call import CallCommand, CallState, CallView, PhoneState
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.outcome import Outcome, OutcomeDetails, WrapUp
from coordinator_app.domain.patient import Card, IdentityResult
from coordinator_app.errors import (
    ClientTooOldError,
    NotConnectedError,
    SignInRefusedError,
    TakenByAnotherError,
    UserFacingError,
)
from tests.helpers.proxy import Mode, Proxy
from ui.app import build
from ui.demo_window import demo_preferences, demo_settings
from ui.robot import Robot
from ui.tasks import TaskRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coordinator_app.demo.postgres import EmbeddedServer
    from coordinator_app.demo.witness import Reachable
    from coordinator_app.domain.session import DemoPerson
    from coordinator_app.ports import PracticeDatabase
    from coordinator_app.services.session import Session
    from coordinator_app.services.sign_in import SignInService
    from ui.app import Shell
    from ui.pages.workstation import Workstation

# Making the practice takes some ten seconds, more on a busy machine.
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
PATIENCE = 30.0
DEADLINE = 1.0  # seconds that a call to the database may take


def until(fact: Callable[[], Any], words: str) -> Any:
    """Wait for another process; it tells nobody."""
    deadline = time.monotonic() + PATIENCE
    while not (found := fact()):
        assert time.monotonic() < deadline, f"waited for: {words}"
        threading.Event().wait(0.02)
    return found


def be_on_the_phone(practice: PracticeDatabase) -> None:
    """Pick up one's own phone and say so, if it is asked (once a shift)."""

    def on_the_line() -> bool:
        return practice.my_phone().state is PhoneState.UP

    until(on_the_line, "one's own phone")
    phone = practice.my_phone()
    if not phone.confirmed:
        practice.hear_me(phone.leg, "press", uuid7())


@dataclass
class Site:
    """The one demo practice of this file, and a line to it that can be broken."""

    demo: DemoPractice
    proxy: Proxy
    used: set[UUID] = field(default_factory=set)

    @property
    def server(self) -> EmbeddedServer:
        return self.demo._server

    def owner(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.demo.owner_conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> Any:
        [(value,)] = self.owner(statement, *values)
        return value

    def person(self, login: str) -> DemoPerson:
        return next(one for one in self.demo.offer.people if one.login == login)

    def patient(self) -> Reachable:
        """Somebody new who may be called now, answers, and stays on the line."""
        until(self.line_is_up, "the phone line")
        known = callable_entries(self.demo.owner_conninfo, self.demo.folder / "personas.json")
        found = next(
            one for one in known if one.persona == "answers" and one.entry_id not in self.used
        )
        self.used.add(found.entry_id)
        return found

    def line_is_up(self) -> bool:
        return bool(self.one("SELECT app.line_view(app.now()) ->> 'state' <> 'down'"))

    def services(self, *, direct: bool = False, deadline: float = DEADLINE) -> SignInService:
        """The real services, through the proxy or past it."""
        offer = self.demo.offer
        if not direct:
            offer = replace(offer, connection=replace(offer.connection, port=self.proxy.port))
        return build_sign_in(
            demo_settings(self.demo.folder), connector=SqlConnector(deadline=deadline), demo=offer
        )

    @contextmanager
    def signed_in(self, login: str, *, direct: bool = False) -> Iterator[Session]:
        session = self.enter(login, direct=direct)
        try:
            yield session
        finally:
            session.close()

    def enter(self, login: str, password: str = "", *, direct: bool = False) -> Session:
        services = self.services(direct=direct)
        connection = replace(services.practices()[0], user=login)
        return services.sign_in(connection, password or self.person(login).password, remember=False)

    def call_of(self, session: Session, *, hang_up: bool = True) -> tuple[Card, CallView]:
        """Claim somebody and call; hung up again unless asked otherwise."""
        practice = session.practice
        card = practice.claim(self.patient().entry_id, uuid7())
        call = practice.request_call(card.entry_id, card.fence, card.phones[0].id, uuid7())
        be_on_the_phone(practice)
        until(lambda: practice.call(call.id).state is CallState.LIVE, "the call is live")
        if hang_up:
            practice.command(call.id, CallCommand.HANG_UP, "", uuid7())
            until(lambda: practice.call(call.id).state is CallState.ENDED, "the call ended")
        return card, practice.call(call.id)

    def outcomes(self, call_id: UUID) -> list[tuple[Any, ...]]:
        return self.owner(
            "SELECT outcome, result FROM app.call_outcome WHERE call_id = %s", call_id
        )

    def heal(self) -> None:
        self.proxy.mode = Mode.PASS

    def lose(self) -> None:
        """The cable is out: what is open ends, nothing new gets through."""
        self.proxy.mode = Mode.REFUSE
        self.proxy.cut()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults") / "demo"
    demo = DemoPractice(folder, manners=Manners(ring=(0.1, 0.2), pace=2.0), durable=False)
    demo.start()
    try:
        with Proxy(demo.offer.connection.host, demo.offer.connection.port) as proxy:
            yield Site(demo, proxy)
    finally:
        demo.stop()
        reset(folder)


@pytest.fixture
def site(made: Site) -> Site:
    """The demo, its line whole again whatever the test before did."""
    made.heal()
    return made


# ------------------------------------------------------------------------------- the window


@dataclass
class Desk:
    """The real window with somebody signed in."""

    site: Site
    shell: Shell
    robot: Robot

    @property
    def station(self) -> Workstation:
        workspace = self.shell.window.workspace
        assert workspace is not None
        assert workspace.station is not None
        return workspace.station

    def banner(self) -> str:
        """The sentence about the lost link that can be seen now, or ""."""
        workspace = self.shell.window.workspace
        assert workspace is not None
        return next(
            (
                one.message.text
                for one in workspace.banners.banners
                if one.message.key == "link" and one.isVisible()
            ),
            "",
        )

    def open_and_dial(self) -> UUID:
        robot, station, target = self.robot, self.station, self.site.patient()
        robot.open_row(station.queue, target.entry_id)
        robot.until(
            lambda: station.work.card is not None and station.work.card.entry_id == target.entry_id,
            "the patient is ours",
        )
        bar = self.shell.window.workspace.call_bar if self.shell.window.workspace else None
        assert bar is not None
        robot.until(bar.dial.isEnabled, "Dial is possible")
        robot.key(Qt.Key.Key_F5)
        robot.answer_own_phone(bar, lambda: self.state is CallState.LIVE)
        robot.until(lambda: self.state is CallState.LIVE, "connected")
        assert station.work.call is not None
        return station.work.call.id

    @property
    def state(self) -> CallState | None:
        call = self.station.work.call
        return call.state if call is not None else None

    def note(self, text: str) -> None:
        self.robot.ctrl(Qt.Key.Key_T)
        self.robot.type(text)

    def done(self, entry: UUID) -> None:
        """Wait until this patient is put away."""
        work = self.station.work
        self.robot.until(
            lambda: work.pending is None and (work.card is None or work.card.entry_id != entry),
            "the outcome is confirmed",
            PATIENCE,
        )


@contextmanager
def window(site: Site, qapp: QApplication, *, direct: bool = False) -> Iterator[Desk]:
    """The window with Jordan Park signed in; signed out and gone afterwards."""
    shell = build(
        site.services(direct=direct), qapp, preferences=demo_preferences(site.demo.folder)
    )
    assert isinstance(shell.tasks, TaskRunner)
    robot = Robot(shell.window)
    shell.tasks.crashed.connect(robot.faults.append)
    try:
        shell.window.show()
        shell.window.activateWindow()
        robot.click(robot.find(QWidget, "demo_jpark"))
        robot.until(lambda: shell.window.workspace is not None, "signed in")
        yield Desk(site, shell, robot)
    finally:
        site.heal()
        workspace = shell.window.workspace
        if workspace is not None:
            workspace.close_session()
        shell.tasks.shutdown()
        if workspace is not None:
            workspace.session.close()
        shell.window.hide()
        shell.window.deleteLater()
        qapp.processEvents()


class Doomed:
    """The window as a process of its own, to be killed."""

    def __init__(self, site: Site, until: str, note: str = "") -> None:
        self.entry = site.patient().entry_id
        connection = replace(site.demo.offer.connection, port=site.proxy.port)
        self._plan = {
            "folder": str(site.demo.folder),
            "person": asdict(site.person("jpark")),
            "connection": asdict(connection),
            "entry": str(self.entry),
            "until": until,
            "note": note,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.doomed_window"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tell(json.dumps(self._plan))
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the window ended before it was killed"
        self.call: str = json.loads(line)["call"]

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def doomed(site: Site, until: str, note: str = "") -> Iterator[Doomed]:
    made = Doomed(site, until, note)
    try:
        yield made
    finally:
        if made.process.returncode is None:
            made.kill()


def kept(site: Site) -> int:
    """How many records the journals of this computer hold."""
    files = (site.demo.folder / "journal").glob("*.journal")
    return sum(len(file.read_bytes().splitlines()) - 1 for file in files)


# -------------------------------------------------------------------------------- 1: kill -9


def test_an_outcome_outlives_the_kill_of_its_window_and_counts_once(site: Site) -> None:
    with doomed(site, "submit", "Asked for a call after lunch.") as window:
        before = kept(site)  # the draft
        site.proxy.mode = Mode.BLACK_HOLE
        window.tell("go")
        until(lambda: kept(site) > before, "the outcome is in the journal")
        window.kill()
    site.heal()
    assert site.outcomes(UUID(window.call)) == []
    # As after a new start of the demo, whose server then has another port.
    with site.signed_in("jpark", direct=True) as session:
        assert [one.result for one in session.resent] == ["recorded"]
        assert "counts once" in session.notices[0]
        receipt = session.signed_in.receipt
        assert session.signed_in.held is None
        assert not session.desk.pending()
        rows = [row for row in session.signed_in.callbacks if row.entry_id == window.entry]
        assert len(rows) == 1
    with site.signed_in("jpark") as session:
        assert session.resent == ()
        assert session.previous_receipt == receipt != ""
    assert site.owner("SELECT state, holder FROM app.queue_entry WHERE id = %s", window.entry) == [
        ("callback", None)
    ]
    assert site.one("SELECT count(*) FROM app.callback WHERE entry_id = %s", window.entry) == 1
    found = [row for row in calls_for_supervisor(site.demo.offer) if str(row.id) == window.call]
    assert [(row.outcome, row.note) for row in found] == [
        (Outcome.CALLBACK_AT.value, "Asked for a call after lunch.")
    ]


def test_a_claim_whose_window_was_killed_is_free_within_two_minutes(site: Site) -> None:
    with doomed(site, "claim") as window:
        window.kill()
    with site.signed_in("abrandt", direct=True) as other:
        with pytest.raises(TakenByAnotherError):
            other.practice.claim(window.entry, uuid7())
        site.owner("UPDATE app.practice SET clock_offset = clock_offset + %s", timedelta(minutes=2))
        card = other.practice.claim(window.entry, uuid7())
        assert card.entry_id == window.entry
        assert card.call is None
    with site.signed_in("jpark", direct=True) as session:
        assert session.signed_in.held is None


def test_a_call_outlives_its_window_and_is_found_again(site: Site) -> None:
    with doomed(site, "call") as window:
        window.kill()
    with site.signed_in("abrandt", direct=True) as other, pytest.raises(TakenByAnotherError):
        other.practice.claim(window.entry, uuid7())
    assert site.one("SELECT state FROM app.call WHERE id = %s", UUID(window.call)) == "live"
    with site.signed_in("jpark", direct=True) as session:
        held = session.signed_in.held
        assert held is not None
        assert held.entry_id == window.entry
        assert held.call is not None
        assert str(held.call.id) == window.call
        assert held.call.state is CallState.LIVE
        assert held.call.needs_outcome
        finish = WrapUp(
            uuid7(), held.call.id, held.entry_id, held.fence, Outcome.THINKING, OutcomeDetails()
        )
        recorded, _ = session.desk.submit(finish, then_next=False)
        assert recorded.result == "recorded"
        until(
            lambda: session.practice.call(finish.call_id).state is CallState.ENDED, "it was hung up"
        )


# ------------------------------------------------------------------- 2: answers that are lost


def test_an_outcome_whose_answer_was_lost_is_sent_again_as_a_duplicate(site: Site) -> None:
    with site.signed_in("jpark") as session:
        card, call = site.call_of(session)
        wrap_up = WrapUp(
            uuid7(), call.id, card.entry_id, card.fence, Outcome.THINKING, OutcomeDetails("Maybe.")
        )
        site.proxy.mode = Mode.DROP_REPLIES
        with pytest.raises(NotConnectedError):
            session.desk.submit(wrap_up, then_next=False)
        site.heal()
        assert site.outcomes(call.id) == [("THINKING", "recorded")]
        assert session.desk.pending() == (wrap_up,)
        due = site.one("SELECT due_at FROM app.queue_entry WHERE id = %s", card.entry_id)
        [again] = session.desk.resend()
        assert again.result == "duplicate"
        assert again.follow_up.startswith("Next attempt")
        assert session.desk.pending() == ()
        assert site.outcomes(call.id) == [("THINKING", "recorded")]
        assert site.owner(
            "SELECT due_at, attempts FROM app.queue_entry WHERE id = %s", card.entry_id
        ) == [(due, card.attempts + 1)]


def test_an_outcome_that_was_sent_again_still_brings_the_next_patient(site: Site) -> None:
    """The link watch sends what waits without asking for a patient; the window then asks."""
    with site.signed_in("jpark") as session:
        card, call = site.call_of(session)
        wrap_up = WrapUp(
            uuid7(), call.id, card.entry_id, card.fence, Outcome.THINKING, OutcomeDetails()
        )
        site.lose()
        with pytest.raises(NotConnectedError):
            session.desk.submit(wrap_up, then_next=True)
        site.heal()
        assert [one.result for one in session.desk.resend()] == ["recorded"]
        recorded, following = session.desk.submit(wrap_up, then_next=True)
        assert recorded.result == "duplicate"
        assert isinstance(following, Card)
        assert following.entry_id != card.entry_id
        # Whoever asks once more is not moved on.
        _, same = session.desk.submit(wrap_up, then_next=True)
        assert isinstance(same, Card)
        assert (same.entry_id, same.fence) == (following.entry_id, following.fence)
        assert site.outcomes(call.id) == [("THINKING", "recorded")]


def test_a_call_whose_answer_was_lost_is_never_made_twice(site: Site) -> None:
    with site.signed_in("jpark") as session:
        practice, op_id = session.practice, uuid7()
        card = practice.claim(site.patient().entry_id, uuid7())
        phone = card.phones[0].id
        site.proxy.mode = Mode.DROP_REPLIES
        with pytest.raises(NotConnectedError):
            practice.request_call(card.entry_id, card.fence, phone, op_id)
        site.heal()
        made = site.one("SELECT id FROM app.call WHERE op_id = %s", op_id)
        assert practice.request_call(card.entry_id, card.fence, phone, op_id).id == made
        assert practice.request_call(card.entry_id, card.fence, phone, op_id).id == made
        assert (
            site.one(
                "SELECT count(*) FROM app.call WHERE entry_id = %s AND outcome IS NULL",
                card.entry_id,
            )
            == 1
        )
        finish = WrapUp(
            uuid7(), made, card.entry_id, card.fence, Outcome.TECHNICAL, OutcomeDetails()
        )
        assert session.desk.submit(finish, then_next=False)[0].result == "recorded"


def test_a_patient_whose_answer_was_lost_is_the_one_that_comes_again(site: Site) -> None:
    with site.signed_in("jpark") as session:
        op_id = uuid7()
        site.proxy.mode = Mode.DROP_REPLIES
        with pytest.raises(NotConnectedError):
            session.practice.claim_next(op_id)
        site.heal()
        [(entry, fence)] = site.owner(
            "SELECT e.id, e.fence FROM app.queue_entry e JOIN app.person p ON p.id = e.holder "
            "WHERE p.login = 'jpark' AND e.state = 'claimed'"
        )
        card = session.practice.claim_next(op_id)
        assert isinstance(card, Card)
        assert (card.entry_id, card.fence) == (entry, fence)


# ---------------------------------------------------------------------- 3: the link in a call


def test_a_call_goes_through_a_lost_link_with_everything_typed(
    site: Site, qapp: QApplication
) -> None:
    with window(site, qapp) as desk:
        robot, station = desk.robot, desk.station
        call_id = desk.open_and_dial()
        card = station.work.card
        assert card is not None
        desk.note("Said before. ")
        site.lose()
        robot.until(desk.banner, "the banner")
        assert "What you type is kept" in desk.banner()
        desk.note("Said after.")
        robot.until(
            lambda: (
                station.work.session.desk.draft(card.entry_id)
                == OutcomeDetails("Said before. Said after.")
            ),
            "the draft is on the disk",
        )
        assert desk.banner(), "keeping a draft asks no database"
        station.outcome.press(Outcome.THINKING)
        robot.ctrl(Qt.Key.Key_Return)  # "Hang up, save, next", which nobody hears
        robot.until(
            lambda: any(
                "telephone did not hear" in one.text for one in desk.shell.tools.messages.current
            ),
            "the button was not heard",
        )
        assert desk.banner()
        assert station.wrap.note_text == "Said before. Said after."
        site.heal()
        robot.until(lambda: not desk.banner(), "the link is back", PATIENCE)
        desk.done(card.entry_id)
        assert station.work.card is not None
    assert site.outcomes(call_id) == [("THINKING", "recorded")]
    assert site.one("SELECT note FROM app.call WHERE id = %s", call_id) == (
        "Said before. Said after."
    )


def test_an_outcome_without_a_link_goes_through_once_by_itself(
    site: Site, qapp: QApplication
) -> None:
    with window(site, qapp) as desk:
        robot, station = desk.robot, desk.station
        call_id = desk.open_and_dial()
        card = station.work.card
        assert card is not None
        station.calls.hang_up()
        robot.until(lambda: desk.state is CallState.ENDED, "hung up")
        desk.note("Wants to think.")
        station.outcome.press(Outcome.THINKING)
        site.lose()
        robot.ctrl(Qt.Key.Key_Return)
        robot.until(desk.banner, "the banner")
        robot.until(lambda: station.wrap.save.text() == "Send again", "it is kept here")
        assert station.wrap.note_text == "Wants to think."
        site.heal()
        robot.until(lambda: not desk.banner(), "the link is back", PATIENCE)
        desk.done(card.entry_id)
        robot.until(lambda: station.work.card is not None, "another patient follows")
        assert station.work.session.desk.pending() == ()
    assert site.outcomes(call_id) == [("THINKING", "recorded")]


# ------------------------------------------------------------------- 5: the server restarted


def test_the_window_recovers_from_a_restart_of_its_server(site: Site, qapp: QApplication) -> None:
    with window(site, qapp, direct=True) as desk:
        robot, station = desk.robot, desk.station
        control(site.server, "stop", "-m", "fast")
        try:
            station.refresh()
            robot.until(desk.banner, "the banner")
        finally:
            control(site.server, "start", "-w")
        robot.until(lambda: not desk.banner(), "the window is back by itself", PATIENCE)
        desk.open_and_dial()
        card = station.work.card
        assert card is not None
        station.outcome.press(Outcome.NO_ANSWER)
        robot.ctrl(Qt.Key.Key_Return)
        desk.done(card.entry_id)


def control(server: EmbeddedServer, *arguments: str) -> None:
    """Do something with the server beside the program that started it."""
    subprocess.run(
        [server.binaries.program("pg_ctl"), "-D", str(server._cluster), "-s", *arguments],
        check=True,
        env=cluster.environment(),
        cwd=server._home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **server_account().run_as(),
    )


# ---------------------------------------------------------------------- 6: nobody gets in


def test_each_reason_not_to_get_in_has_a_sentence_of_its_own(site: Site) -> None:
    said: dict[str, str] = {}

    def refused(why: str, kind: type[UserFacingError], words: str, password: str = "") -> None:
        with pytest.raises(kind, match=words) as caught:
            site.enter("abrandt", password)
        said[why] = caught.value.sentence

    site.lose()
    refused("unreachable", NotConnectedError, "does not answer|starting|try again")
    site.heal()
    refused("password", SignInRefusedError, "[Pp]assword", "not the password of anybody")
    set_active(site.demo.owner_conninfo, "abrandt", active=False)
    try:
        refused("suspended", SignInRefusedError, "suspended")
    finally:
        set_active(site.demo.owner_conninfo, "abrandt", active=True)
    site.owner("UPDATE app.practice SET lowest_client = '99.0.0'")
    try:
        refused("old", ClientTooOldError, r"needs 99\.0\.0 or newer")
    finally:
        site.owner("UPDATE app.practice SET lowest_client = '0.0.0'")
    days = (
        "UPDATE app.training_record t SET completed_on = t.completed_on + %s, "
        "expires_on = t.expires_on + %s FROM app.person p "
        "WHERE p.id = t.person_id AND p.login = 'abrandt'"
    )
    site.owner(days, -400, -400)
    try:
        refused("training", SignInRefusedError, "training .* expired on")
    finally:
        site.owner(days, 400, 400)
    assert len(set(said.values())) == 5, said
    with site.signed_in("abrandt") as session:
        assert session.signed_in.person.login == "abrandt"


def test_the_window_says_why_nobody_gets_in_and_lets_them_try_again(
    site: Site, qapp: QApplication
) -> None:
    shell = build(site.services(), qapp, preferences=demo_preferences(site.demo.folder))
    robot = Robot(shell.window)
    try:
        shell.window.show()
        shell.window.activateWindow()
        button = robot.find(QWidget, "demo_jpark")
        site.lose()
        robot.click(button)
        robot.until(lambda: "try again" in texts(shell.window), "the sentence")
        assert shell.window.workspace is None
        site.heal()
        robot.click(button)
        robot.until(lambda: shell.window.workspace is not None, "signed in")
    finally:
        workspace = shell.window.workspace
        if workspace is not None:
            workspace.close_session()
        shell.tasks.shutdown()
        if workspace is not None:
            workspace.session.close()
        shell.window.hide()
        shell.window.deleteLater()
        qapp.processEvents()


def texts(widget: QWidget) -> str:
    return " ".join(one.text() for one in widget.findChildren(QLabel) if one.isVisible())


# ------------------------------------------------------------------------------ 7: canary


def test_nothing_of_a_patient_is_left_where_it_does_not_belong(
    site: Site, qapp: QApplication, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    note = "Zanzibar umbrella quartz"
    titles: set[str] = set()
    with window(site, qapp) as desk:
        robot, station = desk.robot, desk.station
        call_id = desk.open_and_dial()
        robot.until(lambda: desk.state is CallState.LIVE, "live")
        [(family, number)] = site.owner(
            "SELECT p.family, c.e164 FROM app.call c JOIN app.patient p ON p.id = c.patient_id "
            "WHERE c.id = %s",
            call_id,
        )
        card = station.work.card
        assert card is not None
        secrets = (family, number, number.removeprefix("+1"), note)
        verify(robot, station)
        desk.note(note)
        saved = station.work.session.desk
        robot.until(lambda: saved.draft(card.entry_id) is not None, "the draft is kept")
        assert kept(site)
        assert leaks(site, secrets) == []
        robot.ctrl(Qt.Key.Key_B)
        grid = station.openings.grid
        robot.until(lambda: grid.hasFocus() and station.openings.model.choices(), "free times")
        robot.key(Qt.Key.Key_End)
        robot.key(Qt.Key.Key_Return)
        robot.until(lambda: station.outcome.outcome is Outcome.BOOKED, "Booked is chosen")
        titles |= {one.windowTitle() for one in QApplication.topLevelWidgets()}
        robot.ctrl(Qt.Key.Key_Return)
        desk.done(card.entry_id)
        titles |= {one.windowTitle() for one in QApplication.topLevelWidgets()}
    assert site.outcomes(call_id) == [("BOOKED", "recorded")]
    assert leaks(site, secrets) == []
    assert "Care Coordinator" in titles
    said = "\n".join((*titles, caplog.text, *(str(one.args) for one in caplog.records)))
    assert [secret for secret in secrets if found(secret, said)] == []


def verify(robot: Robot, station: Workstation) -> None:
    """Two identifiers match."""
    robot.ctrl(Qt.Key.Key_D)
    check = station.script.identity
    for box in check.findChildren(QCheckBox)[:2]:
        robot.until(box.isEnabled, "the identity check can be ticked")
        box.setFocus()
        robot.key(Qt.Key.Key_Space)
    robot.click(check.passed)
    robot.until(
        lambda: station.work.card is not None and station.work.card.identity is IdentityResult.PASS,
        "the identity is verified",
    )


def leaks(site: Site, secrets: tuple[str, ...]) -> list[str]:
    """Files of the program on this computer that hold one of these words."""
    folder = site.demo.folder
    files = [
        file
        for name in ("settings", "journal", "state")
        for file in (folder / name).rglob("*")
        if file.is_file()
    ]
    assert files
    files += [folder / "gateway.log", site.server.log_file]
    return [
        file.name
        for file in files
        if any(
            found(secret, text)
            for secret in secrets
            for text in (file.name, file.read_text("utf-8", "replace"))
        )
    ]


def found(secret: str, text: str) -> bool:
    """Whether it stands there as a word of its own; short names occur in base64 by chance."""
    return bool(re.search(rf"(?<![\w/+=]){re.escape(secret)}(?![\w/+=])", text, re.IGNORECASE))
