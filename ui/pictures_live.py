"""Pictures that need two people: a supervisor on the call, coordinators who are calling."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import Qt

from coordinator_app.demo.witness import as_person, as_supervisor
from coordinator_app.domain.call import CallCommand, CallState, CallView, PhoneState
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.monitor import HelpReason, MonitorMode
from coordinator_app.domain.patient import Card
from ui.robot import NotTrueError

if TYPE_CHECKING:
    from coordinator_app.ports import PracticeDatabase
    from ui.pages.team import TeamPage
    from ui.stage import Stage

__all__ = ["take_company", "take_live_calls"]

_COLLEAGUES: Final = ("jpark", "abrandt")


class Album(Protocol):
    """Where pictures go; see ``ui.pictures``."""

    stage: Stage

    def take(self, name: str) -> None:
        """Save the window as it is."""
        ...


def take_company(album: Album) -> None:
    """The coordinator asks for help, is answered, and is coached."""
    stage = album.stage
    robot, bar, call = stage.robot, stage.workspace.call_bar, stage.station.work.call
    if bar is None or call is None:
        raise NotTrueError("a call is going on")
    robot.key(Qt.Key.Key_F11)
    menu = bar.help.menu_of_reasons
    robot.must(menu.isVisible(), "the reasons for help are shown")
    menu.close()
    bar.help.asked.emit(HelpReason.SCHEDULING)
    with as_supervisor(stage.demo.offer) as supervisor:
        robot.until(bar.company.help.text, "help was asked for")
        supervisor.answer_help(call.id, "Offer Thursday, I am coming", uuid7())
        supervisor.monitor_call(call.id, MonitorMode.COACH, uuid7())
        robot.until(lambda: "is coaching" in bar.company.who.text(), "the supervisor coaches")
        album.take("call-coached")
        supervisor.clear_help(call.id, uuid7())
        supervisor.stop_monitoring(call.id, uuid7())
        robot.until(lambda: not bar.company.who.text(), "the supervisor has left")


def take_live_calls(album: Album, team: TeamPage) -> None:
    """Nobody, then two who talk, one of whom wants help; and the supervisor coaches."""
    stage, view = album.stage, team.live_view
    robot = stage.robot
    team.part.choose("live")
    album.take("team-live-nobody")
    team.part.choose("today")
    with ExitStack() as stack:
        calls: list[tuple[PracticeDatabase, CallView]] = []
        for login in _COLLEAGUES:
            colleague = stack.enter_context(as_person(stage.demo.offer, login))
            calls.append((colleague, _call(stage, colleague)))
        (first, call), *_ = calls
        first.ask_help(call.id, HelpReason.CLINICAL, uuid7())
        messages = stage.shell.tools.messages
        robot.until(lambda: any(m.key == "help" for m in messages.current), "help is told")
        album.take("team-help-wanted")
        team.open_live()
        robot.until(lambda: len(view.lines.rows) == len(calls), "both calls are listed")
        view.choose(call.id)
        album.take("team-live")
        robot.click(view.modes[MonitorMode.COACH])
        robot.until(lambda: view.role.text() == "You are coaching", "the supervisor coaches")
        album.take("team-live-coach")
        robot.click(view.leave)
        for colleague, made in calls:
            colleague.command(made.id, CallCommand.HANG_UP, "", uuid7())
        robot.until(lambda: not view.lines.rows, "nobody is on a call")
    team.part.choose("today")


def _call(stage: Stage, colleague: PracticeDatabase) -> CallView:
    """Let a colleague call somebody who talks."""
    colleague.sign_in("0.1.0", "pictures")
    target = stage.next_with("answers")
    card = colleague.claim(target.entry_id, uuid7())
    if not isinstance(card, Card):
        raise NotTrueError("the patient is free")
    phone = next(phone.id for phone in card.phones if phone.e164 == target.e164)
    call = colleague.request_call(card.entry_id, card.fence, phone, uuid7())

    def talking() -> bool:
        phone = colleague.my_phone()
        if phone.state is PhoneState.UP and not phone.confirmed:
            colleague.hear_me(phone.leg, "press", uuid7())
        return colleague.call(call.id).state is CallState.LIVE

    stage.robot.until(talking, "the colleague's patient answers")
    return call
