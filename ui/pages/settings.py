"""The Settings page: takes effect at once.

The look is remembered on this computer, the phone by the practice's database: it is the person's,
wherever they sit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from ui.pages.page import Page
from ui.views.settings import SettingsView
from ui.widgets.my_ear import MyEarCard
from ui.widgets.narrow_scroll import NarrowScroll
from ui.widgets.segmented import Segmented

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QShowEvent
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.ear import MyEar
    from ui.pages.phone_line import PhoneLinePart
    from ui.preferences import Preferences
    from ui.softphone.desk import EarDesk
    from ui.theme import Mode, Theme

__all__ = ["SettingsPage"]


class SettingsPage(Page):
    """Your phone, look, text size, sound, about; for who sets up the practice's line, the line.

    Signals:
        line_test_wanted: open the line test.
    """

    line_test_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        version: str,
        ear: EarDesk | None = None,
        parent: QWidget | None = None,
        *,
        line: PhoneLinePart | None = None,
    ) -> None:
        """Show what is set; ``ear``: of somebody who calls; ``line``: of who sets it up."""
        super().__init__(self.tr("Settings"), parent)
        self._theme = theme
        self._preferences = preferences
        self._desk = ear
        self.line = line
        self.ear: MyEarCard | None = None if ear is None else self._make_ear(ear)
        self.view = SettingsView(version, self.ear)
        self.view.show_values(theme.mode, theme.scale, preferences.sound_level)
        self.view.mode_chosen.connect(self._set_mode)
        self.view.scale_chosen.connect(self._set_scale)
        self.view.sound_chosen.connect(self._set_sound)
        self.bar.addStretch(1)
        self.part = Segmented(
            [
                ("computer", self.tr("This computer")),
                ("line", self.tr("Phone line")),
                ("recording", self.tr("Recording")),
            ],
            self.tr("Part of the settings"),
        )
        self.part.setVisible(line is not None)
        self.bar.addWidget(self.part)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        if line is not None:
            self._stack.addWidget(line)
        self.part.chosen.connect(self._show_part)
        self.column.addWidget(self._stack, 1)
        self._load_recording: Callable[[], None] | None = None

    def _show_part(self, key: str) -> None:
        self._stack.setCurrentIndex(("computer", "line", "recording").index(key))

    def add_recording(self, card: QWidget, load: Callable[[], None]) -> None:
        """Give the part “Recording” its card; ``load`` fills it when the page is shown."""
        scroll = NarrowScroll(self.tr("Recording"))
        scroll.box.addWidget(card)
        scroll.box.addStretch(1)
        self._stack.addWidget(scroll)
        self._load_recording = load

    def refresh(self) -> None:
        """Load what the practice has set."""
        if self._load_recording is not None:
            self._load_recording()
        if self.line is not None:
            self.line.load()

    def shows(self) -> frozenset[str]:
        """What the gateway answers about the line comes as a hint."""
        return frozenset() if self.line is None else frozenset({"team", "call"})

    def forget(self) -> None:
        """Keep nothing that was typed."""
        if self.line is not None:
            self.line.forget()

    def _make_ear(self, desk: EarDesk) -> MyEarCard:
        card, kept = MyEarCard(), self._preferences

        def show_devices(*_: object) -> None:
            card.show_devices(desk.devices, kept.microphone, kept.speaker)

        def show_ear(ear: MyEar) -> None:
            card.show_ear(ear, desk.lacks)

        desk.ear_changed.connect(show_ear)
        desk.refused.connect(lambda error: card.show_problem(error.sentence))
        desk.changed.connect(card.show_state)
        desk.devices_changed.connect(show_devices)
        desk.level.connect(card.hear)
        card.ear_wanted.connect(desk.keep)
        card.devices_chosen.connect(desk.choose)
        card.listen_wanted.connect(desk.listen)
        card.tone_wanted.connect(desk.play_tone)
        card.line_test_wanted.connect(self.line_test_wanted)
        show_devices()
        if desk.ear is not None:
            show_ear(desk.ear)
            card.show_state(desk.state)
        return card

    def showEvent(self, event: QShowEvent) -> None:
        """What the administrator has set up since is offered."""
        super().showEvent(event)
        if self._desk is not None:
            self._desk.load()

    def hideEvent(self, event: QHideEvent) -> None:
        """A microphone that is tried is let go with the page."""
        super().hideEvent(event)
        if self.ear is not None:
            self.ear.stop_listening()

    def _set_mode(self, mode: Mode) -> None:
        self._theme.apply(mode)
        self._preferences.mode = mode

    def _set_scale(self, scale: float) -> None:
        self._theme.apply(scale=scale)
        self._preferences.scale = scale

    def _set_sound(self, level: int) -> None:
        self._preferences.sound_level = level
