"""When to call back: quick choices and a field, both on the patient's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from ui.models.clock_text import clock, clock_in, local, when
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme
from ui.widgets.zoned_time import ZonedTimeEdit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CallbackTime", "quick_times"]

_MORNING = 9
_SATURDAY = 5


def quick_times(now: datetime, zone: str) -> tuple[tuple[str, datetime], ...]:
    """Return (key, moment) of the quick choices; wall-clock steps stay right across DST.

    Args:
        now: the practice's now.
        zone: the patient's IANA zone.
    """
    there = local(now, zone)
    hour = there.replace(minute=there.minute // 5 * 5, second=0, microsecond=0)
    tomorrow = hour + timedelta(days=1)
    monday = (hour + timedelta(days=7 - there.weekday())).replace(hour=_MORNING, minute=0)
    # An hour on the patient's wall clock is an hour of real time.
    soon = local(now + timedelta(hours=1), zone).replace(second=0, microsecond=0)
    week = hour + timedelta(days=7)
    return (("hour", soon), ("tomorrow", tomorrow), ("monday", monday), ("week", week))


class CallbackTime(QWidget):
    """Nothing is chosen at first: a callback is a promise, not a default.

    Signals:
        changed: another moment, or none.
    """

    changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QWidget | None = None) -> None:
        """Make an empty choice; ``now`` is the practice's clock."""
        super().__init__(parent)
        self._now = now
        self._zone = "UTC"
        self._chosen = False
        self.field = ZonedTimeEdit(self.tr("Call back at, patient's time"))
        self.both = label("", "small")
        self.both.setWordWrap(True)
        self.mine = QCheckBox(self.tr("I will call myself"))
        self.mine.setChecked(True)
        row = QWidget()
        self._flow = FlowLayout(row)
        words = {
            "hour": self.tr("In 1 hour"),
            "tomorrow": self.tr("Tomorrow same time"),
            "monday": self.tr("Next Mon 9:00"),
            "week": self.tr("In a week"),
        }
        for key, text in words.items():
            button = Button(text, size="small")
            button.setObjectName(f"callback.{key}")
            button.clicked.connect(lambda _=False, key=key: self._quick(key))
            self._flow.addWidget(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        for widget in (row, self.field, self.both, self.mine):
            self._column.addWidget(widget)
        self.field.dateTimeChanged.connect(self._typed)
        self.mine.toggled.connect(lambda _: self.changed.emit())
        self.reset("UTC")
        follow_theme(self._rescale)

    @property
    def moment(self) -> datetime | None:
        """The chosen moment, aware UTC; None while nothing is chosen."""
        return self.field.moment() if self._chosen else None

    def reset(self, zone: str) -> None:
        """Nothing chosen; a patient's zone."""
        self._zone = zone
        self._chosen = False
        self.mine.setChecked(True)
        self._put(self._now() + timedelta(hours=1))
        self._say()

    def set_moment(self, at: datetime | None) -> None:
        """Show a moment (a draft, or one said elsewhere); None chooses nothing."""
        self._chosen = at is not None
        if at is not None:
            self._put(at)
        self._say()

    def _put(self, at: datetime) -> None:
        self.field.blockSignals(True)
        self.field.set_moment(at, self._zone)
        self.field.blockSignals(False)

    def _quick(self, key: str) -> None:
        self.set_moment(dict(quick_times(self._now(), self._zone))[key])
        self.changed.emit()

    def _typed(self) -> None:
        self._chosen = True
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        at = self.moment
        if at is None:
            self.both.setText(self.tr("Choose a time, on the patient's clock."))
            return
        own = at.astimezone()  # this computer's zone is the coordinator's own
        words = self.tr("Patient: %1. You: %2.")
        there = f"{when(at, self._zone)} {clock_in(at, self._zone).rsplit(' ', 1)[-1]}"
        here = own.strftime("%a %I:%M %p").replace(" 0", " ")
        text = words.replace("%1", there).replace("%2", here)
        if at <= self._now():
            text = self.tr("%1 is in the past.").replace("%1", clock(at, self._zone))
        elif local(at, self._zone).weekday() >= _SATURDAY:
            text = f"{text} " + self.tr("That is a weekend.")
        self.both.setText(text)

    def _rescale(self) -> None:
        self._column.setSpacing(active().px(6))
        self._flow.setSpacing(active().px(5))
