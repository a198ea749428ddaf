"""One part of the line test: its name, how it came out, and the sentence to act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.line_test import PART_LABELS, LineFinding, Verdict
from ui.theme import active
from ui.widgets.labels import Chip, ChipKind, label
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile, rule

if TYPE_CHECKING:
    from coordinator_app.domain.line_test import Part

__all__ = ["LineTestRow"]

_LOOKS: dict[Verdict, tuple[str, ChipKind]] = {
    Verdict.OK: ("circle-check", "success"),
    Verdict.ATTENTION: ("triangle-alert", "warning"),
    Verdict.BAD: ("circle-alert", "danger"),
}


class LineTestRow(QWidget):
    """The words say the result as well as the colour does."""

    def __init__(self, part: Part, parent: QWidget | None = None) -> None:
        """Make a row that was not tested yet."""
        super().__init__(parent)
        self.part = part
        self.finding: LineFinding | None = None
        self._icon = IconTile("circle", "neutral", tile=0, size=18)
        self._name = label(PART_LABELS[part], "strong")
        self.state = Chip("", "neutral")
        self.words = label("", "")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._name)
        head.addWidget(self.state)
        head.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.words)
        self._row = QHBoxLayout()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(rule())  # goes with the row when it is not shown
        whole.addLayout(self._row)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addLayout(column, 1)
        self.wait("")
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(12))

    def wait(self, words: str, state: str = "") -> None:
        """Not tested (yet), or being tested."""
        self.finding = None
        self._icon.set("loader-circle" if state else "circle", "neutral")
        self._say(state, "neutral", words)

    def show_finding(self, finding: LineFinding) -> None:
        """Show how it came out."""
        self.finding = finding
        icon, kind = _LOOKS[finding.state]
        names = {
            Verdict.OK: self.tr("OK"),
            Verdict.ATTENTION: self.tr("Attention"),
            Verdict.BAD: self.tr("Bad"),
        }
        self._icon.set(icon, kind)
        self._say(names[finding.state], kind, finding.sentence)

    def _say(self, state: str, kind: ChipKind, words: str) -> None:
        self.state.set(state, kind)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.setAccessibleName(". ".join(w for w in (self._name.text(), state, words) if w))
