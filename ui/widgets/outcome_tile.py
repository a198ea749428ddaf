"""One outcome of a call: icon, key and words, pressed once."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import fitted, focus_ring, follow_theme, painting, rounded

__all__ = ["OutcomeTile"]


class OutcomeTile(QAbstractButton):
    """A checkable tile. Put tiles into an exclusive QButtonGroup for one choice of many."""

    def __init__(
        self, text: str, key: str, icon: str, kind: str = "neutral", parent: QWidget | None = None
    ) -> None:
        """Make a tile.

        Args:
            text: the outcome in words.
            key: the key that chooses it, shown in its corner.
            icon: icon file name without ``.svg``.
            kind: danger, warning, success, info, violet or neutral.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._key, self._icon, self._kind = key, icon, kind
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(text)
        self.setAccessibleDescription(self.tr("Key %1").replace("%1", key))
        self.setToolTip(f"{text} ({key})")
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        # One width for all, so that a grid of tiles has equal columns.
        return QSize(active().px(100), active().px(54))

    def minimumSizeHint(self) -> QSize:
        theme = active()
        return QSize(theme.px(80), theme.px(54))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and plain and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        px = theme.px
        on, enabled = self.isChecked(), self.isEnabled()
        rect = QRectF(self.rect())
        with painting(self) as painter:
            hover = self.underMouse() and enabled
            fill = f"{self._kind}_soft" if on else "hover" if hover else "surface"
            rounded(painter, rect, px(8), theme.color(fill), theme.color("border"))
            if on:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.color(self._kind), 2))
                painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), px(8) - 1, px(8) - 1)
            tint = f"{self._kind}_text" if enabled else "text3"
            pixmap = theme.pixmap(self._icon, tint, 17, self.devicePixelRatioF())
            painter.drawPixmap(px(9), px(8), pixmap)
            self._paint_key(painter, rect, on)
            font = theme.font("small", "semibold" if on else "medium")
            painter.setFont(font)
            painter.setPen(
                theme.color(f"{self._kind}_text" if on else "text" if enabled else "text3")
            )
            line = rect.adjusted(px(9), px(28), -px(6), -px(5))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(line, int(flags), fitted(self.text(), font, line.width()))
            if self.hasFocus():
                focus_ring(painter, self.rect(), px(8))

    def _paint_key(self, painter: QPainter, rect: QRectF, on: bool) -> None:
        theme = active()
        edge = theme.px(17)
        cap = QRectF(rect.right() - edge - theme.px(6), rect.top() + theme.px(6), edge, edge)
        rounded(painter, cap, theme.px(4), theme.color("surface"), theme.color("border2"))
        painter.setFont(theme.font("caption", "semibold"))
        painter.setPen(theme.color("text" if on else "text2"))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)
