"""The charts of the supervisor's page: stacked bars, heat map, funnel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from ui.theme import active
from ui.theme.tokens import contrast, mix
from ui.widgets.charts import Chart, Table, nice_ceiling, plain_number
from ui.widgets.painting import fitted, rounded, text_width, top_rounded

__all__ = ["Funnel", "HeatMap", "StackedBars"]

_CENTER = Qt.AlignmentFlag.AlignCenter
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_GRID_PARTS = 3


class StackedBars(Chart):
    """Parts of a whole, one bar for each day, with a legend above."""

    WIDTH, HEIGHT = 520, 240

    def __init__(
        self, name: str, series: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        """Make an empty chart.

        Args:
            name: for screen readers.
            series: (label, colour token) from the bottom of a bar upwards.
            parent: Qt parent.
        """
        self._series = tuple(series)
        self._bars: tuple[tuple[str, tuple[float, ...]], ...] = ()
        super().__init__(name, parent)

    def set_bars(self, bars: Sequence[tuple[str, Sequence[float]]]) -> None:
        """Show other numbers.

        Args:
            bars: (label under the bar, one value of at least 0 for each series).

        Raises:
            ValueError: a bar has another number of values than there are series.
        """
        for name, values in bars:
            if len(values) != len(self._series):
                raise ValueError(f"The bar {name!r} needs {len(self._series)} values.")
        self._bars = tuple((name, tuple(values)) for name, values in bars)
        self.describe()

    def as_table(self) -> Table:
        headers = (self.tr("Day"), *(name for name, _ in self._series))
        rows = tuple((name, *map(plain_number, values)) for name, values in self._bars)
        return Table(headers, rows)

    def draw(self, painter: QPainter) -> None:
        if not self._bars:
            self.nothing(painter)
            return
        px = active().px
        top = self._legend(painter)
        area = QRectF(px(34), top + px(12), self.width() - px(40), 0)
        area.setBottom(self.height() - px(22))
        ceiling = nice_ceiling(max(sum(values) for _, values in self._bars), _GRID_PARTS)
        self._grid(painter, area, ceiling)
        pitch = area.width() / len(self._bars)
        width = min(px(38), pitch * 0.6)
        for number, (name, values) in enumerate(self._bars):
            middle = area.left() + (number + 0.5) * pitch
            box = QRectF(middle - width / 2, area.top(), width, area.height())
            self._bar(painter, box, values, ceiling)
            under = QRectF(middle - pitch / 2, area.bottom() + px(4), pitch, px(18))
            painter.setFont(active().font("caption"))
            painter.setPen(active().color("text2"))
            painter.drawText(under, _CENTER, fitted(name, painter.font(), pitch))

    def _legend(self, painter: QPainter) -> float:
        theme = active()
        font = theme.font("caption")
        painter.setFont(font)
        x, y, line = float(theme.px(2)), 0.0, theme.px(18)
        for name, token in self._series:
            width = theme.px(15) + text_width(name, font)
            if x + width > self.width() and x > theme.px(2):
                x, y = float(theme.px(2)), y + line
            edge = theme.px(9)
            rounded(painter, QRectF(x, y + (line - edge) / 2, edge, edge), 2, theme.color(token))
            painter.setPen(theme.color("text2"))
            painter.drawText(QRectF(x + theme.px(14), y, width, line), _LEFT, name)
            x += width + theme.px(14)
        return y + line

    @staticmethod
    def _grid(painter: QPainter, area: QRectF, ceiling: float) -> None:
        theme = active()
        painter.setFont(theme.font("caption"))
        for part in range(_GRID_PARTS + 1):
            y = round(area.bottom() - part / _GRID_PARTS * area.height()) + 0.5
            painter.setPen(QPen(theme.color("border2" if part == 0 else "border"), 1))
            painter.drawLine(int(area.left()), int(y), int(area.right()), int(y))
            painter.setPen(theme.color("text2"))
            box = QRectF(0, y - theme.px(8), area.left() - theme.px(8), theme.px(16))
            painter.drawText(box, _RIGHT, plain_number(ceiling * part / _GRID_PARTS))

    def _bar(
        self, painter: QPainter, area: QRectF, values: Sequence[float], ceiling: float
    ) -> None:
        theme = active()
        bottom = area.bottom()
        last = max((n for n, value in enumerate(values) if value > 0), default=-1)
        for number, value in enumerate(values):
            height = value / ceiling * area.height()
            if height <= 0:
                continue
            gap = 0.0 if number == last else min(1.0, height / 2)
            part = QRectF(area.left(), bottom - height, area.width(), height).adjusted(0, gap, 0, 0)
            color = theme.color(self._series[number][1])
            painter.setPen(Qt.PenStyle.NoPen)
            if number == last:
                painter.fillPath(top_rounded(part, theme.px(4)), color)
            else:
                painter.fillRect(part, color)
            bottom -= height


class HeatMap(Chart):
    """A table of numbers in which a stronger colour is a higher number; the number is written."""

    WIDTH, HEIGHT = 520, 240

    def __init__(self, name: str, unit: str, parent: QWidget | None = None) -> None:
        """Make an empty map; ``unit`` is said after each number, for example "%"."""
        self._unit = unit
        self._columns: tuple[str, ...] = ()
        self._rows: tuple[tuple[str, tuple[float | None, ...]], ...] = ()
        super().__init__(name, parent)

    def set_cells(
        self, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[float | None]]]
    ) -> None:
        """Show other numbers; None is a cell without any calls.

        Raises:
            ValueError: a row has another number of cells than there are columns.
        """
        for name, cells in rows:
            if len(cells) != len(columns):
                raise ValueError(f"The row {name!r} needs {len(columns)} cells.")
        self._columns = tuple(columns)
        self._rows = tuple((name, tuple(cells)) for name, cells in rows)
        self.describe()

    def as_table(self) -> Table:
        def cell(value: float | None) -> str:
            return "–" if value is None else f"{plain_number(value)} {self._unit}".rstrip()

        rows = tuple((name, *map(cell, cells)) for name, cells in self._rows)
        return Table((self.tr("Day"), *self._columns), rows)

    def draw(self, painter: QPainter) -> None:
        numbers = [value for _, cells in self._rows for value in cells if value is not None]
        if not numbers:
            self.nothing(painter)
            return
        theme = active()
        px = theme.px
        low, high = min(numbers), max(numbers)
        left, bottom, gap = px(38), px(20), px(3)
        width = (self.width() - left) / len(self._columns)
        height = (self.height() - bottom) / len(self._rows)
        for y, (name, cells) in enumerate(self._rows):
            painter.setFont(theme.font("caption"))
            painter.setPen(theme.color("text2"))
            painter.drawText(QRectF(0, y * height, left - px(8), height), _RIGHT, name)
            for x, value in enumerate(cells):
                box = QRectF(left + x * width, y * height, width - gap, height - gap)
                self._cell(painter, box, value, low, high)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text2"))
        for x, name in enumerate(self._columns):
            box = QRectF(left + x * width, self.height() - bottom, width - gap, bottom)
            painter.drawText(box, _CENTER, name)

    @staticmethod
    def _cell(painter: QPainter, box: QRectF, value: float | None, low: float, high: float) -> None:
        theme = active()
        if value is None:
            rounded(painter, box, theme.px(4), theme.color("surface2"), theme.color("border"))
            return
        share = (value - low) / ((high - low) or 1.0)
        fill = mix(theme.hex("heat_low"), theme.hex("heat_high"), share)
        rounded(painter, box, theme.px(4), QColor(fill))
        ink = max(
            (theme.hex("heat_text_low"), theme.hex("heat_text_high")),
            key=lambda color: contrast(color, fill),
        )
        painter.setFont(theme.font("caption", "medium"))
        painter.setPen(QColor(ink))
        painter.drawText(box, _CENTER, plain_number(value))


class Funnel(Chart):
    """Steps of which each keeps a part of the one before; per cent of the first."""

    WIDTH, HEIGHT = 520, 220

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty funnel."""
        self._steps: tuple[tuple[str, int], ...] = ()
        super().__init__(name, parent)

    def set_steps(self, steps: Sequence[tuple[str, int]]) -> None:
        """Show other numbers: (label, how many), widest first."""
        self._steps = tuple(steps)
        self.describe()

    def as_table(self) -> Table:
        first = self._steps[0][1] if self._steps else 0
        rows = tuple(
            (name, plain_number(count), _percent(count, first)) for name, count in self._steps
        )
        return Table((self.tr("Step"), self.tr("Patients"), self.tr("Share")), rows)

    def draw(self, painter: QPainter) -> None:
        if not self._steps:
            self.nothing(painter)
            return
        theme = active()
        px = theme.px
        first = self._steps[0][1]
        names = theme.font("small")
        left = max(text_width(name, names) for name, _ in self._steps) + px(14)
        right, shares = px(108), px(56)
        pitch = self.height() / len(self._steps)
        thick = min(px(28), pitch * 0.62)
        room = max(1.0, self.width() - left - right)
        for number, (name, count) in enumerate(self._steps):
            top = number * pitch + (pitch - thick) / 2
            painter.setFont(names)
            painter.setPen(theme.color("text2"))
            painter.drawText(QRectF(0, top, left, thick), _LEFT, name)
            rounded(painter, QRectF(left, top, room, thick), px(5), theme.color("neutral_soft"))
            width = room * min(1.0, count / first) if first else 0.0
            if width > 0:
                filled = QRectF(left, top, max(px(6), width), thick)
                rounded(painter, filled, px(5), theme.color("primary"))
            painter.setFont(theme.font("body", "semibold"))
            painter.setPen(theme.color("text"))
            count_box = QRectF(self.width() - right, top, right - shares, thick)
            painter.drawText(count_box, _RIGHT, plain_number(count))
            painter.setFont(theme.font("small"))
            painter.setPen(theme.color("text2"))
            share_box = QRectF(self.width() - shares, top, shares, thick)
            painter.drawText(share_box, _RIGHT, _percent(count, first))


def _percent(count: int, first: int) -> str:
    return f"{count / first * 100:.0f} %" if first else "–"
