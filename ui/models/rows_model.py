"""A read-only table over frozen rows: the model behind every list page.

Columns say how a row becomes text; the cell delegate of ``ui.widgets`` asks for the rest by role.
Returning early for roles that are not served keeps painting cheap (ui.md section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CellRole", "Column", "RowsModel"]

R = TypeVar("R")
Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class CellRole(IntEnum):
    """Roles the delegate understands besides Qt's own."""

    CHIP = Qt.ItemDataRole.UserRole + 1  # theme kind: the text is drawn as a chip
    AVATAR = Qt.ItemDataRole.UserRole + 2  # name whose initials stand in front; "": nobody's
    STRONG = Qt.ItemDataRole.UserRole + 3  # True: semibold
    TONE = Qt.ItemDataRole.UserRole + 4  # theme token of the text


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """How a row fills one column; functions get the row and never fail."""

    title: str
    text: Callable[[R], str]
    right: bool = False
    chip: Callable[[R], str] | None = None
    tone: Callable[[R], str] | None = None
    avatar: bool = False
    strong: bool = False
    missing: str = ""  # shown, muted, where the text is empty
    why_missing: str = ""  # what its tooltip and its spoken text add
    width: int = 0  # pixels at scale 1.0; 0: shares what is left
    drop: int = 0  # in a narrow table the highest goes first; 0 never goes


def _side(column: Column[Any]) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _shown(column: Column[Any], row: Any) -> str:  # noqa: ANN401  (a row of any model)
    return column.text(row) or column.missing


def _told(column: Column[Any], row: Any) -> str:  # noqa: ANN401  (a row of any model)
    text = column.text(row)
    return text or f"{column.missing} {column.why_missing}".strip()


def _tone(column: Column[Any], row: Any) -> str | None:  # noqa: ANN401  (a row of any model)
    if column.missing and not column.text(row):
        return "text2"
    return column.tone(row) if column.tone else None


# What is asked for most often while painting must be answered, or not answered, quickly.
_SERVED: dict[int, Callable[[Column[Any], Any], object]] = {
    Qt.ItemDataRole.DisplayRole: _shown,
    Qt.ItemDataRole.ToolTipRole: _told,
    Qt.ItemDataRole.AccessibleTextRole: lambda column, row: f"{column.title}: {_told(column, row)}",
    Qt.ItemDataRole.TextAlignmentRole: lambda column, _row: _side(column),
    CellRole.CHIP: lambda column, row: column.chip(row) if column.chip else None,
    CellRole.TONE: _tone,
    CellRole.AVATAR: lambda column, row: column.text(row) if column.avatar else None,
    CellRole.STRONG: lambda column, _row: column.strong,
}


class RowsModel(QAbstractTableModel, Generic[R]):
    """Shows a tuple of rows."""

    def __init__(self, columns: Sequence[Column[R]], parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._columns = tuple(columns)
        self._rows: list[R] = []

    @property
    def columns(self) -> tuple[Column[R], ...]:
        """The columns from left to right."""
        return self._columns

    @property
    def rows(self) -> tuple[R, ...]:
        """What is shown."""
        return tuple(self._rows)

    def row(self, number: int) -> R | None:
        """Return the row with this number, or None."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show these rows instead; the same rows again leave the view alone."""
        new = list(rows)
        if new == self._rows:
            return
        if len(new) == len(self._rows):
            self._rows = new
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(new) - 1, len(self._columns) - 1)
            )
            return
        self.beginResetModel()
        self._rows = new
        self.endResetModel()

    def append(self, rows: Sequence[R]) -> None:
        """Add rows at the end."""
        if rows:
            first = len(self._rows)
            self.beginInsertRows(_ROOT, first, first + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def refresh(self) -> None:
        """Have every cell asked for again: what columns read besides the row has changed."""
        if self._rows:
            last = self.index(len(self._rows) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def clear(self) -> None:
        """Forget every row (lock, sign-out)."""
        self.set_rows(())

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Rows of the table; a cell has none."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Columns of the table; a cell has none."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Answer the roles that are served; None for others."""
        if not index.isValid():
            return None
        serve = _SERVED.get(role)
        if serve is None:
            return None
        return serve(self._columns[index.column()], self._rows[index.row()])

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns; rows have none."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(self._columns[section])
        return None
