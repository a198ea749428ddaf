"""``./run --self-test``: the main job in the real window, on a real database and phone line.

A booking, a voicemail, a callback and a wrong number by a coordinator; then the supervisor's
view of those four calls. Each step is printed with its time. The first thing that is not true
ends it, with a picture of the window at that moment.
"""

from __future__ import annotations

import faulthandler
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QWidget

from coordinator_app.demo.witness import as_supervisor, calls_for_supervisor, number_qualities
from coordinator_app.domain.call import CallState
from coordinator_app.domain.outcome import Outcome
from coordinator_app.domain.patient import IdentityResult
from coordinator_app.errors import UserFacingError
from ui.console import say
from ui.pages.call_log import CallLogPage
from ui.pages.team import TeamPage
from ui.robot import NotTrueError
from ui.stage import Stage, on_stage

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from coordinator_app.demo.witness import Reachable
    from coordinator_app.domain.logs import CallLogRow
    from coordinator_app.domain.schedule import SlotHold

__all__ = ["run_self_test"]

_LONGEST: Final = 300.0  # seconds; then it hangs, and says where
_NOTE: Final = "Left the short message."


@dataclass(slots=True)
class Made:
    """A call that was made, as the window knew it."""

    call_id: UUID
    outcome: Outcome
    note: str = ""


@dataclass(slots=True)
class SelfTest:
    """The scenario. ``pictures``: None takes none."""

    stage: Stage
    pictures: Path | None
    made: list[Made] = field(default_factory=list)
    hold: SlotHold | None = None
    wrong: str = ""  # the number that was nobody's
    _began: float = field(default_factory=time.monotonic)
    _steps: int = 0

    def run(self) -> None:
        """Play everything. Raises NotTrueError."""
        self.say("The demo practice is made and open")
        self.stage.enter_as("jpark")
        queue = self.stage.station.queue
        self.stage.robot.until(lambda: queue.model.rowCount() >= 60, "60 patients in the queue")
        self.say(f"Jordan Park, coordinator, sees {queue.model.rowCount()} patients to call")
        self.book()
        self.leave_voicemail()
        self.promise_callback()
        self.find_wrong_number()
        self.stage.leave()
        self.say("Jordan Park signed out")
        self.look_as_supervisor()
        self.look_in_database()
        self.stage.leave()
        self.say("Nadia Haddad signed out")

    def say(self, words: str) -> None:
        """Print a step that is done, with its time, and take its picture."""
        self._steps += 1
        say(f"{time.monotonic() - self._began:6.1f} s  {words}")
        if self.pictures is not None:
            self.stage.robot.picture(self.pictures / f"self-test-{self._steps:02}.png")

    # -- the coordinator ----------------------------------------------------------------------

    def book(self) -> None:
        """The patient answers, proves who they are and takes an opening."""
        robot, station = self.stage.robot, self.stage.station
        self.open_and_dial(self.stage.next_with("answers"))
        self.identify()
        robot.ctrl(Qt.Key.Key_B)
        grid = station.openings.grid
        robot.until(lambda: grid.hasFocus() and grid.model().rowCount(), "the openings have focus")
        robot.until(station.openings.model.choices, "there are free times")
        robot.key(Qt.Key.Key_End)
        robot.key(Qt.Key.Key_Return)
        self.hold = robot.until(lambda: station.work.hold, "the chosen time is held")
        self.say("Chose an opening; the server holds it for this call")
        robot.until(lambda: station.outcome.outcome is Outcome.BOOKED, "Booked is chosen by it")
        self.save(Outcome.BOOKED)

    def leave_voicemail(self) -> None:
        """A machine answers; a message is spoken after its tone."""
        robot, station = self.stage.robot, self.stage.station
        self.open_and_dial(self.stage.next_with("voicemail"))

        def tone() -> bool:
            call = station.work.call
            return call is not None and any("beep" in said.text for said in call.captions)

        robot.until(tone, "the machine's tone")
        robot.key(Qt.Key.Key_F4)
        robot.until(lambda: station.script.voicemail, "the voicemail text is shown")
        robot.key(Qt.Key.Key_2)
        robot.ctrl(Qt.Key.Key_T)
        robot.type(_NOTE)
        self.save(Outcome.LEFT_VOICEMAIL, _NOTE)

    def promise_callback(self) -> None:
        """The patient has no time now and is promised a call tomorrow."""
        robot, station = self.stage.robot, self.stage.station
        self.open_and_dial(self.stage.next_with("answers"))
        self.identify()
        robot.key(Qt.Key.Key_4)
        robot.until(
            lambda: station.outcome.outcome is Outcome.CALLBACK_AT, "Call back is chosen by 4"
        )
        robot.click(robot.find(QWidget, "callback.tomorrow"))
        self.save(Outcome.CALLBACK_AT)

    def find_wrong_number(self) -> None:
        """Somebody else answers; that number is retired."""
        robot, station = self.stage.robot, self.stage.station
        target = self.stage.next_with("wrong_person")
        self.wrong = target.e164
        self.open_and_dial(target)
        robot.key(Qt.Key.Key_7)
        robot.until(
            lambda: station.outcome.outcome is Outcome.WRONG_NUMBER, "Wrong number is chosen by 7"
        )
        self.save(Outcome.WRONG_NUMBER)

    def open_and_dial(self, target: Reachable) -> None:
        """Open this patient of the queue, dial, and wait for somebody or something to answer."""
        robot, station = self.stage.robot, self.stage.station
        work = station.work
        robot.open_row(station.queue, target.entry_id)
        robot.until(
            lambda: work.card is not None and work.card.entry_id == target.entry_id,
            "the patient is open and ours",
        )
        bar = self.stage.workspace.call_bar
        if bar is None:
            raise NotTrueError("a coordinator has a call bar")
        robot.until(bar.dial.isEnabled, "Dial is possible")
        robot.key(Qt.Key.Key_F5)
        robot.answer_own_phone(bar, lambda: work.call is not None and work.call.answered_at)
        robot.until(
            lambda: work.call is not None and work.call.state is CallState.LIVE,
            "the call is connected",
            30.0,
        )
        self.say("Opened a patient, dialled, connected")

    def identify(self) -> None:
        """Two identifiers match; then the chart opens."""
        robot, station = self.stage.robot, self.stage.station
        robot.ctrl(Qt.Key.Key_D)
        check = station.script.identity
        for box in check.findChildren(QCheckBox)[:2]:
            robot.until(box.isEnabled, "the identity check can be ticked")
            box.setFocus()
            robot.key(Qt.Key.Key_Space)
        robot.click(check.passed)

        def verified() -> bool:
            card = station.work.card
            return (
                card is not None and card.identity is IdentityResult.PASS and card.chart is not None
            )

        robot.until(verified, "the identity is verified and the chart open")
        self.say("Verified the identity with two identifiers; the chart opened")

    def save(self, outcome: Outcome, note: str = "") -> None:
        """Save and next: the call ends, the outcome is recorded, another patient may follow."""
        robot, work = self.stage.robot, self.stage.station.work
        card, call = work.card, work.call
        if card is None or call is None:
            raise NotTrueError("there is a call to save")
        robot.must(self.stage.station.outcome.outcome is outcome, f"{outcome.value} stands chosen")
        robot.ctrl(Qt.Key.Key_Return)
        robot.until(
            lambda: (
                work.pending is None and (work.card is None or work.card.entry_id != card.entry_id)
            ),
            "the outcome is recorded and the patient put away",
            20.0,
        )
        self.made.append(Made(call.id, outcome, note))
        self.say(f"Recorded the outcome {outcome.value}")

    # -- the supervisor -----------------------------------------------------------------------

    def look_as_supervisor(self) -> None:
        """Team board and call log in the window show the four calls."""
        robot, stage = self.stage.robot, self.stage
        stage.enter_as("nhaddad")
        team = stage.workspace.pages["team"]
        if not isinstance(team, TeamPage):
            raise NotTrueError("the supervisor has a team page")
        people = team.view.people
        robot.until(
            lambda: any(row.name == "Jordan Park" and row.calls >= 4 for row in people.rows),
            "the team board counts Jordan Park's calls",
        )
        self.say("Nadia Haddad, supervisor, sees Jordan Park's calls on the team board")
        robot.ctrl(Qt.Key.Key_4)
        log = stage.workspace.pages["call_log"]
        if not isinstance(log, CallLogPage):
            raise NotTrueError("the supervisor has a call log")
        model = log.view.model
        wanted = {made.call_id for made in self.made}
        robot.until(
            lambda: wanted <= {row.id for row in model.rows}, "the four calls are in the call log"
        )
        self.compare(model.rows)
        self.say("Found the four calls in the call log, with their outcomes")

    def look_in_database(self) -> None:
        """The same, read from the database as the supervisor, beside the window."""
        robot, offer = self.stage.robot, self.stage.demo.offer
        self.compare(calls_for_supervisor(offer))
        self.say("Read the four calls from the database as the supervisor")
        hold = self.hold
        if hold is None:
            raise NotTrueError("a time was held")
        robot.must(self.is_taken(hold.practitioner, hold.start), "the booked time is taken")
        self.say("The booked time is taken in the schedule")
        robot.must(
            number_qualities(self.stage.demo.owner_conninfo, self.wrong) == ["wrong"],
            "the wrong number is retired",
        )
        self.say("The wrong number is retired")

    def compare(self, rows: tuple[CallLogRow, ...]) -> None:
        """Hold a call log against what was done. Raises NotTrueError."""
        by_id = {row.id: row for row in rows}
        for made in self.made:
            row = by_id.get(made.call_id)
            if row is None:
                raise NotTrueError(f"the call log has the call {made.outcome.value}")
            robot = self.stage.robot
            robot.must(row.outcome == made.outcome.value, f"its outcome is {made.outcome.value}")
            robot.must(row.coordinator == "Jordan Park", "it was Jordan Park's call")
            robot.must(row.note == made.note, "its note is what was typed")

    def is_taken(self, practitioner: str, start: datetime) -> bool:
        """Ask the schedule, as the supervisor, about one time."""
        practice = self.stage.workspace.session.signed_in.practice
        who = next(one for one in practice.practitioners if one.name == practitioner)
        with as_supervisor(self.stage.demo.offer) as database:
            found = database.openings([who.id], practice.visit_types[0].id, start.date(), 2)
        return any(
            busy.start == start and busy.kind for day in found.days for busy in day.busy
        ) and all(start not in day.free for day in found.days)


def run_self_test(pictures: Path | None = None) -> int:
    """Play the main job; returns 0 when everything was true.

    Args:
        pictures: folder for a picture of each step; None takes only one of a failure.
    """
    faulthandler.dump_traceback_later(_LONGEST, exit=True)
    began = time.monotonic()
    try:
        with on_stage() as stage:
            test = SelfTest(stage, pictures)
            try:
                test.run()
            except NotTrueError as error:
                folder = pictures or Path(tempfile.mkdtemp(prefix="care-coordinator-failed-"))
                file = folder / "failed.png"
                stage.robot.picture(file)
                say(f"NOT TRUE: {error}\nThe window at that moment: {file}")
                if error.__cause__ is not None:  # everybody in a demo is made up
                    say("".join(traceback.format_exception(error.__cause__)))
                return 1
    except (UserFacingError, NotTrueError) as error:
        say(f"NOT TRUE: {error}")
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    say(f"All true, in {time.monotonic() - began:.0f} s.")
    return 0
