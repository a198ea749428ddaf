"""What supervisors ask of the line: verify the office number, make a test call.

Both make real phones ring. So each is sent once: the database has it as taken before the carrier
hears of it, an answer that was lost is looked up, and what a gateway that died had begun is looked
up as well. Nothing is repeated but by a person.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from coordinator_app.calls.backend import (
    Accepted,
    CannotTell,
    Found,
    Refused,
    Rejected,
    Unknown,
    Unreachable,
)
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_setup import (
    AlreadyVerified,
    CallNow,
    LineSetup,
    Verification,
)
from coordinator_app.domain.line_setup import (
    AskedOfLine,
    LineAnswer,
    LineTaskKind,
    LineTaskState,
    ShownNumber,
)
from coordinator_app.ports import LineStore

_CARRIER_SKEW_S = 10.0  # between this computer and the carrier
_LOOKED_FOR_S = 20.0  # a lost call
_LAG_S = 6.0  # from the end of a verification call to the carrier's list
_CALLS_NOW = "The carrier calls the office now. Whoever answers keys in this code."
_VERIFIED = "The office number is verified: it can be shown to patients."
_LOST = (
    "The carrier’s answer was lost, and nothing is repeated by itself. If the office’s phone rings "
    "now, let it ring. Then try again."
)
_CALL_LOST = (
    "The carrier’s answer was lost, and nothing is repeated by itself. If your phone does not ring "
    "within a minute, try again."
)
_NOT_KEYED = {
    "ended": "The call has ended, and the code was not keyed in. Try again, and have somebody at "
    "the office’s phone.",
    "busy": "The office’s line was busy. Try again when it is free.",
    "no_answer": "Nobody answered at the office. Try again, and have somebody at the phone.",
    "failed": "The carrier could not reach the office. Check the office number, and whether its "
    "phone takes calls.",
}
_NOT_ANSWERED = {
    "busy": "Your phone was busy. Try again.",
    "no_answer": "Nobody answered. Check the number, and try again.",
    "failed": "Your phone could not be reached. Check the number, and try again.",
}


@dataclass(slots=True)
class _Open:
    """What is known of a task here. ``over_since``: monotonic."""

    ref: str = ""
    code: str = ""
    over_since: float | None = None


class LineTasks:
    """Brings each task a step further whenever it is asked to."""

    def __init__(self, setup: LineSetup, clock: LineClock) -> None:
        self._setup = setup
        self._clock = clock
        self._open: dict[UUID, _Open] = {}

    def keep(self, tasks: Collection[UUID]) -> None:
        """Forget every other task: it is over, or was given up."""
        self._open = {key: known for key, known in self._open.items() if key in tasks}

    def advance(self, task: AskedOfLine, office: str, store: LineStore) -> bool:
        """One step; True when it is over."""
        match task.kind:
            case LineTaskKind.VERIFY:
                state, answer = self._verify(task, office)
            case LineTaskKind.TEST_CALL:
                state, answer = self._test_call(task, office)
            case _:
                state, answer = self._unverify(office)
        if answer is not None:
            store.line_answer(task.id, state, answer)
        if state.is_open:
            return False
        self._open.pop(task.id, None)
        return True

    def _unverify(self, office: str) -> tuple[LineTaskState, LineAnswer]:
        answer = self._setup.unverify(office)
        if isinstance(answer, Refused | Unknown):
            return LineTaskState.FAILED, LineAnswer("It could not be taken away. Try again.")
        return LineTaskState.DONE, LineAnswer("The verification is taken away.")

    # -------------------------------------------------------------- the office number

    def _verify(self, task: AskedOfLine, office: str) -> tuple[LineTaskState, LineAnswer | None]:
        known = self._open.get(task.id)
        if known is None and not task.again:
            return self._begin_to_verify(task, office)
        if known is None:  # begun by a gateway that died
            known = self._open[task.id] = _Open(task.ref, task.code)
            if not task.code:
                return self._is_verified(office) or (LineTaskState.FAILED, LineAnswer(_LOST))
        return self._is_verified(office) or self._still_calling(known)

    def _begin_to_verify(
        self, task: AskedOfLine, office: str
    ) -> tuple[LineTaskState, LineAnswer | None]:
        answer = self._setup.verify(office, call_delay=task.call_delay, extension=task.extension)
        match answer:
            case Verification(code, ref):
                self._open[task.id] = _Open(ref, code)
                return LineTaskState.WAITING, LineAnswer(_CALLS_NOW, code, ref)
            case AlreadyVerified():
                return LineTaskState.DONE, LineAnswer(_VERIFIED)
            case Refused(_, sentence):
                return LineTaskState.FAILED, LineAnswer(sentence)
            case Unknown():
                return self._is_verified(office) or (LineTaskState.FAILED, LineAnswer(_LOST))

    def _is_verified(self, office: str) -> tuple[LineTaskState, LineAnswer] | None:
        shown = self._setup.number(office)
        if isinstance(shown, ShownNumber) and shown.kind:
            return LineTaskState.DONE, LineAnswer(_VERIFIED)
        return None

    def _still_calling(self, known: _Open) -> tuple[LineTaskState, LineAnswer | None]:
        call = self._setup.call_now(known.ref) if known.ref else None
        if not isinstance(call, CallNow) or not call.over:
            return LineTaskState.WAITING, None
        now = self._clock.monotonic()
        if known.over_since is None:
            known.over_since = now
        if call.status == "ended" and now - known.over_since < _LAG_S:
            return LineTaskState.WAITING, None
        return LineTaskState.FAILED, LineAnswer(_NOT_KEYED[call.status])

    # -------------------------------------------------------------- a test call

    def _test_call(self, task: AskedOfLine, office: str) -> tuple[LineTaskState, LineAnswer | None]:
        known = self._open.get(task.id)
        if known is None and not task.again:
            answer = self._setup.call(task.to, office)
            if isinstance(answer, Rejected):
                return LineTaskState.FAILED, LineAnswer(answer.sentence)
            known = self._open[task.id] = _Open()
            if isinstance(answer, Accepted):
                return self._rings(known, answer.ref)
        elif known is None:
            known = self._open[task.id] = _Open(task.ref)
        if not known.ref:
            return self._look_for(task, office, known)
        call = self._setup.call_now(known.ref)
        if isinstance(call, Unreachable) or (isinstance(call, CallNow) and not call.over):
            return LineTaskState.WAITING, None
        status = call.status if isinstance(call, CallNow) else "ended"
        if status in _NOT_ANSWERED:
            return LineTaskState.FAILED, LineAnswer(_NOT_ANSWERED[status], ref=known.ref)
        words = "The call was answered. Say what you heard, and which number your phone showed."
        return LineTaskState.DONE, LineAnswer(words, ref=known.ref)

    def _look_for(
        self, task: AskedOfLine, office: str, known: _Open
    ) -> tuple[LineTaskState, LineAnswer | None]:
        since = self._clock.now() - timedelta(seconds=task.age + _CARRIER_SKEW_S)
        found = self._setup.find_call(task.to, office, since)
        if isinstance(found, Found):
            return self._rings(known, found.ref)
        if task.age < _LOOKED_FOR_S or (isinstance(found, CannotTell) and not found.answered):
            return LineTaskState.WAITING, None
        return LineTaskState.FAILED, LineAnswer(_CALL_LOST)

    def _rings(self, known: _Open, ref: str) -> tuple[LineTaskState, LineAnswer]:
        known.ref = ref
        return LineTaskState.WAITING, LineAnswer("Your phone rings now.", ref=ref)
