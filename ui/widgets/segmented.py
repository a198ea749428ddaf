"""A row of exclusive choices with optional counts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.painting import fitted, focus_ring, follow_theme, painting, rounded, text_width

__all__ = ["Segmented"]


class _Segment(QRadioButton):
    """A radio button to keyboards and screen readers, a segment to the eye."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.base = text
        self.count: int | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.refresh()
        follow_theme(self.refresh)

    def refresh(self) -> None:
        shown = self.base if self.count is None else f"{self.base} {self.count:,}"
        self.setText(shown)
        self.setAccessibleName(shown)
        self.updateGeometry()
        self.update()

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def sizeHint(self) -> QSize:
        theme = active()
        width = text_width(self.text(), theme.font("small", "semibold"))
        return QSize(width + theme.px(22), theme.px(26))

    def minimumSizeHint(self) -> QSize:
        theme = active()
        return QSize(theme.px(34), theme.px(26))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        chosen = self.isChecked()
        rect = QRectF(self.rect())
        with painting(self) as painter:
            if chosen:
                rounded(painter, rect, theme.px(6), theme.color("surface"), theme.color("border"))
            elif self.underMouse() and self.isEnabled():
                rounded(painter, rect, theme.px(6), theme.color("pressed"))
            font = theme.font("small", "semibold" if chosen else "medium")
            painter.setFont(font)
            token = "text" if chosen else "text2"
            painter.setPen(theme.color(token if self.isEnabled() else "text3"))
            text = fitted(self.text(), font, rect.width() - theme.px(6))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
            if self.hasFocus():
                focus_ring(painter, self.rect(), theme.px(6))


class Segmented(QWidget):
    """Choose one of a few; arrow keys move, Tab enters at the chosen one.

    Signals:
        chosen: the key of the segment that a person or ``choose`` has made current.
    """

    chosen = Signal(str)

    def __init__(
        self, items: Sequence[tuple[str, str]], name: str, parent: QWidget | None = None
    ) -> None:
        """Make the control; the first item is chosen.

        Args:
            items: (key, label) in order; at least one.
            name: what is chosen here, for screen readers.
            parent: Qt parent.

        Raises:
            ValueError: no items, or one key twice.
        """
        super().__init__(parent)
        if not items or len({key for key, _ in items}) != len(items):
            raise ValueError("A segmented control needs at least one item, and each key once.")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._segments: dict[str, _Segment] = {}
        self._row = QHBoxLayout(self)
        self._row.setSpacing(2)
        for key, text in items:
            segment = _Segment(text, self)
            segment.setObjectName(f"segment.{key}")
            self._segments[key] = segment
            self._group.addButton(segment)
            self._row.addWidget(segment)
        self._segments[items[0][0]].setChecked(True)
        self._group.buttonToggled.connect(self._toggled)
        follow_theme(self._rescale)

    @property
    def current(self) -> str:
        """The key of the chosen segment."""
        return next(key for key, segment in self._segments.items() if segment.isChecked())

    def choose(self, key: str) -> None:
        """Choose a segment. Raises KeyError."""
        self._segments[key].setChecked(True)

    def set_count(self, key: str, count: int | None) -> None:
        """Show a number behind the label, or none. Raises KeyError."""
        segment = self._segments[key]
        segment.count = count
        segment.refresh()

    def _toggled(self, button: object, on: bool) -> None:
        if on:
            self.chosen.emit(next(key for key, item in self._segments.items() if item is button))

    def _rescale(self) -> None:
        edge = active().px(3)
        self._row.setContentsMargins(edge, edge, edge, edge)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        with painting(self) as painter:
            rounded(painter, QRectF(self.rect()), theme.px(8), theme.color("neutral_soft"))
