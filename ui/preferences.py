"""What the window remembers on this computer: its shape, look and last practice. Nothing else.

No patient, no password and no note is ever handed to this module; a test reads the file back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QSettings

from ui.theme import MAX_SCALE, MIN_SCALE, Mode

if TYPE_CHECKING:
    from coordinator_app.domain.session import Connection

__all__ = ["Preferences"]

_GEOMETRY: Final = "window/geometry"
_MODE: Final = "look/mode"
_SCALE: Final = "look/scale"
_SOUND: Final = "sound/level"
_MICROPHONE: Final = "ear/microphone"
_SPEAKER: Final = "ear/speaker"
_PRACTICE: Final = "last/practice"
_HOST: Final = "last/host"


class Preferences:
    """Typed access to one ``QSettings``; odd content reads as the default."""

    def __init__(self, settings: QSettings | None = None) -> None:
        """Use the given settings, or those of the application's name."""
        self._settings = settings or QSettings()

    def _text(self, key: str) -> str:
        value = self._settings.value(key, "")
        return value if isinstance(value, str) else ""

    def _number(self, key: str, default: float, low: float, high: float) -> float:
        try:
            value = float(str(self._settings.value(key, default)))
        except ValueError:
            return default
        return default if math.isnan(value) else min(high, max(low, value))

    @property
    def geometry(self) -> QByteArray:
        """Where the window stood; empty at the first start."""
        value = self._settings.value(_GEOMETRY)
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._settings.setValue(_GEOMETRY, value)

    @property
    def mode(self) -> Mode:
        """Light, dark, or as the desktop."""
        text = self._text(_MODE)
        return Mode(text) if text in set(Mode) else Mode.SYSTEM

    @mode.setter
    def mode(self, value: Mode) -> None:
        self._settings.setValue(_MODE, value.value)

    @property
    def scale(self) -> float:
        """Text scale, 0.9 to 1.5."""
        return self._number(_SCALE, 1.0, MIN_SCALE, MAX_SCALE)

    @scale.setter
    def scale(self, value: float) -> None:
        self._settings.setValue(_SCALE, value)

    @property
    def sound_level(self) -> int:
        """Loudness of the program's own sounds, 0 to 100."""
        return round(self._number(_SOUND, 70, 0, 100))

    @sound_level.setter
    def sound_level(self, value: int) -> None:
        self._settings.setValue(_SOUND, value)

    @property
    def microphone(self) -> str:
        """The softphone's microphone, by the system's name; "" for the system's choice."""
        return self._text(_MICROPHONE)

    @microphone.setter
    def microphone(self, value: str) -> None:
        self._settings.setValue(_MICROPHONE, value)

    @property
    def speaker(self) -> str:
        """The softphone's speaker, by the system's name; "" for the system's choice."""
        return self._text(_SPEAKER)

    @speaker.setter
    def speaker(self, value: str) -> None:
        self._settings.setValue(_SPEAKER, value)

    def is_last(self, connection: Connection) -> bool:
        """Whether this practice was the last one signed in to."""
        return (connection.practice, connection.host) == (
            self._text(_PRACTICE),
            self._text(_HOST),
        )

    def set_last(self, connection: Connection) -> None:
        """Remember the practice (its name and host; not the person)."""
        self._settings.setValue(_PRACTICE, connection.practice)
        self._settings.setValue(_HOST, connection.host)

    def save(self) -> None:
        """Write to the disk now."""
        self._settings.sync()
