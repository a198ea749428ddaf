"""The Settings page: what takes effect on this computer at once, and the practice's phone line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget

from ui.pages.page import Page
from ui.views.settings import SettingsView
from ui.widgets.segmented import Segmented

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.pages.phone_line import PhoneLinePart
    from ui.preferences import Preferences
    from ui.theme import Mode, Theme

__all__ = ["SettingsPage"]


class SettingsPage(Page):
    """Look, text size, sound, about; for who sets up the line, the line."""

    def __init__(
        self,
        theme: Theme,
        preferences: Preferences,
        version: str,
        parent: QWidget | None = None,
        *,
        line: PhoneLinePart | None = None,
    ) -> None:
        """Show what is set; ``line``: None for people who do not set it up."""
        super().__init__(self.tr("Settings"), parent)
        self._theme = theme
        self._preferences = preferences
        self.line = line
        self.view = SettingsView(version)
        self.view.show_values(theme.mode, theme.scale, preferences.sound_level)
        self.view.mode_chosen.connect(self._set_mode)
        self.view.scale_chosen.connect(self._set_scale)
        self.view.sound_chosen.connect(self._set_sound)
        self.bar.addStretch(1)
        self.part = Segmented(
            [("computer", self.tr("This computer")), ("line", self.tr("Phone line"))],
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

    def _show_part(self, key: str) -> None:
        self._stack.setCurrentIndex(0 if key == "computer" else 1)

    def shows(self) -> frozenset[str]:
        """What the gateway answers about the line comes as a hint."""
        return frozenset() if self.line is None else frozenset({"team", "call"})

    def refresh(self) -> None:
        """Load what the line's part shows, if it is looked at."""
        if self.line is not None:
            self.line.load()

    def forget(self) -> None:
        """Keep nothing that was typed."""
        if self.line is not None:
            self.line.forget()

    def _set_mode(self, mode: Mode) -> None:
        self._theme.apply(mode)
        self._preferences.mode = mode

    def _set_scale(self, scale: float) -> None:
        self._theme.apply(scale=scale)
        self._preferences.scale = scale

    def _set_sound(self, level: int) -> None:
        self._preferences.sound_level = level
