"""Reusable controls: what they say, how the keyboard drives them, that they paint everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QAccessible, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QButtonGroup, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.theme import Mode, Theme
from ui.widgets.avatar import AVATAR_COLORS, Avatar, avatar_token, initials
from ui.widgets.buttons import Button, IconButton, Switch
from ui.widgets.clocks import CallTimer, Countdown, clock_text
from ui.widgets.edits import NumberEdit, PasswordEdit, SearchEdit, set_invalid
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import Chip, Elide, KeyCap, KeyHint, SectionLabel, label
from ui.widgets.nav_rail import NavItem, NavRail
from ui.widgets.outcome_tile import OutcomeTile
from ui.widgets.progress import LevelMeter, ProgressLine, StepLine
from ui.widgets.score_ring import ScoreRing, score_token
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card, EmptyState, Fact, IconTile, Inset, rule

pytestmark = pytest.mark.usefixtures("theme")

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)
PAGES = (
    NavItem("queue", "Queue", "list-checks"),
    NavItem("team", "Team", "users"),
    NavItem("settings", "Settings", "settings", bottom=True),
)


class SteppingClock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def step(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


def spoken(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name)


def role(widget: QWidget) -> QAccessible.Role:
    return QAccessible.queryAccessibleInterface(widget).role()


def shown(qtbot: QtBot, widget: QWidget) -> QWidget:
    """Put a control with a focusable neighbour into an active window."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(widget)
    other = QWidget()
    other.setObjectName("neighbour")
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column.addWidget(other)
    window.resize(400, 300)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    other.setFocus()
    return window


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


# -- every control, in every look -------------------------------------------------------------

CONTROLS: dict[str, Callable[[], QWidget]] = {
    "avatar": lambda: Avatar("Rosa Martínez"),
    "chip": lambda: Chip("High risk", "warning"),
    "score ring": lambda: ScoreRing(94),
    "elide": lambda: Elide("A long line of words"),
    "section": lambda: SectionLabel("Why we are calling"),
    "key": lambda: KeyCap("F5"),
    "key hint": lambda: KeyHint("F5", "Dial"),
    "segmented": lambda: Segmented([("a", "All"), ("d", "Due")], "Filter"),
    "icon button": lambda: IconButton("mic", "Mute", framed=True),
    "button": lambda: Button("Hang up", "danger", "phone-off"),
    "switch": lambda: Switch("Text a reminder"),
    "card": lambda: Card("My queue"),
    "inset": Inset,
    "tile": lambda: IconTile("car", "info"),
    "fact": lambda: Fact("car", "info", "No ride", "on weekdays"),
    "empty": lambda: EmptyState("inbox", "Nothing due", "Come back at nine.", "Take the next"),
    "nav": lambda: NavRail(PAGES, "Pages"),
    "outcome": lambda: OutcomeTile("Booked", "1", "calendar-check", "success"),
    "progress": lambda: ProgressLine("Calls today"),
    "steps": lambda: StepLine(["Greet", "Verify"]),
    "level": lambda: LevelMeter("Voice level"),
    "timer": lambda: CallTimer(lambda: NOW),
    "search": lambda: SearchEdit("Find in queue", "Find in queue"),
    "password": lambda: PasswordEdit("Password"),
    "number": lambda: NumberEdit("Lock after", 1, 15, suffix=" min"),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_paints_in_both_modes_and_grows_with_the_text(
    qtbot: QtBot, theme: Theme, name: str
) -> None:
    control = CONTROLS[name]()
    qtbot.addWidget(control)
    control.resize(control.sizeHint().expandedTo(QSize(60, 24)))
    control.show()
    qtbot.waitExposed(control)
    hint, light = control.sizeHint(), picture(control)
    theme.apply(Mode.DARK)
    dark = picture(control)
    assert (light == dark) is (name == "avatar")  # a person keeps the colour in both modes
    theme.apply(scale=1.5)
    control.ensurePolished()
    grown = control.sizeHint()
    assert grown.height() > hint.height()
    assert grown.width() >= hint.width()


@pytest.mark.parametrize("name", sorted(set(CONTROLS) - {"inset", "tile"}))
def test_says_its_name(qtbot: QtBot, name: str) -> None:
    control = CONTROLS[name]()
    qtbot.addWidget(control)
    assert spoken(control)


FOCUSABLE: dict[str, Callable[[], QWidget]] = {
    "outcome": CONTROLS["outcome"],
    "icon button": CONTROLS["icon button"],
    "button": CONTROLS["button"],
    "switch": CONTROLS["switch"],
    "search": CONTROLS["search"],
    "password": CONTROLS["password"],
    "number": CONTROLS["number"],
    "segment": lambda: Segmented([("a", "All"), ("d", "Due")], "Filter"),
    "nav": lambda: NavRail(PAGES, "Pages"),
}


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK])
@pytest.mark.parametrize("name", FOCUSABLE)
def test_focus_can_be_seen(qtbot: QtBot, theme: Theme, name: str, mode: Mode) -> None:
    theme.apply(mode)
    control = FOCUSABLE[name]()
    window = shown(qtbot, control)
    without = picture(control)
    window.focusNextChild()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused is control or control.isAncestorOf(focused)
    assert picture(control) != without


# -- people and words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Rosa Martínez", "RM"),
        ("Rosa M.", "RM"),
        ("ana maría lópez garcía", "AG"),
        ("Cher", "C"),
        ("  ", "?"),
        ("", "?"),
        ("(unknown) Park", "P"),
        ("Östen Ågren", "ÖÅ"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_avatar_colour_belongs_to_the_name() -> None:
    assert avatar_token("Rosa Martínez") == avatar_token("rosa martínez")
    tokens = {avatar_token(f"Person {number}") for number in range(200)}
    assert tokens == {f"avatar_{number}" for number in range(1, AVATAR_COLORS + 1)}


def test_avatar_speaks_the_whole_name(qtbot: QtBot) -> None:
    avatar = Avatar("Rosa Martínez")
    qtbot.addWidget(avatar)
    assert spoken(avatar) == "Rosa Martínez"


@pytest.mark.parametrize(
    ("score", "token"),
    [(100, "danger"), (90, "danger"), (89, "warning"), (75, "warning"), (74, "info"), (0, "info")],
)
def test_score_has_three_colours(score: int, token: str) -> None:
    assert score_token(score) == token


def test_score_is_clamped_and_said(qtbot: QtBot) -> None:
    ring = ScoreRing(250)
    qtbot.addWidget(ring)
    assert spoken(ring) == "Priority 100 of 100"
    ring.set_score(-4)
    assert ring.text() == "0"


def test_names_that_look_like_markup_stay_text(qtbot: QtBot) -> None:
    for made in (label("<b>x</b>"), Chip("<b>x</b>"), Elide("<b>x</b>")):
        qtbot.addWidget(made)
        assert made.textFormat() == Qt.TextFormat.PlainText


def test_chip_hides_when_empty_and_changes_kind(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    chip = Chip("", "info", host)
    host.show()
    assert not chip.isVisible()
    chip.set("Due", "danger")
    assert chip.isVisible()
    assert chip.property("chip") == "danger"


def test_elide_shortens_and_tells_the_rest(qtbot: QtBot) -> None:
    text = "Harold Whitcomb-Featherstonehaugh the Third"
    line = Elide(text)
    qtbot.addWidget(line)
    line.resize(80, 20)
    line.show()
    assert line.shortened()
    assert line.toolTip() == text
    assert spoken(line) == text
    assert line.minimumSizeHint().width() < line.sizeHint().width()
    line.resize(600, 20)
    qtbot.waitUntil(lambda: not line.toolTip())
    assert not line.shortened()


# -- choices ----------------------------------------------------------------------------------


def test_segmented_by_mouse_keys_and_code(qtbot: QtBot) -> None:
    control = Segmented([("all", "All"), ("due", "Due"), ("new", "New")], "Filter")
    _window = shown(qtbot, control)
    heard: list[str] = []
    control.chosen.connect(heard.append)
    assert control.current == "all"
    segments = {key: control.findChild(QWidget, f"segment.{key}") for key in ("all", "due", "new")}
    due = segments["due"]
    assert due is not None
    QTest.mouseClick(due, Qt.MouseButton.LeftButton)
    QTest.keyClick(due, Qt.Key.Key_Right)
    control.choose("all")
    control.choose("all")
    assert heard == ["due", "new", "all"]
    assert role(due) == QAccessible.Role.RadioButton


def test_segmented_shows_counts_and_refuses_nonsense(qtbot: QtBot) -> None:
    control = Segmented([("all", "All"), ("due", "Due")], "Filter")
    qtbot.addWidget(control)
    control.set_count("all", 1234)
    segment = control.findChild(QWidget, "segment.all")
    assert segment is not None
    assert spoken(segment) == "All 1,234"
    control.set_count("all", None)
    assert spoken(segment) == "All"
    with pytest.raises(ValueError, match="each key once"):
        Segmented([], "Nothing")
    with pytest.raises(ValueError, match="each key once"):
        Segmented([("a", "A"), ("a", "B")], "Twice")


def test_nav_rail_asks_and_marks_only_what_is_shown(qtbot: QtBot) -> None:
    rail = NavRail(PAGES, "Pages")
    _window = shown(qtbot, rail)
    rail.set_current("queue")
    asked: list[str] = []
    rail.chosen.connect(asked.append)
    team = rail.findChild(QWidget, "nav.team")
    queue = rail.findChild(QWidget, "nav.queue")
    assert team is not None
    assert queue is not None
    QTest.mouseClick(team, Qt.MouseButton.LeftButton)
    assert (asked, rail.current) == (["team"], "queue")
    rail.set_current("team")
    queue.setFocus()
    QTest.keyClick(queue, Qt.Key.Key_Down)
    assert team.hasFocus()
    QTest.keyClick(team, Qt.Key.Key_Return)
    QTest.keyClick(team, Qt.Key.Key_Space)
    assert asked == ["team", "team", "team"]
    assert rail.current == "team"


def test_nav_rail_badge_narrow_and_hidden_pages(qtbot: QtBot) -> None:
    rail = NavRail(PAGES, "Pages")
    _window = shown(qtbot, rail)
    queue = rail.findChild(QWidget, "nav.queue")
    assert queue is not None
    plain = picture(queue)
    rail.set_badge("queue", 120)
    assert "120" in spoken(queue)
    assert picture(queue) != plain
    wide = rail.width()
    rail.set_narrow(True)
    assert rail.width() < wide
    assert spoken(queue).startswith("Queue")
    rail.set_page_visible("team", False)
    assert not rail.findChild(QWidget, "nav.team").isVisible()  # type: ignore[union-attr]
    with pytest.raises(KeyError):
        rail.set_current("nowhere")


def test_outcome_tiles_are_one_choice(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    group = QButtonGroup(window)
    booked = OutcomeTile("Booked", "1", "calendar-check", "success")
    busy = OutcomeTile("Busy", "B", "phone-call")
    for tile in (booked, busy):
        group.addButton(tile)
        column.addWidget(tile)
    window.show()
    QTest.mouseClick(booked, Qt.MouseButton.LeftButton)
    QTest.keyClick(busy, Qt.Key.Key_Return)
    assert (booked.isChecked(), busy.isChecked()) == (False, True)
    assert busy.accessibleDescription() == "Key B"
    busy.setEnabled(False)
    assert picture(busy) != picture(booked)


def test_outcome_tile_leaves_control_enter_to_the_window(qtbot: QtBot) -> None:
    tile = OutcomeTile("Booked", "1", "calendar-check", "success")
    _window = shown(qtbot, tile)
    QTest.keyClick(tile, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not tile.isChecked()


# -- buttons ----------------------------------------------------------------------------------


def test_icon_button_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        IconButton("mic", "")


def test_icon_button_changes_name_and_look(qtbot: QtBot) -> None:
    button = IconButton("mic", "Mute", framed=True, tooltip="Mute (F6)")
    qtbot.addWidget(button)
    button.show()
    before = picture(button)
    button.set_name("Unmute")
    button.set_look("mic-off", "danger_text")
    assert (spoken(button), button.toolTip()) == ("Unmute", "Unmute")
    assert picture(button) != before


@pytest.mark.parametrize(
    "key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter], ids=["space", "return", "enter"]
)
def test_button_is_pressed_by_key(qtbot: QtBot, key: Qt.Key) -> None:
    button = Button("Book now")
    qtbot.addWidget(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    QTest.keyClick(button, key)
    assert pressed == [True]


def test_busy_button_cannot_be_pressed_twice(qtbot: QtBot) -> None:
    button = Button("Sign in", "primary", "log-in")
    qtbot.addWidget(button)
    pressed: list[bool] = []
    button.clicked.connect(lambda: pressed.append(True))
    button.click()
    button.set_busy("Signing in…")
    button.click()
    assert (button.busy, pressed, button.text()) == (True, [True], "Signing in…")
    button.set_busy("")
    assert button.isEnabled()
    button.set_busy("Wait…")
    button.set_label("Sign in again")
    assert (button.busy, button.text()) == (False, "Sign in again")
    button.set_icon("lock", "on_primary")


# -- progress and clocks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "total", "value", "most"),
    [(18, 60, 18, 60), (70, 60, 60, 60), (-1, 60, 0, 60), (0, 0, 0, 1), (5, 0, 0, 1)],
)
def test_progress_line_is_clamped(
    qtbot: QtBot, done: int, total: int, value: int, most: int
) -> None:
    line = ProgressLine("Calls today")
    qtbot.addWidget(line)
    line.set_done(done, total)
    assert (line.value(), line.maximum()) == (value, most)
    assert role(line) == QAccessible.Role.ProgressBar


def test_step_line_says_where_one_is(qtbot: QtBot) -> None:
    steps = StepLine(["Greet", "Verify", "Close"])
    qtbot.addWidget(steps)
    steps.set_current(1)
    assert spoken(steps) == "Step 2 of 3: Verify"
    steps.set_current(99)
    assert spoken(steps) == "Step 3 of 3: Close"
    steps.set_steps(["One"])
    assert spoken(steps) == "Step 1 of 1: One"
    steps.set_steps([])
    steps.show()
    assert not picture(steps).isNull()


def test_level_meter_moves_only_while_live_and_visible(qtbot: QtBot) -> None:
    meter = LevelMeter("Voice level")
    qtbot.addWidget(meter)
    states: list[bool] = []
    meter.set_live(True)
    states.append(meter.animating)
    meter.show()
    states.append(meter.animating)
    silent = picture(meter)
    meter.set_level(5.0)
    qtbot.waitUntil(lambda: picture(meter) != silent)
    meter.hide()
    states.append(meter.animating)
    meter.show()
    states.append(meter.animating)
    meter.set_live(False)
    states.append(meter.animating)
    assert states == [False, True, False, True, False]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "00:00"),
        (134.9, "02:14"),
        (3599, "59:59"),
        (3600, "1:00:00"),
        (36_061, "10:01:01"),
        (-5, "00:00"),
    ],
)
def test_clock_text(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_call_timer_reads_the_programs_clock(qtbot: QtBot, clock: SteppingClock) -> None:
    timer = CallTimer(clock)
    qtbot.addWidget(timer)
    timer.start()
    clock.step(134)
    qtbot.waitUntil(lambda: timer.text() == "02:14")
    assert spoken(timer) == "Call time 02:14"
    assert timer.stop() == 134
    assert not timer.running
    clock.step(60)
    timer.reset()
    assert timer.text() == "00:00"


def test_countdown_turns_red_and_ends_once(qtbot: QtBot, clock: SteppingClock) -> None:
    chip = Countdown(clock, "Held %1", "Hold expired")
    qtbot.addWidget(chip)
    ended: list[bool] = []
    chip.ran_out.connect(lambda: ended.append(True))
    chip.refresh()
    assert chip.left is None
    chip.start(NOW + timedelta(minutes=5))
    assert (chip.text(), chip.property("chip")) == ("Held 5:00", "warning")
    clock.step(299.5)
    chip.refresh()
    assert (chip.text(), chip.property("chip")) == ("Held 0:01", "danger")
    clock.step(1)
    qtbot.waitUntil(lambda: ended == [True])
    chip.refresh()
    assert chip.text() == "Hold expired"
    assert ended == [True]
    chip.clear()
    assert chip.text() == ""


# -- edits ------------------------------------------------------------------------------------


def test_search_tells_once_after_a_pause_and_clears_with_escape(qtbot: QtBot) -> None:
    edit = SearchEdit("Find in queue", "Find in queue")
    _window = shown(qtbot, edit)
    heard: list[str] = []
    edit.searched.connect(heard.append)
    with qtbot.waitSignal(edit.searched):
        QTest.keyClicks(edit, "rosa ")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert heard == ["rosa"]
    QTest.keyClick(edit, Qt.Key.Key_Escape)
    assert heard == ["rosa", ""]
    assert edit.text() == ""


def test_password_hides_again_when_the_field_is_left(qtbot: QtBot) -> None:
    edit = PasswordEdit("Password")
    window = shown(qtbot, edit)
    edit.setFocus()
    eye = edit.actions()[0]
    assert (edit.shown, eye.text()) == (False, "Show password")
    eye.trigger()
    assert (edit.shown, eye.text()) == (True, "Hide password")
    window.focusNextChild()
    assert (edit.shown, eye.text()) == (False, "Show password")
    eye.trigger()
    edit.setEnabled(False)
    assert not edit.shown
    assert edit.inputMethodHints() & Qt.InputMethodHint.ImhSensitiveData


@pytest.mark.parametrize(("focused", "value"), [(False, 5), (True, 6)])
def test_number_turns_with_the_wheel_only_when_it_is_meant(
    qtbot: QtBot, focused: bool, value: int
) -> None:
    edit = NumberEdit("Lock after", 1, 15, suffix=" min")
    _window = shown(qtbot, edit)
    edit.setValue(5)
    if focused:
        edit.setFocus()
    middle = QPointF(edit.rect().center())
    turn = QWheelEvent(
        middle,
        edit.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(edit, turn)
    assert edit.value() == value
    edit.setValue(99)
    assert edit.text() == "15 min"


def test_invalid_input_says_why(qtbot: QtBot) -> None:
    edit = SearchEdit("Phone", "")
    qtbot.addWidget(edit)
    set_invalid(edit, "Too short.")
    assert (edit.property("invalid"), edit.accessibleDescription()) == ("true", "Too short.")
    set_invalid(edit, "")
    assert (edit.property("invalid"), edit.accessibleDescription()) == ("false", "")


# -- surfaces and layout ----------------------------------------------------------------------


def test_empty_state_says_why_and_offers_the_way_out(qtbot: QtBot) -> None:
    state = EmptyState("inbox", "Nothing due", "Callbacks show 15 minutes before.", "Take the next")
    qtbot.addWidget(state)
    state.show()
    with qtbot.waitSignal(state.acted):
        state.button.click()
    state.set("calendar-off", "Closed", "Opens at 8:00 AM.")
    assert spoken(state) == "Closed. Opens at 8:00 AM."
    assert not state.button.isVisible()


def test_card_and_fact_say_what_they_are(qtbot: QtBot) -> None:
    card, fact = Card("Outcome"), Fact("car", "info", "No ride", "on weekdays")
    qtbot.addWidget(card)
    qtbot.addWidget(fact)
    card.body.addWidget(rule())
    assert spoken(card) == "Outcome"
    assert spoken(fact) == "No ride. on weekdays"


def test_flow_layout_breaks_lines_and_skips_hidden(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    flow = FlowLayout(host, 6)
    items = [QLabel(f"Item {number}") for number in range(6)]
    for item in items:
        item.setFixedSize(80, 20)
        flow.addWidget(item)
    host.resize(260, 200)
    host.show()
    qtbot.waitExposed(host)
    assert [item.y() for item in items] == [0, 0, 0, 26, 26, 26]
    assert flow.heightForWidth(260) == 46
    assert flow.heightForWidth(40) == 6 * 20 + 5 * 6
    items[0].hide()
    flow.activate()
    assert items[3].y() == 0
    assert flow.itemAt(99) is None
    assert flow.takeAt(99) is None
    taken = flow.takeAt(0)
    assert taken is not None
    assert flow.count() == 5
