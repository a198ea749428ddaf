"""The Line test page: measures one's own line, asks what only a person hears, keeps the result."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from coordinator_app.domain import line_test
from coordinator_app.domain.call import OwnPhone, PhoneState
from coordinator_app.domain.ear import EarKind, MyEar
from coordinator_app.domain.ids import uuid7
from coordinator_app.domain.line_test import (
    LineFinding,
    LineProbe,
    Part,
    RoundTrips,
    Verdict,
    support_text,
)
from coordinator_app.domain.session import TlsMode
from ui.models.words import moment, within
from ui.pages.page import Page
from ui.softphone.base import Phase, Quality
from ui.views.line_test import LineTestView

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent

    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.softphone.desk import EarDesk
    from ui.tasks import Tasks

__all__ = ["LineTestPage", "Pace"]

_PARTS_OF_ALL: Final = (Part.EAR, Part.NETWORK, Part.LINE, Part.DATABASE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a test is spread over time.

    Attributes:
        questions: how many are put to the database.
        every_ms: milliseconds between two.
        patience_ms: how long the last answers are waited for; what is missing then is lost.
        poll_ms: how often the own phone is looked at.
        call_ms: how long the softphone's test call may take until it is heard.
        sound_ms: how long its sound is listened to, so that there is something to measure.
    """

    questions: int = 15
    every_ms: int = 400
    patience_ms: int = 12_000
    poll_ms: int = 1_000
    call_ms: int = 30_000
    sound_ms: int = 6_000


class LineTestPage(Page):
    """One test at a time; the page may be left while it goes on, but not the microphone's part."""

    def __init__(  # noqa: PLR0917  (what a session lends to each of its parts)
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        ear: EarDesk,
        version: str,
        pace: Pace | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; nothing is tested before somebody asks."""
        super().__init__(self.tr("Line test"), parent)
        self._session, self._tasks, self._messages = session, tasks, messages
        self._ear, self._version, self._pace = ear, version, pace or Pace()
        self.view = LineTestView()
        self.bar.addStretch(1)
        self.bar.addWidget(self.view.copy)
        self.bar.addWidget(self.view.start)
        self.column.addWidget(self.view, 1)
        self._run = 0  # answers of an earlier test are not this one's
        self._asked = 0
        self._answered: list[float] = []
        self._lost = 0
        self._network_done = True
        self._findings: dict[Part, LineFinding] = {}
        self._parts: tuple[Part, ...] = ()
        self._quality: Quality | None = None
        self._question = ""
        self._leg: OwnPhone | None = None
        self._ticks = self._timer(self._pace.every_ms, self._put)
        self._patience = self._timer(self._pace.patience_ms, self._end_network, single=True)
        self._poll = self._timer(self._pace.poll_ms, self._look_at_phone)
        self._ringing = self._timer(self._pace.call_ms, self._end_call, single=True)
        self._sound = self._timer(self._pace.sound_ms, self._end_call, single=True)
        self.view.start_wanted.connect(self.start)
        self.view.copy_wanted.connect(self._copy)
        self.view.answered.connect(self._on_answer)
        ear.level.connect(self._on_level)
        ear.quality.connect(self._on_quality)
        ear.on_line.connect(self._on_line)

    def _timer(self, interval: int, run: object, *, single: bool = False) -> QTimer:
        timer = QTimer(self, interval=interval, singleShot=single)
        timer.timeout.connect(run)
        return timer

    # -- beginning and end --------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the parts of the present ear; what was tested stays to be read."""
        if not self._findings and self._ear.ear is not None:
            self.view.show_parts(self._parts_of(self._ear.ear))

    def _parts_of(self, ear: MyEar) -> tuple[Part, ...]:
        parts = set(_PARTS_OF_ALL)
        if ear.kind is EarKind.SOFTPHONE and self._ear.usable:
            parts.add(Part.SPEAKER)
            if not ear.is_practice_line:
                parts.add(Part.CARRIER)
        return tuple(part for part in Part if part in parts)

    def start(self) -> None:
        """Test everything."""
        ear = self._ear.ear
        if ear is None:
            self._messages.warning(
                self.tr("Your phone is not known yet. Try again in a moment."), key="line_test"
            )
            self._ear.load()
            return
        if self._ear.live:
            self._messages.warning(
                self.tr("End the call first: a tone would be played into it."), key="line_test"
            )
            return
        self._stop()
        self._messages.clear("line_test")
        self._run += 1
        self._asked, self._lost, self._answered = 0, 0, []
        self._findings, self._network_done, self._quality = {}, False, None
        self._parts = self._parts_of(ear)
        self.view.show_parts(self._parts)
        self.view.begin()
        self._begin_ear(ear)
        self._put()
        if not self._network_done:
            self._ticks.start()

    def _stop(self) -> None:
        for timer in (self._ticks, self._patience, self._poll, self._ringing, self._sound):
            timer.stop()
        self._ear.listen(False)
        self._question = ""

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody can answer a question on a page that is away; the microphone is let go."""
        super().hideEvent(event)
        if self._question in {"speak", "tone"}:
            self._skip_sound()

    def _skip_sound(self) -> None:
        self._ear.listen(False)
        self._question = ""
        self.view.ask_nothing()
        words = self.tr("Not tested: the page was left. Test again and stay on it.")
        for part in (Part.EAR, Part.SPEAKER):
            if part not in self._findings:
                self._find(LineFinding(part, Verdict.ATTENTION, words))
        if self._network_done and Part.CARRIER in self._parts:
            self._begin_call()

    def _find(self, finding: LineFinding) -> None:
        if finding.key not in self._parts:
            return
        self._findings[finding.key] = finding
        self.view.show_finding(finding)
        if set(self._findings) == set(self._parts):
            self._end()

    def _end(self) -> None:
        self._stop()
        found = self.findings
        self.view.end(found)
        practice, op_id = self._session.practice, uuid7()

        def failed(error: UserFacingError) -> None:
            self._messages.warning(error.sentence, key="line_test")

        self._tasks.run(self, lambda: practice.keep_line_test(found, op_id), failed=failed)

    @property
    def findings(self) -> tuple[LineFinding, ...]:
        """What the last test found, in order."""
        return tuple(self._findings[part] for part in Part if part in self._findings)

    def _copy(self) -> None:
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")  # noqa: TID251 - for another place
        system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
        text = support_text(self.findings, at, self._version, system)
        QApplication.clipboard().setText(text)
        self._messages.success(
            self.tr("Copied. Nothing about a patient is in it."), key="line_test_copied"
        )

    # -- network, line, database --------------------------------------------------------------

    def _put(self) -> None:
        self._asked += 1
        if self._asked >= self._pace.questions:
            self._ticks.stop()
            self._patience.start()
        run, practice = self._run, self._session.practice

        def timed() -> tuple[float, timedelta, LineProbe]:
            begun = time.perf_counter()
            sent = datetime.now(UTC)  # noqa: TID251 - it is this clock that is compared
            probe = practice.line_probe()
            took = time.perf_counter() - begun
            return 1000 * took, sent + timedelta(seconds=took / 2) - probe.at, probe

        def done(answer: tuple[float, timedelta, LineProbe]) -> None:
            if run == self._run and not self._network_done:
                took, skew, probe = answer
                self._answered.append(took)
                if Part.LINE not in self._findings:
                    self._judge_first(probe, skew)
                self._progress()

        def failed(_: UserFacingError) -> None:
            if run == self._run and not self._network_done:
                self._lost += 1
                self._progress()

        self._tasks.run(self, timed, done=done, failed=failed)

    def _progress(self) -> None:
        heard = len(self._answered) + self._lost
        words = self.tr("Question %1 of %2…").replace("%1", str(heard))
        self.view.show_progress(Part.NETWORK, words.replace("%2", str(self._pace.questions)))
        if heard >= self._pace.questions:
            self._end_network()

    def _judge_first(self, probe: LineProbe, skew: timedelta) -> None:
        session = self._session
        zone, now = session.signed_in.practice.zone, session.clock.now()
        since = "" if probe.line.since is None else within(moment(probe.line.since, zone, now))
        encrypted = session.connection.tls is TlsMode.VERIFY_FULL
        self._find(line_test.judge_line(probe.line, since))
        self._find(
            line_test.judge_database(probe, encrypted=encrypted, skew=skew, version=self._version)
        )

    def _end_network(self) -> None:
        if self._network_done:
            return
        self._network_done = True
        self._ticks.stop()
        self._patience.stop()
        lost = self._asked - len(self._answered)
        trips = RoundTrips(tuple(self._answered), lost)
        if not self._answered:
            away = self.tr("Not known: the practice’s database did not answer.")
            for part in (Part.LINE, Part.DATABASE):
                self._find(LineFinding(part, Verdict.BAD, away))
        self._find(line_test.judge_network(trips))
        if self._question == "speak":
            self._end_speaking()
        elif Part.CARRIER in self._parts and self._question != "tone":
            self._begin_call()

    # -- the softphone's test call ------------------------------------------------------------

    def _begin_call(self) -> None:
        """Have the phone line call the softphone, as it does once a shift; the leg stays up."""
        phone, run = self._ear.phone, self._run
        if phone is None or phone.phase is not Phase.READY:
            on_call = phone is not None and phone.phase is Phase.ON_CALL
            if on_call:
                self._sound.start()
            else:
                self._find(line_test.judge_carrier(signed_in=False, edge=""))
            return
        self.view.show_progress(Part.CARRIER, self.tr("The phone line calls the softphone…"))
        self._ringing.start()
        self._ear.expect()
        practice, op_id = self._session.practice, uuid7()

        def failed(error: UserFacingError) -> None:
            if run == self._run and self._ringing.isActive():
                self._ringing.stop()
                self._find(line_test.judge_test_call(error.sentence))

        self._tasks.run(self, lambda: practice.connect_phone(op_id), failed=failed)

    def _on_line(self, heard: bool) -> None:
        if heard and self._ringing.isActive():
            self._ringing.stop()
            self._sound.start()

    def _end_call(self) -> None:
        """The sound was listened to, or none came."""
        self._ringing.stop()
        phone = self._ear.phone
        if phone is None or phone.phase is not Phase.ON_CALL:
            self._find(line_test.judge_test_call())
        else:
            self._find(self._judge_carrier())

    def _judge_carrier(self) -> LineFinding:
        phone, quality = self._ear.phone, self._quality
        edge = "" if phone is None else phone.edge
        if quality is None:
            return line_test.judge_carrier(signed_in=True, edge=edge)
        return line_test.judge_carrier(
            signed_in=True,
            edge=edge,
            mos=quality.mos,
            loss=quality.loss,
            rtt_ms=quality.rtt_ms,
        )

    def _on_quality(self, quality: Quality) -> None:
        self._quality = quality

    # -- the ear ------------------------------------------------------------------------------

    def _begin_ear(self, ear: MyEar) -> None:
        if ear.kind is not EarKind.SOFTPHONE:
            self._begin_own_phone()
        elif self._ear.usable:
            self._question = "speak"
            self.view.ask(self.tr("Say a few words…"), "", "", metered=True)
            self._ear.listen(True)
        elif ear.is_practice_line:
            words = self.tr("On the practice line nothing is heard, so nothing is needed.")
            self._find(LineFinding(Part.EAR, Verdict.OK, words))
        else:
            self._find(LineFinding(Part.EAR, Verdict.BAD, self._ear.state.about))

    def _on_level(self, microphone: float, _: float) -> None:
        if self._question == "speak":
            self.view.meter.hear(microphone)

    def _end_speaking(self) -> None:
        """The other measurements are done: so long was listened."""
        loudest = self.view.meter.loudest
        self._ear.listen(False)
        self._question = "tone"
        self._find(line_test.judge_microphone(loudest))
        self._ear.play_tone()
        self.view.ask(
            self.tr("A tone is played. Do you hear it?"), self.tr("I hear it"), self.tr("No")
        )

    def _begin_own_phone(self) -> None:
        self._question = "phone"
        self._leg = None
        self.view.ask(
            self.tr("The phone line calls your phone now. Pick up and listen."),
            "",
            self.tr("It does not ring"),
        )
        practice, op_id = self._session.practice, uuid7()
        self._ask_phone(lambda: practice.connect_phone(op_id))
        if self._question:
            self._poll.start()

    def _look_at_phone(self) -> None:
        practice = self._session.practice
        self._ask_phone(practice.my_phone)

    def _ask_phone(self, ask: Callable[[], OwnPhone]) -> None:
        run = self._run

        def done(phone: OwnPhone) -> None:
            if run == self._run and self._question == "phone":
                self._see_phone(phone)

        def failed(error: UserFacingError) -> None:
            if run == self._run and self._question == "phone":
                self._end_phone(heard=False, sentence=error.sentence)

        self._tasks.run(self, ask, done=done, failed=failed)

    def _see_phone(self, phone: OwnPhone) -> None:
        if phone.ready:
            self._end_phone(heard=True)
        elif phone.state is PhoneState.GONE:
            self._end_phone(heard=False, sentence=phone.sentence)
        elif phone.state is PhoneState.UP and (self._leg is None or self._leg.leg != phone.leg):
            self._leg = phone
            self.view.ask(
                self.tr("Your phone is on the line. Is it you who hears it, not your voicemail?"),
                self.tr("I hear you"),
                self.tr("No"),
            )

    def _end_phone(self, *, heard: bool, sentence: str = "") -> None:
        self._question = ""
        self._poll.stop()
        self.view.ask_nothing()
        self._find(line_test.judge_own_phone(heard=heard, sentence=sentence))

    def _on_answer(self, yes: bool) -> None:
        question, leg = self._question, self._leg
        if question == "tone":
            self._question = ""
            self.view.ask_nothing()
            self._find(line_test.judge_speaker(heard=yes))
            if Part.CARRIER in self._parts:
                self._begin_call()
        elif question == "phone" and yes and leg is not None:
            practice, op_id = self._session.practice, uuid7()
            self._ask_phone(lambda: practice.hear_me(leg.leg, "press", op_id))
        elif question == "phone":
            self._end_phone(heard=False)
