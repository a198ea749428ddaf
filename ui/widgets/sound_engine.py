"""Playing a sound that is in memory, where Qt's multimedia part is installed."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QUrl, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SoundEngine", "make_engine"]


class SoundEngine(QObject):
    """What plays; the base class plays nothing and is what tests stand on.

    Signals:
        moved: (milliseconds) where it is now.
        length_known: (milliseconds) how long it is.
        playing_changed: it plays (True) or stands still (False).
        failed: it cannot be played.
    """

    moved = Signal(int)
    length_known = Signal(int)
    playing_changed = Signal(bool)
    failed = Signal()

    def load(self, content: bytes) -> None:
        """Take a sound; nothing plays yet."""

    def play(self) -> None:
        """Play, or go on."""

    def pause(self) -> None:
        """Stand still."""

    def seek(self, msec: int) -> None:
        """Go to a moment of the sound."""

    def forget(self) -> None:
        """Keep nothing of the sound."""


class _QtEngine(SoundEngine):
    """Over QtMultimedia, from a buffer: nothing is ever written to a file."""

    def __init__(self, multimedia: Any, parent: QObject | None = None) -> None:  # noqa: ANN401 - an optional module
        super().__init__(parent)
        self._media = multimedia
        self._buffer: QBuffer | None = None
        self._output = multimedia.QAudioOutput(self)
        self._player = multimedia.QMediaPlayer(self)
        self._player.setAudioOutput(self._output)
        # Through functions: Qt's 64-bit numbers do not connect to a signal of ours by themselves.
        self._player.positionChanged.connect(self._tell_place)
        self._player.durationChanged.connect(self._tell_length)
        self._player.playbackStateChanged.connect(self._tell_state)
        self._player.errorOccurred.connect(lambda *_: self.failed.emit())

    def load(self, content: bytes) -> None:
        self.forget()
        self._buffer = QBuffer(self)
        self._buffer.setData(QByteArray(content))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._player.setSourceDevice(self._buffer, QUrl("recording.wav"))

    def play(self) -> None:
        self._player.play()

    def pause(self) -> None:
        self._player.pause()

    def seek(self, msec: int) -> None:
        self._player.setPosition(msec)

    def forget(self) -> None:
        self._player.stop()
        self._player.setSource(QUrl())
        if self._buffer is not None:
            self._buffer.close()
            self._buffer.setData(QByteArray())
            self._buffer.deleteLater()
            self._buffer = None

    def _tell_place(self, msec: int) -> None:
        self.moved.emit(msec)

    def _tell_length(self, msec: int) -> None:
        self.length_known.emit(msec)

    def _tell_state(self, state: object) -> None:
        playing = self._media.QMediaPlayer.PlaybackState.PlayingState
        self.playing_changed.emit(state == playing)


def make_engine() -> Callable[[QObject], SoundEngine] | None:
    """How to make an engine, or None where the multimedia part is not installed.

    The module is imported when it is first asked for: it is large, and few listen. Making one
    raises ImportError where a library of the system is missing.
    """
    if importlib.util.find_spec("PySide6.QtMultimedia") is None:
        return None

    def make(parent: QObject) -> SoundEngine:
        multimedia = importlib.import_module("PySide6.QtMultimedia")
        return _QtEngine(multimedia, parent)

    return make
