"""Looking a patient up: one row of questions, and the few who fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.find import FindQuery, read_birth_date
from ui.messages import Level, announce
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.found_card import FoundCard
from ui.widgets.labels import Elide
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card, EmptyState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from coordinator_app.domain.find import Found
    from ui.widgets.found_card import Powers

__all__ = ["FindView"]


class FindView(QWidget):
    """Fields above, cards below.

    Signals:
        searched: (FindQuery, str) the question and the reason for it.
        open_requested: (entry id) this patient should be claimed.
        why_requested: a FoundPatient whose calls should be explained.
        glass_requested: a FoundPatient whose chart is needed in an emergency.
        return_requested: a FoundPatient who called back.
        link_requested: a FoundPatient who is the unknown caller.
    """

    return_requested = Signal(object)
    link_requested = Signal(object)
    searched = Signal(object, str)
    open_requested = Signal(object)
    why_requested = Signal(object)
    glass_requested = Signal(object)

    def __init__(
        self,
        now: Callable[[], datetime],
        zone: str,
        powers: Powers,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty view.

        Args:
            now: the practice's clock.
            zone: the practice's IANA zone.
            powers: what this person may do with somebody who was found.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._now, self._zone, self._powers = now, zone, powers
        self._cards: list[FoundCard] = []
        self.linking = False  # an unknown caller is looked for
        self.phone = named(QLineEdit(), "find_phone", self.tr("Telephone number"))
        self.phone.setPlaceholderText(self.tr("(312) 555-0100"))
        self.name = named(QLineEdit(), "find_name", self.tr("Name"))
        self.name.setPlaceholderText(self.tr("First and last name"))
        self.born = named(QLineEdit(), "find_born", self.tr("Date of birth"))
        self.born.setPlaceholderText(self.tr("MM/DD/YYYY"))
        self.reason = self._reasons()
        self.search = named(Button(self.tr("Find"), "primary", "search"), "find_search")
        self.problem = named(Notice(), "find_problem")
        self.link_notice = named(Notice(), "find_link_notice")
        self.empty = EmptyState("search", "", "")
        self._list = QScrollArea(widgetResizable=True)
        self._list.setAccessibleName(self.tr("Who fits"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # what is in it takes the focus
        self._stack = QStackedWidget()
        self._build()
        for edit in (self.phone, self.name, self.born, self._said):
            edit.returnPressed.connect(self.submit)
        self.search.clicked.connect(self.submit)
        self.clear()
        follow_theme(self._rescale)

    def _reasons(self) -> QComboBox:
        combo = named(QComboBox(), "find_reason", self.tr("Why you look"))
        self._said = QLineEdit()
        self._said.setAccessibleName(self.tr("Why you look"))
        self._said.setPlaceholderText(self.tr("Choose, or say it"))
        combo.setLineEdit(self._said)  # editable
        combo.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        combo.view().setAccessibleName(self.tr("Reasons"))
        for words in (
            self.tr("Returns our call"),
            self.tr("Asked by the office"),
            self.tr("Privacy question"),
            self.tr("Complaint"),
        ):
            combo.addItem(words)
        combo.setCurrentIndex(-1)
        return combo

    def _build(self) -> None:
        card = Card()
        grid = QGridLayout()
        self._grid = grid
        fields: tuple[tuple[str, QWidget, int], ...] = (
            (self.tr("Telephone number"), self.phone, 3),
            (self.tr("or name"), self.name, 4),
            (self.tr("Date of birth"), self.born, 2),
            (self.tr("Why you look"), self.reason, 4),
        )
        for column, (title, field, stretch) in enumerate(fields):
            words = Elide(title, "small")
            words.setBuddy(field)
            grid.addWidget(words, 0, column)
            grid.addWidget(field, 1, column)
            grid.setColumnStretch(column, stretch)
        grid.addWidget(self.search, 1, len(fields))
        card.body.addLayout(grid)
        card.body.addWidget(self.problem)
        card.body.addWidget(self.link_notice)
        holder = QWidget()
        holder.setProperty("transparent", "true")
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addStretch(1)
        self._list.setWidget(holder)
        surface = Card()
        surface.body.addWidget(self.empty)
        self._stack.addWidget(surface)
        self._stack.addWidget(self._list)
        self.row = QHBoxLayout()
        self.row.addWidget(self._stack, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(10)
        outer.addWidget(card)
        outer.addLayout(self.row, 1)

    def _rescale(self) -> None:
        px = active().px
        self._grid.setHorizontalSpacing(px(8))
        self._grid.setVerticalSpacing(px(3))
        self._column.setSpacing(px(10))
        self.row.setSpacing(px(10))
        for edit, least in ((self.phone, 116), (self.name, 124), (self.born, 112)):
            edit.setMinimumWidth(px(least))
        self.reason.setMinimumWidth(px(124))

    # -- asking -------------------------------------------------------------------------------

    def submit(self) -> None:
        """Ask for who fits, or say what is missing."""
        self._mark(None, "")
        if not self.search.isEnabled():
            return
        born: date | None = None
        try:
            born = read_birth_date(self.born.text())
        except ValueError:
            self._mark(self.born, self.tr("Enter the date of birth as month/day/year: 4/17/1967."))
            return
        reason = self.reason.currentText().strip()
        if len(reason) < 3:
            self._mark(
                self.reason, self.tr("Say why you look this patient up. It is kept with the look.")
            )
            return
        query = FindQuery(self.phone.text().strip(), self.name.text().strip(), born)
        self.searched.emit(query, reason)

    def _mark(self, field: QWidget | None, problem: str) -> None:
        for one in (self.born, self.reason):
            set_invalid(one, problem if one is field else "")
        self.problem.say(problem)
        if field is not None:
            field.setFocus()

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.search.set_busy(self.tr("Looking…") if busy else "")

    # -- what is shown ------------------------------------------------------------------------

    @property
    def cards(self) -> tuple[FoundCard, ...]:
        """The patients on the screen."""
        return tuple(self._cards)

    def clear(self) -> None:
        """Keep nobody, and nothing that was asked."""
        for edit in (self.phone, self.name, self.born):
            edit.clear()
        self.reason.setCurrentIndex(-1)
        self.reason.clearEditText()
        self.set_busy(False)
        self._mark(None, "")
        self._drop_cards()
        self.empty.set(
            "search",
            self.tr("Who is it?"),
            self.tr(
                "Enter the whole telephone number, or first and last name, or one name and the "
                "date of birth. Each look is logged with its reason."
            ),
        )
        self._stack.setCurrentIndex(0)

    def show_found(self, found: Found) -> None:
        """Show who fits, or that nobody does."""
        self._drop_cards()
        if not found.rows:
            self.empty.set(
                "user-x",
                self.tr("Nobody fits"),
                self.tr(
                    "No patient of the practice has this number or name. Check the spelling with "
                    "the caller, or try the number they usually call from."
                ),
            )
            self._stack.setCurrentIndex(0)
            announce(self, self.tr("Nobody fits"))
            return
        for number, patient in enumerate(found.rows):
            card = FoundCard(patient, self._powers, self._now(), self._zone)
            card.open_requested.connect(self.open_requested)
            card.why_requested.connect(self.why_requested)
            card.glass_requested.connect(self.glass_requested)
            card.return_requested.connect(self.return_requested)
            card.link_requested.connect(self.link_requested)
            card.set_linking(linking=self.linking)
            self._column.insertWidget(number, card)
            card.show()  # now: it is about to take the focus
            self._cards.append(card)
        self._stack.setCurrentIndex(1)
        one = self.tr("One patient fits")
        count = len(found.rows)
        announce(self, one if count == 1 else self.tr("%n patients fit", "", count))
        self._cards[0].focus_first()

    def set_linking(self, sentence: str) -> None:
        """Look for an unknown caller; "" ends it."""
        self.linking = bool(sentence)
        self.link_notice.say(sentence, Level.INFO, "phone-call")
        for card in self._cards:
            card.set_linking(linking=self.linking)

    def show_limit(self, sentence: str) -> None:
        """Say that this hour's look-ups are used."""
        self._drop_cards()
        self.empty.set("clock", self.tr("No more look-ups for now"), sentence)
        self._stack.setCurrentIndex(0)
        announce(self, sentence, urgent=True)

    def show_problem(self, sentence: str) -> None:
        """Say what was wrong with the question."""
        self.problem.say(sentence)

    def _drop_cards(self) -> None:
        for card in self._cards:
            self._column.removeWidget(card)
            card.setParent(None)
            card.deleteLater()
        self._cards = []
