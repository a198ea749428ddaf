"""Facts below each other, with an optional heading; empty means no text at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.labels import SectionLabel, label
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Fact

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FactList"]

_MOST = 60  # rows; older ones are counted, not shown


class FactList(QWidget):
    """Rows of icon, fact and what is known about it."""

    def __init__(self, heading: str = "", parent: QWidget | None = None) -> None:
        """Make an empty list."""
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._heading = SectionLabel(heading) if heading else None
        if self._heading is not None:
            self._column.addWidget(self._heading)
        self._rows: list[QWidget] = []
        self._column.addStretch(1)
        follow_theme(self._rescale)

    def set_items(self, items: Sequence[tuple[str, str, str, str]], nothing: str = "") -> None:
        """Show (icon, kind, title, about) rows, or ``nothing`` when there are none."""
        self.clear()
        for icon, kind, title, about in items[:_MOST]:
            self._add(Fact(icon, kind, title, about))
        if len(items) > _MOST:
            self._add(label(self.tr("%n older", "", len(items) - _MOST), "small"))
        if not items and nothing:
            words = label(nothing, "muted")
            words.setWordWrap(True)
            self._add(words)

    def clear(self) -> None:
        """Forget every row, so that no text of it is left in the window."""
        for row in self._rows:
            self._column.removeWidget(row)
            row.setParent(None)
            row.deleteLater()
        self._rows = []

    def _add(self, row: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, row)
        self._rows.append(row)

    def _rescale(self) -> None:
        self._column.setSpacing(active().px(7))
