"""Nothing clipped at any breakpoint, every control named, models sound."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget

from coordinator_app.domain.outcome import OUTCOMES, Outcome
from coordinator_app.domain.queue import QueueFilter
from tests.helpers.desk import Desk, sit_down
from tests.helpers.fake_data import ANNUAL, FOLLOW_UP, LIND, OKAFOR
from tests.helpers.fake_practice import FakePractice
from ui.models.clock_text import clock_in, countdown, zone_label
from ui.models.openings_model import CellKind, OpeningsModel
from ui.models.queue_model import QueueModel, row_chips
from ui.theme import Mode
from ui.widgets.callback_time import quick_times
from ui.widgets.labels import Elide
from ui.widgets.spoken_text import to_html

if TYPE_CHECKING:
    from pytestqt.modeltest import ModelTester
    from pytestqt.qtbot import QtBot

    from ui.theme import Theme

_TOLERANCE = 1  # px: rounding of scaled lengths


def _busy_desk(bot: QtBot, width: int, height: int, who: str) -> Desk:
    desk = sit_down(bot, width=width, height=height)
    desk.open(who)
    desk.call("Hello?")
    desk.page.script.go(1)
    desk.page.openings.grid.chosen.emit(desk.page.openings.model.choices()[0][1])
    desk.page.outcome.press(Outcome.CALLBACK_AT)
    desk.bot.waitUntil(desk.page.wrap.fields.isVisible)
    return desk


def _clipped(root: QWidget) -> list[str]:
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.size().isEmpty():
            continue
        if isinstance(widget, QLabel) and not isinstance(widget, Elide) and widget.text():
            needs = widget.sizeHint()
            short = not widget.wordWrap() and needs.width() > widget.width() + _TOLERANCE
            lines = widget.heightForWidth(widget.width()) if widget.wordWrap() else needs.height()
            if short or lines > widget.height() + _TOLERANCE:
                found.append(f"label {widget.text()!r} {widget.size()} needs {needs}")
        elif isinstance(widget, QAbstractButton) and widget.text():
            least = widget.minimumSizeHint()
            if least.width() > widget.width() + _TOLERANCE:
                found.append(f"button {widget.text()!r} {widget.size()} needs {least}")
    return found


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [(1440, 900, 1.0), (1280, 800, 1.0), (1366, 768, 1.0), (1440, 900, 1.25), (1280, 800, 1.25)],
)
@pytest.mark.parametrize("who", ["Rosa", "Leonard"])
def test_no_text_is_clipped(  # noqa: PLR0917  (pytest passes them by name)
    qtbot: QtBot, theme: Theme, width: int, height: int, scale: float, who: str
) -> None:
    theme.apply(Mode.LIGHT, scale)
    desk = _busy_desk(qtbot, width, height, who)
    assert desk.window.width() == width, "the page must fit into this window"
    assert _clipped(desk.window) == []


def test_side_columns_follow_the_tiers(qtbot: QtBot) -> None:
    desk = sit_down(qtbot, width=1440)
    assert desk.page.queue.width() == 308
    desk.window.resize(1280, 800)
    qtbot.waitUntil(lambda: desk.page.queue.width() == 272)
    desk.window.resize(1170, 800)
    qtbot.waitUntil(lambda: desk.page.queue.width() == 248)


def test_every_control_that_takes_focus_has_a_name(qtbot: QtBot) -> None:
    desk = _busy_desk(qtbot, 1440, 900, "Rosa")
    nameless = []
    for widget in desk.window.findChildren(QWidget):
        takes = widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not takes or not widget.isVisible() or isinstance(widget, QScrollArea):
            continue
        if widget.objectName() == "qt_spinbox_lineedit":
            continue  # part of the date field, which is named
        reader = QAccessible.queryAccessibleInterface(widget)
        if not reader.text(QAccessible.Text.Name):
            nameless.append(f"{type(widget).__name__} {widget.objectName()}")
    assert nameless == []


def test_rows_speak_whole_sentences(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    model = desk.page.queue.model
    words = model.data(model.index(2), Qt.ItemDataRole.AccessibleTextRole)
    assert words == (
        "Priya R., score 88, Cancelled ×3 · Mammogram overdue, Opens 8:00 PT, "
        "1 of 5 attempts, local time 7:42 AM PT, The patient may be called from 8:00 AM."
    )


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (timedelta(minutes=20), "Opens 8:02 PT"),
        (timedelta(days=1), "Opens Tue 7:42 PT"),
        (timedelta(days=9), "Opens Dec 3"),
    ],
)
def test_a_row_says_on_which_day_it_opens(later: timedelta, words: str) -> None:
    fake = FakePractice()
    row = next(r for r in fake.queue(QueueFilter.ALL, "", 200).rows if r.gate is not None)
    assert row.gate is not None
    row = replace(row, gate=replace(row.gate, opens_at=fake.clock.now() + later))
    assert row_chips(row, fake.clock.now())[0].text == words


def test_queue_rows_show_no_last_name(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    model = desk.page.queue.model
    for number in range(model.rowCount()):
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            assert "Martínez" not in str(model.data(model.index(number), role))


def test_queue_model(qtmodeltester: ModelTester) -> None:
    fake = FakePractice()
    model = QueueModel(fake.clock.now())
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    model.set_rows(fake.queue(QueueFilter.ALL, "", 200).rows)
    kept = model.index(4)
    name = model.data(kept)
    fake.patients.insert(0, fake.patients.pop())
    fake.entry("Rosa").open = False
    model.set_rows(fake.queue(QueueFilter.ALL, "", 200).rows)
    assert model.rowCount() == 9
    assert name in [model.data(model.index(row)) for row in range(9)]


def test_queue_order_is_the_servers(qtbot: QtBot) -> None:
    fake = FakePractice()
    model = QueueModel(fake.clock.now())
    for _ in range(4):
        fake.patients.append(fake.patients.pop(2))
        page = fake.queue(QueueFilter.ALL, "", 7)
        model.set_rows(page.rows)
        shown = [model.data(model.index(row)) for row in range(model.rowCount())]
        assert shown == [row.name for row in page.rows]


def test_a_row_without_a_name_says_why(qtbot: QtBot) -> None:
    fake = FakePractice()
    fake.unnamed = {"Leonard"}
    model = QueueModel(fake.clock.now())
    model.set_rows(fake.queue(QueueFilter.ALL, "", 7).rows)
    leonard = model.index(1)
    assert model.data(leonard) == "Name not shown yet"
    assert model.data(leonard, Qt.ItemDataRole.ToolTipRole).startswith(
        "Names appear for the patients who come next."
    )
    spoken = model.data(leonard, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith(
        "Name not shown yet (names appear for the patients who come next), score 91"
    )
    assert model.data(model.index(0)) == "Rosa M."


def test_openings_model(qtmodeltester: ModelTester) -> None:
    fake = FakePractice()
    day = fake.clock.now().date()
    model = OpeningsModel()
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    openings = fake.openings([OKAFOR.id], FOLLOW_UP.id, day, 5)
    model.set_openings(openings, None)
    qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    free = sum(len(one.free) for one in openings.days)
    assert len(model.choices()) == free
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Mon 24"
    assert model.headerData(0, Qt.Orientation.Vertical) == "8 AM"
    busy = {cell.text for _, cell in model.cells() if cell.kind is CellKind.BUSY}
    assert busy == {"Follow-up", "New patient", "Annual", "Telehealth", "Booked", "Procedure"}


def test_long_visits_share_the_room_of_overlapping_starts() -> None:
    fake = FakePractice()
    model = OpeningsModel()
    day = fake.clock.now().date()
    found = fake.openings([OKAFOR.id, LIND.id], ANNUAL.id, day, 1)
    model.set_openings(found, None, by_clinician=True)
    for column in range(2):
        taken: set[int] = set()
        for other, cell in model.cells():
            rows = set(range(cell.row, cell.row + cell.span))
            if other == column:
                assert not taken & rows
                taken |= rows
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Dr. Lind"


def test_arrows_go_from_opening_to_opening(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Rosa")
    grid = desk.page.openings.grid
    desk.page.openings.focus_grid()
    first = grid.currentIndex()
    assert first.data() == "10:00 AM"
    desk.press(Qt.Key.Key_Down)
    assert grid.currentIndex().data() == "1:00 PM"
    desk.press(Qt.Key.Key_Right)
    assert grid.currentIndex().column() == 1
    desk.press(Qt.Key.Key_Right)
    desk.press(Qt.Key.Key_Right)
    assert grid.currentIndex().column() == 4  # over the clinician's day off
    desk.press(Qt.Key.Key_Home)
    assert grid.currentIndex() == first


def test_next_opening_turns_the_week_at_its_end(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Rosa")
    openings = desk.page.openings
    openings.grid.setCurrentIndex(openings.grid._index(openings.model.choices()[-1]))
    openings.go(1)
    assert openings.span.text() == "Dec 1–5"
    openings.turn(-1)
    openings.turn(-1)
    assert openings.span.text() == "Nov 24–28"
    assert not openings.earlier.isEnabled()


def test_other_zone_is_said(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Denise")
    assert desk.page.openings.note.text() == (
        "Times are the practice's (CT). The patient lives in ET."
    )


def test_every_outcome_has_a_tile_and_shows_what_it_needs(qtbot: QtBot) -> None:
    desk = sit_down(qtbot)
    desk.open("Rosa")
    desk.call()
    desk.hang_up()
    for spec in OUTCOMES:
        desk.page.outcome.press(spec.outcome)
        missing = desk.page.wrap.details().missing(spec.outcome)
        assert missing == spec.needs
        assert desk.page.wrap.save.isEnabled()
        ready = desk.page.wrap.save.text() == "Save and next"
        assert ready is (not spec.needs)


def test_clocks() -> None:
    now = FakePractice().clock.now()
    assert clock_in(now, "America/Chicago") == "9:42 AM CT"
    assert zone_label(now, "America/Phoenix") == "MT"
    assert zone_label(now, "Nowhere/At_All") == "UTC"
    zones = {key: at.isoformat() for key, at in quick_times(now, "America/New_York")}
    assert zones == {
        "hour": "2025-11-24T11:42:00-05:00",
        "tomorrow": "2025-11-25T10:40:00-05:00",
        "monday": "2025-12-01T09:00:00-05:00",
        "week": "2025-12-01T10:40:00-05:00",
    }


def test_countdown_words() -> None:
    now = FakePractice().clock.now()
    assert countdown(now - now) == "0:00"


def test_script_text_never_becomes_markup() -> None:
    assert "&lt;b&gt;Rosa&lt;/b&gt;" in to_html("<b>Rosa</b>")
    assert "<b>birth date</b>" in to_html("your **birth date**")
