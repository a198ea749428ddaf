"""A workstation on the fake practice, as tests sit down at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tests.helpers.fake_practice import FakePractice
from tests.helpers.fake_session import FakeSession, make_session
from tests.helpers.inline import InlineTasks
from ui.messages import MessageBus
from ui.pages.workstation import Workstation
from ui.shortcuts import Keymap
from ui.theme import active
from ui.views.call_bar import CallBar

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from coordinator_app.domain.call import CallView


@dataclass
class Desk:
    """Everything a test drives or looks at."""

    fake: FakePractice
    session: FakeSession
    tasks: InlineTasks
    messages: MessageBus
    bar: CallBar
    page: Workstation
    window: QWidget
    bot: QtBot

    def open(self, first_name: str) -> None:
        """Open a patient of the queue."""
        self.page.open_entry(self.fake.entry(first_name).entry_id)

    def call(self, *captions: str) -> CallView:
        """Dial and let somebody answer."""
        self.bar.dial.click()
        self.fake.answer(self.fake.live_call().id, *captions)
        return self.fake.live_call()

    def hang_up(self) -> None:
        """The patient hangs up."""
        self.fake.hang_up_by_patient(self.fake.live_call().id)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """Press a key where the focus is."""
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)

    def said(self) -> str:
        """All banners as one text."""
        return " ".join(message.text for message in self.messages.current)


def sit_down(
    bot: QtBot, fake: FakePractice | None = None, *, width: int = 1440, height: int = 830
) -> Desk:
    """Show a workstation under its call bar, in a window of that size."""
    session = make_session(fake)
    practice = session.practice
    tasks, messages = InlineTasks(), MessageBus()
    window = QWidget()
    window.setProperty("page", "true")
    bot.addWidget(window)
    messages.setParent(window)
    bar = CallBar(session.clock.now, Keymap())
    page = Workstation(session, tasks, messages, active(), Keymap(), bar)
    practice.listen(lambda kind: page.on_changed(frozenset({kind})))
    column = QVBoxLayout(window)
    column.setContentsMargins(60, 0, 10, 0)
    column.addWidget(bar)
    column.addWidget(page, 1)
    window.resize(width, height)
    with bot.waitExposed(window):
        window.show()
    window.activateWindow()
    return Desk(practice, session, tasks, messages, bar, page, window, bot)
