"""The lane of returned calls: who called back, what was left, who has it, for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from coordinator_app.domain.returns import ReturnKind, ReturnLane, ReturnRow
from ui.messages import Level
from ui.models.clock_text import LATE, waited
from ui.models.rows_model import Column, RowsModel
from ui.models.words import moment, within
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import Chip, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.return_form import ReturnForm
from ui.widgets.surfaces import Card, Inset
from ui.widgets.table import ROW_HEIGHT, RowTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["ReturnsView"]

_MOST_ROWS = 4  # shown at once; then the lane scrolls


class ReturnsView(Card):
    """A short table with its actions; without rows only its heading and the form's button.

    Signals:
        take_requested: (ReturnRow, patient id or None) this patient should be opened now.
        closed: (ReturnRow, result, note) settled without a call.
        link_requested: a ReturnRow of an unknown caller who is to be found by name.
        reported: a ReturnReport that was filled in here.
    """

    take_requested = Signal(object, object)
    closed = Signal(object, str, str)
    link_requested = Signal(object)
    reported = Signal(object)

    def __init__(
        self, now: Callable[[], datetime], zone: str, *, links: bool, parent: QWidget | None = None
    ) -> None:
        """Make an empty lane.

        Args:
            now: the practice's clock.
            zone: the practice's IANA zone.
            links: whether this person says who an unknown caller is.
            parent: Qt parent.
        """
        super().__init__(self.tr("Returned calls"), parent)
        self._now, self._zone, self._links = now, zone, links
        self.count = Chip("", "warning")
        self.report = named(Button(self.tr("A patient called…"), icon="phone"), "return_report")
        self.report.clicked.connect(self.begin_report)
        self.header.addWidget(self.count)
        self.header.addStretch(1)
        self.quiet = label(self.tr("Nobody waits for a call back."), "small")
        self.header.addWidget(self.quiet)
        self.header.addWidget(self.report)
        self.form = ReturnForm(now, zone)
        self.form.setObjectName("return_form")
        self.form.submitted.connect(self.reported)
        self.form.cancelled.connect(self.end_report)
        self.form.hide()
        self.line = named(Notice(), "return_line")
        self.model: RowsModel[ReturnRow] = RowsModel(self._columns(), self)
        self.table = named(RowTable(self.model, self.tr("Returned calls")), "returns_table")
        self.table.row_chosen.connect(self._on_row)
        self.table.row_opened.connect(self._take_row)
        self._build_actions()
        self.body.addWidget(self.form)
        self.body.addWidget(self.line)
        self.body.addWidget(self.table)
        self.body.addWidget(self._settle)
        self.body.addWidget(self._actions)
        follow_theme(self._fit)
        self.show_lane(None)

    def _columns(self) -> list[Column[ReturnRow]]:
        return [
            Column(self.tr("Waits"), self._age, width=84, strong=True, tone=self._age_tone),
            Column(self.tr("Caller"), self._caller, width=226),
            Column(self.tr("State"), self._state, chip=self._state_kind, width=150),
            Column(self.tr("Our last call"), self._last),
            Column(self.tr("With"), self._with, width=170, drop=1),
        ]

    def _build_actions(self) -> None:
        self.open = named(Button("", "primary", "phone-call"), "return_open")
        self.who = named(QComboBox(), "return_who", self.tr("Who it is"))
        self.who.view().setAccessibleName(self.tr("Who it is"))
        self.link = named(Button(self.tr("It is a patient…"), icon="search"), "return_link")
        self.settle = named(Button(self.tr("Settle…"), icon="check"), "return_settle")
        self.why = label("", "small")
        self.why.setWordWrap(True)
        self._actions = QWidget()
        self._actions.setProperty("transparent", "true")
        row = QHBoxLayout(self._actions)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.why, 1)
        for part in (self.settle, self.link, self.who, self.open):
            row.addWidget(part)
        self.open.clicked.connect(lambda: self._take_row(self.table.current_row()))
        self.link.clicked.connect(self._link_row)
        self.settle.clicked.connect(self._begin_settle)
        self._settle = Inset()
        self.note = named(QLineEdit(), "return_settle_note", self.tr("How it was settled"))
        self.note.setMaxLength(300)
        self.note.returnPressed.connect(self._save_settle)
        self.settled = named(Button(self.tr("Settle"), "primary"), "return_settle_save")
        self.settled.clicked.connect(self._save_settle)
        leave = Button(self.tr("Cancel"))
        leave.clicked.connect(self._settle.hide)
        for widget in (self.note, leave, self.settled):
            self._settle.row.addWidget(widget)
        self._settle.row.setStretch(0, 1)
        self._settle.hide()

    # -- columns ------------------------------------------------------------------------------

    def _since(self, row: ReturnRow) -> datetime:
        return row.wanted_at or row.at

    def _age(self, row: ReturnRow) -> str:
        if self._since(row) > self._now():
            return self.tr("later")
        return waited(self._since(row), self._now())

    def _age_tone(self, row: ReturnRow) -> str:
        late = not row.taken_by and self._now() - self._since(row) >= LATE
        return "danger_text" if late else "text"

    def _caller(self, row: ReturnRow) -> str:
        likely = row.likely
        if likely is not None:
            more = len(row.people) - 1
            names = likely.name or self.tr("A patient")
            return (
                names
                if not more
                else self.tr("%1 or %2 more").replace("%1", names).replace("%2", str(more))
            )
        if len(row.people) > 1:
            return self.tr("One of %1 patients").replace("%1", str(len(row.people)))
        if row.known:
            return self.tr("A patient")
        return self.tr("Unknown caller %1").replace(
            "%1", row.number or self.tr("(number withheld)")
        )

    def _state(self, row: ReturnRow) -> str:
        if row.taken_by:
            return self.tr("Being answered")
        if row.kind is ReturnKind.ON_THE_PHONE:
            return self.tr("Waits on the line") if row.waits else self.tr("On the phone")
        if row.kind is ReturnKind.MISSED:
            return self.tr("Missed call")
        if self._since(row) > self._now():
            return within(moment(self._since(row), self._zone, self._now()))
        return self.tr("Wants a call")

    def _state_kind(self, row: ReturnRow) -> str:
        if row.taken_by:
            return "success"
        return "danger" if row.kind is ReturnKind.ON_THE_PHONE else "warning"

    def _last(self, row: ReturnRow) -> str:
        likely = row.likely
        if likely is None or likely.last_call is None:
            return ""
        last = likely.last_call
        said = f"{last.outcome}: {last.left}" if last.left else last.outcome
        at = within(moment(last.at, self._zone, self._now(), named=False))
        return f"{last.by}, {at} · {said}"

    def _with(self, row: ReturnRow) -> str:
        if row.taken_by:
            return row.taken_by
        if row.mine:
            return self.tr("You")
        if row.routed_to:
            return row.routed_to
        return self.tr("Anyone") if row.routed_why == "anybody" else self.tr("Supervisors")

    # -- data in ------------------------------------------------------------------------------

    def show_lane(self, lane: ReturnLane | None) -> None:
        """Show what waits; None: nothing is known. The chosen row stays chosen."""
        rows = lane.rows if lane is not None else ()
        chosen = self.table.current_row()
        self.model.set_rows(rows)
        self.model.refresh()  # the ages have grown
        ids = [row.id for row in rows]
        if chosen is not None and chosen.id in ids:
            self.table.select_row(ids.index(chosen.id))
        elif rows:
            self.table.select_row(0)
        waiting = sum(1 for row in rows if not row.taken_by)
        self.count.set(str(waiting))
        self.count.setVisible(bool(waiting))
        line = lane.line if lane is not None and self._links else None
        quiet = line is None or line.state == "listening"
        self.line.say("" if quiet or line is None else line.sentence, Level.INFO, "info")
        self._show_rows()
        self._fit()
        self._on_row(self.table.current_row() if rows else None)

    def _show_rows(self) -> None:
        """The form takes the place of the table: both do not fit a small window."""
        filling = self.form.isVisibleTo(self)
        some = bool(self.model.rowCount())
        for widget in (self.table, self._actions):
            widget.setVisible(some and not filling)
        self.quiet.setVisible(not some and not filling)

    def conceal(self) -> None:
        """Keep no patient."""
        self.end_report()
        self._settle.hide()
        self.note.clear()
        self.show_lane(None)

    def mine_count(self) -> int:
        """How many wait for me."""
        return sum(1 for row in self.model.rows if row.mine and not row.taken_by)

    def _fit(self) -> None:
        rows = min(max(self.model.rowCount(), 1), _MOST_ROWS)
        head = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(head + rows * active().px(ROW_HEIGHT) + active().px(4))

    # -- actions ------------------------------------------------------------------------------

    def _may(self, row: ReturnRow) -> bool:
        return row.mine or row.anybodys or self._links

    def _on_row(self, row: ReturnRow | None) -> None:
        self._settle.hide()
        people = [one for one in row.people if one.can_open] if row is not None else []
        may = row is not None and self._may(row)
        live = row is not None and row.waits
        self.open.set_label(self.tr("Take the call") if live else self.tr("Open"))
        self.open.setEnabled(bool(may and people))
        self.who.blockSignals(True)
        self.who.clear()
        for one in people:
            self.who.addItem(one.name or self.tr("A patient"), one.patient_id)
        self.who.blockSignals(False)
        self.who.setVisible(len(people) > 1)
        self.link.setVisible(self._links and row is not None and not row.people)
        self.settle.setEnabled(may)
        self.why.setText(self._sentence(row))

    def _sentence(self, row: ReturnRow | None) -> str:
        if row is None:
            return ""
        if row.taken_by:
            return self.tr("%1 is answering this.").replace("%1", row.taken_by)
        if not self._may(row):
            return self.tr("%1 has this. It goes to the next one when nobody answers it.").replace(
                "%1", row.routed_to or self.tr("The supervisor")
            )
        parts = [one.sentence for one in row.people if one.sentence][:1]
        parts += [words for words in (row.gate, row.note) if words]
        return " ".join(parts)

    def _take_row(self, row: ReturnRow | None) -> None:
        if row is None or not self.open.isEnabled():
            return
        chosen = self.who.currentData() if self.who.count() else None
        self.take_requested.emit(row, chosen)

    def _link_row(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self.link_requested.emit(row)

    def _begin_settle(self) -> None:
        row = self.table.current_row()
        if row is None:
            return
        words = self.tr("Who it was") if not row.people else self.tr("How it was settled")
        self.note.setPlaceholderText(words)
        self.note.clear()
        self._settle.show()
        self.note.setFocus()

    def _save_settle(self) -> None:
        row = self.table.current_row()
        note = self.note.text().strip()
        if row is not None and len(note) >= 3:
            self._settle.hide()
            self.closed.emit(row, "settled" if row.people else "not_a_patient", note)

    def begin_report(self) -> None:
        """Fill in what a caller wants."""
        self.form.begin()
        self.form.show()
        self._settle.hide()
        self._show_rows()
        self.report.setEnabled(False)

    def end_report(self) -> None:
        """Leave the form; nothing of it is kept."""
        self.form.forget()
        self.form.hide()
        self.report.setEnabled(True)
        self._show_rows()
