"""The third step of a line's set-up: what the check found, and who mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.line_setup import Level, LineTaskKind
from ui.models.words import moment
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.surfaces import IconTile, rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.line_setup import LineFinding, PhoneLine

__all__ = ["FindingsStep"]

_LOOKS = {
    Level.OK: ("circle-check", "success"),
    Level.NOTE: ("info", "info"),
    Level.WARN: ("triangle-alert", "warning"),
    Level.BLOCK: ("circle-alert", "danger"),
}
_TICK_OF = {
    "trial": "full_account",
    "hipaa_account": "hipaa_account",
    "attestation": "attestation_a",
    "geo": "geo_us_only",
    "recordings": "recordings_protected",
}


class _Row(QWidget):
    """One finding: its weight as an icon and in words, what to do, and a tick where a person
    has to look."""

    def __init__(self, finding: LineFinding, weight: str, tick: QCheckBox | None) -> None:
        super().__init__()
        icon, kind = _LOOKS[finding.level]
        words = QVBoxLayout()
        words.setSpacing(2)
        said = label(finding.sentence, "strong" if finding.level is Level.BLOCK else "")
        said.setWordWrap(True)
        words.addWidget(said)
        if finding.remedy:
            remedy = label(finding.remedy, "small")
            remedy.setWordWrap(True)
            words.addWidget(remedy)
        if tick is not None:
            words.addWidget(tick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(active().px(10))
        row.addWidget(IconTile(icon, kind, tile=0), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.setAccessibleName(f"{weight}: {finding.sentence} {finding.remedy}".strip())


class FindingsStep(QWidget):
    """Everything that was looked at, what blocks first.

    Signals:
        check_wanted: look again now.
        ticked: (name, on) a person has looked at the carrier.
    """

    check_wanted = Signal()
    ticked = Signal(str, bool)

    def __init__(self, now: Callable[[], datetime], zone: str) -> None:
        """Make an empty step."""
        super().__init__()
        self._now, self._zone = now, zone
        self._shown: tuple[object, ...] = ()
        self.check = named(Button(self.tr("Check again"), "", "activity"), "line_check")
        self.when = label("", "small")
        top = QHBoxLayout()
        top.addWidget(self.check)
        top.addWidget(self.when, 1)
        self._holder = QVBoxLayout()
        self._form: FormColumn | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(top)
        column.addLayout(self._holder, 1)
        self.check.clicked.connect(self.check_wanted)

    def show_line(self, line: PhoneLine) -> None:
        """Show the findings of the last check."""
        task = line.task(LineTaskKind.CHECK)
        busy = task is not None and task.state.is_open
        self.check.set_busy(self.tr("Checking…") if busy else "")
        if line.checked_at is None:
            self.when.setText(self.tr("Not checked yet. The gateway does it when it starts."))
        else:
            when = moment(line.checked_at, self._zone, self._now())
            self.when.setText(self.tr("Checked: %1, and every day").replace("%1", when))
        shown = (line.findings, line.ticks, line.number_kind)
        if shown != self._shown or self._form is None:
            self._shown = shown
            self._fill(line)

    def _fill(self, line: PhoneLine) -> None:
        form = FormColumn(self.tr("Findings"))
        order = (Level.BLOCK, Level.WARN, Level.NOTE, Level.OK)
        weights = {
            Level.BLOCK: self.tr("Stops every call"),
            Level.WARN: self.tr("To be mended"),
            Level.NOTE: self.tr("Good to know"),
            Level.OK: self.tr("In order"),
        }
        for finding in sorted(line.findings, key=lambda one: order.index(one.level)):
            form.add(_Row(finding, weights[finding.level], self._tick(finding, line)))
            form.add(rule())
        if self._form is not None:
            self._holder.removeWidget(self._form)
            self._form.setParent(None)
            self._form.deleteLater()
        self._form = form
        self._holder.addWidget(form)

    def _tick(self, finding: LineFinding, line: PhoneLine) -> QCheckBox | None:
        name = _TICK_OF.get(finding.name, "")
        if (
            not name
            or (finding.level is Level.BLOCK)
            or (name == "attestation_a" and line.number_kind != "owned")
        ):
            return None
        on = name in line.ticks
        if finding.level is Level.OK and not on:
            return None  # the carrier itself said so
        words = {
            "full_account": self.tr("I have looked: it is a full account"),
            "hipaa_account": self.tr("I have asked: the account is flagged for HIPAA"),
            "attestation_a": self.tr("I have looked: profile approved, number in both"),
            "geo_us_only": self.tr("I have looked: only the countries we call are on"),
            "recordings_protected": self.tr("I have looked: HTTP authentication is on"),
        }[name]
        box = named(QCheckBox(words), f"line_tick.{name}")
        box.setChecked(on)
        box.toggled.connect(lambda state: self.ticked.emit(name, state))
        return box
