"""Buttons: icon-only with a name, ordinary with an icon, and one that shows it is working."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QPushButton, QToolButton, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

__all__ = ["Button", "ButtonKind", "IconButton", "Switch"]

ButtonKind = Literal["", "primary", "danger", "ghost", "link"]
_INK = {
    "": "text",
    "ghost": "text2",
    "primary": "on_primary",
    "danger": "on_danger",
    "link": "primary_text",
}

_GAP = 4  # between icon and words, on top of Qt's own


class IconButton(QToolButton):
    """A button that shows only an icon; its name is spoken and is its tooltip."""

    def __init__(
        self,
        icon: str,
        name: str,
        parent: QWidget | None = None,
        *,
        color: str = "text2",
        size: int = 18,
        framed: bool = False,
        small: bool = False,
        tooltip: str = "",
    ) -> None:
        """Make a button.

        Args:
            icon: icon file name without ``.svg``.
            name: what pressing it does; required, because an icon alone says nothing to a
                screen reader.
            parent: Qt parent.
            color: token of the icon.
            size: icon size in pixels at text scale 1.0.
            framed: with a border, 36 px instead of 30.
            small: 24 px.
            tooltip: the name when empty; give the keymap's tooltip to show the key as well.

        Raises:
            ValueError: the name is empty.
        """
        super().__init__(parent)
        if not name:
            raise ValueError("An icon button needs a name for screen readers.")
        self._look = (icon, color)
        self._edge = size
        self.setProperty("framed", "true" if framed else "false")
        if small:
            self.setProperty("size", "small")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_name(name, tooltip)
        follow_theme(self._rescale)

    def set_name(self, name: str, tooltip: str = "") -> None:
        """Say what pressing it does now."""
        self.setAccessibleName(name)
        self.setToolTip(tooltip or name)

    def set_look(self, icon: str, color: str | None = None) -> None:
        """Show another icon, in the same colour token unless one is given."""
        self._look = (icon, color or self._look[1])
        self._rescale()

    def _rescale(self) -> None:
        edge = active().px(self._edge)
        self.setIconSize(QSize(edge, edge))
        active().set_icon(self, *self._look, self._edge)


class Button(QPushButton):
    """A push button of one of five kinds, with an optional icon.

    ``set_busy`` disables it and shows what is going on, so that a slow answer cannot be asked
    for twice.
    """

    def __init__(
        self,
        text: str,
        kind: ButtonKind = "",
        icon: str = "",
        parent: QWidget | None = None,
        *,
        size: Literal["small", "normal", "large"] = "normal",
        icon_color: str = "",
    ) -> None:
        """Make a button; ``icon_color`` defaults to the colour of the text."""
        super().__init__(text, parent)
        self._label = text
        self._icon = icon
        self._ink = icon_color or _INK[kind]
        self._edge = 15 if size == "small" else 17
        self.setProperty("kind", kind)
        self.setProperty("size", size)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        follow_theme(self._rescale)

    @property
    def busy(self) -> bool:
        """Whether it is waiting for an answer."""
        return self.text() != self._label

    def set_label(self, text: str) -> None:
        """Change the words; ends being busy."""
        self._label = text
        self.set_busy("")

    def set_icon(self, icon: str, color: str = "") -> None:
        """Change the icon, and its colour token when one is given."""
        self._icon = icon
        self._ink = color or self._ink
        self._rescale()

    def set_busy(self, text: str) -> None:
        """Show ``text`` ("Signing in…") and take no presses; "" ends it."""
        self.setText(text or self._label)
        self.setEnabled(not text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it like Space; Qt alone does so only in dialogs."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def _rescale(self) -> None:
        if self._icon:
            edge = active().px(self._edge)
            self.setIconSize(QSize(edge + active().px(_GAP), edge))
            active().set_icon(self, self._icon, self._ink, self._edge, gap=_GAP)


class Switch(QCheckBox):
    """An on/off switch; a check box to keyboards and screen readers."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        """Make a switch that is off."""
        super().__init__(text, parent)
        self.setProperty("switch", "true")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
