"""Emergency access: what it means, the reason, and then the chart for half an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.find import LEAST_REASON, EmergencyChart
from ui.models.clock_text import countdown
from ui.models.words import long_day
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.chart_tabs import ChartTabs
from ui.widgets.code_form import CodeForm, CodeWords
from ui.widgets.edits import set_invalid
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.outcome_fields import LANGUAGES
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, Fact

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["EmergencyPanel"]

_LAST_MINUTES = 300  # seconds that are shown as a warning


class EmergencyPanel(Card):
    """Asks first; shows afterwards, until the time is over.

    Signals:
        wanted: (reason, code) with which the chart should be opened; "" while no code is needed.
        closed: the panel is no longer wanted.
    """

    wanted = Signal(str, str)
    closed = Signal()

    def __init__(self, zone: str, parent: QWidget | None = None) -> None:
        """Make an empty panel; ``zone`` is the practice's."""
        super().__init__(parent=parent)
        self.setAccessibleName(self.tr("Emergency access"))
        self.title.hide()
        self._until: datetime | None = None
        self.name = Elide("", "h3")
        self.left = Chip("", "info")
        self.close_ = named(IconButton("x", self.tr("Close emergency access")), "glass_close")
        self.header.addWidget(self.name, 1)
        self.header.addWidget(self.left)
        self.header.addWidget(self.close_)
        self.problem = named(Notice(), "glass_problem")
        self.reason = named(QPlainTextEdit(), "glass_reason", self.tr("What the emergency is"))
        self.reason.setPlaceholderText(self.tr("What the emergency is, in a sentence"))
        self.reason.setTabChangesFocus(True)
        self.open = named(
            Button(self.tr("Open the chart now"), "danger", "shield-alert"), "glass_open"
        )
        self.facts = label("", "muted")
        self.facts.setWordWrap(True)
        self.tabs = ChartTabs(zone, heading=self.tr("What is known"))
        self.tabs.show_recent_beside(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._asking())
        self._stack.addWidget(self._showing())
        self.code = CodeForm(
            CodeWords(self.tr("Open the chart now"), "shield-alert", self.tr("Opening…"))
        )
        self._stack.addWidget(self.code)
        self.code.submitted.connect(lambda code: self.wanted.emit(self._sentence(), code))
        self.code.left.connect(self._leave_code)
        self.body.addWidget(self.problem)
        self.body.addWidget(self._stack, 1)
        self.open.clicked.connect(self.submit)
        self.close_.clicked.connect(self.closed)
        self.forget()
        follow_theme(self._fit)

    def _asking(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        for icon, kind, title, about in (
            (
                "clock",
                "warning",
                self.tr("The chart opens for half an hour"),
                self.tr("Then it leaves the window by itself."),
            ),
            (
                "users",
                "warning",
                self.tr("Your supervisors are told at once"),
                self.tr("With your name and your reason."),
            ),
            (
                "eye",
                "warning",
                self.tr("It is reviewed afterwards"),
                self.tr("Somebody else reads whether it was needed."),
            ),
        ):
            column.addWidget(Fact(icon, kind, title, about))
        column.addWidget(self.reason)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.open)
        column.addLayout(row)
        column.addStretch(1)
        self._ask_column = column
        return page

    def _showing(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.facts)
        column.addWidget(self.tabs, 1)
        return page

    def _fit(self) -> None:
        px = active().px
        self._ask_column.setSpacing(px(7))
        self.reason.setMinimumHeight(px(40))  # in a low window with large text
        self.reason.setMaximumHeight(px(74))

    # -- asking -------------------------------------------------------------------------------

    def begin(self, name: str) -> None:
        """Say what it means, for this patient."""
        self.forget()
        self.name.setText(self.tr("Emergency access: %1").replace("%1", name))
        self.reason.setFocus()

    def submit(self) -> None:
        """Ask for the chart, or say what is missing."""
        if not self.open.isEnabled():
            return
        reason = self._sentence()
        short = len(reason) < LEAST_REASON
        words = self.tr("Say in a sentence what the emergency is. Your supervisor will read it.")
        set_invalid(self.reason, words if short else "")
        self.problem.say(words if short else "")
        if short:
            self.reason.setFocus()
        else:
            self.wanted.emit(reason, "")

    def _sentence(self) -> str:
        return self.reason.toPlainText().strip()

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.open.set_busy(self.tr("Opening…") if busy else "")
        self.code.set_busy(busy)

    def show_problem(self, sentence: str) -> None:
        """Say why the chart did not open; the reason is kept."""
        self._leave_code()
        self.problem.say(sentence)

    def ask_code(self) -> None:
        """Ask for the code of the app before the chart opens; the reason is kept."""
        self.problem.say("")
        self._stack.setCurrentWidget(self.code)
        self.code.ask(
            self.tr("A chart opens in an emergency only with the six digits that your app shows.")
        )

    def show_code_problem(self, sentence: str) -> None:
        """Say why the code did not do."""
        self.code.set_busy(False)
        self.code.show_problem(sentence)

    def _leave_code(self) -> None:
        self.set_busy(False)
        self.code.forget()
        self._stack.setCurrentIndex(0)
        self.reason.setFocus()

    # -- showing ------------------------------------------------------------------------------

    @property
    def until(self) -> datetime | None:
        """Until when the chart that is shown may be looked at; None when none is."""
        return self._until

    def show_chart(self, seen: EmergencyChart, now: datetime) -> None:
        """Show the chart and the time that is left."""
        self.forget()
        self._until = seen.until
        self.name.setText(seen.name)
        born = "" if seen.birth_date is None else long_day(seen.birth_date).split(" ", 1)[1]
        language = LANGUAGES.get(seen.language.split("-")[0], "")
        facts = (
            self.tr("Born %1").replace("%1", born) if born else "",
            " · ".join(part for part in (str(seen.chart.age or ""), seen.chart.gender) if part),
            self.tr("speaks %1").replace("%1", language) if language else "",
            seen.address,
            ", ".join(seen.phones),
            seen.chart.practitioner,
        )
        self.facts.setText(" · ".join(part for part in facts if part))
        self.tabs.show_chart(seen.chart)
        self.tabs.setCurrentIndex(0)
        self._stack.setCurrentIndex(1)
        self.tick(now)
        self.tabs.tabBar().setFocus()

    def tick(self, now: datetime) -> None:
        """Count the time down; when it is over, nothing of the chart is left in the window."""
        if self._until is None:
            return
        left = self._until - now
        if left.total_seconds() <= 0:
            self.forget()
            self.problem.say(self.tr("The emergency access has ended, and the chart is closed."))
            return
        words = self.tr("%1 left").replace("%1", countdown(left))
        self.left.set(words, "warning" if left.total_seconds() <= _LAST_MINUTES else "info")

    def forget(self) -> None:
        """Keep nobody: neither chart, nor name, nor reason."""
        self._until = None
        self.name.setText(self.tr("Emergency access"))
        self.left.set("")
        self.reason.clear()
        set_invalid(self.reason, "")
        self.set_busy(False)
        self.code.forget()
        self.problem.say("")
        self.facts.setText("")
        self.tabs.clear_chart()
        self._stack.setCurrentIndex(0)
