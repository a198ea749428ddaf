"""Charts painted by ourselves in the theme's colours.

Every chart carries its numbers as accessible description and gives them as a table for the
"show as table" switch and for export; colour never says something that words do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme, painting
from ui.widgets.surfaces import Card, IconTile

__all__ = ["Chart", "Kpi", "Spark", "Table", "nice_ceiling", "plain_number"]


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart: one heading for each column, one tuple for each row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def in_words(self) -> str:
        """Return all of it as one text for a screen reader."""
        lines = (
            ", ".join(f"{head} {cell}" for head, cell in zip(self.headers, row, strict=True))
            for row in self.rows
        )
        return "; ".join(lines)


def plain_number(value: float) -> str:
    """Return a number with thousands separators and no needless decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def nice_ceiling(value: float, parts: int = 3) -> float:
    """Return where an axis of ``parts`` round steps (each at least 1) ends to hold ``value``."""
    step = max(1.0, value / parts)
    power = 10 ** math.floor(math.log10(step))
    rounded = next(base for base in (1, 2, 4, 5, 10) if base * power >= step - 1e-9) * power
    return float(rounded * parts)


class Chart(QWidget):
    """What all charts share: a name, numbers in words, and repainting with the theme."""

    WIDTH, HEIGHT = 200, 120

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty chart; ``name`` is for screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self._rescale)

    def as_table(self) -> Table:
        """Return the numbers that are drawn."""
        raise NotImplementedError

    def describe(self) -> None:
        """Say the present numbers to screen readers and repaint; call after each change."""
        self.setAccessibleDescription(self.as_table().in_words())
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Paint the chart; the painter is smooth and belongs to this widget."""
        raise NotImplementedError

    def paintEvent(self, _event: QPaintEvent) -> None:
        with painting(self) as painter:
            self.draw(painter)

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(active().px(self.WIDTH), active().px(self.HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(active().px(self.WIDTH * 0.6), active().px(self.HEIGHT * 0.7))

    def nothing(self, painter: QPainter) -> None:
        """Say that there are no numbers yet."""
        theme = active()
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text3"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.tr("No numbers yet"))


class Spark(Chart):
    """A small line without axes, its last point marked."""

    WIDTH, HEIGHT = 104, 34

    def __init__(self, name: str, kind: str = "primary", parent: QWidget | None = None) -> None:
        """Make an empty line in the colour of a token."""
        self._points: tuple[float, ...] = ()
        self._kind = kind
        super().__init__(name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_points(self, points: Sequence[float], kind: str | None = None) -> None:
        """Show other numbers, oldest first."""
        self._points = tuple(points)
        self._kind = kind or self._kind
        self.describe()

    def as_table(self) -> Table:
        rows = tuple((str(n), plain_number(v)) for n, v in enumerate(self._points, start=1))
        return Table((self.tr("Point"), self.tr("Value")), rows)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def draw(self, painter: QPainter) -> None:
        if len(self._points) < 2:
            return
        theme = active()
        color = theme.color(self._kind)
        dot = theme.px(3)
        area = QRectF(self.rect()).adjusted(1, dot + 1, -dot - 1, -dot - 1)
        low, high = min(self._points), max(self._points)
        span = (high - low) or 1.0
        step = area.width() / (len(self._points) - 1)
        points = [
            QPointF(area.left() + n * step, area.bottom() - (value - low) / span * area.height())
            for n, value in enumerate(self._points)
        ]
        line = QPainterPath(points[0])
        for point in points[1:]:
            line.lineTo(point)
        under = QPainterPath(line)
        under.lineTo(area.right(), float(self.height()))
        under.lineTo(area.left(), float(self.height()))
        under.closeSubpath()
        shade = QLinearGradient(0, area.top(), 0, float(self.height()))
        top, bottom = QColor(color), QColor(color)
        top.setAlphaF(0.18)
        bottom.setAlphaF(0.0)
        shade.setColorAt(0, top)
        shade.setColorAt(1, bottom)
        painter.fillPath(under, shade)
        pen = QPen(color, 1.8)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(line)
        painter.setPen(QPen(theme.color("surface"), 1.5))
        painter.setBrush(color)
        painter.drawEllipse(points[-1], dot, dot)


class Kpi(Card):
    """One figure, where it comes from, and how it goes."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        """Make a card that shows a dash until there is a figure."""
        super().__init__(parent=parent)
        self._name = title
        self.figure = label("–", "display", self)
        self.arrow = IconTile("minus", "neutral", self, tile=0, size=14)
        self.change = label("", "small", self)
        self.spark = Spark(title, parent=self)
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.addWidget(label(title, "small", self), 0, 0)
        grid.addWidget(self.figure, 1, 0)
        below = QHBoxLayout()
        below.setSpacing(5)
        below.addWidget(self.arrow)
        below.addWidget(self.change, 1)
        grid.addLayout(below, 2, 0)
        grid.addWidget(self.spark, 0, 1, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(0, 1)
        self.body.addLayout(grid)
        self.setAccessibleName(title)

    def set(
        self,
        figure: str,
        change: str,
        trend: Literal["up", "down", "flat"],
        verdict: Literal["good", "bad", "neutral"],
        points: Sequence[float] = (),
    ) -> None:
        """Show a figure.

        Args:
            figure: as it is read, for example "46.0 %".
            change: against what, for example "+3.1 pt vs last week".
            trend: which way it went.
            verdict: whether that is good; fewer missed callbacks go down and are good.
            points: numbers of the small line, oldest first.
        """
        icons = {"up": "trending-up", "down": "trending-down", "flat": "minus"}
        kinds = {"good": "success", "bad": "danger", "neutral": "neutral"}
        lines = {"good": "success", "bad": "danger", "neutral": "info"}
        self.figure.setText(figure)
        self.change.setText(change)
        self.arrow.set(icons[trend], kinds[verdict])
        self.spark.set_points(points, lines[verdict])
        self.setAccessibleName(
            f"{self._name}: {figure}, {change}" if change else f"{self._name}: {figure}"
        )
