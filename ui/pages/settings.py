"""The Settings page: takes effect at once and is remembered on this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.pages.page import Page
from ui.views.settings import SettingsView

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from ui.preferences import Preferences
    from ui.theme import Mode, Theme

__all__ = ["SettingsPage"]


class SettingsPage(Page):
    """Look, text size, sound, about."""

    def __init__(
        self, theme: Theme, preferences: Preferences, version: str, parent: QWidget | None = None
    ) -> None:
        """Show what is set."""
        super().__init__(self.tr("Settings"), parent)
        self._theme = theme
        self._preferences = preferences
        self.view = SettingsView(version)
        self.view.show_values(theme.mode, theme.scale, preferences.sound_level)
        self.view.mode_chosen.connect(self._set_mode)
        self.view.scale_chosen.connect(self._set_scale)
        self.view.sound_chosen.connect(self._set_sound)
        self.bar.addStretch(1)
        self.column.addWidget(self.view, 1)
        self._loads: list[Callable[[], None]] = []

    def add_card(self, card: QWidget, load: Callable[[], None]) -> None:
        """Put a card of the practice's settings before “About”; ``load`` fills it when shown."""
        self.view.add_card(card)
        self._loads.append(load)

    def refresh(self) -> None:
        """Load what the practice has set."""
        for load in self._loads:
            load()

    def _set_mode(self, mode: Mode) -> None:
        self._theme.apply(mode)
        self._preferences.mode = mode

    def _set_scale(self, scale: float) -> None:
        self._theme.apply(scale=scale)
        self._preferences.scale = scale

    def _set_sound(self, level: int) -> None:
        self._preferences.sound_level = level
