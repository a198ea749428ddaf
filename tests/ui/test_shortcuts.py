"""One table of keys: no key twice, none that systems or typing need, and all of it shown."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from coordinator_app.domain.outcome import OUTCOMES
from ui.shortcuts import BINDINGS, FORBIDDEN, Group, Keymap, outcome_id


def test_no_key_does_two_things_and_every_key_is_known_to_qt() -> None:
    used = [QKeySequence(keys).toString() for item in BINDINGS for keys in item.keys]
    assert all(used)
    assert len(used) == len(set(used))
    assert len({item.id for item in BINDINGS}) == len(BINDINGS)
    assert not [keys for keys in used if any(part in keys for part in FORBIDDEN)]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("call.dial", "F5"),
        ("call.hang_up", "F8"),
        ("call.voicemail", "F4"),
        ("call.mute", "F6"),
        ("call.hold", "F7"),
        ("call.keypad", "F9"),
        ("openings.focus", "Ctrl+B"),
        ("openings.next", "Ctrl+Right"),
        ("queue.find", "Ctrl+F"),
        ("queue.claim_next", "Ctrl+N"),
        ("window.lock", "Ctrl+L"),
        ("page.team", "Ctrl+5"),
        ("window.keys", "F1"),
    ],
)
def test_keys_that_coordinators_are_taught(name: str, key: str) -> None:
    assert Keymap().text(name) == key


def test_every_outcome_has_its_key_and_a_second_one_for_screen_readers() -> None:
    keymap = Keymap()
    for spec in OUTCOMES:
        item = keymap.binding(outcome_id(spec.outcome))
        assert item.keys == (spec.key, f"Alt+{spec.key}")
        assert item.label == spec.label
        assert item.group is Group.OUTCOME


def test_only_hanging_up_works_while_locked() -> None:
    assert [item.id for item in BINDINGS if item.while_locked] == ["call.hang_up"]


def test_a_person_may_change_and_remove_keys() -> None:
    keymap = Keymap(
        {"call.dial": ["Ctrl+Shift+D"], "queue.skip": [], "gone.in.this.version": ["F3"]}
    )
    assert keymap.text("call.dial") == "Ctrl+Shift+D"
    assert keymap.text("queue.skip") == ""
    assert keymap.tooltip("queue.skip") == "Skip with a reason"
    assert ("Ctrl+Shift+D", "Dial") in keymap.hints()


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ("F8", "used for"),
        ("F12", "cannot"),
        ("Ctrl+Alt+Q", "cannot"),
        ("Ctrl+C", "typing"),
        ("nonsense", "cannot"),
    ],
)
def test_a_bad_change_is_refused_in_words(keys: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Keymap({"call.dial": [keys]})


def test_list_of_keys_has_every_binding_under_a_heading() -> None:
    groups = Keymap().by_group()
    assert sum(len(items) for items in groups.values()) == len(BINDINGS)
    assert all(groups.values())


def test_enter_is_called_what_is_printed_on_the_key() -> None:
    assert Keymap().tooltip("outcome.save_next") == "Save and next (Ctrl+Enter)"


def test_digit_chooses_an_outcome_but_not_while_typing(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    note = QPlainTextEdit()
    plain = QWidget()
    plain.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    column = QVBoxLayout(window)
    column.addWidget(note)
    column.addWidget(plain)
    chosen: list[str] = []
    keymap = Keymap()
    for spec in OUTCOMES:
        name = outcome_id(spec.outcome)
        keymap.action(name, window, lambda name=name: chosen.append(name))  # type: ignore[misc]
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    note.setFocus()
    qtbot.waitUntil(note.hasFocus)
    QTest.keyClicks(note, "call at 4")
    assert note.toPlainText() == "call at 4"
    assert chosen == []
    plain.setFocus()
    qtbot.waitUntil(plain.hasFocus)
    QTest.keyClick(plain, Qt.Key.Key_4)
    QTest.keyClick(plain, Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(plain, Qt.Key.Key_B)
    assert chosen == ["outcome.callback_at", "outcome.left_voicemail", "outcome.busy"]


def test_action_carries_what_the_lock_needs_to_know(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    keymap = Keymap()
    hang_up = keymap.action("call.hang_up", window, lambda: None)
    dial = keymap.action("call.dial", window, lambda: None)
    assert (hang_up.data(), dial.data()) == (True, False)
    assert dial.toolTip() == "Dial (F5)"
    assert not dial.autoRepeat()
    assert window.actions() == [hang_up, dial]
