"""Everything between signing in and signing out: rail, top bar, pages, status bar.

It is one widget, so that the window can take all of it out when it locks.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, QTimeZone, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.call import CallState
from coordinator_app.domain.person import Role
from coordinator_app.domain.returns import ReturnsWaiting
from ui.models.words import ROLE_LABELS
from ui.notices import Notices
from ui.page_set import PageSet
from ui.pages.call_log import CallLogPage
from ui.pages.callbacks import CallbacksPage
from ui.pages.find import FindPage
from ui.pages.keys import KeysPage
from ui.pages.line_test import LineTestPage
from ui.pages.page import Page
from ui.pages.people import PeoplePage
from ui.pages.phone_line import PhoneLinePart
from ui.pages.privacy import PrivacyPage
from ui.pages.recording_settings import RecordingSettingsDesk
from ui.pages.schedule import SchedulePage
from ui.pages.settings import SettingsPage
from ui.pages.team import TeamPage
from ui.pages.workstation import BEAT_MS, Workstation
from ui.softphone.desk import EarDesk
from ui.theme import Mode
from ui.views.call_bar import CallBar
from ui.views.status_bar import StatusBar
from ui.views.top_bar import TopBar
from ui.widgets.avatar_button import AvatarButton
from ui.widgets.banner import BannerArea
from ui.widgets.brand import Mark
from ui.widgets.nav_rail import NavItem, NavRail

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from PySide6.QtGui import QResizeEvent

    from coordinator_app.domain.person import WorkStatus
    from coordinator_app.domain.returns import ReturnRow
    from coordinator_app.domain.session import Heartbeat
    from coordinator_app.services.session import Session
    from ui.link import LinkWatch
    from ui.softphone.words import EarState
    from ui.tools import Tools

__all__ = ["PAGES", "Workspace", "own_zone"]

# What each role works with. The database refuses the rest whatever stands here.
PAGES: Final[dict[Role, tuple[str, ...]]] = {
    Role.COORDINATOR: ("queue", "schedule", "callbacks", "call_log", "find"),
    Role.SUPERVISOR: (
        "queue",
        "schedule",
        "callbacks",
        "call_log",
        "find",
        "team",
        "people",
        "privacy",
    ),
    Role.CLINICIAN: ("schedule", "call_log", "find", "privacy"),
    Role.ADMINISTRATOR: ("people", "call_log"),
    Role.AUDITOR: ("privacy", "call_log", "find"),
}
FIRST_PAGE: Final = {Role.SUPERVISOR: "team"}
_AT_ONCE: Final = frozenset({"queue", "callbacks"})
_FULL = 1380  # effective width: window width / text scale (ui.md section 1)


def own_zone() -> str:
    """The IANA zone of this computer; UTC when it has none."""
    return bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace") or "UTC"


class Workspace(QWidget):
    """One person's session on the screen.

    Signals:
        lock_requested: lock now.
        sign_out_requested: end the session.
        live_changed: a call is up (True) or not (False).
    """

    lock_requested = Signal()
    sign_out_requested = Signal()
    live_changed = Signal(bool)

    def __init__(self, session: Session, link: LinkWatch, tools: Tools) -> None:
        """Build the pages of the person's role; the first one is open."""
        super().__init__()
        self.setObjectName("workspace")
        self.session = session
        self._link = link
        self._tools = tools
        signed_in = session.signed_in
        self._person = signed_in.person
        role = signed_in.person.role
        keys = PAGES[role]
        self.call_bar: CallBar | None = None
        self.station: Workstation | None = None
        self._live = False
        self._stack = QStackedWidget()
        # Who calls has an ear: a telephone of their own, or the softphone of the program.
        self.ear = self._make_ear() if "queue" in keys else None
        more = ("help", "settings") if self.ear is None else ("help", "settings", "line_test")
        self.pages = PageSet((*keys, *more), self._make_page, self._stack)
        for key in keys:
            if key in _AT_ONCE:
                self.pages[key]  # its calls and its badge matter from the first moment
        self.rail = self._make_rail(keys)
        self.top = TopBar(signed_in.practice, tools.keymap, self.call_bar)
        self.top.lock_requested.connect(self.lock_requested)
        self.top.theme_requested.connect(self._switch_theme)
        self.top.status_chosen.connect(self._set_status)
        self.status = StatusBar(session.connection.tls, tools.keymap, calls="queue" in keys)
        self.status.show_line(signed_in.line, signed_in.practice.zone)
        self.notices = Notices(session, tools.messages, self.pages, self.open, self)
        self.notices.show_line(signed_in.line)
        self.banners = BannerArea(tools.messages)
        self._lay_out()
        self._make_actions(keys)
        self._connect_link()
        callbacks = self.pages.get("callbacks")
        if isinstance(callbacks, CallbacksPage):
            callbacks.show_first(signed_in.callbacks)
        self._connect_ear()
        tools.theme.changed.connect(self._fit)
        if self.station is None:  # the workstation beats for those who have it
            timer = QTimer(self, interval=BEAT_MS)
            timer.timeout.connect(self._beat)
            timer.start()
        session.practice.listen(lambda kind: link.on_gui(lambda: self._on_hint(kind)))
        self.open(FIRST_PAGE.get(role, keys[0]))

    # -- building -----------------------------------------------------------------------------

    def _make_page(self, key: str) -> Page:
        session, link, tools = self.session, self._link, self._tools
        messages, keymap = tools.messages, tools.keymap
        makers: dict[str, Callable[[], Page]] = {
            "queue": self._make_station,
            "callbacks": self._make_callbacks,
            "team": self._make_team,
            "find": self._make_find,
            "schedule": lambda: SchedulePage(session, link, messages, keymap),
            "call_log": self._make_call_log,
            "people": lambda: PeoplePage(session, link, messages),
            "privacy": lambda: PrivacyPage(session, link, messages),
            "settings": self._make_settings,
            "line_test": self._make_line_test,
            "help": self._make_help,
        }
        page = makers[key]()
        page.changed.connect(self.broadcast)
        return page

    def _make_ear(self) -> EarDesk:
        tools = self._tools
        return EarDesk(
            self.session, self._link, tools.messages, tools.preferences, tools.softphone, self
        )

    def _connect_ear(self) -> None:
        ear, bar, station = self.ear, self.call_bar, self.station
        if ear is None or bar is None or station is None:
            return

        def show(state: EarState) -> None:
            self.status.show_ear(state.words, state.kind, state.about)
            bar.show_ear(state.words if state.problem else "", state.about)

        ear.changed.connect(show)
        ear.on_line.connect(station.phone.follow_softphone)
        station.phone.learned.connect(ear.follow_phone)
        station.live_changed.connect(ear.follow)

        def follow_mute() -> None:
            call = station.work.call
            ear.mute(call is not None and call.state is not CallState.ENDED and call.muted)

        station.work.call_changed.connect(follow_mute)
        for pressed in (bar.dial_requested, bar.phone.connect_wanted):
            pressed.connect(ear.expect)
        ear.load()

    def _make_settings(self) -> Page:
        tools = self._tools
        sets_up = self._person.role in {Role.SUPERVISOR, Role.ADMINISTRATOR}
        line = PhoneLinePart(self.session, self._link, tools.messages) if sets_up else None
        page = SettingsPage(tools.theme, tools.preferences, tools.version, self.ear, line=line)
        page.line_test_wanted.connect(lambda: self.open("line_test"))
        if sets_up:
            recording = RecordingSettingsDesk(self.session, self._link, page)
            page.add_recording(recording.view, recording.load)
        return page

    def _make_line_test(self) -> Page:
        tools = self._tools
        if self.ear is None:
            raise KeyError("line_test")
        return LineTestPage(self.session, self._link, tools.messages, self.ear, tools.version)

    def _make_station(self) -> Page:
        tools = self._tools
        self.call_bar = CallBar(self.session.clock.now, tools.keymap)
        self.station = Workstation(
            self.session, self._link, tools.messages, tools.theme, tools.keymap, self.call_bar
        )
        self.station.live_changed.connect(self._on_live)
        self.station.beaten.connect(self._on_beat)
        return self.station

    def _make_callbacks(self) -> Page:
        page = CallbacksPage(self.session, self._link, self._tools.messages, own_zone())
        page.open_requested.connect(self.open_patient)
        page.take_requested.connect(self.open_returned)
        page.link_requested.connect(self.find_caller)
        page.due_changed.connect(lambda count: self.rail.set_badge("callbacks", count))
        return page

    def _make_call_log(self) -> Page:
        page = CallLogPage(self.session, self._link, self._tools.messages, self._tools.keymap)
        page.looks_requested.connect(self.open_looks)
        return page

    def _make_find(self) -> Page:
        page = FindPage(self.session, self._link, self._tools.messages)
        page.open_requested.connect(self.open_found)
        return page

    def _make_team(self) -> Page:
        page = TeamPage(self.session, self._link, self._tools.messages)
        page.review_requested.connect(self._review)
        page.show_wanted.connect(lambda: self.open("team"))
        page.help_waiting.connect(lambda count: self.rail.set_badge("team", count))
        if self.ear is not None:
            page.phone_called.connect(self.ear.expect)
        return page

    def _make_rail(self, keys: tuple[str, ...]) -> NavRail:
        looks = {
            "queue": (self.tr("Queue"), "list-checks", "page.queue"),
            "schedule": (self.tr("Schedule"), "calendar", "page.schedule"),
            "callbacks": (self.tr("Callbacks"), "calendar-clock", "page.callbacks"),
            "call_log": (self.tr("Call log"), "history", "page.call_log"),
            "find": (self.tr("Find"), "search", "page.find"),
            "team": (self.tr("Team"), "layout-dashboard", "page.team"),
            "people": (self.tr("People"), "users", "page.people"),
            "privacy": (self.tr("Privacy"), "shield-check", "page.privacy"),
            "help": (self.tr("Help"), "circle-help", "window.keys"),
            "settings": (self.tr("Settings"), "settings", "window.settings"),
        }
        items = []
        for key in (*keys, "help", "settings"):
            words, icon, binding = looks[key]
            tip = self._tools.keymap.tooltip(binding, words)
            items.append(NavItem(key, words, icon, tip, bottom=key in {"help", "settings"}))
        rail = NavRail(items, self.tr("Pages"))
        rail.top.setContentsMargins(0, 0, 0, 10)
        mark = QHBoxLayout()
        mark.addStretch(1)
        mark.addWidget(Mark(38))
        mark.addStretch(1)
        rail.top.addLayout(mark)
        me = AvatarButton(self._person.name, ROLE_LABELS[self._person.role])
        me.setObjectName("me")
        who = me.menu.addAction(f"{self._person.name} · {ROLE_LABELS[self._person.role]}")
        who.setEnabled(False)
        me.menu.addSeparator()
        me.menu.addAction(self.tr("Lock the screen"), self.lock_requested.emit)
        me.menu.addAction(self.tr("Sign out"), self.sign_out_requested.emit)
        rail.foot.addWidget(me)
        rail.chosen.connect(self.open)
        return rail

    def _lay_out(self) -> None:
        body = QVBoxLayout()
        body.setContentsMargins(10, 0, 10, 0)
        body.setSpacing(0)
        room = QVBoxLayout()
        room.setContentsMargins(6, 6, 6, 0)
        room.addWidget(self.banners)
        body.addLayout(room)
        body.addWidget(self._stack, 1)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.top)
        right.addLayout(body, 1)
        right.addWidget(self.status)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.rail)
        outer.addLayout(right, 1)

    def _make_actions(self, keys: tuple[str, ...]) -> None:
        keymap = self._tools.keymap
        for key, name in (
            ("queue", "page.queue"),
            ("schedule", "page.schedule"),
            ("callbacks", "page.callbacks"),
            ("call_log", "page.call_log"),
            ("find", "page.find"),
            ("team", "page.team"),
            ("people", "page.people"),
            ("privacy", "page.privacy"),
        ):
            if key in keys:
                keymap.action(name, self, partial(self.open, key))
        keymap.action("window.keys", self, lambda: self.open("help"))
        keymap.action("window.settings", self, lambda: self.open("settings"))
        keymap.action("window.lock", self, self.lock_requested.emit)
        keymap.action("window.larger", self, lambda: self._scale_by(0.05))
        keymap.action("window.smaller", self, lambda: self._scale_by(-0.05))
        # A key is listed when something in this person's window listens to it.
        self._own_keys = frozenset(action.objectName() for action in self.actions())
        if self.call_bar is not None:
            self._own_keys |= {action.objectName() for action in self.call_bar.actions()}

    def _make_help(self) -> Page:
        page = KeysPage(self._tools.keymap, calls=self.ear is not None)
        page.line_test_wanted.connect(lambda: self.open("line_test"))
        for key in self.pages:
            if key != "help":
                self.pages[key]  # keys that are listened to are only known of pages that exist
        page.view.show_only({action.objectName() for action in self.findChildren(QAction)})
        return page

    def _connect_link(self) -> None:
        self._link.lost.connect(self._on_lost)
        self._link.restored.connect(self._on_restored)
        self._link.measured.connect(self.status.show_round_trip)

    # -- pages --------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """The key of the page on the screen."""
        return self.pages.current

    def open(self, key: str) -> None:
        """Show a page. Raises KeyError when this person does not have it."""
        page = self.pages.show(key)
        self.notices.follow_page(key)
        # The line test is a part of the settings.
        self.rail.set_current("settings" if key == "line_test" else key)
        self.status.show_keys(self._own_keys | {action.objectName() for action in page.actions()})

    def open_patient(self, entry_id: UUID) -> None:
        """Claim a patient in the workstation and show it."""
        if self.station is not None:
            self.open("queue")
            self.station.open_entry(entry_id)

    def open_looks(self, patient_id: UUID) -> None:
        """Show who looked at a patient, to those who may ask."""
        page = self.pages.get("privacy")
        if isinstance(page, PrivacyPage):
            page.open_patient(patient_id)
            self.open("privacy")

    def open_returned(self, return_id: UUID, patient_id: UUID | None) -> None:
        """Take a returned call: claim the patient, and the caller who waits on the line."""
        if self.station is not None:
            self.open("queue")
            self.station.open_returned(return_id, patient_id)
            self.notices.returned_call_taken()

    def find_caller(self, row: ReturnRow) -> None:
        """Let an unknown caller be found by name."""
        page = self.pages.get("find")
        if isinstance(page, FindPage):
            self.open("find")
            page.begin_link(row)

    def open_found(self, entry_id: UUID, reason: str) -> None:
        """Claim a patient that was looked up, and show it as any other."""
        if self.station is not None:
            self.open("queue")
            self.station.open_found(entry_id, reason)

    def broadcast(self, what: frozenset[str]) -> None:
        """Tell every page but the author what was written."""
        author = self.sender()
        for page in self.pages.made():
            if page is not author:
                page.on_changed(what)

    def _on_hint(self, kind: str) -> None:
        if kind == "call":
            # One's own channel: of one's call, and of one's access. Asking tells which.
            self._beat()
        hints = {
            "queue": frozenset({"queue", "callbacks", "openings", "returns"}),
            "call": frozenset({"call", "returns"}),
            "team": frozenset({"team", "call_log"}),
        }
        for page in self.pages.made():
            page.on_changed(hints.get(kind, frozenset()))

    def _review(self, person_id: UUID) -> None:
        log = self.pages.get("call_log")
        if isinstance(log, CallLogPage):
            self.open("call_log")
            log.show_person(person_id)

    # -- lock ---------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        """Whether a call is up."""
        return self.call_bar is not None and self.call_bar.live

    def conceal(self) -> None:
        """Take every patient out of widgets and models; the call and the lease go on."""
        for page in self.pages.made():
            page.conceal()

    def restore(self) -> None:
        """Show again what was there."""
        for page in self.pages.made():
            page.restore()

    def close_session(self) -> None:
        """Listen to nothing more; the session itself is closed by whoever owns it."""
        self._link.close()
        if self.ear is not None:
            self.ear.close()

    # -- small things -------------------------------------------------------------------------

    def _on_live(self, live: bool) -> None:
        if live != self._live:
            self._live = live
            self.top.set_live(live)
            self.live_changed.emit(live)

    def _on_beat(self, beat: Heartbeat) -> None:
        self.status.show_line(beat.line, self.session.signed_in.practice.zone)
        self.notices.follow_beat(beat)
        if "callbacks" in self.pages:
            waiting = beat.returns or ReturnsWaiting()
            self.rail.set_badge("callbacks", beat.callbacks_due + waiting.on_the_phone)

    def _beat(self) -> None:
        session = self.session

        def done(beat: Heartbeat) -> None:
            session.clock.sync(beat.now)
            self._on_beat(beat)

        self._link.run(self, lambda: session.practice.heartbeat(None, 0), done=done)

    def _set_status(self, status: WorkStatus) -> None:
        practice = self.session.practice
        self._link.run(
            self,
            lambda: practice.set_status(status),
            done=lambda _: self.broadcast(frozenset({"team"})),
        )

    def _switch_theme(self) -> None:
        theme = self._tools.theme
        theme.apply(Mode.LIGHT if theme.dark else Mode.DARK)
        self._tools.preferences.mode = theme.mode

    def _scale_by(self, step: float) -> None:
        theme = self._tools.theme
        theme.apply(scale=round(theme.scale + step, 2))
        self._tools.preferences.scale = theme.scale

    def _on_lost(self) -> None:
        self.status.set_down(True)
        self.notices.tell_lost()

    def _on_restored(self) -> None:
        if self.ear is not None:
            self.ear.load()
        self.status.set_down(False)
        self.notices.tell_restored()
        everything = frozenset(
            {"queue", "callbacks", "call_log", "team", "schedule", "call", "privacy"}
        )
        for page in self.pages.made():
            page.on_changed(everything)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give up what matters least when there is little room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        effective = self.width() / self._tools.theme.scale
        self.rail.set_narrow(effective < _FULL)
        self.top.set_room(effective)
        self.status.set_room(self.status.width())
