"""The list of keys (F1), straight from the keymap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.edits import SearchEdit
from ui.widgets.labels import KeyCap, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Container

    from PySide6.QtGui import QResizeEvent

    from ui.shortcuts import Binding, Keymap

__all__ = ["KeysView"]

_COLUMN = 330


class _KeyRow(QWidget):
    """Keys and what they do; one line of the list."""

    def __init__(self, binding: Binding, words: str) -> None:
        super().__init__()
        native = QKeySequence.SequenceFormat.NativeText
        shown = [QKeySequence(keys).toString(native) for keys in binding.keys]
        self.binding = binding.id
        self.works = True
        self.haystack = f"{words} {' '.join(shown)}".casefold()
        self.setAccessibleName(f"{words}: {', '.join(shown)}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(label(words), 1)
        for text in shown:
            row.addWidget(KeyCap(text))


class KeysView(QWidget):
    """Groups of keys in as many columns as fit."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        """List every binding that has a key."""
        super().__init__(parent)
        self._rows: list[_KeyRow] = []
        self._cards: list[tuple[Card, list[_KeyRow]]] = []
        for group, bindings in keymap.by_group().items():
            card = Card(group.value)
            rows = [_KeyRow(item, keymap.label(item.id)) for item in bindings if item.keys]
            for row in rows:
                card.body.addWidget(row)
            self._rows += rows
            self._cards.append((card, rows))
        self.search = SearchEdit(self.tr("Find a key"), self.tr("Find a key"))
        self.search.setObjectName("keys_find")
        self.search.searched.connect(self._filter)
        self._inner = QWidget()
        self._inner.setProperty("transparent", "true")
        self._grid = QGridLayout(self._inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._columns = 0
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("List of keys"))
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        follow_theme(self._rescale)

    def shown_rows(self) -> int:
        """How many keys match what is looked for."""
        return sum(1 for row in self._rows if not row.isHidden())

    def show_only(self, works: Container[str]) -> None:
        """Leave out what this person's window cannot do.

        Args:
            works: ids of the bindings that do something.
        """
        for row in self._rows:
            row.works = row.binding in works
        self._filter(self.search.text())
        self._columns = 0
        self._arrange()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for card, rows in self._cards:
            for row in rows:
                row.setHidden(not row.works or any(word not in row.haystack for word in words))
            card.setHidden(all(row.isHidden() for row in rows))

    def _rescale(self) -> None:
        self._grid.setSpacing(active().px(10))
        self.search.setFixedWidth(active().px(240))
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width for columns."""
        super().resizeEvent(event)
        self._arrange()

    def _balanced(self, columns: int) -> list[list[Card]]:
        """Columns of about the same height: the longest cards first, each where there is room."""
        lengths = {n: sum(row.works for row in rows) + 2 for n, (_, rows) in enumerate(self._cards)}
        stacks: list[list[int]] = [[] for _ in range(columns)]
        for number in sorted(lengths, key=lambda n: (-lengths[n], n)):
            min(stacks, key=lambda stack: sum(lengths[n] for n in stack)).append(number)
        return [[self._cards[n][0] for n in sorted(stack)] for stack in sorted(map(sorted, stacks))]

    def _arrange(self) -> None:
        columns = max(1, min(3, self.width() // active().px(_COLUMN)))
        if columns == self._columns:
            return
        self._columns = columns
        stacks = self._balanced(columns)
        while self._grid.count():
            item = self._grid.takeAt(0)
            holder = item.widget() if item is not None else None
            if holder is not None:
                for child in holder.findChildren(
                    Card, options=Qt.FindChildOption.FindDirectChildrenOnly
                ):
                    child.setParent(self._inner)
                holder.deleteLater()
        for number, cards in enumerate(stacks):
            holder = QWidget()
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
            self._grid.addWidget(holder, 0, number)
