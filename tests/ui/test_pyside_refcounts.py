"""Guards against PySide6 builds that lose references of None or True (ui.md section 0).

6.12.0 on Python 3.11 takes one reference from None with each painter call and one from True with
each emit; the program then dies in the middle of a call. From Python 3.12 on both are immortal.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap
from pytestqt.qtbot import QtBot

CALLS = 1_000
NOISE = 200  # other objects come and go meanwhile


class _Emitter(QObject):
    told = Signal(bool)


def test_painting_does_not_eat_references_of_none(qtbot: QtBot) -> None:
    pixmap = QPixmap(16, 16)
    pen, font = QPen(QColor("#112233")), QFont()
    painter = QPainter(pixmap)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        painter.setPen(pen)
        painter.setFont(font)
        painter.drawLine(0, 0, 8, 8)
    after = sys.getrefcount(None)
    painter.end()
    assert before - after < NOISE


def test_emitting_does_not_eat_references_of_true(qtbot: QtBot) -> None:
    emitter = _Emitter()
    heard: list[int] = []
    emitter.told.connect(lambda _: heard.append(1))
    before = sys.getrefcount(True)
    for _ in range(100):
        emitter.told.emit(True)
    after = sys.getrefcount(True)
    assert len(heard) == 100
    assert abs(before - after) < 20
