"""The real page against the carrier's signalling on loopback: registration, calls, devices."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QObject, QSettings
from PySide6.QtWidgets import QApplication

from coordinator_app.domain.call import PhoneState
from coordinator_app.domain.ear import SoftphoneToken
from tests.helpers.fake_phone import READY
from tests.helpers.fake_sign_in import person_of, session_for
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from ui.messages import MessageBus
from ui.preferences import Preferences
from ui.softphone.base import Devices, Phase, Softphone, Trouble
from ui.softphone.desk import EarDesk
from ui.softphone.kit import SoftphoneKit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from tests.softphone.signalling import Signalling
    from ui.softphone.web import WebSoftphone

OFFICE = "+16175550100"
pytestmark = [
    pytest.mark.timeout(60),
    # What Chromium says on a machine without a graphics card.
    pytest.mark.qt_log_ignore("QRhi|RHI|Vulkan|GBM|GPUInfo|andbox|capturing is not available"),
]


def token(text: str = "a.b.c", *, practice: bool = False) -> SoftphoneToken:
    return SoftphoneToken(text, "test", 600, is_practice_line=practice)


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Signalling]:
    from tests.softphone.signalling import Signalling  # noqa: PLC0415 - optional packages

    with Signalling(tmp_path) as running:
        yield running


@pytest.fixture
def phone(qtbot: QtBot, carrier: Signalling) -> Iterator[WebSoftphone]:
    from ui.softphone.web import WebSoftphone  # noqa: PLC0415 - an optional extra

    made = WebSoftphone(test_host=carrier.host)
    yield made
    made.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def until(qtbot: QtBot, fact: Callable[[], object], seconds: float = 15) -> None:
    qtbot.waitUntil(lambda: bool(fact()), timeout=int(seconds * 1000))


def ready(qtbot: QtBot, phone: Softphone) -> None:
    phone.sign_in(token())
    until(qtbot, lambda: phone.phase is Phase.READY)


class Ear:
    """What a softphone told, in order."""

    def __init__(self, phone: Softphone) -> None:
        self.phases: list[Phase] = []
        self.troubles: list[Trouble] = []
        self.audio: list[bool] = []
        self.levels: list[tuple[float, float]] = []
        self.devices = Devices()
        self.turned_away = 0
        self.tokens_wanted = 0
        self.tones = 0
        phone.phase_changed.connect(self.phases.append)
        phone.troubled.connect(self.troubles.append)
        phone.audio.connect(self.audio.append)
        phone.level.connect(lambda heard, said: self.levels.append((heard, said)))
        phone.devices_changed.connect(self._on_devices)
        phone.turned_away.connect(self._on_turned_away)
        phone.token_wanted.connect(self._on_token_wanted)
        phone.tone_ended.connect(self._on_tone)

    def _on_devices(self, devices: Devices) -> None:
        self.devices = devices

    def _on_turned_away(self) -> None:
        self.turned_away += 1

    def _on_token_wanted(self) -> None:
        self.tokens_wanted += 1

    def _on_tone(self) -> None:
        self.tones += 1


def test_it_signs_in_and_takes_the_call_that_is_expected(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    ear = Ear(phone)
    ready(qtbot, phone)
    assert carrier.tokens == ["a.b.c"]
    assert phone.edge == "loopback"
    phone.expect(OFFICE, 30)
    call = carrier.invite(OFFICE)
    until(qtbot, lambda: phone.phase is Phase.ON_CALL)
    until(qtbot, call.answered.is_set)
    until(qtbot, call.heard.is_set)
    until(qtbot, lambda: ear.audio == [True])
    until(qtbot, lambda: any(said > 0.02 for _, said in ear.levels))
    phone.mute(True)
    phone.mute(False)
    carrier.hang_up(call)
    until(qtbot, lambda: phone.phase is Phase.READY)
    assert ear.phases == [
        Phase.LOADING,
        Phase.SIGNING_IN,
        Phase.READY,
        Phase.RINGING,
        Phase.ON_CALL,
        Phase.READY,
    ]
    assert ear.troubles == []


def test_a_call_that_nobody_expects_is_turned_away(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    ear = Ear(phone)
    ready(qtbot, phone)
    first = carrier.invite(OFFICE)
    until(qtbot, first.refused.is_set)
    phone.expect(OFFICE, 30)
    second = carrier.invite("+16175559999")
    until(qtbot, second.refused.is_set)
    phone.expect(OFFICE, 0)
    third = carrier.invite(OFFICE)
    until(qtbot, third.refused.is_set)
    until(qtbot, lambda: ear.turned_away == 3)
    assert phone.phase is Phase.READY


def test_a_lost_line_comes_back_by_itself(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    ear = Ear(phone)
    ready(qtbot, phone)
    carrier.drop()
    until(qtbot, lambda: Phase.LOST in ear.phases)
    until(qtbot, carrier.registered.is_set, 25)
    until(qtbot, lambda: phone.phase is Phase.READY)


def test_a_token_that_runs_out_is_asked_for_in_time_and_renewed(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    carrier.ttl = 91  # asked for 90 seconds before the end
    ear = Ear(phone)
    ready(qtbot, phone)
    until(qtbot, lambda: ear.tokens_wanted == 1)
    phone.update_token(token("d.e.f"))
    until(qtbot, lambda: carrier.tokens == ["a.b.c", "d.e.f"])
    assert phone.phase is Phase.READY


def test_a_token_that_had_run_out_is_made_good_by_the_next(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    carrier.refuse_tokens = 1
    ear = Ear(phone)
    phone.sign_in(token())
    until(qtbot, lambda: ear.tokens_wanted == 1)
    phone.update_token(token("d.e.f"))
    until(qtbot, lambda: phone.phase is Phase.READY)
    phone.expect(OFFICE, 30)
    carrier.invite(OFFICE)
    until(qtbot, lambda: phone.phase is Phase.ON_CALL)


def test_a_refused_token_is_asked_for_once_more_and_no_oftener(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    carrier.refuse_tokens = 2
    ear = Ear(phone)
    phone.sign_in(token())
    until(qtbot, lambda: ear.tokens_wanted == 1)
    phone.update_token(token("d.e.f"))
    until(qtbot, lambda: phone.phase is Phase.FAILED)
    assert ear.tokens_wanted == 1
    assert ear.troubles[-1].code == 20104  # the library's own name of the carrier's 31205


def test_devices_level_and_tone_without_a_line(qtbot: QtBot, phone: WebSoftphone) -> None:
    ear = Ear(phone)
    phone.open()
    phone.listen(True)
    until(qtbot, lambda: any(heard > 0.02 for heard, _ in ear.levels))
    until(qtbot, lambda: "Fake Audio Input 1" in ear.devices.inputs)
    phone.choose("Fake Audio Input 2", "Fake Audio Output 1")
    phone.play_tone()
    until(qtbot, lambda: ear.tones == 1)
    assert ear.devices.input_there
    assert run_js(qtbot, phone, "return document.visibilityState") == "visible", "clocks go slow"
    phone.choose("Unplugged Headset", "")
    until(qtbot, lambda: not ear.devices.input_there)
    phone.listen(False)


def run_js(qtbot: QtBot, phone: WebSoftphone, script: str) -> Any:
    """What a script in the page comes to; "refused: …" when it throws."""
    page = phone._page
    assert page is not None
    page.runJavaScript(
        f"window.answer = ''; (async () => {{ {script} }})()"
        ".then((given) => { window.answer = JSON.stringify(given ?? null); },"
        " (error) => { window.answer = JSON.stringify('refused: ' + error.name); })"
    )
    answers: list[str] = []

    def ask() -> bool:
        page.runJavaScript("window.answer", answers.append)
        return bool(answers and answers[-1])

    qtbot.waitUntil(ask, timeout=10_000)
    return json.loads(answers[-1])


def test_the_desk_takes_its_own_leg_and_says_that_it_hears(
    qtbot: QtBot, carrier: Signalling, tmp_path: Path
) -> None:
    """The whole way, but for the database: token, sign-in, one's own leg, sound."""
    from ui.softphone.web import WebSoftphone  # noqa: PLC0415 - an optional extra

    class Kit(SoftphoneKit):
        def make(self, parent: QObject) -> Softphone:
            return WebSoftphone(parent, test_host=carrier.host)

    practice = FakeTeamPractice(person=person_of("jordan"))
    practice.ear = replace(practice.ear, is_practice_line=False, office_number=OFFICE)
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    desk = EarDesk(session_for(practice), InlineTasks(), MessageBus(), Preferences(settings), Kit())
    heard: list[bool] = []
    desk.on_line.connect(heard.append)
    desk.load()
    until(qtbot, lambda: desk.state.words == "Softphone ready")
    assert carrier.tokens == ["token 1"]
    stranger = carrier.invite(OFFICE)
    until(qtbot, stranger.refused.is_set)
    desk.follow_phone(replace(READY, state=PhoneState.CONNECTING))
    call = carrier.invite(OFFICE)
    until(qtbot, lambda: heard[-1:] == [True])
    until(qtbot, call.heard.is_set)
    carrier.hang_up(call)
    until(qtbot, lambda: heard[-1:] == [False])
    desk.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_the_page_gets_nowhere_else(qtbot: QtBot, phone: WebSoftphone) -> None:
    ready(qtbot, phone)
    page = phone._page
    assert page is not None
    for script in (
        "return (await fetch('https://example.com/')).status",
        "return (await fetch('file:///etc/passwd')).status",
        "return await import('https://example.com/x.js')",
    ):
        assert str(run_js(qtbot, phone, script)).startswith("refused"), script
    outside = "return (await fetch('softphone://app/../../etc/passwd')).status"
    assert run_js(qtbot, phone, outside) == 404
    assert run_js(
        qtbot,
        phone,
        "return await new Promise((done) => { const s = new WebSocket('wss://example.com/signal');"
        " s.onerror = () => done('closed'); s.onopen = () => done('open'); })",
    ) in {"closed", "refused: SecurityError"}
    for script in (
        "return (await navigator.mediaDevices.getUserMedia({video: true})).id",
        "return (await navigator.mediaDevices.getDisplayMedia()).id",
        "return await navigator.clipboard.readText()",
    ):
        assert run_js(qtbot, phone, script).startswith("refused"), script
    assert run_js(qtbot, phone, "return await Notification.requestPermission()") == "denied"
    assert (
        run_js(qtbot, phone, "try { eval('1'); return 'ran' } catch (e) { return 'refused' }")
        == "refused"
    )
    run_js(
        qtbot,
        phone,
        "window.open('https://example.com/'); location.href = 'https://example.com/'; return 1",
    )
    assert page.url().toString() == "softphone://app/"
    profile = page.profile()
    assert profile.isOffTheRecord()


def test_a_token_of_the_practice_line_reaches_no_carrier(qtbot: QtBot) -> None:
    from ui.softphone.web import WebSoftphone  # noqa: PLC0415

    phone = WebSoftphone()
    phone.sign_in(token(practice=True))
    until(qtbot, lambda: phone._loaded)
    gate, page = phone._gate, phone._page
    assert gate is not None
    assert phone.phase is Phase.OFF
    assert (
        run_js(
            qtbot,
            phone,
            "return performance.getEntriesByType('resource')"
            ".map((one) => one.name).filter((one) => !one.startsWith('softphone:'))",
        )
        == []
    )
    assert gate.refused == []
    phone.close()
    assert not shiboken6.isValid(page)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("softphone://app/", True),
        ("softphone://app/page.js", True),
        ("wss://voice-js.roaming.twilio.com/signal", True),
        ("wss://voice-js.ashburn.twilio.com/signal", True),
        ("https://eventgw.twilio.com/v4/EndpointEvents", True),
        ("https://eventgw.us1.twilio.com/v4/EndpointMetrics", True),
        ("https://api.twilio.com/2010-04-01/Accounts", False),
        ("https://sdk.twilio.com/js/client/sounds/releases/1.0.0/incoming.mp3", False),
        ("wss://voice-js.roaming.twilio.com.evil.example/signal", False),
        ("wss://evil.example/voice-js.roaming.twilio.com/signal", False),
        ("wss://127.0.0.1:4443/signal", False),
        ("http://voice-js.roaming.twilio.com/signal", False),
        ("file:///etc/passwd", False),
        ("softphone://other/", False),
    ],
)
def test_only_the_carriers_addresses_are_let_through(url: str, right: bool) -> None:
    from ui.softphone.web import allowed  # noqa: PLC0415 - an optional extra

    assert allowed(url) is right


def test_the_microphone_is_for_our_page_alone() -> None:
    from PySide6.QtCore import QUrl  # noqa: PLC0415
    from PySide6.QtWebEngineCore import QWebEnginePermission  # noqa: PLC0415

    from ui.softphone.web import HOME, _decide  # noqa: PLC0415

    kinds = QWebEnginePermission.PermissionType

    class Asked:
        def __init__(self, kind: Any, origin: str) -> None:
            self.kind, self.place = kind, origin
            self.granted: bool | None = None

        def permissionType(self) -> Any:
            return self.kind

        def origin(self) -> QUrl:
            return QUrl(self.place)

        def grant(self) -> None:
            self.granted = True

        def deny(self) -> None:
            self.granted = False

    def decided(kind: Any, origin: str = HOME) -> bool | None:
        asked = Asked(kind, origin)
        _decide(asked)  # type: ignore[arg-type]
        return asked.granted

    assert decided(kinds.MediaAudioCapture) is True
    assert decided(kinds.MediaAudioCapture, "https://example.com/") is False
    others = [kind for kind in kinds if kind is not kinds.MediaAudioCapture]
    assert len(others) > 5
    assert [kind for kind in others if decided(kind)] == []


def test_a_page_that_dies_is_told_and_a_new_one_signs_in(
    qtbot: QtBot, carrier: Signalling, phone: WebSoftphone
) -> None:
    ear = Ear(phone)
    ready(qtbot, phone)
    page = phone._page
    assert page is not None
    os.kill(page.renderProcessPid(), signal.SIGKILL)
    until(qtbot, lambda: phone.phase is Phase.FAILED)
    assert ear.troubles[-1].where == "process"
    assert not shiboken6.isValid(page)
    ready(qtbot, phone)
    assert len(carrier.tokens) == 2
