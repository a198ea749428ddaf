"""The gateway's life in rounds: each with one account at the carrier, until another one waits."""

from __future__ import annotations

from threading import Event


class Rounds:
    """Ends the round that runs, for good or to begin the next one. Usable from any thread."""

    def __init__(self) -> None:
        self.stop = Event()  # of the round that runs
        self.anew = False  # whether there was a round before
        self._for_good = Event()
        self._leaves = Event()

    def end(self) -> None:
        """End the gateway."""
        self._for_good.set()
        self.stop.set()

    def when_idle(self) -> None:
        """Begin anew, with whatever account there is then, as soon as no call is open."""
        self._leaves.set()

    def leaves(self) -> bool:
        """Whether the round is to end as soon as no call is open."""
        return self._leaves.is_set()

    def another(self) -> bool:
        """Whether there is a next round; it begins with this question."""
        self.anew = True
        self.stop.clear()
        self._leaves.clear()
        if self._for_good.is_set():
            self.stop.set()
            return False
        return True
