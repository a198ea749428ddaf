"""The openings as a table model: rows are steps of time, columns are days or clinicians."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from ui.models.clock_text import clock, day, local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coordinator_app.domain.schedule import DayOpenings, Openings, SlotHold

__all__ = ["CELL", "COLUMN", "Cell", "CellKind", "Column", "OpeningsModel"]

CELL = Qt.ItemDataRole.UserRole + 1
COLUMN = Qt.ItemDataRole.UserRole + 2
_NO_INDEX = QModelIndex()
_FULL_DAY = 24 * 60


class CellKind(enum.Enum):
    """What a stretch of a column is."""

    FREE = "free"
    HELD = "held"  # by me
    BUSY = "busy"
    CLOSED = "closed"  # lunch, outside the hours, out of the office


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of time in one column."""

    kind: CellKind
    start: datetime
    minutes: int
    text: str
    practitioner_id: UUID
    row: int
    span: int


@dataclass(frozen=True, slots=True)
class Column:
    """What the head of a column says."""

    title: str  # "Mon", or "Dr. Okafor"
    number: str  # "24", "" for clinicians
    today: bool
    openings: int
    spoken: str


def _minute(at: datetime, zone: str) -> int:
    there = local(at, zone)
    return there.hour * 60 + there.minute


class OpeningsModel(QAbstractTableModel):
    """Cells of the week (one clinician) or of one day (all clinicians)."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._openings: Openings | None = None
        self._hold: SlotHold | None = None
        self._cells: dict[tuple[int, int], Cell] = {}
        self._columns: list[Column] = []
        self.step = 30  # minutes of one row
        self.first_minute = 480
        self._rows = 0

    # -- Qt -----------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        """Steps of time."""
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        """Days, or clinicians."""
        return 0 if parent.isValid() else len(self._columns)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:  # noqa: ANN401  (Qt's own signature)
        """Serve a cell's text and its spoken words."""
        cell = self.cell(index.row(), index.column()) if index.isValid() else None
        if cell is None:
            return None
        if role == CELL:
            return cell
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            return self.spoken(cell)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:  # noqa: ANN401  (Qt's own signature)
        """Days above, hours at the side."""
        if orientation == Qt.Orientation.Horizontal:
            known = 0 <= section < len(self._columns)
            return self._head_data(self._columns[section], role) if known else None
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        minute = self.first_minute + section * self.step
        if minute % 60:
            return ""
        hour = minute // 60 % 24
        return f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"

    @staticmethod
    def _head_data(column: Column, role: int) -> object:
        served: dict[int, object] = {
            COLUMN: column,
            Qt.ItemDataRole.DisplayRole: f"{column.title} {column.number}".strip(),
            Qt.ItemDataRole.AccessibleTextRole: column.spoken,
        }
        return served.get(role)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        """Only openings can be chosen."""
        cell = self.cell(index.row(), index.column()) if index.isValid() else None
        if cell is not None and cell.kind in {CellKind.FREE, CellKind.HELD}:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    # -- what is shown ------------------------------------------------------------------------

    @property
    def zone(self) -> str:
        """The practice's zone; "UTC" before anything is shown."""
        return self._openings.zone if self._openings is not None else "UTC"

    def cell(self, row: int, column: int) -> Cell | None:
        """Return the cell that begins here, or None."""
        return self._cells.get((row, column))

    def cells(self) -> Iterator[tuple[int, Cell]]:
        """Yield (column, cell) of everything."""
        for (_, column), cell in self._cells.items():
            yield column, cell

    def choices(self) -> list[tuple[int, Cell]]:
        """Return (column, cell) of every opening in the order of time."""
        found = [
            (c, cell) for c, cell in self.cells() if cell.kind in {CellKind.FREE, CellKind.HELD}
        ]
        return sorted(found, key=lambda pair: (pair[1].start, pair[0]))

    def spoken(self, cell: Cell) -> str:
        """Return a cell in words: "Tue Nov 25, 10:30 AM, Dr. Okafor, free"."""
        words = {
            CellKind.FREE: "free",
            CellKind.HELD: "held for this patient",
            CellKind.BUSY: "taken",
            CellKind.CLOSED: "closed",
        }
        parts = [day(cell.start, self.zone), clock(cell.start, self.zone), self._name(cell)]
        if cell.kind in {CellKind.BUSY, CellKind.CLOSED}:
            parts.append(cell.text)
        return ", ".join([*(part for part in parts if part), words[cell.kind]])

    def _name(self, cell: Cell) -> str:
        days = self._openings.days if self._openings is not None else ()
        ids = (d.practitioner for d in days if d.practitioner_id == cell.practitioner_id)
        return next(ids, "")

    def now_row(self, now: datetime) -> tuple[list[int], float] | None:
        """Return (columns of today, rows from the top) of this moment, None when not in view.

        A week has one such column, a day's clinicians all are.
        """
        today = [column for column, head in enumerate(self._columns) if head.today]
        rows = (_minute(now, self.zone) - self.first_minute) / self.step
        return (today, rows) if today and 0 <= rows <= self._rows else None

    def set_openings(
        self, openings: Openings | None, hold: SlotHold | None, *, by_clinician: bool = False
    ) -> None:
        """Show openings; ``hold`` is painted as held wherever it lies."""
        self.beginResetModel()
        self._openings = openings
        self._hold = hold
        self._cells = {}
        self._columns = []
        self._rows = 0
        if openings is not None and openings.days:
            self._measure(openings)
            today = local(openings.now, openings.zone).date()
            for number, one_day in enumerate(openings.days):
                self._fill(number, one_day, openings)
                self._columns.append(self._head(number, one_day, today, by_clinician=by_clinician))
        self.endResetModel()

    def _head(self, number: int, one: DayOpenings, today: date, *, by_clinician: bool) -> Column:
        free = sum(1 for column, _ in self.choices() if column == number)
        title = one.practitioner if by_clinician else f"{one.day:%a}"
        state = one.out_of_office or f"{free} open"
        spoken = f"{one.practitioner}, {one.day:%A %B} {one.day.day}, {state}"
        return Column(
            title, "" if by_clinician else str(one.day.day), one.day == today, free, spoken
        )

    def _measure(self, openings: Openings) -> None:
        zone = openings.zone
        starts: set[int] = set()
        low, high = _FULL_DAY, 0
        for one in openings.days:
            spans = [(span.start, span.end) for span in one.working]
            spans += [(span.start, span.end) for span in one.busy]
            for first, last in spans:
                begin, end = _minute(first, zone), _minute(last, zone)
                starts |= {begin, end}
                low, high = min(low, begin), max(high, end)
            starts |= {_minute(at, zone) for at in one.free}
        if low >= high:
            low, high = 480, 1020
        self.first_minute = low // 60 * 60
        self.step = math.gcd(30, *(s - self.first_minute for s in starts)) or 30
        self._rows = math.ceil((high - self.first_minute) / self.step)

    def _fill(self, column: int, one: DayOpenings, openings: Openings) -> None:
        zone = openings.zone
        last = self.first_minute + self._rows * self.step
        hold = self._hold if self._hold is not None and self._held_here(one, openings) else None
        if not one.working:
            self._put(column, CellKind.CLOSED, one, (self.first_minute, last), one.out_of_office)
            return
        for busy in one.busy:
            if busy.mine and hold is not None:
                continue  # painted as held below
            closed = busy.kind == "Lunch"
            kind = CellKind.CLOSED if closed else CellKind.BUSY
            span = _minute(busy.start, zone), _minute(busy.end, zone)
            self._put(column, kind, one, span, busy.kind)
        begin, end = _minute(one.working[0].start, zone), _minute(one.working[-1].end, zone)
        if begin > self.first_minute:
            self._put(column, CellKind.CLOSED, one, (self.first_minute, begin), "")
        if end < last:
            self._put(column, CellKind.CLOSED, one, (end, last), "")
        self._fill_free(column, one, openings, hold)

    def _fill_free(
        self, column: int, one: DayOpenings, openings: Openings, hold: SlotHold | None
    ) -> None:
        zone = openings.zone
        starts = [_minute(at, zone) for at in one.free]
        taken: tuple[int, int] | None = None
        if hold is not None:
            taken = _minute(hold.start, zone), _minute(hold.end, zone)
            self._put(column, CellKind.HELD, one, taken, clock(hold.start, zone))
        for number, begin in enumerate(starts):
            end = begin + openings.visit_minutes
            if number + 1 < len(starts):
                end = min(end, starts[number + 1])  # overlapping starts share the room
            if taken is not None and begin < taken[1] and taken[0] < end:
                if begin >= taken[0]:
                    continue
                end = taken[0]
            self._put(column, CellKind.FREE, one, (begin, end), clock(one.free[number], zone))

    def _held_here(self, one: DayOpenings, openings: Openings) -> bool:
        hold = self._hold
        return (
            hold is not None
            and hold.practitioner == one.practitioner
            and local(hold.start, openings.zone).date() == one.day
        )

    def _put(
        self, column: int, kind: CellKind, one: DayOpenings, minutes: tuple[int, int], text: str
    ) -> None:
        begin, end = minutes
        row = (begin - self.first_minute) // self.step
        span = min(max(1, (end - begin) // self.step), self._rows - row)
        if not 0 <= row < self._rows or end <= begin:
            return
        zone = self._openings.zone if self._openings is not None else "UTC"
        midnight = local(datetime.fromisoformat(f"{one.day}T12:00:00+00:00"), zone)
        start = midnight.replace(year=one.day.year, month=one.day.month, day=one.day.day)
        start = start.replace(hour=0, minute=0, second=0) + timedelta(minutes=begin)
        cell = Cell(kind, start, end - begin, text, one.practitioner_id, row, span)
        self._cells[row, column] = cell
