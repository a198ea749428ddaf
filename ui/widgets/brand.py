"""The program's mark and name."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QLinearGradient, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme, painting

__all__ = ["Logo", "Mark"]


class Mark(QLabel):
    """The teal square with a handset; decoration."""

    def __init__(self, size: int = 38, parent: QWidget | None = None) -> None:
        """Make a mark of ``size`` pixels at text scale 1.0."""
        super().__init__(parent)
        self._edge = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        edge = active().px(self._edge)
        return QSize(edge, edge)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        rect = QRectF(self.rect())
        # The mark looks the same in light and dark, like the avatars.
        fill = QLinearGradient(QPointF(0, 0), QPointF(rect.width(), rect.height()))
        fill.setColorAt(0, theme.color("avatar_5").lighter(150))
        fill.setColorAt(1, theme.color("avatar_5"))
        with painting(self) as painter:
            painter.setPen(QColor(0, 0, 0, 0))
            painter.setBrush(fill)
            painter.drawRoundedRect(rect, rect.width() * 0.26, rect.width() * 0.26)
            icon = round(self._edge * 0.56)
            pixmap = theme.pixmap("phone-call", "on_avatar", icon, self.devicePixelRatioF())
            edge = theme.px(icon)
            at = QPointF((rect.width() - edge) / 2, (rect.height() - edge) / 2)
            painter.drawPixmap(at, pixmap)


class Logo(QWidget):
    """Mark and name side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the pair."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(Mark(40, self))
        row.addWidget(label(self.tr("Care Coordinator"), "h1", self))
