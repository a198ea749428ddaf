"""The Team page: live, at most once a second, and every 15 s for what comes with time alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal

from ui.models.clock_text import clock
from ui.models.line_words import LINE_KINDS, line_words
from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.team import TeamView
from ui.widgets.labels import Chip

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from coordinator_app.domain.team import TeamBoard
    from coordinator_app.errors import UserFacingError
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus
    from ui.tasks import Tasks

__all__ = ["TeamPage"]

_SLOW_MS = 15_000
_FAST_MS = 1_000


class TeamPage(Page):
    """The supervisor's board.

    Signals:
        review_requested: (person id) that person's calls should be shown.
    """

    review_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        tasks: Tasks,
        messages: MessageBus,
        parent: QWidget | None = None,
    ) -> None:
        """Make the page; it loads while it is on the screen."""
        super().__init__(self.tr("Team"), parent)
        self._session = session
        self._tasks = tasks
        self._messages = messages
        self._asked = Generations()
        self._pending = False
        self._live = Chip(self.tr("Live"), "success")
        self.line = Chip("")
        self.line.setObjectName("team_line")
        self.bar.addWidget(self._live)
        self.bar.addWidget(self.line)
        self.bar.addStretch(1)
        self.view = TeamView()
        self.view.review_requested.connect(self.review_requested)
        self.column.addWidget(self.view, 1)
        self._slow = QTimer(self, interval=_SLOW_MS)
        self._slow.timeout.connect(self.load)
        self._slow.start()
        # A busy team hints many times a second; the board is drawn once for all of them.
        self._calm = QTimer(self, singleShot=True, interval=_FAST_MS)
        self._calm.timeout.connect(self._after_calm)

    def shows(self) -> frozenset[str]:
        """Outcomes and presence."""
        return frozenset({"team", "call_log"})

    def load(self) -> None:
        """As every page, but at most once a second."""
        if self._calm.isActive():
            self._pending = True
        else:
            super().load()

    def refresh(self) -> None:
        """Load the board."""
        self._calm.start()
        fresh = self._asked.latest("board")
        self._tasks.run(
            self, self._session.practice.team, done=fresh(self._show), failed=fresh(self._failed)
        )

    def forget(self) -> None:
        """The board has no patients; only answers on their way are dropped."""
        self._asked.forget("board")

    def _after_calm(self) -> None:
        if self._pending:
            self._pending = False
            self.load()

    def _show(self, board: TeamBoard) -> None:
        self._messages.clear("team")
        zone = self._session.signed_in.practice.zone
        at = clock(board.now, zone)
        self.line.set(line_words(board.line, zone), LINE_KINDS.get(board.line.state, "neutral"))
        self.line.setToolTip(board.line.sentence)
        self._live.set(self.tr("Live · %1").replace("%1", at), "success")
        self.view.show_board(board)

    def _failed(self, failure: UserFacingError) -> None:
        self._live.set(self.tr("Not live"), "warning")
        self._messages.error(failure.sentence, key="team")
