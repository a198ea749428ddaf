"""Every page: names for screen readers, nothing clipped, at the sizes and scales we promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.helpers.fake_practice import FakePractice
from tests.helpers.looks import (
    INSIDE,
    SCALES,
    SIZES,
    clipped,
    each_size,
    overlapping,
    settle,
    shown_below,
    unnamed,
    who,
)
from tests.helpers.window import Bench, close_bench, make_bench
from ui.models.rows_model import CellRole
from ui.pages.keys import KeysPage
from ui.theme import Theme
from ui.widgets.labels import Chip, KeyHint
from ui.widgets.table import RowTable

PAGES = (
    "queue", "schedule", "callbacks", "call_log", "find", "team", "people", "privacy", "help",
    "settings",
)  # fmt: skip


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, theme: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = make_bench(qapp, theme, tmp_path, demo=True, calls=40)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    close_bench(made)


def work_on(bench: Bench, first_name: str) -> None:
    """A patient open, on the line, at the identity check, with a held time."""
    practice, station = bench.workspace.session.practice, bench.workspace.station
    assert isinstance(practice, FakePractice)
    assert station is not None
    station.open_entry(practice.entry(first_name).entry_id)
    assert bench.workspace.call_bar is not None
    bench.workspace.call_bar.dial.click()
    practice.answer(practice.live_call().id, "Hello?")
    station.calls.poll()
    station.openings.grid.chosen.emit(station.openings.model.choices()[0][1])
    station.script.start_identity()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("first_name", ["Rosa", "Leonard"])
def test_a_call_fits_the_window(bench: Bench, theme: Theme, scale: float, first_name: str) -> None:
    theme.apply(scale=scale)
    bench.sign_in("sam")
    bench.workspace.open("queue")
    work_on(bench, first_name)
    for size in each_size(bench):
        assert overlapping(bench.workspace) == [], size
        assert unnamed(bench.workspace) == [], size


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("first_name", ["Rosa", "Leonard"])  # Rosa's script is in Spanish
def test_the_identity_check_is_in_sight_without_scrolling(
    bench: Bench, size: tuple[int, int], first_name: str
) -> None:
    bench.window.resize(*size)
    bench.sign_in("sam")
    bench.workspace.open("queue")
    work_on(bench, first_name)
    settle()
    station = bench.workspace.station
    assert station is not None
    for button in (station.script.identity.passed, station.script.identity.declined):
        assert button.visibleRegion().boundingRect() == button.rect()
    first = station.script.identity.findChild(QCheckBox)
    assert isinstance(first, QCheckBox)
    assert first.visibleRegion().boundingRect() == first.rect()
    assert station.script.text.visibleRegion().boundingRect().height() >= 40, "two lines to read"


def test_large_text_gives_the_queues_place_to_the_patient(bench: Bench, theme: Theme) -> None:
    theme.apply(scale=1.5)
    bench.window.resize(1280, 800)
    bench.sign_in("sam")
    bench.workspace.open("queue")
    station = bench.workspace.station
    assert station is not None
    assert station.queue.isVisible()
    assert not station.wrap.isVisible()
    work_on(bench, "Rosa")
    assert not station.queue.isVisible()
    assert station.wrap.isVisible()
    theme.apply(scale=1.0)
    assert station.queue.isVisible()


def test_the_overlap_check_finds_an_overlap(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    row = QHBoxLayout(root)
    one, other = QPushButton("One"), QPushButton("Other")
    row.addWidget(one)
    row.addWidget(other)
    root.show()
    assert overlapping(root) == []
    other.setGeometry(one.geometry().translated(4, 0))
    assert len(overlapping(root)) == 1
    other.move(root.width(), 0)
    assert "leaves" in overlapping(root)[0]


@pytest.mark.parametrize("scale", SCALES)
def test_pages_say_what_they_are_and_clip_nothing(bench: Bench, theme: Theme, scale: float) -> None:
    theme.apply(scale=scale)
    bench.sign_in("sam")
    for key in PAGES:
        bench.workspace.open(key)
        page = bench.workspace.pages[key]
        for size in each_size(bench):
            assert unnamed(bench.workspace) == [], (key, size)
            assert clipped(page) == [], (key, size)
            assert overlapping(bench.workspace) == [], (key, size)
            assert page.width() <= bench.window.width(), (key, size)


@pytest.mark.parametrize("scale", SCALES)
def test_sign_in_and_lock_clip_nothing(bench: Bench, theme: Theme, scale: float) -> None:
    theme.apply(scale=scale)
    bench.window.resize(1280, 800)
    bench.window.show_sign_in()
    QApplication.processEvents()
    assert unnamed(bench.window.sign_in) == []
    assert clipped(bench.window.sign_in) == []
    assert overlapping(bench.window.sign_in) == []
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
    assert overlapping(lock.page) == []


@pytest.mark.parametrize("key", PAGES)
def test_tab_walks_every_page_and_comes_back(bench: Bench, qtbot: QtBot, key: str) -> None:
    bench.sign_in("sam")
    bench.workspace.open(key)
    QApplication.processEvents()
    start = next(
        widget
        for widget in shown_below(bench.workspace.top)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled()
    )
    reachable = {
        widget
        for widget in shown_below(bench.workspace.pages[key])
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), INSIDE)
        and not (isinstance(widget, QAbstractButton) and widget.group() is not None)
        and widget.focusProxy() is None
    }
    bench.window.activateWindow()
    start.setFocus()
    qtbot.waitUntil(start.hasFocus)
    seen: list[QWidget] = []
    current: QWidget | None = start
    while current is not None and current not in seen:
        seen.append(current)
        bench.window.focusNextChild()
        current = QApplication.focusWidget()
    assert current is start, f"Tab turns in a circle that leaves out {who(start)}"
    assert [who(widget) for widget in reachable - set(seen)] == []


def test_states_are_told_in_words_not_by_colour_alone(bench: Bench) -> None:
    bench.sign_in("sam")
    for key in ("callbacks", "call_log", "team", "people", "privacy"):
        bench.workspace.open(key)
        QApplication.processEvents()
        for view in bench.workspace.pages[key].findChildren(RowTable):
            model = view.model()
            for row in range(model.rowCount()):
                for column in range(model.columnCount()):
                    index = model.index(row, column)
                    if index.data(CellRole.CHIP) or index.data(CellRole.TONE):
                        assert str(index.data() or "").strip(), f"{key} {row} {column}"
    for chip in bench.workspace.findChildren(Chip):
        assert chip.isHidden() or chip.text().strip()


def test_keys_that_do_nothing_here_are_not_listed(bench: Bench) -> None:
    bench.sign_in("ada")  # an administrator calls nobody
    help_page = bench.workspace.pages["help"]
    assert isinstance(help_page, KeysPage)
    bench.workspace.open("help")
    shown = {label.text() for label in help_page.findChildren(QLabel) if label.isVisible()}
    assert "Lock the screen" in shown
    assert "People" in shown
    assert not {"Dial", "Take the next patient", "Team", "Booked"} & shown
    help_page.view._filter("dial")
    assert help_page.view.shown_rows() == 0
    hints = {hint.accessibleName() for hint in bench.workspace.status.findChildren(KeyHint)}
    assert not any(name.startswith("Dial") for name in hints if name)


def test_the_hint_bar_follows_the_page(bench: Bench) -> None:
    bench.window.resize(1440, 900)
    bench.sign_in("sam")

    def hints() -> set[str]:
        found = bench.workspace.status.findChildren(KeyHint)
        return {hint.accessibleName().split(":")[0] for hint in found if not hint.isHidden()}

    bench.workspace.open("queue")
    assert {"Dial", "Next patient", "Book", "Lock"} <= hints()
    bench.workspace.open("people")
    assert {"Dial", "Hang up", "Lock", "Keys"} <= hints()
    assert not {"Next patient", "Book", "Save, next"} & hints()


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
