"""The line test: six parts with a verdict each, what to do about it, and a text for support."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from coordinator_app.domain.line_test import LineFinding, Part, Verdict, worst
from ui.messages import Level, announce
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.labels import label
from ui.widgets.level_meter import LevelMeter
from ui.widgets.line_test_row import LineTestRow
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LineTestView"]

_WIDTH = 760


class LineTestView(QWidget):
    """Shows a test, and asks what only a person can say.

    Signals:
        start_wanted: test now.
        answered: the question on the screen: True yes, False no.
        copy_wanted: put the text for support on the clipboard.
    """

    start_wanted = Signal()
    answered = Signal(bool)
    copy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make a view of no test."""
        super().__init__(parent)
        self.start = Button(self.tr("Test now"), "primary", "activity")
        self.start.setObjectName("line_test_start")
        self.copy = Button(self.tr("Copy for support"), "", "copy")
        self.copy.setObjectName("line_test_copy")
        self.copy.setEnabled(False)
        self.summary = Notice()
        self.rows: dict[Part, LineTestRow] = {}
        self._card = Card(self.tr("Your line"))
        about = label(
            self.tr(
                "It takes some ten seconds and may be repeated at any time, before or during a "
                "shift. Nothing about a patient is tested or kept; your supervisor sees the result."
            ),
            "small",
        )
        about.setWordWrap(True)
        self._card.body.addWidget(about)
        self._card.body.addSpacing(6)
        for part in Part:
            self.rows[part] = LineTestRow(part)
            self._card.body.addWidget(self.rows[part])
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.summary)
        column.addWidget(self._build_question())
        column.addWidget(self._card)
        column.addStretch(1)
        self._column = column
        self._inner = QWidget()
        self._inner.setProperty("transparent", "true")
        self._inner.setLayout(column)
        centre = QWidget()
        centre.setProperty("transparent", "true")
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._inner, 3)
        row.addStretch(1)
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("Line test"))
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(centre)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.start.clicked.connect(self.start_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        follow_theme(self._rescale)
        self.show_parts(tuple(Part))

    def _build_question(self) -> QWidget:
        self.question = Card()
        self.question.setObjectName("line_test_question")
        self.asked = label("", "strong")
        self.asked.setWordWrap(True)
        self.meter = LevelMeter(self.tr("Microphone level"))
        self.yes = Button("", "primary")
        self.yes.setObjectName("line_test_yes")
        self.no = Button("")
        self.no.setObjectName("line_test_no")
        self.yes.clicked.connect(lambda: self.answered.emit(True))
        self.no.clicked.connect(lambda: self.answered.emit(False))
        buttons = QHBoxLayout()
        buttons.addWidget(self.yes)
        buttons.addWidget(self.no)
        buttons.addStretch(1)
        self.question.body.addWidget(self.asked)
        self.question.body.addWidget(self.meter)
        self.question.body.addLayout(buttons)
        self.question.hide()
        return self.question

    def _rescale(self) -> None:
        px = active().px
        self._inner.setMaximumWidth(px(_WIDTH))
        self._column.setSpacing(px(10))

    # -- data in ------------------------------------------------------------------------------

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Show only what is tested for this ear."""
        for part, row in self.rows.items():
            row.setVisible(part in parts)

    def begin(self) -> None:
        """A test has begun."""
        self.summary.say("")
        self.copy.setEnabled(False)
        self.start.set_busy(self.tr("Testing…"))
        for row in self.rows.values():
            row.wait("", self.tr("testing"))

    def show_progress(self, part: Part, words: str) -> None:
        """Say what is being done."""
        self.rows[part].wait(words, self.tr("testing"))

    def show_finding(self, finding: LineFinding) -> None:
        """Show how a part came out."""
        self.rows[finding.key].show_finding(finding)

    def ask(self, words: str, yes: str, no: str, *, metered: bool = False) -> None:
        """Ask something that only a person knows; "" for a button hides it."""
        self.asked.setText(words)
        self.meter.setVisible(metered)
        if metered:
            self.meter.clear()
        for button, text in ((self.yes, yes), (self.no, no)):
            button.set_label(text)
            button.setVisible(bool(text))
        self.question.show()
        announce(self, words)

    def ask_nothing(self) -> None:
        """The question is answered, or not asked any more."""
        self.question.hide()

    def end(self, findings: Sequence[LineFinding]) -> None:
        """The test is over; say the worst of it first."""
        self.ask_nothing()
        self.start.set_label(self.tr("Test again"))
        self.copy.setEnabled(True)
        state = worst(findings)
        if state is Verdict.OK:
            self.summary.say(self.tr("Your line is good."), Level.SUCCESS, "circle-check")
            return
        first = next(one for one in findings if one.state is state)
        level = Level.ERROR if state is Verdict.BAD else Level.WARNING
        self.summary.say(first.sentence, level)
