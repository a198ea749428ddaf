"""The look, put in place once for all tests that show something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui.theme import Mode, Theme, install


@pytest.fixture(scope="session", autouse=True)
def session_theme(qapp: QApplication) -> Theme:
    qapp.setApplicationName("Care Coordinator")
    qapp.setCursorFlashTime(0)  # a blinking caret makes two pictures of one window differ
    theme = install(Theme(qapp))
    theme.apply(Mode.LIGHT, 1.0)
    return theme


@pytest.fixture
def theme(session_theme: Theme) -> Iterator[Theme]:
    """The installed theme; back to light at 100 % after the test."""
    yield session_theme
    if session_theme.mode is not Mode.LIGHT or session_theme.scale != 1.0:
        session_theme.apply(Mode.LIGHT, 1.0)


@pytest.fixture
def qtbot(qtbot: QtBot, session_theme: Theme, monkeypatch: pytest.MonkeyPatch) -> QtBot:
    """Pytest-qt's own; a widget that is given to it looks as it does in the program's window."""
    keep = qtbot.addWidget

    def dress_and_keep(widget: QWidget) -> None:
        session_theme.dress(widget)
        keep(widget)

    monkeypatch.setattr(qtbot, "addWidget", dress_and_keep)
    return qtbot
