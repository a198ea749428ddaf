"""The banner bus, what is spoken, and the one confirmation."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.errors import NotConnectedError
from ui.messages import Action, Level, MessageBus, announce, confirm
from ui.widgets.banner import BannerArea

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture
def bus(qtbot: QtBot) -> MessageBus:
    return MessageBus()


@pytest.fixture
def area(bus: MessageBus, qtbot: QtBot) -> BannerArea:
    made = BannerArea(bus)
    qtbot.addWidget(made)
    return made


def texts(area: BannerArea) -> list[str]:
    return [banner.message.text for banner in area.banners if not banner.isHidden()]


def test_the_same_key_replaces_and_the_same_sentence_stands_once(
    bus: MessageBus, area: BannerArea
) -> None:
    bus.error("The practice cannot be reached.", key="link")
    bus.error("The practice cannot be reached. Trying again…", key="link")
    bus.info("Saved.")
    bus.info("Saved.")
    assert texts(area) == ["The practice cannot be reached. Trying again…", "Saved."]


def test_replacing_keeps_the_place(bus: MessageBus, area: BannerArea) -> None:
    for key in ("one", "two"):
        bus.warning(key, key=key)
    bus.warning("one again", key="one")
    assert texts(area) == ["one again", "two"]


def test_a_short_message_goes_by_itself_and_a_failure_stays(
    bus: MessageBus, area: BannerArea, qtbot: QtBot
) -> None:
    bus.error("Something failed.")
    with qtbot.waitSignal(bus.cleared):
        bus.show(Level.SUCCESS, "Booked.", timeout_ms=1)
    assert texts(area) == ["Something failed."]


def test_a_message_leaves_nothing_for_the_garbage_collector(bus: MessageBus) -> None:
    # A timer of its own would hold the bus, which holds the timer: freed at any moment, by Qt
    # and by Python.
    gone = weakref.ref(bus)
    gc.collect()
    before = sys.getrefcount(bus)
    for number in range(20):
        bus.info(f"Message {number}")
    assert bus.children() == []
    assert sys.getrefcount(bus) == before
    bus.clear_all()
    assert gone() is bus


def test_a_message_that_is_replaced_does_not_die_with_the_old_clock(
    bus: MessageBus, qtbot: QtBot
) -> None:
    bus.show(Level.INFO, "short", key="k", timeout_ms=1)
    bus.show(Level.ERROR, "lasting", key="k")
    with qtbot.waitSignal(bus.cleared):
        bus.show(Level.INFO, "other", timeout_ms=20)
    assert [message.text for message in bus.current] == ["lasting"]


def test_button_acts_once_and_takes_the_message_away(bus: MessageBus, area: BannerArea) -> None:
    done: list[bool] = []
    bus.success("Skipped.", action=Action("Undo", lambda: done.append(True)))
    button = area.banners[0].findChild(QPushButton)
    assert button is not None
    button.click()
    assert done == [True]
    assert area.banners == ()
    assert area.isHidden()


def test_cross_closes_but_a_lasting_state_has_none(bus: MessageBus, area: BannerArea) -> None:
    bus.show(Level.ERROR, "No connection.", key="link", closable=False)
    bus.warning("Careful.")
    lasting, closable = area.banners
    assert lasting.findChild(QToolButton) is None
    cross = closable.findChild(QToolButton)
    assert cross is not None
    cross.click()
    assert texts(area) == ["No connection."]


def test_at_most_three_and_the_lasting_one_is_among_them(bus: MessageBus, area: BannerArea) -> None:
    bus.show(Level.ERROR, "No connection.", key="link", closable=False)
    for number in range(4):
        bus.warning(f"Warning {number}")
    assert texts(area) == ["No connection.", "Warning 2", "Warning 3"]
    bus.clear("Warning 3")
    assert texts(area) == ["No connection.", "Warning 1", "Warning 2"]


def test_late_banner_area_shows_what_is_up(bus: MessageBus, qtbot: QtBot) -> None:
    bus.refused(NotConnectedError("The practice cannot be reached. Please try again."))
    area = BannerArea(bus)
    qtbot.addWidget(area)
    assert texts(area) == ["The practice cannot be reached. Please try again."]
    bus.clear_all()
    bus.clear("nothing")
    assert area.banners == ()


def test_names_that_look_like_markup_stay_text(bus: MessageBus, area: BannerArea) -> None:
    bus.info("<img src=x> & co")
    assert area.banners[0].accessibleName() == "<img src=x> & co"


def test_announcing_works_with_a_screen_reader_listening(bus: MessageBus, area: BannerArea) -> None:
    QAccessible.setActive(True)
    try:
        announce(area, "Connected")
        announce(area, "")
        bus.error("No connection.")
    finally:
        QAccessible.setActive(False)
    assert texts(area) == ["No connection."]


@pytest.mark.parametrize(("press", "answer"), [("Sign out", True), ("Cancel", False), ("", False)])
def test_confirm_is_no_unless_the_verb_is_pressed(qtbot: QtBot, press: str, answer: bool) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    defaults: list[str] = []

    def decide() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        chosen = box.defaultButton()
        defaults.append(chosen.text())
        button = next((b for b in box.buttons() if b.text() == press), None)
        if button is None:
            box.reject()
        else:
            button.click()

    QTimer.singleShot(0, decide)
    assert confirm(parent, "Sign out?", "Your notes are kept.", "Sign out") is answer
    assert defaults == ["Cancel"]
