"""One check of the dial gate: its icon, its words, what it looked at, and the rule behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.queue import Gate
from ui.models.check_words import facts_words, rule_words
from ui.models.words import check_label, gate_words
from ui.theme import active
from ui.widgets.labels import label
from ui.widgets.surfaces import IconTile

if TYPE_CHECKING:
    from datetime import datetime

    from coordinator_app.domain.find import GateCheck

__all__ = ["CheckRow"]


class CheckRow(QWidget):
    """The words say the result as well as the icon does."""

    def __init__(self, check: GateCheck, at: datetime, zone: str) -> None:
        """Show a check as it was at ``at``; times are said in ``zone``."""
        super().__init__()
        self.check = check
        icon, kind, state = "circle-check", "success", self.tr("passed")
        if not check.ok:
            icon, kind, state = "circle-alert", "danger", self.tr("not passed")
        elif check.overridden_by is not None:
            icon, kind, state = "lock-open", "info", self.tr("passed by a clinician’s word")
        title = check_label(check.name)
        lines = [title if check.ok and check.overridden_by is None else f"{title}: {state}"]
        if check.sentence:
            lines.append(gate_words(Gate(check.name, check.sentence, check.opens_at), zone, at))
        rules = [rule_words(one) for one in check.rules]
        small = [line for line in (facts_words(check), *rules) if line]
        words = QVBoxLayout()
        words.setSpacing(0)
        for number, line in enumerate(lines):
            shown = label(line, "strong" if number == 0 and not check.ok else "")
            shown.setWordWrap(True)
            words.addWidget(shown)
        for line in small:
            shown = label(line, "small")
            shown.setWordWrap(True)
            words.addWidget(shown)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(active().px(10))
        row.addWidget(IconTile(icon, kind, tile=0), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.setAccessibleName(". ".join((f"{title}: {state}", *lines[1:], *small)))
