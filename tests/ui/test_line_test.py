"""The Line test page: measured over fakes, answered by a person, kept, and told a supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from coordinator_app.domain.call import PhoneState
from coordinator_app.domain.ear import EarKind
from coordinator_app.domain.line_test import LineTestSummary, Part, Verdict
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.fake_data import CANARY_WORDS, NOW
from tests.helpers.fake_phone import READY
from tests.helpers.fake_sign_in import session_for
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from tests.ui.test_ear import LISTEN, TONE, Desk
from ui.pages.line_test import LineTestPage, Pace
from ui.softphone.base import Phase, Quality
from ui.softphone.sdk import Missing
from ui.theme import Mode, Theme

FAST = Pace(questions=5, every_ms=1, patience_ms=60_000, poll_ms=1, sound_ms=1)


class Test:
    """A page over a desk of fakes."""

    __test__ = False

    def __init__(self, qtbot: QtBot, ear: Desk, pace: Pace = FAST) -> None:
        self.qtbot = qtbot
        self.ear = ear
        self.practice: FakeTeamPractice = ear.practice
        ear.desk.load()
        self.page = LineTestPage(
            session_for(ear.practice), ear.tasks, ear.messages, ear.desk, "0.1.0", pace
        )
        qtbot.addWidget(self.page)
        self.page.resize(1100, 800)
        with qtbot.waitExposed(self.page):
            self.page.show()
        self.view = self.page.view

    def start(self) -> None:
        self.view.start.click()

    def measured(self) -> None:
        self.qtbot.waitUntil(lambda: Part.NETWORK in self.page._findings)

    def verdicts(self) -> dict[Part, Verdict]:
        return {one.key: one.state for one in self.page.findings}

    def be_called(self) -> None:
        """Let the line call the softphone, and sound arrive."""
        self.ear.phone.be(Phase.ON_CALL)
        self.ear.phone.audio.emit(True)
        self.qtbot.waitUntil(lambda: Part.CARRIER in self.page._findings)

    def words(self, part: Part) -> str:
        return self.view.rows[part].words.text()


@pytest.fixture
def ear(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.desk.close()
    made.messages.clear_all()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def test(qtbot: QtBot, ear: Desk) -> Test:
    return Test(qtbot, ear)


def own_phone(ear: Desk) -> None:
    ear.practice.ear = replace(ear.practice.ear, kind=EarKind.PHONE, address="+16175559001")


def test_a_softphone_is_heard_measured_and_kept(test: Test) -> None:
    phone = test.ear.phone
    phone.be(Phase.READY)
    phone.edge = "ashburn"
    test.start()
    assert phone.told[-1] == LISTEN
    assert "Say a few words" in test.view.asked.text()
    phone.level.emit(0.4, 0.0)
    test.measured()
    assert phone.told[-1] == TONE
    assert test.practice.kept == [], "a person has to say what they hear"
    test.view.yes.click()
    assert "calls the softphone" in test.words(Part.CARRIER)
    assert phone.told[-1][0] == "expect"
    assert "connect_phone" in test.practice.log
    test.be_called()
    assert test.verdicts() == dict.fromkeys(Part, Verdict.OK)
    assert "ashburn" in test.words(Part.CARRIER)
    assert "5 questions" in test.words(Part.NETWORK)
    (kept,) = test.practice.kept
    assert kept == test.page.findings
    assert test.view.summary.text == "Your line is good."
    assert not test.view.question.isVisible()


def test_a_silent_microphone_and_an_unheard_tone_are_bad(test: Test) -> None:
    test.start()
    test.measured()
    test.view.no.click()
    verdicts = test.verdicts()
    assert verdicts[Part.EAR] is verdicts[Part.SPEAKER] is Verdict.BAD
    assert verdicts[Part.CARRIER] is Verdict.BAD, "it never signed in"
    assert "microphone heard nothing" in test.view.summary.text
    assert len(test.practice.kept) == 1


def test_the_sound_of_a_running_call_is_judged(test: Test) -> None:
    phone = test.ear.phone
    phone.be(Phase.ON_CALL)
    test.start()
    test.measured()
    phone.quality.emit(Quality(mos=2.2, rtt_ms=320, jitter_ms=40, loss=7))
    test.view.yes.click()
    test.qtbot.waitUntil(lambda: Part.CARRIER in test.page._findings)
    assert "connect_phone" not in test.practice.log, "it is called already"
    assert test.verdicts()[Part.CARRIER] is Verdict.ATTENTION
    assert "7 % lost" in test.words(Part.CARRIER)


def test_a_test_call_without_sound_is_bad(qtbot: QtBot, ear: Desk) -> None:
    test = Test(qtbot, ear, replace(FAST, call_ms=1))
    ear.phone.be(Phase.READY)
    test.start()
    test.measured()
    test.view.yes.click()
    qtbot.waitUntil(lambda: Part.CARRIER in test.page._findings)
    assert "no sound came" in test.words(Part.CARRIER)


def test_nothing_is_tested_during_a_patients_call(test: Test) -> None:
    test.ear.desk.follow(True)
    test.start()
    assert "End the call first" in test.ear.said()
    assert test.page.findings == ()
    assert test.view.start.isEnabled()
    test.ear.desk.follow(False)
    test.start()
    assert not test.view.start.isEnabled()


def test_a_line_that_does_not_call_says_why(test: Test) -> None:
    test.ear.phone.be(Phase.READY)
    test.start()
    test.measured()
    test.practice.fail_next(RefusedError("The phone line is down.", name="line_down"))
    test.view.yes.click()
    assert test.words(Part.CARRIER) == "The phone line is down."
    assert test.verdicts()[Part.CARRIER] is Verdict.BAD


def test_lost_questions_are_counted(test: Test) -> None:
    test.practice.fail_next(NotConnectedError("away"))
    test.start()
    test.measured()
    assert test.verdicts()[Part.NETWORK] is Verdict.BAD
    assert "loses 20 %" in test.words(Part.NETWORK)
    assert test.verdicts()[Part.DATABASE] is Verdict.OK


def test_without_any_answer_nothing_is_claimed(test: Test) -> None:
    for _ in range(5):
        test.practice.fail_next(NotConnectedError("away"))
    test.start()
    test.measured()
    for part in (Part.NETWORK, Part.LINE, Part.DATABASE):
        assert test.verdicts()[part] is Verdict.BAD
    assert "did not answer" in test.words(Part.DATABASE)


def test_answers_that_never_come_are_lost(qtbot: QtBot, ear: Desk) -> None:
    test = Test(qtbot, ear, replace(FAST, patience_ms=1))
    ear.tasks.hold = True
    test.start()
    test.measured()
    assert "did not answer" in test.words(Part.NETWORK)
    ear.tasks.hold = False
    ear.tasks.release()  # too late: it changes nothing
    assert test.verdicts()[Part.NETWORK] is Verdict.BAD


def test_ones_own_phone_is_called_and_heard(qtbot: QtBot, ear: Desk) -> None:
    own_phone(ear)
    ear.practice.phone = replace(READY, state=PhoneState.GONE, confirmed=False)
    test = Test(qtbot, ear)
    assert not test.view.rows[Part.SPEAKER].isVisible()
    test.start()
    test.measured()
    assert "calls your phone now" in test.view.asked.text()
    assert not test.view.yes.isVisible()
    ear.practice.pick_up()
    qtbot.waitUntil(test.view.yes.isVisible)
    assert "voicemail" in test.view.asked.text()
    test.view.yes.click()
    assert ear.practice.heard == [(2, "press")]
    assert test.verdicts()[Part.EAR] is Verdict.OK
    assert set(test.verdicts()) == {Part.EAR, Part.NETWORK, Part.LINE, Part.DATABASE}
    assert len(ear.practice.kept) == 1


def test_a_phone_that_does_not_ring_or_is_busy_is_bad(qtbot: QtBot, ear: Desk) -> None:
    own_phone(ear)
    ear.practice.phone = replace(READY, state=PhoneState.GONE, confirmed=False)
    test = Test(qtbot, ear)
    test.start()
    test.view.no.click()
    assert test.verdicts()[Part.EAR] is Verdict.BAD
    test.measured()
    ear.practice.phone = replace(READY, state=PhoneState.GONE, confirmed=False)
    test.start()
    ear.practice.lose_phone("Your own phone did not answer.")
    qtbot.waitUntil(lambda: Part.EAR in test.page._findings)
    assert test.words(Part.EAR) == "Your own phone did not answer."


def test_a_phone_that_is_on_the_line_need_not_be_called(qtbot: QtBot, ear: Desk) -> None:
    own_phone(ear)
    test = Test(qtbot, ear)
    test.start()
    assert test.verdicts()[Part.EAR] is Verdict.OK
    assert not test.view.question.isVisible()


def test_on_the_practice_line_no_carrier_is_tested(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    ear = Desk(tmp_path, Missing(extra=True))
    ear.practice.ear = replace(ear.practice.ear, is_practice_line=True)
    test = Test(qtbot, ear)
    test.start()
    test.measured()
    assert set(test.verdicts()) == {Part.EAR, Part.NETWORK, Part.LINE, Part.DATABASE}
    assert "practice line" in test.words(Part.EAR)


def test_a_softphone_that_is_not_installed_is_bad_with_the_remedy(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    test = Test(qtbot, Desk(tmp_path, Missing(library=True)))
    test.start()
    test.measured()
    assert test.verdicts()[Part.EAR] is Verdict.BAD
    assert "tools/softphone" in test.words(Part.EAR)


def test_leaving_the_page_lets_the_microphone_go(test: Test) -> None:
    test.start()
    test.page.hide()
    assert ("listen", False) in test.ear.phone.told[-2:]
    assert test.verdicts()[Part.EAR] is Verdict.ATTENTION
    test.measured()
    assert set(test.verdicts()) == set(Part), "the rest goes on"


def test_a_result_that_could_not_be_kept_is_said(test: Test) -> None:
    test.start()
    test.measured()
    test.practice.fail_next(RefusedError("The result is kept with your shift.", name="x"))
    test.view.yes.click()
    assert "kept with your shift" in test.ear.said()


def test_the_text_for_support_names_no_patient(test: Test) -> None:
    assert not test.view.copy.isEnabled()
    test.start()
    test.measured()
    test.view.yes.click()
    test.view.copy.click()
    text = QApplication.clipboard().text()
    QApplication.clipboard().clear()
    assert text.startswith("Care Coordinator 0.1.0 line test")
    assert "Speaker: ok" in text
    for word in (*CANARY_WORDS, test.practice.person.name, "+1"):
        assert word not in text


def test_it_can_be_tested_again(test: Test) -> None:
    for _ in range(2):
        test.start()
        test.measured()
        test.view.yes.click()
    assert len(test.practice.kept) == 2


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK])
def test_every_state_is_named_and_nothing_is_cut(test: Test, theme: Theme, mode: Mode) -> None:
    theme.apply(mode)
    test.practice.fail_next(NotConnectedError("away"))
    test.start()
    for step in ("speak", "tone", "end"):
        if step == "tone":
            test.measured()
        elif step == "end":
            test.view.no.click()
        settle()
        assert unnamed(test.page) == []
        assert clipped(test.page) == []
        assert overlapping(test.page) == []


def test_a_supervisor_sees_the_last_test_of_a_person(qtbot: QtBot) -> None:
    from ui.models.words import line_test_words  # noqa: PLC0415

    zone = "America/Chicago"
    bad = LineTestSummary(NOW, Verdict.BAD, "Your connection loses 9 %.")
    assert line_test_words(bad, zone, NOW) == (
        "activity", "danger", "Line test: bad", "Today 9:42 AM CT · Your connection loses 9 %.",
    )  # fmt: skip
    assert line_test_words(None, zone, NOW)[2] == "Line not tested yet"
