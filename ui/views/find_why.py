"""Why a patient is, or is not, called: every check of the dial gate at a moment, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QDate, Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from coordinator_app.domain.queue import Gate
from ui.models.clock_text import local
from ui.models.words import check_label, gate_words, moment, within
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.check_row import CheckRow
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import Elide, SectionLabel, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, Fact, rule
from ui.widgets.zoned_time import ZonedTimeEdit, from_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from PySide6.QtGui import QShowEvent

    from coordinator_app.domain.find import EntryChecks, GateCheck, GateOverride, WhyNotCalled

__all__ = ["WhyView"]

_FIRST_DAY: Final = QDate(2020, 1, 2)  # the database explains nothing before


class WhyView(Card):
    """The explanation of one patient.

    Signals:
        asked: aware moment that should be explained, or None for now.
        override_wanted: a clinician wants to let a call pass.
        closed: the explanation is no longer wanted.
    """

    asked = Signal(object)
    override_wanted = Signal()
    closed = Signal()

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        *,
        overrides: bool,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty view.

        Args:
            now: the practice's clock.
            zone: the practice's IANA zone; days are the practice's.
            overrides: whether this person may let a call pass.
            parent: Qt parent.
        """
        super().__init__(parent=parent)
        self.setAccessibleName(self.tr("Why this patient is, or is not, called"))
        self._now, self._zone, self._may_override = now, zone, overrides
        self.title.hide()
        self.name = Elide("", "h3")
        self.allow = named(Button(self.tr("Allow a call…"), icon="lock-open"), "find_allow")
        self.close_ = named(IconButton("x", self.tr("Close the explanation")), "find_why_close")
        self.header.addWidget(self.name, 1)
        self.header.addWidget(self.allow)
        self.header.addWidget(self.close_)
        self.when = named(ZonedTimeEdit(self.tr("On this day, practice time")), "find_when")
        self.explain = named(Button(self.tr("Explain this day")), "find_explain")
        self.today = named(Button(self.tr("Now"), "ghost"), "find_now")
        self.problem = named(Notice(), "find_why_problem")
        self._list = QScrollArea(widgetResizable=True)
        self._list.setAccessibleName(self.tr("The checks"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._content = QWidget()
        self._build()
        self.allow.clicked.connect(self.override_wanted)
        self.close_.clicked.connect(self.closed)
        self.explain.clicked.connect(lambda *_: self.asked.emit(self.when.moment()))
        self.today.clicked.connect(lambda *_: self.asked.emit(None))
        self.clear()
        follow_theme(self._fit)

    def _build(self) -> None:
        picker = QWidget()
        flow = FlowLayout(picker, spacing=8)
        for widget in (self.when, self.explain, self.today):
            flow.addWidget(widget)
        self.body.addWidget(picker)
        self.body.addWidget(self.problem)
        self.body.addWidget(self._list, 1)

    def showEvent(self, event: QShowEvent) -> None:
        """The button has its height only in a window."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.when.setFixedHeight(self.explain.sizeHint().height())

    # -- what is shown ------------------------------------------------------------------------

    def clear(self) -> None:
        """Keep nobody."""
        self.name.setText("")
        self.problem.say("")
        self.allow.hide()
        self.set_busy(False)
        self._fresh()

    def _fresh(self) -> QVBoxLayout:
        """Begin with an empty list; what was there is dropped at once, not later."""
        old = self._list.takeWidget()
        if old is not None:
            old.deleteLater()
        self._content = QWidget()
        self._content.setProperty("transparent", "true")
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, active().px(6), 0)
        column.setSpacing(active().px(8))
        self._list.setWidget(self._content)
        return column

    def begin(self, name: str) -> None:
        """Show whom the question is about, while it is asked."""
        self.clear()
        self.name.setText(name)
        now = self._now()
        self.when.clearMinimumDate()
        self.when.clearMaximumDate()
        self.when.set_moment(now, self._zone)
        last = local(now, self._zone).date() + timedelta(days=364)
        self.when.setDateRange(_FIRST_DAY, from_date(last))

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.explain.set_busy(self.tr("Asking…") if busy else "")

    def show_problem(self, sentence: str) -> None:
        """Say why there is no explanation."""
        self.set_busy(False)
        self.problem.say(sentence)

    def show_explanation(self, told: WhyNotCalled) -> None:
        """Show every check of a moment, and what was refused or allowed before."""
        self.set_busy(False)
        self.problem.say("")
        self.when.set_moment(told.at, self._zone)
        self.allow.setVisible(self._may_override and bool(told.overridable))
        column = self._fresh()
        if told.outside:
            outside = label(told.outside)
            outside.setWordWrap(True)
            column.addWidget(outside)
        for entry in told.entries:
            self._add_entry(column, entry, told.at)
        self._add_refusals(column, told)
        self._add_overrides(column, told.overrides)
        pack = told.rule_pack or self.tr("none yet")
        words = self.tr("Rules of %1, as of %2.").replace("%2", pack)
        at = moment(told.at, self._zone, self._now())
        column.addWidget(label(words.replace("%1", at), "caption"))
        column.addStretch(1)

    def _add_entry(self, column: QVBoxLayout, entry: EntryChecks, at: datetime) -> None:
        column.addWidget(label(entry.campaign, "strong"))
        state = named(label(entry.state, "muted"), "find_state")
        state.setWordWrap(True)
        column.addWidget(state)
        failed = [check for check in entry.checks if not check.ok]
        passed = [check for check in entry.checks if check.ok]
        if failed:
            column.addWidget(SectionLabel(self.tr("What keeps this patient from being called")))
            for check in failed:
                column.addWidget(CheckRow(check, at, self._zone))
        column.addWidget(SectionLabel(self.tr("Passed")))
        for check in passed:
            column.addWidget(CheckRow(check, at, self._zone))
        column.addWidget(rule())

    def _add_refusals(self, column: QVBoxLayout, told: WhyNotCalled) -> None:
        if not told.refusals:
            return
        column.addWidget(SectionLabel(self.tr("Dial was refused")))
        for refusal in told.refusals:
            first = next((check for check in refusal.checks if not check.ok), None)
            head = f"{moment(refusal.at, self._zone, self._now())} · {refusal.by}"
            column.addWidget(Fact("phone-off", "danger", head, self._refused(first, refusal.at)))
        column.addWidget(rule())

    def _refused(self, check: GateCheck | None, at: datetime) -> str:
        if check is None:
            return ""
        gate = Gate(check.name, check.sentence or "", check.opens_at)
        return f"{check_label(check.name)}: {gate_words(gate, self._zone, at)}"

    def _add_overrides(self, column: QVBoxLayout, given: tuple[GateOverride, ...]) -> None:
        if not given:
            return
        column.addWidget(SectionLabel(self.tr("Allowed by a clinician")))
        for one in given:
            state = self._override_state(one)
            names = ", ".join(check_label(name) for name in one.checks)
            head = f"{moment(one.at, self._zone, self._now())} · {one.by} · {state}"
            column.addWidget(Fact("lock-open", "info", head, f"{names}: {one.reason}"))
        column.addWidget(rule())

    def _override_state(self, one: GateOverride) -> str:
        if one.used:
            return self.tr("used for a call")
        if one.until <= self._now():
            return self.tr("ran out unused")
        until = within(moment(one.until, self._zone, self._now(), named=False))
        return self.tr("until %1").replace("%1", until)
