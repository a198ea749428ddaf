"""The calls that are up now, and what a supervisor can do about one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.monitor import LiveBoard, LiveCall, MonitorMode, MonitorState
from ui.models.live_words import (
    MODE_LABELS,
    age_tone,
    company_words,
    first_name,
    help_kind,
    help_words,
    lasts,
    state_kind,
    state_words,
)
from ui.models.rows_model import Column, RowsModel
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.form_column import LinesEdit
from ui.widgets.help_answer import HelpAnswer
from ui.widgets.labels import Chip, Elide, SectionLabel, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme, set_kind
from ui.widgets.surfaces import Card, EmptyState
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

__all__ = ["LiveCallsView"]

_TICK_MS: Final = 1_000
_ICONS: Final = {
    MonitorMode.LISTEN: "headphones",
    MonitorMode.COACH: "message-square",
    MonitorMode.BARGE: "phone-call",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A row with what its cells need besides."""

    call: LiveCall
    board: LiveBoard


class LiveCallsView(QWidget):
    """The list on the left, the chosen call on the right.

    Signals:
        mode_wanted: (call id, MonitorMode) be on this call in this way.
        leave_wanted: (call id).
        answered: (call id, text) to a call for help.
        settled: (call id) the call for help is settled.
    """

    mode_wanted = Signal(object, object)
    leave_wanted = Signal(object)
    answered = Signal(object, str)
    settled = Signal(object)

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        """Make an empty list; ``now`` is the practice's clock."""
        super().__init__(parent)
        self._now = now
        self._board: LiveBoard | None = None
        self._call: LiveCall | None = None
        self._busy = False
        self.lines: RowsModel[_Line] = RowsModel(self._columns(), self)
        self.table = RowTable(self.lines, self.tr("Calls now"))
        self.table.setObjectName("live_calls")
        self.modes = {mode: self._mode_button(mode) for mode in MonitorMode}
        self.leave = Button(self.tr("Leave the call"), icon="phone-off")
        self.leave.setObjectName("live_leave")
        self.help = HelpAnswer()
        self.who = Elide("", "h3")
        self.state = Chip("")
        self.about = label("", "small")
        self.company = label("", "small")
        self.role = label("", "strong")
        self.meaning = label("", "small")
        self.told = label("", "small")
        self.said = LinesEdit("live_said", self.tr("What is said since you came"), 9)
        self._heard = SectionLabel(self.tr("Said since you came"))
        self._lay_out()
        self._connect()
        self._show_call()
        follow_theme(self._rescale)

    # -- building -----------------------------------------------------------------------------

    def _columns(self) -> list[Column[_Line]]:
        now = self._now
        return [
            Column(self.tr("Coordinator"), lambda r: r.call.coordinator, strong=True, avatar=True),
            Column(
                self.tr("Line"),
                lambda r: state_words(r.call),
                chip=lambda r: state_kind(r.call),
                width=104,
            ),
            Column(
                self.tr("For"),
                lambda r: lasts(r.call, now()),
                tone=lambda r: age_tone(r.call, r.board, now()),
                right=True,
                strong=True,
                width=68,
            ),
            Column(
                self.tr("Help"),
                lambda r: help_words(r.call.help, now()),
                chip=lambda r: help_kind(r.call.help, r.board.help_seconds, now()),
                width=148,
            ),
            Column(self.tr("Patient"), lambda r: r.call.patient, width=74, drop=2),
            Column(self.tr("On the call"), lambda r: company_words(r.call.company), drop=1),
            Column(self.tr("Campaign"), lambda r: r.call.campaign, drop=3),
        ]

    def _mode_button(self, mode: MonitorMode) -> Button:
        meanings = {
            MonitorMode.LISTEN: self.tr("Nobody on the call hears you."),
            MonitorMode.COACH: self.tr("Only the coordinator hears you."),
            MonitorMode.BARGE: self.tr("The coordinator and the patient hear you."),
        }
        button = Button(MODE_LABELS[mode], icon=_ICONS[mode])
        button.setObjectName(f"live_{mode.value}")
        button.setCheckable(True)
        button.setToolTip(meanings[mode])
        button.setAccessibleDescription(meanings[mode])
        return button

    def _lay_out(self) -> None:
        self._nobody = EmptyState(
            "phone",
            self.tr("Nobody is on a call"),
            self.tr("Calls appear here by themselves as soon as somebody dials."),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nobody)
        self._stack.addWidget(self.table)
        left = Card(self.tr("Calls now"))
        left.body.addWidget(self._stack, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(10)
        split.addWidget(left)
        split.addWidget(self._side())
        split.setStretchFactor(0, 1)
        split.setSizes([720, 380])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(split)

    def _side(self) -> QWidget:
        for words in (self.about, self.company, self.role, self.meaning, self.told):
            words.setWordWrap(True)
        self.said.setReadOnly(True)
        self._card = Card()
        self._card.header.addWidget(self.who, 1)
        self._card.header.addWidget(self.state)
        self._card.body.addWidget(self.about)
        self._card.body.addWidget(self.help)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self.modes.values():
            row.addWidget(button, 1)
        self._card.body.addLayout(row)
        for widget in (self.role, self.meaning, self.leave, self.told, self.company):
            self._card.body.addWidget(widget)
        self._card.body.addWidget(self._heard)
        self._card.body.addWidget(self.said)
        self._card.body.addStretch(1)
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("The chosen call"))
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._card)
        self._scroll = scroll
        return scroll

    def _connect(self) -> None:
        self.table.row_chosen.connect(self._on_row)
        self.table.row_opened.connect(lambda _: self.modes[MonitorMode.LISTEN].click())
        for mode, button in self.modes.items():
            button.clicked.connect(lambda _=False, mode=mode: self._want(mode))
        self.leave.clicked.connect(lambda: self.leave_wanted.emit(self.chosen))
        self.help.settled.connect(lambda: self.settled.emit(self.chosen))
        self.help.answered.connect(lambda text: self.answered.emit(self.chosen, text))
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        self._tick.start()

    def _rescale(self) -> None:
        px = active().px
        self._scroll.setMinimumWidth(px(340))
        self.table.setMinimumHeight(px(150))

    # -- what is shown ------------------------------------------------------------------------

    @property
    def chosen(self) -> UUID | None:
        """The call whose buttons are shown."""
        return self._call.call_id if self._call is not None else None

    def choose(self, call_id: UUID) -> None:
        """Choose a call; one that is not up any more does nothing."""
        numbers = [n for n, line in enumerate(self.lines.rows) if line.call.call_id == call_id]
        if numbers:
            self.table.select_row(numbers[0])

    def show_board(self, board: LiveBoard | None) -> None:
        """Show what is up now; None: nothing may be shown. The chosen call stays chosen."""
        self._board = board
        calls = board.calls if board is not None else ()
        chosen = self.chosen
        mine = next((c.call_id for c in calls if c.my_mode is not None), None)
        up = {c.call_id for c in calls}
        wanted = chosen if chosen in up else mine or next((c.call_id for c in calls), None)
        if board is not None:
            self.lines.set_rows([_Line(call, board) for call in calls])
        else:
            self.lines.clear()
        self._stack.setCurrentIndex(1 if calls else 0)
        if wanted is not None:
            self.choose(wanted)
        self._call = next((c for c in calls if c.call_id == wanted), None)
        self._show_call()

    def set_busy(self, *, busy: bool) -> None:
        """Something was asked for and is not answered yet."""
        self._busy = busy
        self._enable()

    def _on_row(self, line: _Line | None) -> None:
        if line is None or (self._call is not None and line.call.call_id == self._call.call_id):
            return
        self._call = line.call
        self.help.answer.clear()
        self._show_call()

    def _on_tick(self) -> None:
        if self.isVisible() and self.lines.rows:
            self.lines.refresh()
            self._show_times()

    def _show_call(self) -> None:
        call = self._call
        self._scroll.setVisible(call is not None)
        if call is None:  # a hidden widget keeps nothing of a patient either
            self.who.setText("")
            for words in (self.about, self.company, self.role, self.meaning, self.told):
                words.setText("")
            self.help.show_help(None, self._now())
            self.help.answer.clear()
            self.said.clear()
            return
        self.who.setText(f"{call.coordinator} · {call.patient}")
        self.state.set(state_words(call))
        set_kind(self.state, "chip", state_kind(call))
        self._show_times()
        self.company.setText(self._company(call))
        self.company.setVisible(bool(self.company.text()))
        self.role.setText(self._role(call))
        self.role.setVisible(bool(self.role.text()))
        self.meaning.setText(self._meaning(call))
        self.told.setText(self._told(call))
        self.told.setVisible(bool(self.told.text()))
        self._show_said(call)
        self._enable()

    def _show_times(self) -> None:
        call, now = self._call, self._now()
        if call is None:
            return
        since = lasts(call, now)
        words = self.tr("%1 · for %2") if call.answered_at else self.tr("%1 · not answered, %2")
        about = words.replace("%1", call.campaign).replace("%2", since)
        if call.is_practice_line:
            about += " · " + self.tr("practice line")
        self.about.setText(about)
        self.help.show_help(call.help, now)

    def _show_said(self, call: LiveCall) -> None:
        on = call.my_state is MonitorState.ON and call.is_practice_line
        self.said.setVisible(on)
        self._heard.setVisible(on)
        if not on:
            self.said.clear()
            return
        who = {"patient": self.tr("Patient"), "machine": self.tr("Machine")}
        text = "\n".join(
            f"{who.get(line.speaker, self.tr('Line'))}: {line.text}" for line in call.captions
        )
        text = text or self.tr("Nothing has been said since you came.")
        if text != self.said.toPlainText():
            self.said.setPlainText(text)
            bar = self.said.verticalScrollBar()
            bar.setValue(bar.maximum())

    def _role(self, call: LiveCall) -> str:
        board = self._board
        if call.my_mode is None or board is None:
            return ""
        if call.stopping:
            return self.tr("Leaving…")
        if call.my_state is not MonitorState.ON:
            return self.tr("Calling %1…").replace("%1", board.ear)
        if call.my_line_mode is not call.my_mode:
            return self.tr("Changing…")
        return {
            MonitorMode.LISTEN: self.tr("You are listening"),
            MonitorMode.COACH: self.tr("You are coaching"),
            MonitorMode.BARGE: self.tr("You are on the call"),
        }[call.my_mode]

    def _meaning(self, call: LiveCall) -> str:
        name = first_name(call.coordinator)
        if call.own:
            return self.tr("This is your own call.")
        other = self._elsewhere(call)
        if other is not None:
            return self.tr("You are on %1’s call. Leave it first.").replace(
                "%1", first_name(other.coordinator)
            )
        if call.my_mode is None:
            ear = self._board.ear if self._board is not None else ""
            words = self.tr("Choose how to come: %1 will be called.")
            return words.replace("%1", ear)
        return {
            MonitorMode.LISTEN: self.tr("Nobody on the call hears you."),
            MonitorMode.COACH: self.tr("Only %1 hears you; the patient does not."),
            MonitorMode.BARGE: self.tr("%1 and the patient hear you. Say who you are."),
        }[call.my_mode].replace("%1", name)

    def _told(self, call: LiveCall) -> str:
        if self._board is None or call.own:
            return ""
        name = first_name(call.coordinator)
        if self._board.tells_listening:
            words = self.tr("%1 sees your name and how you are on the call.")
        else:
            words = self.tr("%1 is told when you coach or join in, not while you only listen.")
        return words.replace("%1", name)

    def _company(self, call: LiveCall) -> str:
        others = company_words(tuple(one for one in call.company if not one.mine))
        return self.tr("Also on the call: %1").replace("%1", others) if others else ""

    def _elsewhere(self, call: LiveCall) -> LiveCall | None:
        calls = self._board.calls if self._board is not None else ()
        return next((c for c in calls if c.my_mode is not None and c.call_id != call.call_id), None)

    def _enable(self) -> None:
        call = self._call
        if call is None:
            return
        own = any(c.own for c in self._board.calls) if self._board is not None else False
        free = not (self._busy or own or call.stopping or self._elsewhere(call))
        for mode, button in self.modes.items():
            button.setEnabled(free)
            button.setChecked(call.my_mode is mode)
        self.leave.setVisible(call.my_mode is not None)
        self.leave.setEnabled(not self._busy and not call.stopping)
        self.help.set_busy(busy=self._busy)

    # -- what is wanted -----------------------------------------------------------------------

    def _want(self, mode: MonitorMode) -> None:
        call = self._call
        self._enable()  # a pressed button shows what is true, not what is wished
        if call is not None and call.my_mode is not mode:
            self.mode_wanted.emit(call.call_id, mode)
