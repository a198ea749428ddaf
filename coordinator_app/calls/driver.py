"""What happens next to one call: placing, looking up, following, ending it.

The rules of telephony.md 4.3. A call is sent to the carrier once in its life: the only answer
after which it is sent again is "too many requests", which the carrier promises not to have
processed. Everything ambiguous is looked up by our own id until it is certain.
"""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta
from functools import partial

from coordinator_app.calls.backend import (
    Absent,
    Accepted,
    AgentLeg,
    AgentState,
    AlreadyGone,
    Category,
    Done,
    Found,
    PatientLeg,
    Refused,
    Rejected,
    Snapshot,
    Unknown,
    Unreachable,
    VoipBackend,
)
from coordinator_app.calls.bucket import TokenBucket
from coordinator_app.calls.clock import LineClock
from coordinator_app.calls.line_watch import LineWatch
from coordinator_app.calls.settings import EngineSettings
from coordinator_app.calls.tracked import Tracked
from coordinator_app.domain.call import CallCommand, CallEnd, CallFact, CallState

_log = logging.getLogger(__name__)

_COMMAND_TRIES = 3
_LONGEST_BACK_OFF = 5.0
_TIME_LIMIT_SLACK = timedelta(seconds=2)  # carriers' times are whole seconds

_ENDS = {
    Category.NUMBER_BAD: CallEnd.BAD_NUMBER,
    Category.BLOCKED: CallEnd.BLOCKED,
    Category.CONFIGURATION: CallEnd.NEVER_PLACED,
    Category.WAIT: CallEnd.NEVER_PLACED,
    Category.NOT_SENT: CallEnd.NEVER_PLACED,
    Category.LINE_ERROR: CallEnd.LINE_ERROR,
}
_SAID = {
    CallEnd.COMPLETED_BY_PATIENT: "The other side hung up.",
    CallEnd.COMPLETED_BY_US: "You ended the call.",
    CallEnd.NO_ANSWER: "Nobody answered.",
    CallEnd.BUSY: "The line was busy.",
    CallEnd.CANCELED: "The call was ended before anybody answered.",
    CallEnd.BAD_NUMBER: "The number could not be reached as dialled; it may be disconnected.",
    CallEnd.AGENT_LEG_LOST: "Your own phone left the call, so the call was ended.",
    CallEnd.TIME_LIMIT: "The call reached its time limit and was ended.",
}
_LOOKING = "The line did not say whether the call was placed. It is being looked up."
_NOT_PLACED = "The call never reached the line: the patient was not called."
_UNRESOLVED = "The line could not say what became of this call. Check before calling again."
_NO_TURN = "The line had no room for this call, so the patient was not called. Dial again."
_NO_LINE = "The phone line cannot be reached, so the patient was not called. Dial again."
_NO_PHONE = (
    "Your own phone left the line, so the patient was not called. Connect it, then dial again."
)
_TAKEN_BACK = "The call was ended before it was dialled."


class Driver:
    """Moves calls on, one step each time they are due."""

    def __init__(
        self,
        *,
        backend: VoipBackend,
        clock: LineClock,
        settings: EngineSettings,
        watch: LineWatch,
        bucket: TokenBucket,
        chance: random.Random,
    ) -> None:
        self._backend = backend
        self._clock = clock
        self._settings = settings
        self._watch = watch
        self._bucket = bucket
        self._chance = chance

    def advance(self, call: Tracked) -> None:
        """Do what is due for this call and say when it is due again."""
        if call.state in (CallState.REQUESTED, CallState.PLACING):
            self._place(call)
        elif call.state is CallState.UNKNOWN:
            self._locate(call)
        elif not call.ended:
            self._follow(call)

    def lost(self, call: Tracked) -> None:
        """It is not known whether the carrier has this call: look it up, never dial again."""
        now = self._clock.monotonic()
        settings = self._settings
        long = call.request.ring_timeout_s + settings.carrier_buffer + settings.lost_margin
        # However often the gateway was started anew since: it was sent by then, if at all.
        age = (self._clock.now() - call.request.requested_at).total_seconds()
        left = max(settings.dial_within + long - age, 2 * settings.locate_every)
        call.locate_until = now + min(long, left)
        call.due = now
        self._learn(call, CallState.UNKNOWN, sentence=_LOOKING)

    def found(self, call: Tracked, ref: str) -> None:
        """The carrier has this call."""
        now = self._clock.monotonic()
        call.overdue = (
            now
            + call.request.ring_timeout_s
            + self._settings.carrier_buffer
            + self._settings.ringing_overdue
        )
        call.due = now
        self._learn(call, CallState.QUEUED, carrier_ref=ref)

    # -------------------------------------------------------------- placing

    def _place(self, call: Tracked) -> None:
        now = self._clock.monotonic()
        if call.hang_up_wanted:
            self._end(call, CallEnd.CANCELED, sentence=_TAKEN_BACK)
            return
        if self._watch.blocked:
            self._end(call, CallEnd.NEVER_PLACED, sentence=self._watch.blocked)
            return
        if not self._coordinator_is_there(call):
            return
        now = self._clock.monotonic()
        if not self._bucket.take(now):
            call.due = now + self._bucket.wait_s(now)
            return
        call.sent_since = self._clock.now() - timedelta(seconds=self._settings.clock_skew)
        answer = self._watch.ask(lambda: self._backend.place(call.request))
        if isinstance(answer, Accepted):
            self.found(call, answer.ref)
        elif isinstance(answer, Unknown):
            _log.warning("call %s: answer lost (%s)", call.request.call_id, answer.why)
            self.lost(call)
            # The carrier may show a call a moment after it took it.
            call.due = self._clock.monotonic() + self._settings.poll_ringing
        elif answer.category is Category.WAIT:
            self._take_turns(call, answer)
        else:
            self._rejected(call, answer)

    def _coordinator_is_there(self, call: Tracked) -> bool:
        """The leg on which the coordinator said so is still up, and can be heard.

        The database handed the call out because of that leg; here the carrier is asked.
        """
        session_id = call.request.session_id
        leg = self._watch.ask(lambda: self._backend.agent_leg(session_id))
        now = self._clock.monotonic()
        if isinstance(leg, Unreachable):
            call.agent_asked = call.agent_asked if call.agent_asked is not None else now
            call.due = now + max(self._settings.poll_ringing, leg.retry_after_s or 0.0)
            if now - call.agent_asked >= self._settings.agent_ring:
                self._end(call, CallEnd.NEVER_PLACED, sentence=_NO_LINE)
            return False
        call.agent_seen = leg
        if leg.state is not AgentState.UP or leg.ref != call.request.agent_ref:
            self._end(call, CallEnd.NEVER_PLACED, sentence=_NO_PHONE)
            return False
        if leg.muted:  # left over from the last call
            self._watch.ask(lambda: self._backend.set_mute(session_id, muted=False))
        return True

    def _take_turns(self, call: Tracked, answer: Rejected) -> None:
        now = self._clock.monotonic()
        if call.wait_until is None:
            call.wait_until = now + self._settings.wait_for_turn
        back_off = min(_LONGEST_BACK_OFF, 0.5 * 2.0**call.tries) * self._chance.uniform(0.8, 1.2)
        call.tries += 1
        call.due = now + max(back_off, answer.retry_after_s or 0.0)
        if call.due > call.wait_until:
            self._end(call, CallEnd.NEVER_PLACED, code=answer.code, sentence=_NO_TURN)

    def _rejected(self, call: Tracked, answer: Rejected) -> None:
        _log.warning("call %s: refused, code %s", call.request.call_id, answer.code)
        if answer.category is Category.CONFIGURATION:
            self._watch.block(answer.sentence)
        self._end(call, _ENDS[answer.category], code=answer.code, sentence=answer.sentence)

    # -------------------------------------------------------------- looking up

    def _locate(self, call: Tracked) -> None:
        answer = self._watch.ask(
            lambda: self._backend.locate(call.request, call.sent_since, call.others)
        )
        now = self._clock.monotonic()
        if isinstance(answer, Found):
            self.found(call, answer.ref)
        elif now < call.locate_until:
            call.due = now + self._settings.locate_every
        elif isinstance(answer, Absent):
            self._end(call, CallEnd.NEVER_PLACED, sentence=_NOT_PLACED)
        elif not answer.answered and now < call.locate_until + self._settings.lost_again:
            call.due = now + self._settings.locate_every  # one lost answer decides nothing
        else:
            self._end(call, CallEnd.UNRESOLVED, sentence=_UNRESOLVED)

    # -------------------------------------------------------------- following

    def _follow(self, call: Tracked) -> None:
        self._hang_up_if_due(call)
        self._command(call)
        ref = call.known.carrier_ref
        answer = self._watch.ask(lambda: self._backend.snapshot(call.request, ref))
        now = self._clock.monotonic()
        call.due = now + self._pace(call)
        if isinstance(answer, Unreachable):
            call.due = now + max(self._settings.poll_ringing, answer.retry_after_s or 0.0)
        elif isinstance(answer, Snapshot):
            call.vanished = None
            self._see(call, answer.patient, answer.agent)
        else:
            call.vanished = call.vanished if call.vanished is not None else now
            if now - call.vanished >= self._settings.vanished:
                self._end(call, CallEnd.UNRESOLVED, sentence=_UNRESOLVED)

    def _see(self, call: Tracked, patient: PatientLeg, agent: AgentLeg) -> None:
        was = call.state
        if patient.state is CallState.ENDED:
            self._ended(call, patient)
            return
        answered_at = self._whole(call, patient.answered_at)
        if patient.state is CallState.LIVE and not (answered_at or call.known.answered_at):
            answered_at = self._clock.now()  # the carrier does not say: when we saw it
        held = patient.held if self._differs(call, held=patient.held) else None
        muted = agent.muted if self._differs(call, muted=agent.muted) else None
        self._learn(
            call,
            patient.state,
            carrier_ref=patient.ref,
            answered_at=answered_at,
            held=held,
            muted=muted,
            captions=patient.captions,
        )
        now = self._clock.monotonic()
        if call.state is CallState.LIVE and was is not CallState.LIVE:
            call.overdue = now + call.request.time_limit_s + self._settings.live_overdue
        call.agent_seen = agent
        self._watch_agent(call, agent)
        if now >= call.overdue:
            live = call.state is CallState.LIVE
            self._end_it(call, CallEnd.TIME_LIMIT if live else CallEnd.NO_ANSWER)
        call.due = now if self._hang_up_due(call) else now + self._pace(call)

    def _differs(
        self, call: Tracked, *, held: bool | None = None, muted: bool | None = None
    ) -> bool:
        if held is not None:
            return held != (call.known.held is not None and call.known.held.on)
        return muted != (call.known.muted is not None and call.known.muted.on)

    def _watch_agent(self, call: Tracked, agent: AgentLeg) -> None:
        there = agent.state is AgentState.UP and bool(agent.ref) and agent.ref == call.agent_ref
        if there:
            call.agent_lost = None
            self._park(call, held=False)
            return
        now = self._clock.monotonic()
        if call.agent_lost is None:
            call.agent_lost = now
        live = call.state is CallState.LIVE
        patience = self._settings.agent_rejoin if live else self._settings.agent_appears
        if live and agent.state is AgentState.UP:
            patience += self._settings.agent_heard_again
        if now - call.agent_lost >= patience:
            self._end_it(call, CallEnd.AGENT_LEG_LOST)
        elif live and not call.hang_up_wanted:
            self._park(call, held=True)

    def _park(self, call: Tracked, *, held: bool) -> None:
        """Hold the patient while the coordinator is away.

        Whatever answers the coordinator's phone, their own voicemail included, hears nothing
        of the patient before the coordinator said that it is them. Nothing is said to the
        patient: no synthetic voice speaks on a patient's leg (docs/adr/0014).
        """
        if call.parked == held or (held and call.known.held is not None and call.known.held.on):
            return
        ref = call.known.carrier_ref
        answer = self._watch.ask(lambda: self._backend.set_hold(call.request, ref, held=held))
        if not isinstance(answer, Unknown):
            call.parked = held

    def _end_it(self, call: Tracked, reason: CallEnd) -> None:
        if not call.hang_up_wanted:
            _log.warning("call %s: ended by the gateway: %s", call.request.call_id, reason)
            call.reason = reason
            call.hang_up_wanted = True

    def _ended(self, call: Tracked, patient: PatientLeg) -> None:
        end = patient.end or CallEnd.LINE_ERROR
        by_us = end in (CallEnd.COMPLETED_BY_PATIENT, CallEnd.CANCELED)
        if by_us and call.reason is not None:
            end = call.reason
        elif end is CallEnd.COMPLETED_BY_PATIENT and call.hang_up_wanted:
            end = CallEnd.COMPLETED_BY_US
        elif end is CallEnd.COMPLETED_BY_PATIENT and _lasted_to_the_limit(call, patient):
            end = CallEnd.TIME_LIMIT
        self._end(call, end, sentence=_SAID.get(end, _UNRESOLVED), leg=patient)

    # -------------------------------------------------------------- commands

    def _hang_up_due(self, call: Tracked) -> bool:
        if not call.hang_up_wanted:
            return False
        # It was cancelled while it rang and was answered in that moment.
        crossed = call.state is CallState.LIVE and not call.hang_up_answered
        now = self._clock.monotonic()
        return (
            call.hang_up_sent is None
            or crossed
            or now - call.hang_up_sent >= self._settings.hang_up_again
        )

    def _hang_up_if_due(self, call: Tracked) -> None:
        if not self._hang_up_due(call):
            return
        live = call.state is CallState.LIVE
        ref = call.known.carrier_ref
        answer = self._watch.ask(lambda: self._backend.hang_up(ref, answered=live))
        if isinstance(answer, Done | AlreadyGone | Refused):
            call.hang_up_answered = live
        call.hang_up_sent = self._clock.monotonic()
        if isinstance(answer, Unknown | Refused):
            _log.warning("call %s: hang-up was not confirmed", call.request.call_id)

    def _command(self, call: Tracked) -> None:
        while call.commands and call.state is CallState.LIVE:
            asked = call.commands[0]
            answer = self._watch.ask(partial(self._do, call, asked.command, asked.digits))
            call.command_tries += 1
            # Keys may have been pressed although the answer was lost: never twice.
            again = isinstance(answer, Unknown) and asked.command is not CallCommand.DIGITS
            if again and call.command_tries < _COMMAND_TRIES:
                return
            if not isinstance(answer, Done):
                _log.warning("call %s: %s was not done", call.request.call_id, asked.command)
            call.commands.popleft()
            call.command_tries = 0

    def _do(
        self, call: Tracked, command: CallCommand, digits: str
    ) -> Done | AlreadyGone | Refused | Unknown:
        request, ref = call.request, call.known.carrier_ref
        if command in (CallCommand.HOLD, CallCommand.UNHOLD):
            return self._backend.set_hold(request, ref, held=command is CallCommand.HOLD)
        if command in (CallCommand.MUTE, CallCommand.UNMUTE):
            muted = command is CallCommand.MUTE
            return self._backend.set_mute(request.session_id, muted=muted)
        return self._backend.send_digits(request, ref, digits)

    # -------------------------------------------------------------- facts

    def _whole(self, call: Tracked, at: datetime | None) -> datetime | None:
        """The carrier counts whole seconds: its moments may seem to lie before our request."""
        asked = call.request.requested_at
        return max(at, asked) if at is not None and asked <= self._clock.now() else at

    def _pace(self, call: Tracked) -> float:
        if call.state is CallState.LIVE and not call.hang_up_wanted:
            return self._settings.poll_live
        return self._settings.poll_ringing

    def _learn(self, call: Tracked, state: CallState, **what: object) -> None:
        fact = CallFact(call.request.call_id, state, self._clock.now(), **what)  # type: ignore[arg-type]
        call.learn(fact)

    def _end(
        self,
        call: Tracked,
        end: CallEnd,
        *,
        code: str = "",
        sentence: str,
        leg: PatientLeg | None = None,
    ) -> None:
        now = self._clock.now()
        call.learn(
            CallFact(
                call_id=call.request.call_id,
                state=CallState.ENDED,
                at=now,
                carrier_ref=leg.ref if leg else "",
                answered_at=self._whole(call, leg.answered_at) if leg else None,
                ended_at=(self._whole(call, leg.ended_at) if leg else None) or now,
                end=end,
                error_code=code,
                sentence=sentence,
                captions=leg.captions if leg else (),
            )
        )


def _lasted_to_the_limit(call: Tracked, patient: PatientLeg) -> bool:
    answered = patient.answered_at or call.known.answered_at
    if answered is None or patient.ended_at is None:
        return False
    limit = timedelta(seconds=call.request.time_limit_s)
    return patient.ended_at - answered >= limit - _TIME_LIMIT_SLACK
