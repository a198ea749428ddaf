"""How loud a microphone or a speaker is, as a bar."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme, painting, rounded

__all__ = ["LevelMeter"]

_FALL = 0.85  # of what was shown before, so that a short sound can be seen


class LevelMeter(QWidget):
    """Shows the loudness of now, and the loudest since it was cleared."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make a silent meter; ``name`` is for screen readers."""
        super().__init__(parent)
        self._name = name
        self.value = 0.0
        self.loudest = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clear()
        follow_theme(self.updateGeometry)

    def clear(self) -> None:
        """Begin anew."""
        self.value = self.loudest = 0.0
        self._say()

    def hear(self, level: float) -> None:
        """Show a level, 0 to 1."""
        self.value = max(level, self.value * _FALL)
        self.loudest = max(self.loudest, level)
        self._say()

    def _say(self) -> None:
        self.setAccessibleName(f"{self._name}: {round(self.value * 100)} %")
        self.update()

    def sizeHint(self) -> QSize:
        """A thin bar."""
        return QSize(active().px(120), active().px(10))

    def minimumSizeHint(self) -> QSize:
        """Narrower is not readable."""
        return QSize(active().px(60), active().px(10))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the trough, the level, and a mark at the loudest."""
        theme = active()
        whole = QRectF(self.rect())
        radius = whole.height() / 2
        with painting(self) as painter:
            rounded(painter, whole, radius, theme.color("neutral_soft"), theme.color("border"))
            width = whole.width() * min(1.0, self.value)
            if width > whole.height():
                filled = QRectF(0, 0, width, whole.height())
                rounded(painter, filled, radius, theme.color("success_text"))
            if self.loudest > 0:
                at = min(whole.width() - 3, whole.width() * self.loudest)
                painter.fillRect(QRectF(at, 0, 2, whole.height()), theme.color("text2"))
