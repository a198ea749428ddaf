"""Small labels: chips, section headings, key caps, and text that shortens itself."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStyle, QStyleOption, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme, painting, set_kind

__all__ = ["Chip", "ChipKind", "Elide", "KeyCap", "KeyHint", "SectionLabel", "label"]

ChipKind = Literal["danger", "warning", "success", "info", "violet", "neutral", "primary"]
_TRACKING = 103.0  # per cent: capitals set small need air


def label(text: str, type_: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a plain-text label.

    Types: display h1 h2 h3 strong script clock small muted caption section error.

    Plain text only: a patient's name that looks like HTML must stay what it is.
    """
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if type_:
        made.setProperty("type", type_)
    return made


class Chip(QLabel):
    """A soft tinted tag. The words carry the meaning; the colour only helps."""

    def __init__(
        self, text: str = "", kind: ChipKind = "neutral", parent: QWidget | None = None
    ) -> None:
        """Make a chip; an empty one hides itself."""
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setProperty("chip", kind)
        self.set(text, kind)

    def set(self, text: str, kind: ChipKind | None = None) -> None:
        """Change the words, and the colour when one is given."""
        self.setText(text)
        self.setVisible(bool(text))
        if kind is not None:
            set_kind(self, "chip", kind)


class SectionLabel(QLabel):
    """A small heading in capitals; screen readers get it as it was written."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        """Make a heading."""
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("type", "section")
        self.setAccessibleName(text)
        font = QFont(self.font())
        font.setCapitalization(QFont.Capitalization.AllUppercase)
        font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, _TRACKING)
        self.setFont(font)


class KeyCap(QLabel):
    """One key as it looks on the keyboard."""

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        """Make a key cap; ``key`` is native text such as "F5" or "Ctrl+B"."""
        super().__init__(key, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("key", "true")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


class KeyHint(QWidget):
    """A key cap and what it does, for the hint bar."""

    def __init__(self, key: str, text: str, parent: QWidget | None = None) -> None:
        """Make a hint."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(active().px(6))
        row.addWidget(KeyCap(key, self))
        row.addWidget(label(text, "small", self))
        self.setAccessibleName(f"{text}: {key}")


class Elide(QLabel):
    """One line that shortens itself; the whole text is its tooltip and accessible name."""

    def __init__(self, text: str = "", type_: str = "", parent: QWidget | None = None) -> None:
        """Make a label of a type (see :func:`label`)."""
        super().__init__(parent)
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if type_:
            self.setProperty("type", type_)
        self.setText(text)
        follow_theme(self._rescale)

    def setText(self, text: str) -> None:
        self._full = text
        super().setText(text)
        self.setAccessibleName(text)
        self._show_tooltip()

    def shortened(self) -> bool:
        """Whether the text does not fit at the present width."""
        return self.fontMetrics().horizontalAdvance(self._full) > self.contentsRect().width()

    def _rescale(self) -> None:
        self.updateGeometry()
        self._show_tooltip()

    def _show_tooltip(self) -> None:
        self.setToolTip(self._full if self.shortened() else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tooltip()

    def minimumSizeHint(self) -> QSize:
        # A few letters: narrower than that says nothing.
        metrics = QFontMetrics(self.font())
        least = min(metrics.horizontalAdvance(self._full), metrics.averageCharWidth() * 6)
        return QSize(least, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        rect = self.contentsRect()
        shown = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, rect.width())
        option = QStyleOption()
        option.initFrom(self)
        with painting(self) as painter:
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
            painter.setFont(self.font())
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(rect, int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)
