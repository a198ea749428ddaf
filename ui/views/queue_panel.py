"""The shared queue: who to call next and why (first name and last initial only)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.queue import QueueFilter, QueuePage, QueueRow
from ui.models.clock_text import clock_in
from ui.models.queue_delegate import QueueDelegate
from ui.models.queue_model import ROW, QueueModel
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import SearchEdit
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.painting import follow_theme
from ui.widgets.progress import ProgressLine
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import EmptyState, rule

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from ui.shortcuts import Keymap

__all__ = ["QueuePanel"]


class QueuePanel(QFrame):
    """The list with its filters, its find field and the day's progress.

    Signals:
        opened: the entry id (UUID) of the row that was opened by Enter or a double click.
        next_wanted: the best patient callable now, please.
        asked: filter or find text is another one; load the page again.
    """

    opened = Signal(object)
    next_wanted = Signal()
    asked = Signal()

    def __init__(
        self, now: datetime, zone: str, keymap: Keymap, parent: QWidget | None = None
    ) -> None:
        """Make an empty panel.

        Args:
            now: the practice's present time.
            zone: the practice's zone, for "opens at".
            keymap: for the keys in tooltips and placeholders.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setObjectName("queue_panel")
        self.setProperty("card", "true")
        self.setAccessibleName(self.tr("Queue"))
        self._zone = zone
        self._page: QueuePage | None = None
        self._title = label(self.tr("My queue"), "h3")
        self._count = Chip("", "primary")
        self.next_button = Button(self.tr("Next"), "", "arrow-right", size="small")
        self.next_button.setAccessibleName(self.tr("Take the next patient"))
        self.next_button.setToolTip(keymap.tooltip("queue.claim_next"))
        # Only what the list has shown may be searched.
        find = self.tr("Find among the names shown")
        self.search = SearchEdit(find, f"{find}   {keymap.text('queue.find')}")
        self.filters = Segmented(
            (
                (QueueFilter.ALL.value, self.tr("All")),
                (QueueFilter.DUE.value, self.tr("Due")),
                (QueueFilter.NEW.value, self.tr("New")),
                (QueueFilter.RETRY.value, self.tr("Retry")),
            ),
            self.tr("Which patients"),
        )
        self._notice = Elide("", "small")
        self._notice.setProperty("tone", "warning")
        self._notice.hide()
        self.model = QueueModel(now, self)
        self.list = QListView()
        self.list.setObjectName("queue_list")
        self.list.setAccessibleName(self.tr("Patients to call"))
        self.list.setModel(self.model)
        self.list.setItemDelegate(QueueDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.empty = EmptyState("inbox", "", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        self._today = label(self.tr("Today"), "small")
        self._progress = ProgressLine(self.tr("Calls made today"))
        self._done = label("", "small")
        self._build()
        self.list.activated.connect(self._activated)
        self.next_button.clicked.connect(self.next_wanted)
        self.filters.chosen.connect(lambda _: self.asked.emit())
        self.search.searched.connect(lambda _: self.asked.emit())
        self.empty.acted.connect(self._show_all)
        follow_theme(self._rescale)

    def _build(self) -> None:
        self._head = QHBoxLayout()
        self._head.addWidget(self._title)
        self._head.addWidget(self._count)
        self._head.addStretch(1)
        self._head.addWidget(self.next_button)
        self._top = QVBoxLayout()
        self._top.addLayout(self._head)
        self._top.addWidget(self.search)
        self._top.addWidget(self.filters)
        self._top.addWidget(self._notice)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self._today)
        self._foot.addWidget(self._progress, 1)
        self._foot.addWidget(self._done)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(self._top)
        column.addWidget(self._stack, 1)
        column.addWidget(rule())
        column.addLayout(self._foot)

    def _rescale(self) -> None:
        px = active().px
        self._top.setContentsMargins(px(13), px(11), px(13), px(6))
        self._top.setSpacing(px(9))
        self._foot.setContentsMargins(px(14), px(10), px(14), px(10))
        self._foot.setSpacing(px(10))
        self.list.scheduleDelayedItemsLayout()

    # -- what is asked for --------------------------------------------------------------------

    @property
    def which(self) -> QueueFilter:
        """The chosen filter."""
        return QueueFilter(self.filters.current)

    @property
    def find_text(self) -> str:
        """What is looked for."""
        return self.search.text().strip()

    @property
    def selected(self) -> UUID | None:
        """The entry under the cursor."""
        row = self.list.currentIndex().data(ROW)
        return row.entry_id if isinstance(row, QueueRow) else None

    def focus_find(self) -> None:
        """Go to the find field."""
        self.search.setFocus()
        self.search.selectAll()

    def focus_list(self) -> None:
        """Go to the list, on the first row when none is current."""
        self.list.setFocus()
        if not self.list.currentIndex().isValid() and self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))

    # -- what is shown ------------------------------------------------------------------------

    def show_page(self, page: QueuePage) -> None:
        """Show the server's page; the selection and the scroll position stay."""
        self._page = page
        self.model.set_now(page.now)
        scroll = self.list.verticalScrollBar().value()
        self.model.set_rows(page.rows)
        self.list.verticalScrollBar().setValue(scroll)
        self._count.set(str(page.counts.all))
        self._count.setAccessibleName(self.tr("%n patient(s) in the queue", "", page.counts.all))
        for which in QueueFilter:
            self.filters.set_count(which.value, getattr(page.counts, which.value))
        self._progress.set_done(page.calls_today, page.daily_goal)
        words = self.tr("%1 of %2 calls")
        self._done.setText(
            words.replace("%1", str(page.calls_today)).replace("%2", str(page.daily_goal))
        )
        self._show_state(page)

    def _show_state(self, page: QueuePage) -> None:
        closed = "" if page.closed is None else page.closed.sentence
        if page.closed is not None and page.closed.opens_at is not None:
            opens = self.tr("Opens %1.").replace("%1", clock_in(page.closed.opens_at, self._zone))
            closed = f"{closed} {opens}"
        self._notice.setText(closed)
        self._notice.setVisible(bool(closed) and bool(page.rows))
        if page.rows:
            self._stack.setCurrentWidget(self.list)
            return
        if closed:
            self.empty.set("moon", self.tr("The queue is closed"), closed)
        elif self.find_text or self.which is not QueueFilter.ALL:
            self.empty.set(
                "search",
                self.tr("Nobody here"),
                self.tr("No patient of the queue fits this filter."),
                self.tr("Show all"),
            )
        else:
            self.empty.set(
                "circle-check",
                self.tr("The queue is empty"),
                self.tr("Everyone has been called. New patients come with the next import."),
            )
        self._stack.setCurrentWidget(self.empty)

    def select(self, entry_id: UUID | None) -> None:
        """Put the cursor on an entry and bring it into view."""
        number = self.model.row_of(entry_id)
        if number < 0:
            self.list.setCurrentIndex(QModelIndex())
        elif self.selected != entry_id:
            self.list.setCurrentIndex(self.model.index(number))

    def set_now(self, now: datetime) -> None:
        """Move the patients' clocks."""
        self.model.set_now(now)

    def set_busy(self, busy: bool) -> None:
        """While a patient is being claimed nothing else can be opened."""
        self.next_button.setEnabled(not busy)

    def _activated(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, QueueRow):
            self.opened.emit(row.entry_id)

    def _show_all(self) -> None:
        self.search.clear()
        self.filters.choose(QueueFilter.ALL.value)
        self.asked.emit()
