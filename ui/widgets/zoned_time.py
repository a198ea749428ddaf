"""A date and time in somebody else's zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import QDate, QDateTime, QTime
from PySide6.QtWidgets import QDateTimeEdit, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme

if TYPE_CHECKING:
    from datetime import date

__all__ = ["ZonedTimeEdit", "from_date", "to_date"]


def to_date(day: QDate) -> date:
    """Return Qt's date as Python's."""
    return datetime(day.year(), day.month(), day.day(), tzinfo=UTC).date()


def from_date(day: date) -> QDate:
    """Return Python's date as Qt's."""
    return QDate(day.year, day.month, day.day)


class ZonedTimeEdit(QDateTimeEdit):
    """Shows and takes the wall clock of an IANA zone; ``moment`` is aware UTC."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make a field; ``name`` is for screen readers."""
        super().__init__(parent)
        self._zone = ZoneInfo("UTC")
        self.setAccessibleName(name)
        self.setDisplayFormat("ddd MMM d, yyyy  h:mm AP")
        self.setCalendarPopup(True)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.setMinimumWidth(active().px(228))

    def set_moment(self, at: datetime, zone: str) -> None:
        """Show a moment on the wall clock of a zone."""
        self._zone = ZoneInfo(zone)
        wall = at.astimezone(self._zone)
        shown = QDateTime(from_date(wall.date()), QTime(wall.hour, wall.minute))
        self.setDateTime(shown)

    def set_earliest(self, at: datetime) -> None:
        """Refuse anything before this moment."""
        wall = at.astimezone(self._zone) + timedelta(minutes=1)
        self.setMinimumDateTime(QDateTime(from_date(wall.date()), QTime(wall.hour, wall.minute)))

    def moment(self) -> datetime:
        """What is shown, as an aware UTC moment.

        A time that the spring change skips becomes the same distance after it; one that the
        autumn change repeats is the first of the two.
        """
        day, at = self.date(), self.time()
        wall = datetime(
            day.year(), day.month(), day.day(), at.hour(), at.minute(), tzinfo=self._zone
        )
        return wall.astimezone(UTC)
