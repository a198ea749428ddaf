"""``./run --screenshots DIR``: every page, light and dark, from the running demo."""

from __future__ import annotations

import faulthandler
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from coordinator_app.demo.line import Manners
from coordinator_app.domain.call import CallState
from coordinator_app.domain.ear import EarKind
from coordinator_app.domain.outcome import Outcome
from coordinator_app.domain.returns import ReturnKind
from coordinator_app.errors import UserFacingError
from ui.console import say
from ui.pages.call_log import CallLogPage
from ui.pages.callbacks import CallbacksPage
from ui.pages.find import FindPage
from ui.pages.line_test import LineTestPage
from ui.pages.people import PeoplePage
from ui.pages.privacy import PrivacyPage
from ui.pages.settings import SettingsPage
from ui.pages.team import TeamPage
from ui.pictures_live import take_company, take_live_calls
from ui.robot import NotTrueError
from ui.stage import Stage, on_stage
from ui.theme import Mode
from ui.views.phone_line import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["run_pictures"]

_LONGEST: Final = 600.0  # seconds; then it hangs, and says where
_SIZE: Final = (1440, 900)
_LOOKS: Final = (("light", Mode.LIGHT), ("dark", Mode.DARK))
_MANNERS: Final = Manners(ring=(0.2, 0.4), pace=4.0)


@dataclass(slots=True)
class Album:
    """Where the pictures go, and how many there are."""

    stage: Stage
    folder: Path
    count: int = 0
    called: str = ""  # the number that take_call dials

    def take(self, name: str) -> None:
        """Save the window as it is, in both looks."""
        theme = self.stage.shell.tools.theme
        for look, mode in _LOOKS:
            theme.apply(mode)
            self.stage.robot.picture(self.folder / f"{name}-{look}.png")
            self.count += 1

    def take_all(self) -> None:
        """Walk through the program. Raises NotTrueError when a page does not come."""
        stage = self.stage
        stage.shell.window.resize(*_SIZE)
        self.take("sign-in")
        stage.enter_as("jpark")
        queue = stage.station.queue
        openings = stage.station.openings.model
        stage.robot.until(lambda: queue.model.rowCount() >= 60, "the queue is loaded")
        stage.robot.until(openings.choices, "the openings are loaded")
        self.take("workstation-idle")
        self.take_call()
        self.take_pages_of_coordinator()
        self.take_find()
        self.take_lock()
        stage.leave()
        stage.enter_as("nhaddad")
        self.take_pages_of_supervisor()
        self.take_explanation("explanation")
        stage.leave()
        stage.enter_as("rmoreno")
        page = self.take_explanation("explanation-clinician")
        if page.why.allow.isVisible():
            self.stage.robot.click(page.why.allow)
            self.take("allow-a-call")
        stage.leave()

    def take_call(self) -> None:
        """A patient is open, then on the line, then promised a call."""
        robot, stage = self.stage.robot, self.stage
        station, bar = stage.station, stage.workspace.call_bar
        target = stage.next_with("answers")
        self.called = target.e164
        robot.open_row(station.queue, target.entry_id)
        if bar is None:
            raise NotTrueError("a coordinator has a call bar")
        robot.until(bar.dial.isEnabled, "Dial is possible")
        self.take("patient-open")
        robot.key(Qt.Key.Key_F5)
        work = station.work
        robot.until(lambda: bar.phone.asks, "one's own phone is on the line")
        self.take("own-phone")
        robot.answer_own_phone(bar, lambda: work.call is not None and work.call.answered_at)

        def talking() -> bool:
            call = work.call
            return call is not None and call.state is CallState.LIVE and len(call.captions) > 1

        robot.until(talking, "the patient speaks")
        take_company(self)
        robot.ctrl(Qt.Key.Key_D)
        for box in station.script.identity.findChildren(QCheckBox)[:2]:
            robot.until(box.isEnabled, "the identity check can be ticked")
            box.setFocus()
            robot.key(Qt.Key.Key_Space)
        robot.click(station.script.identity.passed)
        robot.until(
            lambda: work.card is not None and work.card.chart is not None, "the chart opens"
        )
        robot.ctrl(Qt.Key.Key_B)
        robot.until(station.openings.model.choices, "there are free times")
        robot.key(Qt.Key.Key_Home)
        robot.key(Qt.Key.Key_Right)
        robot.key(Qt.Key.Key_Return)
        robot.until(lambda: work.hold is not None, "the chosen time is held")
        self.take("workstation")
        robot.click(robot.find(QWidget, f"outcome.{Outcome.CALLBACK_AT.value}"))
        robot.click(robot.find(QWidget, "callback.tomorrow"))
        self.take("callback-details")
        entry = target.entry_id
        robot.ctrl(Qt.Key.Key_Return)
        robot.until(
            lambda: work.pending is None and (work.card is None or work.card.entry_id != entry),
            "the outcome is recorded",
        )

    def take_pages_of_coordinator(self) -> None:
        """Schedule, callbacks, own calls, help, settings."""
        robot, workspace = self.stage.robot, self.stage.workspace
        callbacks, log = workspace.pages["callbacks"], workspace.pages["call_log"]
        if not isinstance(callbacks, CallbacksPage) or not isinstance(log, CallLogPage):
            raise NotTrueError("a coordinator has callbacks and a call log")
        loaded: dict[str, Callable[[], object]] = {
            "schedule": lambda: True,
            "callbacks": lambda: callbacks.view.model.rows,
            "call_log": lambda: log.view.model.rows,
            "help": lambda: True,
            "settings": lambda: True,
        }
        for key, fact in loaded.items():
            workspace.open(key)
            robot.until(fact, f"the page {key} is loaded")
            self.settle()
            self.take(key.replace("_", "-"))
        self.take_returned(callbacks)
        self.take_line_test()
        workspace.open("queue")

    def take_line_test(self) -> None:
        """Where one hears the calls, and how good the line is."""
        robot, workspace = self.stage.robot, self.stage.workspace
        settings, test = workspace.pages["settings"], workspace.pages["line_test"]
        if not isinstance(settings, SettingsPage) or not isinstance(test, LineTestPage):
            raise NotTrueError("a coordinator has settings and a line test")
        if settings.ear is None:
            raise NotTrueError("a coordinator has an ear")
        workspace.open("settings")
        settings.ear.kind.choose(EarKind.PHONE.value)
        self.take("settings-phone")
        robot.click(settings.ear.test)
        self.take("line-test")
        robot.click(test.view.start)
        robot.until(test.view.copy.isEnabled, "the line is tested")
        self.take("line-test-done")

    def take_returned(self, page: CallbacksPage) -> None:
        """The patient of the call calls back: the office's form, then the lane."""
        robot, view = self.stage.robot, page.returns.view
        self.stage.workspace.open("callbacks")
        robot.click(view.report)
        view.form.phone.setText(self.called)
        view.form.what.choose(ReturnKind.WANTS_CALL.value)
        self.take("callbacks-a-patient-called")
        robot.click(view.form.save)
        robot.until(lambda: view.model.rowCount() > 0, "the returned call is in the lane")
        self.settle()
        self.take("callbacks-returned")

    def look_up(self) -> FindPage:
        """Find the patient of the call by the number that was dialled."""
        robot, workspace = self.stage.robot, self.stage.workspace
        page = workspace.pages["find"]
        if not isinstance(page, FindPage):
            raise NotTrueError("this person looks patients up")
        workspace.open("find")
        page.view.phone.setText(self.called)
        page.view.reason.setCurrentIndex(0)
        robot.click(page.view.search)
        robot.until(lambda: page.view.cards, "somebody fits")
        return page

    def take_find(self) -> None:
        """A returning caller, and an emergency."""
        robot, workspace = self.stage.robot, self.stage.workspace
        workspace.open("find")
        self.take("find-empty")
        page = self.look_up()
        self.take("find")
        robot.click(robot.find(QWidget, "found_return"))
        self.take("find-called-back")
        robot.click(page.called.cancel)
        robot.click(robot.find(QWidget, "found_glass"))
        self.take("emergency-asked")
        page.glass.reason.setPlainText("The patient fainted; the paramedics ask.")
        robot.click(page.glass.open)
        robot.until(lambda: page.glass.until is not None, "the chart opens in an emergency")
        self.take("emergency")
        workspace.open("queue")

    def take_explanation(self, name: str) -> FindPage:
        """Why a patient is, or is not, called."""
        page = self.look_up()
        self.stage.robot.click(self.stage.robot.find(QWidget, "found_why"))
        self.settle()
        self.take(name)
        return page

    def settle(self) -> None:
        """Let what was asked for on the database's lane arrive: the lane keeps order."""
        answered: list[bool] = []
        self.stage.shell.tasks.run(
            self.stage.shell.window, lambda: True, done=answered.append, lane="db"
        )
        self.stage.robot.until(lambda: answered, "the database has answered")

    def take_lock(self) -> None:
        """Lock, and come back with the password."""
        robot, window = self.stage.robot, self.stage.shell.window
        robot.ctrl(Qt.Key.Key_L)
        robot.until(lambda: window.locked, "the screen is locked")
        self.take("lock")
        people = self.stage.demo.offer.people
        field = robot.find(QLineEdit, "unlock_password")
        field.setFocus()
        robot.type(next(one.password for one in people if one.login == "jpark"))
        robot.key(Qt.Key.Key_Return)
        robot.until(lambda: not window.locked, "the screen is unlocked")

    def take_pages_of_supervisor(self) -> None:
        """Team board, everybody's calls, people, the privacy records."""
        robot, workspace = self.stage.robot, self.stage.workspace
        pages = workspace.pages
        team, log, people = pages["team"], pages["call_log"], pages["people"]
        privacy = pages["privacy"]
        if (
            not isinstance(team, TeamPage)
            or not isinstance(log, CallLogPage)
            or not isinstance(people, PeoplePage)
            or not isinstance(privacy, PrivacyPage)
        ):
            raise NotTrueError("a supervisor has team, call log, people and privacy")
        robot.until(lambda: team.view.people.rows, "the board is loaded")
        self.settle()
        self.take("team")
        take_live_calls(self, team)
        workspace.open("call_log")
        robot.until(lambda: log.view.model.rows, "the call log is loaded")
        self.settle()
        self.take("call-log-supervisor")
        rows = log.view.model.rows
        log.view.table.select_row(next(n for n, row in enumerate(rows) if row.amendable))
        robot.ctrl(Qt.Key.Key_K)
        robot.until(lambda: log.amend.row is not None, "the form for a correction is open")
        self.take("call-log-correct")
        robot.key(Qt.Key.Key_Escape)
        workspace.open("people")
        self.settle()
        self.take("people")
        called = next(row.patient_id for row in log.view.model.rows if row.patient_id is not None)
        workspace.open_looks(called)
        for part in ("looks", "disclosures", "watch", "incidents"):
            privacy.part.choose(part)
            self.settle()
            self.take(f"privacy-{part}")
        self.take_phone_line()

    def take_phone_line(self) -> None:
        """The set-up of the line, played through on the practice line."""
        robot, workspace = self.stage.robot, self.stage.workspace
        page = workspace.pages["settings"]
        if not isinstance(page, SettingsPage) or page.line is None:
            raise NotTrueError("a supervisor sets up the phone line")
        workspace.open("settings")
        page.part.choose("line")
        view = page.line.view
        robot.until(lambda: view.stands.text, "the line's set-up is loaded")
        for step in STEPS:
            view.step.choose(step)
            self.settle()
            self.take(f"line-{step}")
        view.step.choose("number")
        robot.click(view.number.unverify)
        robot.until(view.number.call.isVisible, "the number is not verified any more")
        robot.click(view.number.call)
        robot.until(view.number.code.isVisible, "the code is shown")
        self.take("line-code")
        robot.until(view.number.unverify.isVisible, "the office has keyed the code in")


def run_pictures(folder: Path) -> int:
    """Save pictures of every page there; returns 0 when all were taken."""
    faulthandler.dump_traceback_later(_LONGEST, exit=True)
    try:
        with on_stage(_MANNERS) as stage:
            album = Album(stage, folder)
            try:
                album.take_all()
            except NotTrueError as error:
                stage.robot.picture(folder / "failed.png")
                say(f"NOT TRUE: {error}\nThe window at that moment: {folder / 'failed.png'}")
                return 1
    except (UserFacingError, NotTrueError) as error:
        say(f"NOT TRUE: {error}")
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    say(f"{album.count} pictures are in {folder}.")
    return 0
