"""The queue as a list model: rows move and change in place, so that a selection survives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from coordinator_app.domain.queue import Chip, QueueRow
from ui.models.clock_text import clock_in, local, zone_label
from ui.models.words import NO_NAME, NO_NAME_WHY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

__all__ = ["CHIPS", "LOCAL_TIME", "ROW", "QueueModel", "row_chips", "row_words"]

ROW = Qt.ItemDataRole.UserRole + 1  # the QueueRow
LOCAL_TIME = Qt.ItemDataRole.UserRole + 2  # the patient's clock, "9:42 AM CT"
CHIPS = Qt.ItemDataRole.UserRole + 3  # what stands under the name
_WEEK = 7  # days; from then on a weekday does not say which
_NO_INDEX = QModelIndex()


def _opens(row: QueueRow, now: datetime) -> str:
    gate = row.gate
    if gate is None:
        return ""
    if gate.opens_at is None:
        return "Not callable now"
    there = local(gate.opens_at, row.zone)
    days = (there.date() - local(now, row.zone).date()).days
    if days >= _WEEK:
        return f"Opens {there:%b} {there.day}"
    time = f"{there:%a} " if days else ""
    time += there.strftime("%I:%M").lstrip("0")
    return f"Opens {time} {zone_label(gate.opens_at, row.zone)}"


def row_chips(row: QueueRow, now: datetime) -> tuple[Chip, ...]:
    """Return the chips of a row: who has it, when it opens, then its own."""
    chips: list[Chip] = []
    if row.held_by is not None:
        chips.append(Chip("Yours" if row.mine else f"With {row.held_by}", "info"))
    if row.gate is not None:
        chips.append(Chip(_opens(row, now), "neutral"))
    return (*chips, *row.chips)


def row_words(row: QueueRow, now: datetime) -> str:
    """Return a row as one spoken sentence."""
    parts = [
        row.name or f"{NO_NAME} ({NO_NAME_WHY.rstrip('.').lower()})",
        f"score {row.score}",
        row.reason,
        *(chip.text for chip in row_chips(row, now)),
        f"{row.attempts} of {row.max_attempts} attempts",
        f"local time {clock_in(now, row.zone)}",
    ]
    if row.gate is not None:
        parts.append(row.gate.sentence)
    return ", ".join(parts)


def _tip(row: QueueRow) -> str:
    said = row.gate.sentence if row.gate else row.reason
    return said if row.name else f"{NO_NAME_WHY} {said}"


_SERVED: Final[dict[int, Callable[[QueueRow, datetime], object]]] = {
    ROW: lambda row, _: row,
    LOCAL_TIME: lambda row, now: clock_in(now, row.zone),
    CHIPS: row_chips,
    Qt.ItemDataRole.DisplayRole: lambda row, _: row.name or NO_NAME,
    Qt.ItemDataRole.AccessibleTextRole: row_words,
    Qt.ItemDataRole.ToolTipRole: lambda row, _: _tip(row),
}


class QueueModel(QAbstractListModel):
    """Rows in the server's order."""

    def __init__(self, now: datetime, parent: QObject | None = None) -> None:
        """Start empty.

        Args:
            now: the practice's now, for the patients' clocks.
            parent: Qt's owner.
        """
        super().__init__(parent)
        self._rows: list[QueueRow] = []
        self._now = now

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        """How many patients."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:  # noqa: ANN401  (Qt's own signature)
        """Serve the row, its clock and its words; everything else costs nothing."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        serve = _SERVED.get(role)
        return serve(row, self._now) if serve is not None else None

    def row_of(self, entry_id: UUID | None) -> int:
        """Return the row of an entry, or -1."""
        return next((n for n, row in enumerate(self._rows) if row.entry_id == entry_id), -1)

    def set_now(self, now: datetime) -> None:
        """Move the patients' clocks."""
        moved = now.replace(second=0, microsecond=0) != self._now.replace(second=0, microsecond=0)
        self._now = now
        if moved and self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def set_rows(self, rows: Sequence[QueueRow]) -> None:
        """Show these rows; those that stay keep their place in selections."""
        wanted = {row.entry_id for row in rows}
        for number in range(len(self._rows) - 1, -1, -1):
            if self._rows[number].entry_id not in wanted:
                self.beginRemoveRows(_NO_INDEX, number, number)
                del self._rows[number]
                self.endRemoveRows()
        known = {row.entry_id for row in self._rows}
        added = [row for row in rows if row.entry_id not in known]
        if added:
            first = len(self._rows)
            self.beginInsertRows(_NO_INDEX, first, first + len(added) - 1)
            self._rows += added
            self.endInsertRows()
        before = self._rows
        if [row.entry_id for row in before] != [row.entry_id for row in rows]:
            self._reorder(rows)
        self._rows = list(rows)
        for number, row in enumerate(rows):
            if number >= len(before) or before[number] != row:
                self.dataChanged.emit(self.index(number), self.index(number))

    def _reorder(self, rows: Sequence[QueueRow]) -> None:
        self.layoutAboutToBeChanged.emit()
        places = {row.entry_id: number for number, row in enumerate(rows)}
        old = self._rows
        self._rows = list(rows)
        for index in self.persistentIndexList():
            place = places[old[index.row()].entry_id]
            self.changePersistentIndex(index, self.index(place))
        self.layoutChanged.emit()
