"""What the program does before it can be used: the first start of the demo, step by step."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.messages import announce
from ui.theme import active
from ui.widgets.brand import Logo
from ui.widgets.buttons import Button
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme
from ui.widgets.progress import ProgressLine
from ui.widgets.surfaces import Card, IconTile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ProgressView", "StepState"]


class StepState(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


_LOOK = {
    StepState.WAITING: ("circle", "neutral"),
    StepState.RUNNING: ("loader-circle", "info"),
    StepState.DONE: ("circle-check", "success"),
    StepState.FAILED: ("circle-alert", "danger"),
}


class _Step(QWidget):
    def __init__(self, words: str) -> None:
        super().__init__()
        self.state = StepState.WAITING
        self._words = words
        self._icon = IconTile("circle", "neutral", tile=0, size=18)
        self._text = label(words)
        self._detail: QLabel = label("", "small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._detail)

    def set(self, state: StepState, detail: str, said: str) -> None:
        self.state = state
        self._icon.set(*_LOOK[state])
        self._text.setProperty("type", "strong" if state is StepState.RUNNING else "")
        self._text.style().unpolish(self._text)
        self._text.style().polish(self._text)
        self._detail.setText(detail)
        self.setAccessibleName(f"{self._words}: {said}")


class ProgressView(QWidget):
    """Named steps, how far, and what went wrong.

    Signals:
        cancelled: the person does not want to wait.
        retry_requested: try the failed step again.
    """

    cancelled = Signal()
    retry_requested = Signal()

    def __init__(self, title: str, steps: Sequence[str], parent: QWidget | None = None) -> None:
        """Show steps that all wait."""
        super().__init__(parent)
        self.setObjectName("progress")
        self._steps = [_Step(words) for words in steps]
        self._line = ProgressLine(title)
        self._line.set_done(0, len(self._steps))
        self._problem = label("", "error")
        self._problem.setWordWrap(True)
        self._problem.hide()
        self._retry = Button(self.tr("Try again"), "primary")
        self._retry.clicked.connect(self.retry_requested)
        self._retry.hide()
        stop = Button(self.tr("Cancel"))
        stop.clicked.connect(self.cancelled)
        self._card = Card(title)
        self._card.body.addWidget(self._line)
        for step in self._steps:
            self._card.body.addWidget(step)
        self._card.body.addWidget(self._problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(stop)
        buttons.addWidget(self._retry)
        self._card.body.addLayout(buttons)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(Logo(), 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addSpacing(18)
        outer.addWidget(self._card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        words = {
            StepState.WAITING: self.tr("waiting"),
            StepState.RUNNING: self.tr("running"),
            StepState.DONE: self.tr("done"),
            StepState.FAILED: self.tr("failed"),
        }
        self._said = words
        for step in self._steps:
            step.set(StepState.WAITING, "", words[StepState.WAITING])
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._card.setFixedWidth(active().px(460))

    def states(self) -> tuple[StepState, ...]:
        """Where each step stands."""
        return tuple(step.state for step in self._steps)

    def set_step(self, number: int, state: StepState, detail: str = "") -> None:
        """Say where a step stands, with a few words beside it ("104 MB", "250 patients").

        Raises:
            IndexError: no such step.
        """
        self._steps[number].set(state, detail, self._said[state])
        done = sum(1 for step in self._steps if step.state is StepState.DONE)
        self._line.set_done(done, len(self._steps))
        if state is StepState.RUNNING:
            self.show_problem("")
            announce(self, self._steps[number].accessibleName())

    def show_problem(self, sentence: str) -> None:
        """Say what went wrong and offer to try again; "" takes it away."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._retry.setVisible(bool(sentence))
        if sentence:
            self._retry.setFocus()
            announce(self, sentence, urgent=True)
