"""A narrow column that scrolls: facts with their captions, and fields to fill in below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDateEdit,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.zoned_time import from_date, to_date

if TYPE_CHECKING:
    from datetime import date

__all__ = ["DayEdit", "FormColumn", "LinesEdit"]

W = TypeVar("W", bound=QWidget)


class DayEdit(QDateEdit):
    """A day, typed or chosen in a calendar."""

    def __init__(self, name: str, spoken: str, parent: QWidget | None = None) -> None:
        """Make a field; ``spoken`` is for screen readers."""
        super().__init__(parent)
        named(self, name, spoken)
        self.setCalendarPopup(True)
        self.setDisplayFormat("MMM d, yyyy")

    @property
    def day(self) -> date:
        """What is shown."""
        return to_date(self.date())

    def set_day(self, day: date) -> None:
        """Show a day."""
        self.setDate(from_date(day))

    def set_span(self, first: date, last: date) -> None:
        """Take no day before or after these."""
        self.setDateRange(from_date(first), from_date(last))


class LinesEdit(QPlainTextEdit):
    """A few lines of text; Tab leaves it."""

    def __init__(
        self, name: str, spoken: str, lines: int = 2, parent: QWidget | None = None
    ) -> None:
        """Make an empty field of that many lines; ``spoken`` is for screen readers."""
        super().__init__(parent)
        named(self, name, spoken)
        self._lines = lines
        self.setTabChangesFocus(True)
        follow_theme(self._rescale)

    @property
    def words(self) -> str:
        """What was typed, without the space around it."""
        return self.toPlainText().strip()

    def _rescale(self) -> None:
        edge = self.frameWidth() + active().px(7) + self.document().documentMargin()
        margins = round(2 * edge)
        self.setFixedHeight(self._lines * self.fontMetrics().lineSpacing() + margins)


class FormColumn(QScrollArea):
    """Rows below each other; what does not fit is scrolled to."""

    def __init__(self, spoken: str, parent: QWidget | None = None) -> None:
        """Make an empty column; ``spoken`` is for screen readers."""
        super().__init__(parent)
        self._pairs: dict[QWidget, QWidget] = {}
        named(self, "", spoken)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        holder.setProperty("transparent", "true")
        self._rows = QVBoxLayout(holder)
        self._rows.setContentsMargins(0, 0, 6, 0)
        self._rows.addStretch(1)
        self.setWidget(holder)
        follow_theme(self._rescale)

    def add(self, row: W) -> W:
        """Put a widget below the others."""
        self._rows.insertWidget(self._rows.count() - 1, row)
        return row

    def fact(self, caption: str) -> QLabel:
        """Add a caption and return the label for what is known."""
        value = label("")
        value.setWordWrap(True)
        value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.field(caption, value)
        return value

    def field(self, caption: str, control: QWidget) -> QWidget:
        """Add a control under its caption; returns what holds both, to show or hide."""
        pair = QWidget()
        pair.setProperty("transparent", "true")
        column = QVBoxLayout(pair)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        name = label(caption, "caption")
        name.setBuddy(control)
        column.addWidget(name)
        column.addWidget(control)
        self._pairs[control] = pair
        return self.add(pair)

    def set_shown(self, control: QWidget, shown: bool) -> None:
        """Show or hide a control or fact with its caption. Raises KeyError for another widget."""
        self._pairs[control].setVisible(shown)

    def row(self, *widgets: QWidget) -> QWidget:
        """Add widgets beside each other, from the left."""
        holder = QWidget()
        holder.setProperty("transparent", "true")
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        for widget in widgets:
            line.addWidget(widget)
        line.addStretch(1)
        return self.add(holder)

    def _rescale(self) -> None:
        self._rows.setSpacing(active().px(9))
