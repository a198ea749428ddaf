"""The real window on a running demo, worked as far as asked, then waiting to be killed.

python -m tests.helpers.doomed_window < plan.json, with a line "go" after it for "submit". Says on
stdout what it reached, one JSON object a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from coordinator_app.bootstrap import build_sign_in
from coordinator_app.db.connector import SqlConnector
from coordinator_app.domain.call import CallState
from coordinator_app.domain.outcome import Outcome
from coordinator_app.domain.session import Connection, DemoPerson, TlsMode
from coordinator_app.services.sign_in import DemoPractice
from ui.app import CoordinatorApplication, build
from ui.demo_window import demo_preferences, demo_settings
from ui.robot import Robot

if TYPE_CHECKING:
    from ui.pages.workstation import Workstation


def main(plan: dict[str, Any]) -> None:
    """Work the window. ``plan["until"]``: "claim", "call" or "submit"."""
    folder = Path(plan["folder"])
    person = DemoPerson(**plan["person"])
    place = Connection(**plan["connection"] | {"tls": TlsMode.LOOPBACK})
    app = CoordinatorApplication(["doomed"])
    services = build_sign_in(
        demo_settings(folder),
        connector=SqlConnector(deadline=30.0),
        demo=DemoPractice(place, (person,), folder),
    )
    shell = build(services, app, preferences=demo_preferences(folder))
    shell.window.show()
    shell.window.activateWindow()
    robot = Robot(shell.window)
    robot.click(robot.find(QWidget, f"demo_{person.login}"))
    robot.until(lambda: shell.window.workspace is not None, "signed in")
    workspace = shell.window.workspace
    assert workspace is not None
    assert workspace.station is not None
    station, bar = workspace.station, workspace.call_bar
    entry = UUID(plan["entry"])
    station.open_entry(entry)
    robot.until(
        lambda: station.work.card is not None and station.work.card.entry_id == entry, "ours"
    )
    if plan["until"] != "claim":
        robot.until(lambda: bar is not None and bar.dial.isEnabled(), "Dial is possible")
        robot.key(Qt.Key.Key_F5)
        assert bar is not None
        robot.answer_own_phone(bar, lambda: _state(station) is CallState.LIVE)
        robot.until(lambda: _state(station) is CallState.LIVE, "connected")
    if plan["until"] == "submit":
        _prepare(robot, station, plan["note"])
    call = station.work.call
    _say(call=str(call.id) if call is not None else "")
    if plan["until"] == "submit":
        sys.stdin.readline()
        robot.ctrl(Qt.Key.Key_Return)
    app.exec()


def _prepare(robot: Robot, station: Workstation, note: str) -> None:
    """The call is over, the outcome chosen, a note typed: one key is missing."""
    station.calls.hang_up()
    robot.until(lambda: _state(station) is CallState.ENDED, "hung up")
    station.outcome.press(Outcome.CALLBACK_AT)
    robot.click(robot.find(QWidget, "callback.tomorrow"))
    robot.ctrl(Qt.Key.Key_T)
    robot.type(note)
    card, desk = station.work.card, station.work.session.desk
    assert card is not None
    robot.until(lambda: desk.draft(card.entry_id) is not None, "the draft is kept")


def _state(station: Workstation) -> CallState | None:
    return station.work.call.state if station.work.call is not None else None


def _say(**facts: str) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
