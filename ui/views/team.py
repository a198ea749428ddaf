"""The supervisor's board: figures, outcomes by day, answer rate by hour, people, funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from coordinator_app.domain.team import CoordinatorToday, Kpi, TeamBoard
from ui.messages import Level
from ui.models.clock_text import LATE, waited
from ui.models.rows_model import Column, RowsModel
from ui.theme import active
from ui.widgets.big_charts import Funnel, HeatMap, StackedBars
from ui.widgets.buttons import Button
from ui.widgets.chart_card import ChartCard
from ui.widgets.charts import Kpi as KpiCard
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card
from ui.widgets.table import RowTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

__all__ = ["TeamView"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CHIP = {
    "On a call": "success",
    "Wrap-up": "warning",
    "Available": "info",
    "Break": "neutral",
    "Signed out": "neutral",
}
_TILES = 4
_WIDE, _NARROW = 1080, 860  # effective widths
Trend = Literal["up", "down", "flat"]
Verdict = Literal["good", "bad", "neutral"]


def _rate(row: CoordinatorToday) -> str:
    return f"{round(100 * row.booked / row.reached)} %" if row.reached else "–"


def _about(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d}"


class TeamView(QWidget):
    """Everything on one page that scrolls when the window is small.

    Signals:
        review_requested: (person id) that person's calls should be shown.
    """

    review_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty board."""
        super().__init__(parent)
        self._board: TeamBoard | None = None
        self._kpis: dict[str, KpiCard] = {}
        self._shape = (0, 0)
        self.returns = named(Notice(), "team_returns")
        self._tiles = QGridLayout()
        self._tiles.setSpacing(10)
        self.bars = StackedBars(
            self.tr("Calls by outcome"),
            [
                (self.tr("Booked"), "success"),
                (self.tr("Voicemail"), "violet"),
                (self.tr("Call back"), "warning"),
                (self.tr("No answer"), "neutral"),
                (self.tr("Declined"), "danger"),
                (self.tr("Other"), "border2"),
            ],
        )
        self.heat = HeatMap(self.tr("Answer rate by hour"), "%")
        self.funnel = Funnel(self.tr("Recall funnel"))
        self._bars = ChartCard(self.tr("Calls by outcome"), self.bars)
        self._heat = ChartCard(self.tr("Answer rate by hour"), self.heat)
        self._heat.header.insertWidget(2, label(self.tr("% answered, patient’s time"), "small"))
        self._funnel = ChartCard(self.tr("Recall funnel"), self.funnel)
        self.campaign = named(QComboBox(), "team_campaign", self.tr("Campaign"))
        self.campaign.view().setAccessibleName(self.tr("Campaigns"))
        self.campaign.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.campaign.currentIndexChanged.connect(self._show_funnel)
        self._funnel.header.insertWidget(2, self.campaign)
        self.people: RowsModel[CoordinatorToday] = RowsModel(self._columns(), self)
        self._lay_out()
        follow_theme(self._rescale)

    def _columns(self) -> list[Column[CoordinatorToday]]:
        return [
            Column(self.tr("Coordinator"), lambda r: r.name, strong=True, avatar=True),
            Column(
                self.tr("Now"),
                lambda r: r.now,
                chip=lambda r: _CHIP.get(r.now, "neutral"),
                width=110,
            ),
            Column(self.tr("Calls"), lambda r: str(r.calls), right=True, width=54),
            Column(self.tr("Reached"), lambda r: str(r.reached), right=True, width=70, drop=2),
            Column(self.tr("Booked"), lambda r: str(r.booked), right=True, strong=True, width=66),
            Column(self.tr("Book rate"), _rate, right=True, width=78, drop=4),
            Column(self.tr("Talk"), lambda r: _about(r.talk_seconds), right=True, width=74, drop=1),
            Column(
                self.tr("After-call"),
                lambda r: _about(r.wrap_seconds),
                right=True,
                width=84,
                drop=3,
            ),
        ]

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("transparent", "true")
        self.table = RowTable(self.people, self.tr("Coordinators today"))
        self.table.setObjectName("team_people")
        self.review = Button(self.tr("Review calls"), icon="history", size="small")
        self.review.setObjectName("team_review")
        self.review.clicked.connect(self._review)
        self.table.row_opened.connect(lambda row: self.review_requested.emit(row.person_id))
        self.table.row_chosen.connect(lambda row: self.review.setEnabled(row is not None))
        self.review.setEnabled(False)
        card = Card(self.tr("Coordinators today"))
        card.header.addStretch(1)
        card.header.addWidget(self.review)
        card.body.addWidget(self.table, 1)
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        self._cards = (self._bars, self._heat, card, self._funnel)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.returns)
        column.addLayout(self._tiles)
        column.addLayout(self._grid, 1)
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("Team board"))
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _rescale(self) -> None:
        px = active().px
        for card in (self._bars, self._heat):
            card.setMinimumHeight(px(250))
        for card in (self._funnel,):
            card.setMinimumHeight(px(230))
        self.table.setMinimumHeight(px(150))
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Use the width for columns."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Two columns of charts and a row of figures; less beside each other when narrow."""
        effective = self.width() / active().scale
        tiles = _TILES if effective >= _WIDE else 2
        shape = (tiles, 2 if effective >= _NARROW else 1)
        if shape == self._shape:
            return
        self._shape = shape
        for number, card in enumerate(self._cards):
            self._grid.addWidget(card, number // shape[1], number % shape[1])
        for number in range(4):
            self._grid.setRowStretch(number, 1 if number < len(self._cards) // shape[1] else 0)
        self._grid.setColumnStretch(0, 6)
        self._grid.setColumnStretch(1, 5 if shape[1] == 2 else 0)
        self._place_tiles()

    def _place_tiles(self) -> None:
        columns = max(1, self._shape[0])
        for number, tile in enumerate(self._kpis.values()):
            self._tiles.addWidget(tile, number // columns, number % columns)
        for number in range(_TILES):
            self._tiles.setColumnStretch(number, 1 if number < columns else 0)

    # -- data in ------------------------------------------------------------------------------

    def show_board(self, board: TeamBoard) -> None:
        """Show a board; the chosen person and campaign stay chosen."""
        self._board = board
        self._show_returns(board)
        self._show_kpis(board.kpis[:_TILES])
        self._show_days(board)
        self._show_heat(board)
        chosen = self.table.current_row()
        self.people.set_rows(board.coordinators)
        ids = [row.person_id for row in board.coordinators]
        if chosen is not None and chosen.person_id in ids:
            self.table.select_row(ids.index(chosen.person_id))
        names = [name for name, _ in board.funnels]
        if names != [self.campaign.itemText(n) for n in range(self.campaign.count())]:
            kept = self.campaign.currentText()
            self.campaign.blockSignals(True)
            self.campaign.clear()
            self.campaign.addItems(names)
            self.campaign.setCurrentIndex(max(0, self.campaign.findText(kept)))
            self.campaign.blockSignals(False)
        self.campaign.setVisible(bool(names))
        self._show_funnel()

    def _show_returns(self, board: TeamBoard) -> None:
        """The lane that nobody may forget: how many wait, and since when."""
        lane = board.returns
        if not lane.open or lane.oldest is None:
            self.returns.say("")
            return
        if lane.open == 1:
            words = self.tr("One returned call waits")
        else:
            words = self.tr("%1 returned calls wait").replace("%1", str(lane.open))
        age = waited(lane.oldest, board.now)
        since = self.tr("since just now") if age == "now" else self.tr("for %1").replace("%1", age)
        said = (
            f"{words}, {self.tr('the oldest')} {since}." if lane.open > 1 else f"{words} {since}."
        )
        if lane.on_the_phone:
            said += " " + self.tr("%1 on the phone now.").replace("%1", str(lane.on_the_phone))
        late = board.now - lane.oldest >= LATE
        self.returns.say(said, Level.WARNING if late else Level.INFO, "phone-call")

    def _show_kpis(self, kpis: Sequence[Kpi]) -> None:
        if tuple(self._kpis) != tuple(kpi.name for kpi in kpis):
            for card in self._kpis.values():
                self._tiles.removeWidget(card)
                card.deleteLater()
            self._kpis = {kpi.name: KpiCard(kpi.name) for kpi in kpis}
            self._place_tiles()
        for kpi in kpis:
            # "as last week" has no digit: no change at all.
            same = not any(digit in kpi.change for digit in "123456789")
            verdict: Verdict = "good" if kpi.good else "bad"
            if kpi.good is None or same:
                verdict = "neutral"
            sign = "" if same else kpi.change.lstrip()[:1]
            trend: Trend = "up" if sign == "+" else "down" if sign in {"-", "−", "–"} else "flat"
            self._kpis[kpi.name].set(kpi.value, kpi.change, trend, verdict, kpi.trend)

    def _show_days(self, board: TeamBoard) -> None:
        self.bars.set_bars(
            [
                (
                    _WEEKDAYS[d.day.weekday()],
                    (d.booked, d.voicemail, d.callback, d.no_answer, d.declined, d.other),
                )
                for d in board.days
            ]
        )
        self._bars.refresh()

    def _show_heat(self, board: TeamBoard) -> None:
        called = [cell.hour for cell in board.heat]
        hours = range(min(called), max(called) + 1) if called else range(0)
        days = sorted({cell.weekday for cell in board.heat})
        rates = {
            (c.weekday, c.hour): round(100 * c.answered / c.calls) for c in board.heat if c.calls
        }
        self.heat.set_cells(
            [str(hour % 12 or 12) for hour in hours],
            [(_WEEKDAYS[day], [rates.get((day, hour)) for hour in hours]) for day in days],
        )
        self._heat.refresh()

    def _show_funnel(self) -> None:
        funnels = dict(self._board.funnels) if self._board else {}
        steps = funnels.get(self.campaign.currentText(), ())
        self.funnel.set_steps([(step.name, step.count) for step in steps])
        self._funnel.refresh()

    def _review(self) -> None:
        row = self.table.current_row()
        if row is not None:
            self.review_requested.emit(row.person_id)
