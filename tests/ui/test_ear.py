"""The coordinator's ear in the window: choosing it, the softphone's desk, what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from coordinator_app.domain.call import PhoneState
from coordinator_app.domain.ear import EarKind
from coordinator_app.errors import NotConnectedError, RefusedError
from tests.helpers.fake_ear import OFFICE
from tests.helpers.fake_phone import READY
from tests.helpers.fake_sign_in import person_of, session_for
from tests.helpers.fake_softphone import NOTHING, FakeKit, FakeSoftphone
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from tests.helpers.looks import clipped, overlapping, settle, unnamed
from tests.helpers.window import Bench, close_bench, make_bench
from ui.messages import MessageBus
from ui.pages.settings import SettingsPage
from ui.preferences import Preferences
from ui.softphone.base import Devices, Phase, Softphone, Trouble
from ui.softphone.desk import EXPECT_S, EarDesk
from ui.softphone.sdk import Missing, missing
from ui.softphone.words import state_of, trouble_words
from ui.theme import Theme
from ui.widgets.my_ear import MyEarCard

LISTEN: tuple[object, ...] = ("listen", True)
TONE: tuple[object, ...] = ("tone",)


class Desk:
    """A desk over fakes, and everything around it that a test wants to touch."""

    def __init__(self, folder: Path, lacks: Missing = NOTHING) -> None:
        self.practice = FakeTeamPractice(person=person_of("jordan"))
        self.practice.ear = replace(self.practice.ear, is_practice_line=False)
        self.tasks = InlineTasks()
        self.messages = MessageBus()
        settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        self.preferences = Preferences(settings)
        self.kit = FakeKit(lacks=lacks)
        self.desk = EarDesk(
            session_for(self.practice), self.tasks, self.messages, self.preferences, self.kit
        )
        self.on_line: list[bool] = []
        self.desk.on_line.connect(self.on_line.append)

    @property
    def phone(self) -> FakeSoftphone:
        """The softphone that is in use."""
        assert isinstance(self.desk.phone, FakeSoftphone)
        return self.desk.phone

    def said(self) -> str:
        """Every banner."""
        return " ".join(message.text for message in self.messages.current)


@pytest.fixture
def ear(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.desk.close()
    made.messages.clear_all()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


# -- the desk ---------------------------------------------------------------------------------


def test_the_softphone_is_made_and_signed_in_only_when_it_is_chosen(ear: Desk) -> None:
    ear.practice.ear = replace(ear.practice.ear, kind=EarKind.PHONE, address="+13125550142")
    ear.desk.load()
    assert (ear.kit.made, ear.practice.minted) == ([], 0)
    assert ear.desk.state.words == "Own phone · ending 0142"
    ear.desk.keep("client")
    assert ear.phone.told == [("choose", "", ""), ("mute", False), ("sign_in", "token 1")]
    ear.phone.be(Phase.READY)
    assert (ear.desk.state.words, ear.desk.state.problem) == ("Softphone ready", False)
    phone = ear.phone
    ear.desk.keep("sip:maya@phones.example.com")
    assert phone.told[-1] == ("close",)
    assert ear.desk.phone is None


def test_on_the_practice_line_no_token_is_minted_and_nothing_is_loaded(ear: Desk) -> None:
    ear.practice.ear = replace(ear.practice.ear, is_practice_line=True)
    ear.desk.load()
    assert (ear.kit.made, ear.practice.minted) == ([], 0)
    assert "practice" in ear.desk.state.words
    ear.desk.listen(True)  # microphone and speaker can be tried all the same
    assert ear.phone.told[2:] == [("open",), ("listen", True)]


@pytest.mark.parametrize(
    ("lacks", "words"),
    [
        (Missing(extra=True), "tools/softphone"),
        (Missing(library=True), "tools/softphone"),
        (Missing(root=True), "ordinary user"),
    ],
)
def test_without_what_it_needs_it_says_what_to_do(
    qapp: QApplication, tmp_path: Path, lacks: Missing, words: str
) -> None:
    ear = Desk(tmp_path, lacks)
    ear.desk.load()
    assert (ear.kit.made, ear.practice.minted) == ([], 0)
    assert ear.desk.state.problem
    assert words in ear.desk.state.about
    assert not ear.desk.usable


def test_a_web_engine_that_cannot_be_loaded_is_said_and_no_fault(
    qapp: QApplication, tmp_path: Path
) -> None:
    class Broken(FakeKit):
        def make(self, parent: QObject) -> Softphone:
            raise ImportError("libnss3.so: cannot open shared object file")

    ear = Desk(tmp_path)
    ear.desk._kit = Broken()
    ear.desk.load()
    assert ear.desk.state.problem
    assert "libnss3" in ear.desk.state.about
    ear.desk.listen(True)
    ear.desk.play_tone()
    assert ear.desk.phone is None


def test_the_microphone_is_muted_with_the_call(ear: Desk) -> None:
    ear.desk.load()
    ear.desk.mute(True)
    ear.desk.mute(True)
    ear.desk.mute(False)
    assert ear.phone.told[-2:] == [("mute", True), ("mute", False)]


def test_a_token_that_runs_out_is_renewed_and_the_call_goes_on(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.be(Phase.ON_CALL)
    ear.phone.token_wanted.emit()
    assert ear.phone.told[-1] == ("token", "token 2")
    assert ear.phone.phase is Phase.ON_CALL


def test_without_the_database_the_call_goes_on_and_the_token_is_asked_for_again(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.be(Phase.ON_CALL)
    ear.practice.fail_next(NotConnectedError("The practice cannot be reached."))
    ear.phone.token_wanted.emit()
    assert ear.practice.minted == 1
    assert ear.phone.phase is Phase.ON_CALL
    ear.desk._retry.timeout.emit()
    assert ear.phone.told[-1] == ("token", "token 2")


def test_a_refused_token_is_said(ear: Desk) -> None:
    ear.practice.fail_next()
    ear.practice.log.clear()
    ear.desk.load()
    ear.desk.load()
    ear.practice.fail_next(RefusedError("The softphone signed in too often.", name="x"))
    ear.phone.token_wanted.emit()
    assert "too often" in ear.said()


def test_only_ones_own_leg_is_expected_and_for_a_minute(ear: Desk) -> None:
    ear.desk.load()
    assert ("expect", OFFICE, EXPECT_S) not in ear.phone.told
    ear.desk.follow_phone(replace(READY, state=PhoneState.UP))
    assert ("expect", OFFICE, EXPECT_S) not in ear.phone.told
    ear.desk.follow_phone(replace(READY, state=PhoneState.CONNECTING))
    assert ear.phone.told[-1] == ("expect", OFFICE, EXPECT_S)
    count = len(ear.phone.told)
    ear.desk.follow(True)
    ear.desk._renew.timeout.emit()  # a lost leg comes back during the call
    assert ear.phone.told[count:] == [("expect", OFFICE, EXPECT_S)] * 2
    ear.desk.follow(False)
    assert not ear.desk._renew.isActive()


def test_sound_says_that_one_hears_and_silence_is_told(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.be(Phase.ON_CALL)
    ear.phone.audio.emit(True)
    assert ear.on_line[-1] is True
    ear.phone.audio.emit(False)
    assert "No sound arrives" in ear.said()
    assert ear.desk.state.problem
    ear.phone.audio.emit(True)
    assert ear.said() == ""
    ear.phone.be(Phase.READY)
    assert ear.on_line[-1] is False


def test_a_lost_line_is_told_after_some_seconds_and_forgotten_when_it_is_back(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.be(Phase.READY)
    ear.phone.be(Phase.LOST)
    assert ear.said() == "", "a short gap is nobody's business"
    assert ear.desk.state.problem
    ear.desk._late.timeout.emit()
    assert "lost the phone line" in ear.said()
    ear.phone.be(Phase.READY)
    assert ear.said() == ""


def test_an_unplugged_microphone_is_told_and_the_call_goes_on(ear: Desk) -> None:
    ear.desk.load()
    ear.desk.choose("Blue Headset", "")
    ear.phone.be(Phase.ON_CALL)
    ear.phone.devices_changed.emit(Devices(("Laptop",), ("Laptop",), input_there=False))
    assert "Your microphone is gone (Blue Headset)" in ear.said()
    assert ear.phone.phase is Phase.ON_CALL
    ear.phone.devices_changed.emit(Devices(("Laptop", "Blue Headset"), ("Laptop",)))
    assert ear.said() == ""


def test_a_muted_headset_is_told(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.warned.emit("constant-audio-input-level", True)
    assert "muted on the headset" in ear.said()
    ear.phone.warned.emit("constant-audio-input-level", False)
    assert ear.said() == ""


def test_a_call_that_was_turned_away_is_told(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.turned_away.emit()
    assert "nobody expected" in ear.said()


def test_a_dead_page_is_started_again(ear: Desk) -> None:
    ear.desk.load()
    ear.phone.be(Phase.FAILED)
    ear.phone.troubled.emit(Trouble(0, "process", "ended"))
    assert "started again" in ear.said()
    ear.desk._retry.timeout.emit()
    assert ear.phone.told[-1] == ("sign_in", "token 2")


def test_every_phase_and_trouble_has_words(ear: Desk) -> None:
    for phase in Phase:
        state = state_of(ear.practice.ear, phase, Missing())
        assert state.words
        assert state.about.endswith(".")
        assert state.problem == (phase in {Phase.LOST, Phase.FAILED})
    assert "microphone" in trouble_words(Trouble(31402, "accept")).lower()
    assert "microphone" in trouble_words(Trouble(0, "accept", "NotAllowedError")).lower()
    assert "cannot sign in" in trouble_words(Trouble(20101, "device"))
    assert "key is not accepted" in trouble_words(Trouble(20103, "device"))
    assert trouble_words(Trouble(31005, "device")) == "", "the line says it by itself"


def test_devices_are_remembered_by_name(ear: Desk) -> None:
    ear.desk.load()
    ear.desk.choose("Blue Headset", "Blue Headset")
    assert ear.phone.told[-1] == ("choose", "Blue Headset", "Blue Headset")
    assert (ear.preferences.microphone, ear.preferences.speaker) == ("Blue Headset",) * 2


def test_on_this_computer_something_is_missing_or_not() -> None:
    found = missing()
    assert bool(found) == bool(found.sentence)


# -- the card of the settings -----------------------------------------------------------------


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, ear: Desk) -> SettingsPage:
    ear.desk.load()
    made = SettingsPage(theme, ear.preferences, "0.1.0", ear.desk)
    qtbot.addWidget(made)
    made.resize(1000, 900)
    with qtbot.waitExposed(made):
        made.show()
    return made


def card_of(page: SettingsPage) -> MyEarCard:
    assert page.ear is not None
    return page.ear


def test_own_phone_is_typed_checked_and_kept(page: SettingsPage, ear: Desk) -> None:
    card = card_of(page)
    card.kind.choose("phone")
    assert not card.sound.isVisible()
    for wrong, word in (
        ("911", "emergency"),
        ("617", "ten digits"),
        ("(617) 555-9001 x5", "extension"),
    ):
        card.address.setText(wrong)
        QTest.keyClick(card.address, Qt.Key.Key_Return)
        assert word in card.problem.text().lower()
    assert ear.practice.chosen == []
    card.address.setText("(617) 555-9001")
    QTest.mouseClick(card.save, Qt.MouseButton.LeftButton)
    assert [endpoint for endpoint, _ in ear.practice.chosen] == ["+16175559001"]
    assert card.problem.text() == ""
    assert card.state.text() == "Own phone · ending 9001"


def test_what_was_set_up_since_is_offered_when_the_page_is_opened(
    page: SettingsPage, ear: Desk
) -> None:
    page.hide()
    ear.practice.ear = replace(ear.practice.ear, softphone_ready=False)
    page.show()
    assert "A supervisor enters its key" in card_of(page).problem.text()
    assert ear.desk.phone is None
    page.hide()
    ear.practice.ear = replace(ear.practice.ear, softphone_ready=True)
    page.show()
    assert card_of(page).problem.text() == ""
    assert ear.phone.told[-1][0] == "sign_in"


def test_a_sip_address_is_checked(page: SettingsPage, ear: Desk) -> None:
    card = card_of(page)
    card.kind.choose("sip")
    for wrong in ("maya@example.com", "sip:maya", "tel:+16175559001", "sip:a@b?x=y"):
        card.address.setText(wrong)
        QTest.keyClick(card.address, Qt.Key.Key_Return)
        assert "sip:name@host" in card.problem.text()
    card.address.setText("sip:maya@phones.example.com")
    QTest.keyClick(card.address, Qt.Key.Key_Return)
    assert ear.practice.ear.kind is EarKind.SIP


def test_a_change_during_a_call_is_refused_with_a_sentence(page: SettingsPage, ear: Desk) -> None:
    card = card_of(page)
    ear.practice.on_call = True
    card.kind.choose("phone")
    card.address.setText("(617) 555-9001")
    card.save.click()
    assert "on a call" in card.problem.text()
    assert card.save.isEnabled()


def test_microphone_speaker_level_and_tone(page: SettingsPage, ear: Desk) -> None:
    card = card_of(page)
    assert card.sound.isVisible()
    ear.phone.devices_changed.emit(Devices(("Laptop", "Headset"), ("Laptop",)))
    assert [card.microphone.itemText(n) for n in range(3)] == [
        "As the system has it", "Laptop", "Headset",
    ]  # fmt: skip
    card.microphone.setCurrentIndex(2)
    card.microphone.activated.emit(2)
    assert ear.preferences.microphone == "Headset"
    card.listen.click()
    assert ear.phone.told[-1] == LISTEN
    ear.phone.level.emit(0.5, 0.0)
    assert card.meter.loudest == 0.5
    card.tone.click()
    assert ear.phone.told[-1] == TONE
    page.hide()
    assert ("listen", False) in ear.phone.told[-2:], "the microphone is let go with the page"


def test_a_softphone_that_cannot_be_is_not_offered(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    ear = Desk(tmp_path, Missing(extra=True))
    ear.practice.ear = replace(ear.practice.ear, kind=EarKind.PHONE, address="+16175559001")
    ear.desk.load()
    page = SettingsPage(theme, ear.preferences, "0.1.0", ear.desk)
    qtbot.addWidget(page)
    page.show()
    card = card_of(page)
    card.kind.choose("softphone")
    assert not card.save.isEnabled()
    assert "extra “softphone”" in card.problem.text()
    card.kind.choose("phone")
    assert card.address.text() == "+16175559001"
    assert card.problem.text() == ""


@pytest.mark.parametrize("kind", ["softphone", "phone", "sip"])
def test_the_card_is_named_and_nothing_is_cut(page: SettingsPage, kind: str) -> None:
    card = card_of(page)
    card.kind.choose(kind)
    for width in (1000, 760):
        page.resize(width, 700)
        settle()
        assert unnamed(page) == []
        assert clipped(page) == []
        assert overlapping(page) == []


# -- the window -------------------------------------------------------------------------------


@pytest.fixture
def bench(qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path)
    yield made
    close_bench(made)


def test_the_strip_and_the_bar_say_how_the_ear_is(bench: Bench) -> None:
    practice = bench.sign_in()
    workspace = bench.workspace
    assert workspace.status.ear.text() == "Softphone · practice"
    assert workspace.call_bar is not None
    assert workspace.call_bar.ear.text() == ""
    assert workspace.ear is not None
    practice.ear = replace(practice.ear, is_practice_line=False, softphone_ready=False)
    workspace.ear.load()
    assert workspace.call_bar.ear.text() in {"Softphone not set up", "No softphone"}
    assert workspace.call_bar.ear.toolTip()


def test_the_line_test_is_reached_from_the_settings_and_from_help(bench: Bench) -> None:
    bench.sign_in()
    workspace = bench.workspace
    settings = workspace.pages["settings"]
    assert isinstance(settings, SettingsPage)
    card_of(settings).test.click()
    assert (workspace.current, workspace.rail.current) == ("line_test", "settings")
    workspace.open("help")
    workspace.pages["help"].line_test_wanted.emit()  # type: ignore[attr-defined]
    assert workspace.current == "line_test"


def test_who_does_not_call_has_no_ear(bench: Bench) -> None:
    bench.sign_in("ada")
    workspace = bench.workspace
    assert workspace.ear is None
    assert "line_test" not in workspace.pages
    settings = workspace.pages["settings"]
    assert isinstance(settings, SettingsPage)
    assert settings.ear is None


def test_the_softphone_says_i_hear_you_by_itself_once_a_leg(bench: Bench) -> None:
    practice = bench.sign_in()
    station = bench.workspace.station
    assert station is not None
    client = f"client:{practice.person.id.hex}"
    practice.phone = replace(READY, state=PhoneState.UP, confirmed=False, leg=4, endpoint=client)
    assert bench.workspace.ear is not None
    bench.workspace.ear.on_line.emit(True)
    assert practice.heard == [(4, "softphone")]
    practice.phone = replace(practice.phone, confirmed=False)
    station.phone.refresh()
    assert practice.heard == [(4, "softphone")], "one leg is said once"
    practice.phone = replace(practice.phone, leg=5, endpoint="+16175559001")
    station.phone.refresh()
    assert len(practice.heard) == 1, "an own phone is confirmed by a press"
    bench.workspace.ear.on_line.emit(False)
    practice.phone = replace(practice.phone, leg=6, endpoint=client)
    station.phone.refresh()
    assert len(practice.heard) == 1
