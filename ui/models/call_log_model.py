"""The call log as an endless list: pages of 200 rows by key, fetched as the view nears its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from PySide6.QtCore import QModelIndex, QObject, Signal

from coordinator_app.domain.logs import CallLogRow
from ui.models.rows_model import Column, RowsModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.domain.logs import CallLogPage
    from ui.models.rows_model import Index

__all__ = ["PAGE", "CallLogModel"]

PAGE: Final = 200
_ROOT = QModelIndex()


class CallLogModel(RowsModel[CallLogRow]):
    """Rows so far, and whether there are more.

    Signals:
        wanted: the page before this key (None: the newest) should be fetched.
    """

    wanted = Signal(object)

    def __init__(
        self, columns: Sequence[Column[CallLogRow]], parent: QObject | None = None
    ) -> None:
        """Start empty; nothing is fetched before :meth:`restart`."""
        super().__init__(columns, parent)
        self._next: UUID | None = None
        self._fetching = False

    @property
    def complete(self) -> bool:
        """Whether the last page is here."""
        return self._next is None and not self._fetching

    def restart(self) -> None:
        """Ask for the newest page; what is shown stays until it is here."""
        self._fetching = True
        self._next = None
        self.wanted.emit(None)

    def take_first(self, page: CallLogPage) -> None:
        """Show the newest page."""
        self._fetching = False
        self._next = page.next_before
        self.set_rows(page.rows)

    def take_next(self, page: CallLogPage) -> None:
        """Add the page that was asked for."""
        self._fetching = False
        self._next = page.next_before
        self.append(page.rows)

    def gave_up(self) -> None:
        """The page did not come; scrolling asks again."""
        self._fetching = False

    def clear(self) -> None:
        """Forget every row and ask for nothing more."""
        self._next = None
        self._fetching = False
        super().clear()

    def canFetchMore(self, parent: Index = _ROOT) -> bool:
        """Whether scrolling on can bring more rows."""
        return not parent.isValid() and self._next is not None and not self._fetching

    def fetchMore(self, parent: Index = _ROOT) -> None:
        """Ask for the next page."""
        if self.canFetchMore(parent):
            self._fetching = True
            self.wanted.emit(self._next)
