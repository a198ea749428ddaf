"""Putting the practice on a phone line, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from coordinator_app.domain.line_setup import Heard, Level, LineTaskKind
from ui.messages import Level as Weight
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.line_account import AccountStep
from ui.widgets.line_findings import FindingsStep
from ui.widgets.line_number import NumberStep
from ui.widgets.line_softphone import SoftphoneStep
from ui.widgets.line_test_call import TestCallStep
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.ear import SoftphoneKey
    from coordinator_app.domain.line_setup import PhoneLine

__all__ = ["STEPS", "PhoneLineView", "next_step"]

STEPS: Final = ("account", "number", "check", "test")
SOFTPHONE: Final = "softphone"  # for some practices, at any time
_WIDTH = 760


def next_step(line: PhoneLine) -> str:
    """The first step that is not done; "" when all are."""
    if line.source == "none":
        return "account"
    if not line.number_kind or not line.authorized:
        return "number"
    if any(finding.level is Level.BLOCK for finding in line.findings) or not line.findings:
        return "check"
    task = line.task(LineTaskKind.TEST_CALL)
    return "" if task is not None and task.heard is Heard.RIGHT else "test"


class PhoneLineView(QWidget):
    """Four steps, and the softphone beside them; the line above says what comes next."""

    def __init__(self, now: Callable[[], datetime], zone: str, signer: str) -> None:
        """Make an empty view; ``signer``: the name offered to sign with."""
        super().__init__()
        self.account = AccountStep(now, zone)
        self.number = NumberStep(signer)
        self.check = FindingsStep(now, zone)
        self.test = TestCallStep()
        self.softphone = SoftphoneStep(now, zone)
        self._chosen_by_hand = False
        self._next = ""
        self.step = Segmented(
            [
                ("account", self.tr("1  Account and key")),
                ("number", self.tr("2  Office number")),
                ("check", self.tr("3  Check")),
                ("test", self.tr("4  Test call")),
                (SOFTPHONE, self.tr("Softphone")),
            ],
            self.tr("Step"),
        )
        self.stands = named(Notice(), "line_stands")
        self.forward = named(Button(self.tr("Next step"), "", "arrow-right"), "line_next")
        self._stack = QStackedWidget()
        for widget in (self.account, self.number, self.check, self.test, self.softphone):
            self._stack.addWidget(widget)
        card = Card()
        card.body.addWidget(self._stack, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.forward)
        self._column = QWidget()
        self._column.setProperty("transparent", "true")
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.step)
        column.addWidget(self.stands)
        column.addWidget(card, 1)
        column.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._column, 3)
        row.addStretch(1)
        self.step.chosen.connect(self._show_step)
        self.forward.clicked.connect(self._go_on)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self._column.setMaximumWidth(active().px(_WIDTH))

    def show_line(self, line: PhoneLine, key_words: str, softphone: SoftphoneKey) -> None:
        """Show everything; a first look begins at what comes next."""
        self.account.show_line(line, key_words)
        self.softphone.show_key(softphone, demo=line.is_demo)
        for step in (self.number, self.check, self.test):
            step.show_line(line)
        upcoming = next_step(line)
        if not self._chosen_by_hand:
            self._chosen_by_hand = True
            self.step.choose(upcoming or "check")
        self._say(line, upcoming)

    def _say(self, line: PhoneLine, upcoming: str) -> None:
        words = {
            "account": self.tr("Next: enter the account at the carrier and a key of it."),
            "number": self.tr("Next: verify the office number, and sign that it may be shown."),
            "check": self.tr("Next: mend what the check found; until then nobody can call."),
            "test": self.tr("Calls can go out. Last: call your own phone once."),
            "": self.tr("The practice is on the line: patients can be called."),
        }[upcoming]
        if line.is_demo and not upcoming:
            words = self.tr("The practice line is ready: simulated people can be called.")
        if not line.gateway_runs:
            words = self.tr(
                "The gateway does not run, so nothing here is answered and nobody can call. Start "
                "it on its computer."
            )
            self._show_stands(words, Weight.ERROR, "unplug")
            return
        level = Weight.SUCCESS if upcoming in {"", "test"} else Weight.WARNING
        icon = "circle-check" if upcoming in {"", "test"} else "info"
        self._show_stands(words, level, icon)

    def _show_stands(self, words: str, level: Weight, icon: str) -> None:
        if words != self.stands.text:
            self.stands.say(words, level, icon)

    def forget(self) -> None:
        """Keep nothing that was typed."""
        self.forget_secrets()
        self.test.forget()

    def forget_secrets(self) -> None:
        """Keep no key and no password in a field."""
        self.account.forget()
        self.softphone.forget()

    def _show_step(self, key: str) -> None:
        self._stack.setCurrentIndex((*STEPS, SOFTPHONE).index(key))
        self.forward.setVisible(key in STEPS[:-1])

    def _go_on(self) -> None:
        self.step.choose(STEPS[STEPS.index(self.step.current) + 1])
