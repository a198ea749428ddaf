"""Live calls of a fake practice, with supervisors who come and go as a test says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from coordinator_app.domain.call import Caption, HelpAsked, OnCall
from coordinator_app.domain.monitor import (
    HelpReason,
    LiveBoard,
    LiveCall,
    MonitorMode,
    MonitorState,
)
from coordinator_app.domain.person import Role
from coordinator_app.errors import NotAllowedError, RefusedError
from tests.helpers.fake_data import NOW, fixed_id

if TYPE_CHECKING:
    from coordinator_app.domain.call import CallView
    from coordinator_app.domain.person import Person

DANA = "Dana Reyes"


def live_row(name: str, patient: str, seconds: int, **changes: object) -> LiveCall:
    """Return a call that has been talking for ``seconds``."""
    at = NOW - timedelta(seconds=seconds)
    row = LiveCall(
        call_id=fixed_id(f"live {name}"),
        person_id=fixed_id(f"person {name}"),
        coordinator=name,
        campaign="Overdue visit",
        patient=patient,
        own=False,
        is_practice_line=True,
        state="live",
        muted=False,
        requested_at=at - timedelta(seconds=9),
        answered_at=at,
        help=None,
        company=(),
        my_mode=None,
        my_line_mode=None,
        my_state=None,
        stopping=False,
        captions=(),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def live_rows() -> list[LiveCall]:
    """Return one that wants help, a long one, a held one and one that rings."""
    asked = HelpAsked("clinical", NOW - timedelta(seconds=42), "", "", taken=False)
    return [
        live_row("Luis Cordero", "H. W.", 95, help=asked),
        live_row("Amelia Brandt", "R. M.", 402),
        live_row(
            "Nadia Haddad", "P. R.", 200, state="held", company=(OnCall("Sam Ode", "coach", True),)
        ),
        live_row("Owen Tran", "D. O.", 0, state="ringing", answered_at=None),
    ]


class FakeLive:
    """``live`` are the calls that are up; ``wishes`` what was asked for, newest last."""

    person: Person
    calls: dict[UUID, CallView]

    def __init__(self) -> None:
        """Start with nobody on the line."""
        self.live: list[LiveCall] = []
        self.wishes: list[tuple[str, UUID, str]] = []
        self.tells_listening = True
        self.last_sentence = ""
        self.last_id: UUID | None = None
        self.told: dict[UUID, tuple[OnCall, ...]] = {}
        self.help_asked: dict[UUID, HelpAsked] = {}

    def _enter(self, name: str) -> None:
        raise NotImplementedError(name)

    def hint(self, what: str) -> None:
        raise NotImplementedError(what)

    # -- what a test does -------------------------------------------------------------------

    def come(self, call_id: UUID, mode: str = "listen", *, joined: bool = True) -> None:
        """Let a supervisor be on the coordinator's call."""
        self.told[call_id] = (OnCall(DANA, mode, joined),)
        self._show(call_id)

    def go(self, call_id: UUID) -> None:
        """Let them leave."""
        self.told.pop(call_id, None)
        self._show(call_id)

    def reply(self, call_id: UUID, text: str, *, taken: bool = False) -> None:
        """Let a supervisor answer a call for help."""
        self.help_asked[call_id] = replace(
            self.help_asked[call_id], by=DANA, answer=text, taken=taken
        )
        self._show(call_id)

    def settle(self, call_id: UUID) -> None:
        """Let a supervisor clear it."""
        self.help_asked.pop(call_id, None)
        self._show(call_id)

    def let_hear(self, *said: str) -> None:
        """Put the supervisor on the call they asked for; these words are said then."""
        self.live = [
            replace(
                row,
                my_state=MonitorState.ON,
                my_line_mode=row.my_mode,
                company=(OnCall(self.person.name, str(row.my_mode), joined=True, mine=True),),
                captions=tuple(Caption(NOW, "patient", text) for text in said),
            )
            if row.my_mode is not None
            else row
            for row in self.live
        ]
        self.hint("team")

    def _show(self, call_id: UUID) -> None:
        self.calls[call_id] = replace(
            self.calls[call_id],
            company=self.told.get(call_id, ()),
            help=self.help_asked.get(call_id),
        )
        self.hint("call")

    # -- the port ---------------------------------------------------------------------------

    def live_calls(self) -> LiveBoard:
        """See the port."""
        self._enter("live_calls")
        return self._board()

    def _board(self) -> LiveBoard:
        if self.person.role is not Role.SUPERVISOR:
            raise NotAllowedError("Only supervisors see live calls.")
        return LiveBoard(
            now=NOW,
            warn_seconds=180,
            late_seconds=300,
            ring_seconds=45,
            help_seconds=30,
            tells_listening=self.tells_listening,
            ear="your phone ending 0199",
            last_sentence=self.last_sentence,
            last_id=self.last_id,
            calls=tuple(self.live),
        )

    def _change_live(self, call_id: UUID, **changes: object) -> LiveBoard:
        self.live = [
            replace(row, **changes) if row.call_id == call_id else row  # type: ignore[arg-type]
            for row in self.live
        ]
        return self._board()

    def monitor_call(self, call_id: UUID, mode: MonitorMode, op_id: UUID) -> LiveBoard:
        """See the port."""
        self._enter("monitor_call")
        if any(row.my_mode is not None and row.call_id != call_id for row in self.live):
            raise RefusedError("You are still on another call. Leave it first.")
        self.wishes.append(("monitor", call_id, mode))
        row = next(row for row in self.live if row.call_id == call_id)
        state = row.my_state or MonitorState.REQUESTED
        me = OnCall(self.person.name, mode, joined=False, mine=True)
        taken = row.help
        if taken is not None and mode is not MonitorMode.LISTEN:
            taken = replace(taken, taken=True, by=self.person.name, mine=True)
        return self._change_live(call_id, my_mode=mode, my_state=state, company=(me,), help=taken)

    def stop_monitoring(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        """See the port."""
        self._enter("stop_monitoring")
        self.wishes.append(("stop", call_id, ""))
        return self._change_live(
            call_id, my_mode=None, my_line_mode=None, my_state=None, company=()
        )

    def answer_help(self, call_id: UUID, text: str, op_id: UUID) -> LiveBoard:
        """See the port."""
        self._enter("answer_help")
        self.wishes.append(("answer", call_id, text))
        row = next(row for row in self.live if row.call_id == call_id)
        assert row.help is not None
        said = replace(row.help, answer=text, by=self.person.name, mine=True)
        return self._change_live(call_id, help=said)

    def clear_help(self, call_id: UUID, op_id: UUID) -> LiveBoard:
        """See the port."""
        self._enter("clear_help")
        self.wishes.append(("clear", call_id, ""))
        return self._change_live(call_id, help=None)

    def ask_help(self, call_id: UUID, reason: HelpReason, op_id: UUID) -> CallView:
        """See the port."""
        self._enter("ask_help")
        self.help_asked[call_id] = HelpAsked(reason, NOW, "", "", taken=False)
        self._show(call_id)
        return self.calls[call_id]

    def withdraw_help(self, call_id: UUID, op_id: UUID) -> CallView:
        """See the port."""
        self._enter("withdraw_help")
        self.help_asked.pop(call_id, None)
        self._show(call_id)
        return self.calls[call_id]
