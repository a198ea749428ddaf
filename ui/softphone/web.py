"""The real softphone: the carrier's library in a page that nobody sees.

What keeps it in its place: a profile that writes nothing to the disk; a scheme of our own that
serves five files of ours; a content security policy; every other address refused, navigation too;
the microphone for our own page and nothing else for anybody (telephony.md 1.6).
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, Final

import shiboken6
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QFile,
    QIODevice,
    QObject,
    QTimer,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import (
    QWebEngineNavigationRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)

import resources
from coordinator_app.domain.line_errors import Next, codes_of
from ui.softphone.base import Devices, Phase, Quality, Softphone, Trouble
from ui.softphone.sdk import SDK_FILE, library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator_app.domain.ear import SoftphoneToken

__all__ = ["WebSoftphone", "allowed"]

SCHEME: Final = "softphone"
HOME: Final = f"{SCHEME}://app/"
# Signalling and quality reports of the carrier; audio goes beside them, encrypted (DTLS-SRTP).
_CARRIER: Final = re.compile(
    r"wss://voice-js\.[a-z0-9-]+\.twilio\.com/signal|"
    r"https://eventgw(\.[a-z0-9-]+)?\.twilio\.com/v[0-9]+/EndpointEvents|"
    r"https://eventgw(\.[a-z0-9-]+)?\.twilio\.com/v[0-9]+/EndpointMetrics"
)
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self' {hosts}; media-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_CARRIER_HOSTS: Final = "wss://*.twilio.com https://*.twilio.com"
_TYPES: Final = {"html": b"text/html", "js": b"text/javascript", "wav": b"audio/wav"}
# 20 ms of nothing, instead of the ringing sounds that the library would fetch.
_SILENCE: Final = (
    b"RIFF" + (36 + 320).to_bytes(4, "little") + b"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little") + b"\x02\x00\x10\x00data"
    + (320).to_bytes(4, "little") + bytes(320)
)  # fmt: skip
# The token is not (any more) good: a new one, once (telephony.md 1.2).
_TOKEN_CODES: Final = codes_of(Next.MINT_AGAIN)
_LOST_CODES: Final = codes_of(Next.WAIT)


def allowed(url: str, test_host: str = "") -> bool:
    """Whether the page may talk to this address.

    Args:
        url: the address that it asks for.
        test_host: "127.0.0.1:PORT" of a test's signalling.
    """
    if url.startswith((HOME, "blob:" + HOME, f"blob:{SCHEME}:")):
        return True
    if test_host and url == f"wss://{test_host}/signal":
        return True
    return _CARRIER.fullmatch(url.partition("?")[0]) is not None


@functools.cache
def _register_scheme() -> None:
    """Make our scheme known. In time before the first profile: nothing has to be loaded earlier,
    and those who hear on their own phone pay nothing."""
    scheme = QWebEngineUrlScheme(SCHEME.encode())
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    flag = QWebEngineUrlScheme.Flag
    scheme.setFlags(flag.SecureScheme | flag.CorsEnabled | flag.FetchApiAllowed)
    QWebEngineUrlScheme.registerScheme(scheme)


class _Files(QWebEngineUrlSchemeHandler):
    """Serves the page and what it is made of."""

    def __init__(self, hosts: str, parent: QObject) -> None:
        super().__init__(parent)
        self._policy = _POLICY.format(hosts=hosts).encode()
        channel = QFile(":/qtwebchannel/qwebchannel.js")
        channel.open(QIODevice.OpenModeFlag.ReadOnly)
        self._files: Mapping[str, bytes] = {
            "": resources.text("softphone/page.html").encode(),
            "page.js": resources.text("softphone/page.js").encode(),
            SDK_FILE: library(),
            "qwebchannel.js": bytes(channel.readAll().data()),
            "silence.wav": _SILENCE,
        }

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        """Answer, or refuse what is not ours."""
        name = job.requestUrl().path().lstrip("/")
        content = self._files.get(name)
        if content is None or job.requestMethod() != b"GET":
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        job.setAdditionalResponseHeaders(
            {
                QByteArray(b"Content-Security-Policy"): [QByteArray(self._policy)],  # type: ignore[dict-item]  # a list, whatever the stub says
                QByteArray(b"X-Content-Type-Options"): [QByteArray(b"nosniff")],  # type: ignore[dict-item]
            }
        )
        answer = QBuffer(job)
        answer.setData(content)
        answer.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(_TYPES[name.rpartition(".")[2] or "html"], answer)


class _Gate(QWebEngineUrlRequestInterceptor):
    """Lets nothing out but to the carrier."""

    def __init__(self, test_host: str, parent: QObject) -> None:
        super().__init__(parent)
        self._test_host = test_host
        self.refused: list[str] = []

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        """Block every other address."""
        url = info.requestUrl().toString()
        if not allowed(url, self._test_host):
            self.refused.append(url)
            info.block(True)


class _Page(QWebEnginePage):
    """Stays where it is, asks nobody, says nothing on the terminal."""

    def acceptNavigationRequest(
        self, url: QUrl | str, _kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Only our own page, and no frame in it."""
        return bool(is_main_frame) and QUrl(url).toString() == HOME

    def javaScriptConsoleMessage(self, *_: object) -> None:
        """The library would log identities and the ends of tokens: nothing of it is kept."""

    def javaScriptAlert(self, *_: object) -> None:
        """No dialog of a page that nobody sees."""

    def javaScriptConfirm(self, *_: object) -> bool:
        """The same."""
        return False

    def chooseFiles(self, *_: object) -> list[str]:
        """No file of this computer."""
        return []


class _Bridge(QObject):
    """The only thing of the window that the page can reach: one line each way."""

    asked = Signal(str)
    told = Signal(str)

    @Slot(str)
    def tell(self, text: str) -> None:
        """Called by the page."""
        self.told.emit(text)


class WebSoftphone(Softphone):
    """See :class:`Softphone`."""

    def __init__(self, parent: QObject | None = None, *, test_host: str = "") -> None:
        """Make it; nothing is loaded yet.

        Args:
            parent: Qt owner.
            test_host: "127.0.0.1:PORT" of a test's signalling, in place of the carrier's.
        """
        super().__init__(parent)
        self._test_host = test_host
        self._profile: QWebEngineProfile | None = None
        self._page: _Page | None = None
        self._bridge: _Bridge | None = None
        self._gate: _Gate | None = None
        self._loaded = False
        self._waiting: list[dict[str, Any]] = []
        self._token_asked = False
        self._heard: dict[str, Any] = {
            "loaded": self._on_loaded,
            "registered": self._on_registered,
            "unregistered": self._on_unregistered,
            "token_will_expire": lambda _: self.token_wanted.emit(),
            "error": self._on_error,
            "unexpected": lambda _: self.turned_away.emit(),
            "ringing": lambda _: self._set_phase(Phase.RINGING),
            "accepted": lambda _: self._set_phase(Phase.ON_CALL),
            "reconnecting": lambda _: self._set_phase(Phase.LOST),
            "reconnected": lambda _: self._set_phase(Phase.ON_CALL),
            "ended": lambda _: self._set_phase(Phase.READY),
            "flowing": lambda _: self.audio.emit(True),
            "silent": lambda _: self.audio.emit(False),
            "level": lambda told: self.level.emit(_number(told, "input"), _number(told, "output")),
            "quality": self._on_quality,
            "warning": lambda told: self.warned.emit(
                str(told.get("name", "")), bool(told.get("on"))
            ),
            "devices": self._on_devices,
            "tone": lambda _: self.tone_ended.emit(),
        }

    # -- orders -------------------------------------------------------------------------------

    def open(self) -> None:
        """See the base."""
        if self._page is not None:
            return
        _register_scheme()
        self._set_phase(Phase.LOADING)
        profile = QWebEngineProfile()  # without a name it keeps everything in memory
        profile.setSpellCheckEnabled(False)
        hosts = f"wss://{self._test_host}" if self._test_host else _CARRIER_HOSTS
        files = _Files(hosts, profile)
        profile.installUrlSchemeHandler(SCHEME.encode(), files)
        self._gate = _Gate(self._test_host, profile)
        profile.setUrlRequestInterceptor(self._gate)
        page = _Page(profile, self)
        _tame(page.settings())
        page.permissionRequested.connect(_decide)
        page.navigationRequested.connect(_keep_home)
        page.renderProcessTerminated.connect(self._on_died)
        page.fullScreenRequested.connect(lambda request: request.reject())
        bridge = _Bridge(self)
        channel = QWebChannel(page)
        channel.registerObject("bridge", bridge)
        page.setWebChannel(channel)
        bridge.told.connect(self._on_told)
        self._profile, self._page, self._bridge = profile, page, bridge
        page.setUrl(QUrl(HOME))

    def sign_in(self, token: SoftphoneToken) -> None:
        """See the base. A token of the practice line opens nothing anywhere and is not sent."""
        self.open()
        if token.is_practice_line and not self._test_host:
            return
        options: dict[str, Any] = {}
        if self._test_host:
            options = {"chunderw": self._test_host, "publishEvents": False}
        self._set_phase(Phase.SIGNING_IN)
        self._token_asked = False
        self._ask("sign_in", token=token.token, options=options, silence=HOME + "silence.wav")

    def update_token(self, token: SoftphoneToken) -> None:
        """See the base."""
        self._ask("token", token=token.token)

    def expect(self, from_number: str, seconds: float) -> None:
        """See the base."""
        self._ask("expect", **{"from": from_number}, ms=round(seconds * 1000))

    def mute(self, on: bool) -> None:
        """See the base."""
        self._ask("mute", on=on)

    def choose(self, microphone: str, speaker: str) -> None:
        """See the base."""
        self._ask("choose", input=microphone, output=speaker)

    def listen(self, on: bool) -> None:
        """See the base."""
        self._ask("listen", on=on)

    def play_tone(self) -> None:
        """See the base."""
        self._ask("tone")

    def close(self) -> None:
        """See the base."""
        page, profile = self._page, self._profile
        self._page = self._profile = self._bridge = self._gate = None
        self._loaded = False
        self._waiting.clear()
        if page is not None and profile is not None:
            shiboken6.delete(page)  # at once: a profile may go only after its page has
            profile.deleteLater()
        self._set_phase(Phase.OFF)

    def _ask(self, what: str, **facts: object) -> None:
        order = {"do": what, **facts}
        if not self._loaded or self._bridge is None:
            self._waiting.append(order)
        else:
            self._bridge.asked.emit(json.dumps(order))

    # -- what the page tells ------------------------------------------------------------------

    def _on_told(self, text: str) -> None:
        told = json.loads(text)
        hear = self._heard.get(told.get("kind"))
        if hear is not None:
            hear(told)

    def _on_loaded(self, told: Mapping[str, Any]) -> None:
        # Nobody sees it, but to Chromium it has to be seen: the clocks of a hidden page go slowly,
        # after five minutes once a minute, and a signalling that sleeps so long is lost.
        # Before it has loaded this would be forgotten again.
        if self._page is not None:
            self._page.setVisible(True)
        if not told.get("supported"):
            self._set_phase(Phase.FAILED)
            self.troubled.emit(Trouble(0, "load", "not supported"))
            return
        self._loaded = True
        waiting, self._waiting = self._waiting, []
        for order in waiting:
            self._ask(order.pop("do"), **order)
        if self._phase is Phase.LOADING:
            self._set_phase(Phase.OFF)

    def _on_registered(self, told: Mapping[str, Any]) -> None:
        self.edge = str(told.get("edge", ""))[:40]
        self._token_asked = False
        if self._phase not in {Phase.RINGING, Phase.ON_CALL}:
            self._set_phase(Phase.READY)

    def _on_unregistered(self, _: Mapping[str, Any]) -> None:
        if self._phase is Phase.READY:
            self._set_phase(Phase.LOST)

    def _on_error(self, told: Mapping[str, Any]) -> None:
        trouble = Trouble(
            int(_number(told, "code")), str(told.get("where", "")), str(told.get("name", ""))
        )
        if trouble.code in _TOKEN_CODES and not self._token_asked:
            self._token_asked = True  # once; a second refusal is told
            self.token_wanted.emit()
            return
        if trouble.code in _LOST_CODES:
            self._set_phase(Phase.LOST)  # the library tries again by itself
        elif trouble.where in {"register", "sign_in"} or trouble.code in _TOKEN_CODES:
            self._set_phase(Phase.FAILED)
        self.troubled.emit(trouble)

    def _on_quality(self, told: Mapping[str, Any]) -> None:
        self.quality.emit(
            Quality(
                mos=_number(told, "mos"),
                rtt_ms=_number(told, "rtt"),
                jitter_ms=_number(told, "jitter"),
                loss=_number(told, "loss"),
            )
        )

    def _on_devices(self, told: Mapping[str, Any]) -> None:
        self.devices_changed.emit(
            Devices(
                tuple(str(one)[:120] for one in told.get("inputs", ())),
                tuple(str(one)[:120] for one in told.get("outputs", ())),
                input_there=bool(told.get("input_there")),
                output_there=bool(told.get("output_there")),
            )
        )

    def _on_died(self, *_: object) -> None:
        QTimer.singleShot(0, self, self._bury)  # not while the page is still telling us

    def _bury(self) -> None:
        self.close()
        self._set_phase(Phase.FAILED)
        self.troubled.emit(Trouble(0, "process", "ended"))


def _tame(settings: QWebEngineSettings) -> None:
    attribute = QWebEngineSettings.WebAttribute
    for off in (
        attribute.LocalStorageEnabled,
        attribute.PluginsEnabled,
        attribute.JavascriptCanOpenWindows,
        attribute.JavascriptCanAccessClipboard,
        attribute.JavascriptCanPaste,
        attribute.LocalContentCanAccessRemoteUrls,
        attribute.LocalContentCanAccessFileUrls,
        attribute.AllowRunningInsecureContent,
        attribute.ScreenCaptureEnabled,
        attribute.HyperlinkAuditingEnabled,
        attribute.DnsPrefetchEnabled,
        attribute.PlaybackRequiresUserGesture,  # nobody can click on a page that is hidden
    ):
        settings.setAttribute(off, False)


def _decide(permission: QWebEnginePermission) -> None:
    """The microphone for our own page; nothing else for anybody."""
    kind = QWebEnginePermission.PermissionType.MediaAudioCapture
    if permission.permissionType() == kind and permission.origin().toString() == HOME:
        permission.grant()
    else:
        permission.deny()


def _keep_home(request: QWebEngineNavigationRequest) -> None:
    if request.url().toString() != HOME or not request.isMainFrame():
        request.reject()


def _number(told: Mapping[str, Any], name: str) -> float:
    value = told.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0
