"""Pictures of a recorded call, from the setting to the reviewer's panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QPushButton, QWidget

from coordinator_app.domain.call import CallState
from coordinator_app.domain.outcome import Outcome
from ui.pages.call_log import CallLogPage
from ui.pages.recording_settings import RecordingSettingsDesk
from ui.pages.settings import SettingsPage
from ui.robot import NotTrueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ui.stage import Stage

__all__ = ["take_recording"]


def take_recording(stage: Stage, take: Callable[[str], None], password: str) -> None:
    """As the supervisor who is signed in. Raises NotTrueError when something does not come.

    ``take``: saves the window under a name.
    """
    robot = stage.robot
    workspace = stage.workspace
    workspace.open("settings")
    settings = workspace.pages["settings"]
    desk = settings.findChild(RecordingSettingsDesk)
    if desk is None or not isinstance(settings, SettingsPage):
        raise NotTrueError("a supervisor sets recording")
    settings.part.choose("recording")
    robot.until(desk.view.state.text, "the setting is loaded")
    desk.change(password, 90, enabled=True, protected=True)
    robot.until(desk.view.notice.isVisible, "recording is turned on")
    take("settings-recording")
    workspace.open("queue")
    station, bar = stage.station, workspace.call_bar
    if bar is None:
        raise NotTrueError("a supervisor can call")
    target = stage.next_with("answers")
    robot.open_row(station.queue, target.entry_id)
    practice = workspace.session.practice
    # The line was just set up anew.
    robot.until(lambda: practice.heartbeat(None, 0).line.state == "ok", "the line is well")
    robot.until(bar.dial.isEnabled, "Dial is possible")
    robot.key(Qt.Key.Key_F5)
    robot.until(lambda: bar.phone.asks, "one's own phone is on the line")
    robot.answer_own_phone(
        bar, lambda: station.work.call is not None and station.work.call.answered_at
    )
    robot.until(
        lambda: station.work.call is not None and station.work.call.state is CallState.LIVE,
        "the patient answers",
    )

    def state() -> str:
        call = station.work.call
        return "" if call is None or call.recording is None else call.recording.state

    robot.until(bar.recording.isVisible, "recording is offered")
    robot.click(bar.recording.open)
    robot.find(QCheckBox, "recording_said").setFocus()
    robot.key(Qt.Key.Key_Space)
    take("recording-asked")
    robot.click(robot.find(QPushButton, "recording_yes"))
    robot.until(lambda: state() == "recording", "it records")
    robot.click(bar.recording.open)
    take("recording")
    robot.click(robot.find(QPushButton, "recording_stop"))
    robot.until(lambda: state() == "stopped", "it has stopped")
    robot.key(Qt.Key.Key_F8)
    robot.until(bar.hang_up.isHidden, "the call is over")
    robot.click(robot.find(QWidget, f"outcome.{Outcome.NO_ANSWER.value}"))
    robot.ctrl(Qt.Key.Key_Return)
    robot.until(lambda: station.work.pending is None, "the outcome is recorded")
    _take_review(stage, take)


def _take_review(stage: Stage, take: Callable[[str], None]) -> None:
    robot, workspace = stage.robot, stage.workspace
    log = workspace.pages["call_log"]
    if not isinstance(log, CallLogPage):
        raise NotTrueError("a supervisor has a call log")
    workspace.open("call_log")
    robot.until(lambda: any(row.recorded for row in log.view.model.rows), "the call is listed")
    rows = log.view.model.rows
    log.view.table.select_row(next(n for n, row in enumerate(rows) if row.recorded))

    robot.click(log.view.detail.recording)

    def kept() -> bool:
        row = log.recording.chosen
        if row is not None and row.state != "kept":  # not yet: ask again, once it has answered
            log.recording.close_panel.click()
            log.view.detail.recording.click()
            return False
        return row is not None

    robot.until(kept, "the recording is kept here and gone at the carrier")
    take("call-log-recording")
