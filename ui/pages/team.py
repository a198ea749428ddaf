"""The Team page: the board, at most once a second and every 15 s, and the calls that are up now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from ui.models.clock_text import clock
from ui.models.line_words import LINE_KINDS, line_words
from ui.pages.live import LiveDesk
from ui.pages.page import Page
from ui.tasks import Generations
from ui.views.live_calls import LiveCallsView
from ui.views.team import TeamView
from ui.widgets.labels import Chip
from ui.widgets.segmented import Segmented

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
        show_wanted: the page should be opened: somebody wants help.
        help_waiting: how many calls for help nobody has answered.
        phone_called: the supervisor's own phone is being called.
    """

    review_requested = Signal(object)
    show_wanted = Signal()
    help_waiting = Signal(int)
    phone_called = Signal()

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
        self._make_parts()
        self._slow = QTimer(self, interval=_SLOW_MS)
        self._slow.timeout.connect(self.load)
        self._slow.start()
        # A busy team hints many times a second; the board is drawn once for all of them.
        self._calm = QTimer(self, singleShot=True, interval=_FAST_MS)
        self._calm.timeout.connect(self._after_calm)

    def _make_parts(self) -> None:
        titles = [("today", self.tr("Today")), ("live", self.tr("Live calls"))]
        self.part = Segmented(titles, self.tr("Part of the Team page"))
        self.part.chosen.connect(self._on_part)
        self.bar.addWidget(self.part)
        self.live_view = LiveCallsView(self._session.clock.now)
        self.live = LiveDesk(
            self._session, self._tasks, self._messages, self.live_view, parent=self
        )
        self.live.counted.connect(self._on_count)
        self.live.show_wanted.connect(self.open_live)
        self.live.phone_called.connect(self.phone_called)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.live_view)
        self.column.addWidget(self._stack, 1)
        self.live.hear()

    def _on_part(self, part: str) -> None:
        self._stack.setCurrentWidget(self.live_view if part == "live" else self.view)
        self.live.hear()

    def _on_count(self, calls: int, waiting: int) -> None:
        self.part.set_count("live", calls)
        self.help_waiting.emit(waiting)

    def open_live(self) -> None:
        """Show the calls that are up."""
        self.part.choose("live")
        self.show_wanted.emit()

    def on_changed(self, what: frozenset[str]) -> None:
        """As every page; a call for help is told on whatever page the supervisor is."""
        super().on_changed(what)
        if "call" in what or ("team" in what and self.isVisible()):
            self.live.hear()

    def restore(self) -> None:
        """The live list, too."""
        super().restore()
        self.live.restore()

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
        """The board has no patients: answers on their way are dropped; the live list is emptied."""
        self._asked.forget("board")
        self.live.forget()

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
