"""A combo box that shortens its text instead of cutting it off."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from ui.theme import active

__all__ = ["ElideCombo"]


class ElideCombo(QComboBox):
    """Shrinks to ``least`` pixels; the whole text is its tooltip and spoken value."""

    def __init__(
        self, name: str, list_name: str, least: int = 90, parent: QWidget | None = None
    ) -> None:
        """Make an empty box.

        Args:
            name: for screen readers.
            list_name: the popup's name; Qt leaves it unnamed.
            least: smallest width in pixels at text scale 1.0.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._least = least
        self.setAccessibleName(name)
        self.view().setAccessibleName(list_name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(self.setToolTip)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a narrow card."""
        return QSize(active().px(self._least), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint as the style does, with the text elided."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        theme = active()
        text = self.currentText() or self.placeholderText()
        room = self.rect().adjusted(theme.px(10), 0, -theme.px(26), 0)
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        token = "text" if self.currentText() and self.isEnabled() else "text3"
        painter.setPen(theme.color(token))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, int(flags), shown)
