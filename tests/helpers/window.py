"""The whole window over fakes, and what tests ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEvent, QSettings, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from tests.helpers.fake_sign_in import FakeConnector, person_of, session_for, sign_in_service
from tests.helpers.fake_team import FakeTeamPractice
from tests.helpers.inline import InlineTasks
from ui.app import build
from ui.idle import IdleGuard
from ui.preferences import Preferences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.fake_practice import FakePractice
    from ui.app import Shell
    from ui.main_window import MainWindow
    from ui.theme import Theme
    from ui.workspace import Workspace


class FakeTimer:
    """A ticker or an alarm that never rings by itself."""

    def __init__(self) -> None:
        """Not started."""
        self.started: list[int] = []
        self.running = False

    def start(self, msec: int) -> None:
        """Note the interval."""
        self.started.append(msec)
        self.running = True

    def stop(self) -> None:
        """Note that it is stopped."""
        self.running = False


class Seconds:
    """A clock of seconds that the test moves."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """The present second."""
        return self.now


@dataclass
class Bench:
    """A window with everything around it that a test wants to touch."""

    shell: Shell
    tasks: InlineTasks
    connector: TeamConnector
    seconds: Seconds
    settings: QSettings

    @property
    def window(self) -> MainWindow:
        """The window."""
        return self.shell.window

    @property
    def workspace(self) -> Workspace:
        """The session's content; a test that asks for it has signed in."""
        workspace = self.window.workspace
        assert workspace is not None
        return workspace

    def sign_in(self, login: str = "jordan") -> FakePractice:
        """Begin a session of a demo person; returns their practice."""
        practice = self.connector.connect_as(login)
        self.window.begin(session_for(practice, self.connector))
        return practice

    def later(self, seconds: float) -> None:
        """Let idle time pass, second by second."""
        for _ in range(round(seconds)):
            self.seconds.now += 1
            self.window.guard.tick()


class TeamConnector(FakeConnector):
    """Opens practices with a full call log."""

    def __init__(self, calls: int = 1000) -> None:
        """``calls`` rows in each log."""
        super().__init__(lambda person: FakeTeamPractice(self.clock, person, calls))

    def connect_as(self, login: str) -> FakePractice:
        """Open a practice without a password."""
        practice = self._make(person_of(login))
        self.opened.append(practice)
        return practice


def make_bench(
    app: QApplication, theme: Theme, folder: Path, *, demo: bool = False, calls: int = 1000
) -> Bench:
    """Build a window that is not shown; its guard ticks only by hand."""
    connector = TeamConnector(calls)
    settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    tasks, seconds = InlineTasks(), Seconds()
    guard = IdleGuard(app, parent=app, clock=seconds, ticker=FakeTimer())
    shell = build(
        sign_in_service(folder, connector, demo=demo),
        app,
        tasks=tasks,
        preferences=Preferences(settings),
        guard=guard,
        theme=theme,
    )
    return Bench(shell, tasks, connector, seconds, settings)


def close_bench(bench: Bench) -> None:
    """Take the window down at once."""
    bench.window.guard.stop()
    bench.window.end()
    bench.tasks.shutdown()
    shiboken6.delete(bench.window)
    # What deleteLater left waiting would be restyled with every later change of theme.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


# -- what a screen shows ----------------------------------------------------------------------


def texts_of(root: QWidget) -> Iterator[str]:
    """Every text of a widget and all below it, as shown, spoken, or kept in a model."""
    for widget in (root, *root.findChildren(QWidget)):
        yield widget.windowTitle()
        yield widget.accessibleName()
        yield widget.accessibleDescription()
        yield widget.toolTip()
        if isinstance(widget, QLabel | QLineEdit):
            yield widget.text()
        elif isinstance(widget, QTextEdit | QPlainTextEdit):
            yield widget.toPlainText()
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(number) for number in range(widget.count()))
        elif isinstance(widget, QAbstractItemView):
            yield from _cells(widget.model())


def _cells(model: QAbstractItemModel | None) -> Iterator[str]:
    if model is None:
        return
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount()
    for row in range(model.rowCount()):
        for column in range(columns):
            index = model.index(row, column)
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
                yield str(model.data(index, role) or "")


def spoken_by(widget: QWidget) -> list[str]:
    """Every accessible name, description and value below a window, as a screen reader walks."""
    words: list[str] = []
    kinds = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value)
    first: QAccessibleInterface | None = QAccessible.queryAccessibleInterface(widget)
    waiting = [first]
    while waiting:
        node = waiting.pop()
        if node is None or not node.isValid():
            continue
        words += [node.text(kind) for kind in kinds]
        waiting += [node.child(number) for number in range(node.childCount())]
    return words
