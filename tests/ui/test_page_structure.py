"""Every page: names for screen readers, nothing clipped, at the sizes and scales we promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.helpers.window import Bench, close_bench, make_bench
from ui.theme import Theme
from ui.widgets.labels import Elide

PAGES = ("schedule", "callbacks", "call_log", "team", "people", "help", "settings")
INSIDE = (QComboBox, QAbstractSpinBox)  # their own inner line edit is named by them


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, demo=True, calls=40)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def shown_below(root: QWidget) -> list[QWidget]:
    return [widget for widget in root.findChildren(QWidget) if widget.isVisibleTo(root)]


def unnamed(root: QWidget) -> list[str]:
    """Controls that take the focus and have nothing to say."""
    silent = []
    for widget in shown_below(root):
        focusable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if not focusable or isinstance(widget, QScrollBar) or isinstance(widget.parent(), INSIDE):
            continue
        interface: QAccessibleInterface | None = QAccessible.queryAccessibleInterface(widget)
        if interface is None or not interface.text(QAccessible.Text.Name):
            silent.append(f"{type(widget).__name__} {widget.objectName()!r}")
    return silent


def clipped(root: QWidget) -> list[str]:
    """Labels and buttons that are narrower or lower than their words."""
    short = []
    for widget in shown_below(root):
        if not isinstance(widget, QLabel | QAbstractButton) or isinstance(widget, Elide):
            continue
        if not widget.text() or (isinstance(widget, QLabel) and widget.wordWrap()):
            continue
        if isinstance(widget.parent(), (*INSIDE, QLineEdit)):
            continue
        wanted = widget.minimumSizeHint()
        if widget.width() < wanted.width() or widget.height() < wanted.height():
            short.append(f"{type(widget).__name__} {widget.text()!r} {widget.size()} < {wanted}")
    return short


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
@pytest.mark.parametrize("size", [(1280, 800), (1440, 900)])
def test_pages_say_what_they_are_and_clip_nothing(
    bench: Bench, theme: Theme, size: tuple[int, int], scale: float
) -> None:
    theme.apply(scale=scale)
    bench.window.resize(*size)
    bench.sign_in("sam")
    for key in PAGES:
        bench.workspace.open(key)
        QApplication.processEvents()
        page = bench.workspace.pages[key]
        assert unnamed(bench.workspace) == [], key
        assert clipped(page) == [], key
        assert page.width() <= bench.window.width(), key
    assert bench.window.width() == size[0], "the content is wider than the window"


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_sign_in_and_lock_clip_nothing(bench: Bench, theme: Theme, scale: float) -> None:
    theme.apply(scale=scale)
    bench.window.resize(1280, 800)
    bench.window.show_sign_in()
    QApplication.processEvents()
    assert unnamed(bench.window.sign_in) == []
    assert clipped(bench.window.sign_in) == []
    bench.window.sign_in.view.add.click()
    QApplication.processEvents()
    assert unnamed(bench.window.sign_in) == []
    bench.sign_in("ada")
    bench.window.lock_now("locked by you")
    QApplication.processEvents()
    lock = bench.window.lock
    assert lock is not None
    assert unnamed(lock.page) == []
    assert clipped(lock.page) == []


def test_tab_walks_the_whole_page_and_comes_back(bench: Bench) -> None:
    bench.sign_in("sam")
    bench.workspace.open("call_log")
    bench.workspace.rail.setFocus()
    start = bench.workspace.pages["call_log"].findChild(QLineEdit, "call_log_text")
    assert isinstance(start, QLineEdit)
    start.setFocus()
    seen: list[QWidget] = []
    current: QWidget | None = start
    while current is not None and current not in seen and len(seen) < 200:
        seen.append(current)
        bench.window.focusNextChild()
        current = QApplication.focusWidget()
    names = {widget.objectName() for widget in seen}
    assert current is start
    assert {"call_log_table", "call_log_outcome", "work_status", "lock_button", "me"} <= names
