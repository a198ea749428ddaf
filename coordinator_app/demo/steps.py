"""What the first start does, for whoever shows it."""

from __future__ import annotations

from enum import Enum
from typing import Literal, Protocol

State = Literal["running", "done"]


class Step(Enum):
    """One step, in order; the value is what it says on screen."""

    SERVER = "Start the practice's own database server"
    SCHEMA = "Install the practice's database"
    PATIENTS = "Import synthetic patients and their visits"
    PEOPLE = "Make a login for everybody who works there"
    HISTORY = "Add schedules, campaigns and two weeks of calls"
    LINE = "Start the practice line"


class Progress(Protocol):
    """Told what begins and what is done, from the thread that does it."""

    def __call__(self, step: Step, state: State, detail: str) -> None:
        """``detail``: a few words about the result, or ""."""
        ...


def silent(step: Step, state: State, detail: str) -> None:
    """Tell nobody."""
