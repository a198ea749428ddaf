"""A small player: play or pause, where it is, how long it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QObject

    from ui.widgets.sound_engine import SoundEngine

__all__ = ["SoundPlayer"]

_SECOND = 1_000


class SoundPlayer(QWidget):
    """Hidden until there is a sound.

    Signals:
        failed: the sound cannot be played on this computer.
    """

    failed = Signal()

    def __init__(
        self, make: Callable[[QObject], SoundEngine] | None, parent: QWidget | None = None
    ) -> None:
        """Make an empty player; ``make``: None where nothing can be played."""
        super().__init__(parent)
        self.setProperty("transparent", "true")
        self._make = make
        self._engine: SoundEngine | None = None
        self._playing = False
        self.button = IconButton("play", self.tr("Play"), framed=True)
        self.button.setObjectName("sound_play")
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "sound_at", self.tr("Position"))
        self.slider.setPageStep(10 * _SECOND)
        self.slider.setSingleStep(5 * _SECOND)
        self.clock = label("0:00 / 0:00", "small")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self.button)
        self._row.addWidget(self.slider, 1)
        self._row.addWidget(self.clock)
        self.button.clicked.connect(self.toggle)
        self.slider.sliderMoved.connect(self._seek)
        self.slider.actionTriggered.connect(lambda _: self._seek(self.slider.sliderPosition()))
        self.hide()
        follow_theme(self._rescale)

    @property
    def possible(self) -> bool:
        """Whether this computer can play a sound; the first question loads what plays it."""
        if self._engine is None and self._make is not None:
            try:
                self._engine = self._make(self)
            except ImportError:  # installed, but a library of the system is missing
                self._make = None
            else:
                self._listen(self._engine)
        return self._engine is not None

    def play(self, content: bytes) -> None:
        """Take a sound and play it."""
        if not self.possible or self._engine is None:
            return
        self._engine.load(content)
        self.show()
        self._engine.play()
        self.button.setFocus()

    def _listen(self, engine: SoundEngine) -> None:
        engine.moved.connect(self._moved)
        engine.length_known.connect(self._know_length)
        engine.playing_changed.connect(self._show_playing)
        engine.failed.connect(self.failed)

    def toggle(self) -> None:
        """Pause, or play on."""
        if self._engine is not None:
            (self._engine.pause if self._playing else self._engine.play)()

    def forget(self) -> None:
        """Stop, and keep nothing of the sound."""
        if self._engine is not None:
            self._engine.forget()
        self.slider.setValue(0)
        self.hide()

    def _seek(self, msec: int) -> None:
        if self._engine is not None:
            self._engine.seek(msec)

    def _moved(self, msec: int) -> None:
        if not self.slider.isSliderDown():
            self.slider.setValue(msec)
        self.clock.setText(f"{_minutes(msec)} / {_minutes(self.slider.maximum())}")

    def _know_length(self, msec: int) -> None:
        self.slider.setMaximum(msec)
        self._moved(self.slider.value())

    def _show_playing(self, playing: bool) -> None:
        self._playing = playing
        self.button.set_look("pause" if playing else "play")
        self.button.set_name(self.tr("Pause") if playing else self.tr("Play"))

    def _rescale(self) -> None:
        self._row.setSpacing(active().px(8))


def _minutes(msec: int) -> str:
    seconds = msec // _SECOND
    return f"{seconds // 60}:{seconds % 60:02}"
