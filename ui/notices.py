"""What a session's window says above every page: the practice line, the link, what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from coordinator_app.domain.person import Role
from coordinator_app.domain.returns import ReturnsWaiting
from ui.messages import Action, Level

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from coordinator_app.domain.practice import LineHealth
    from coordinator_app.domain.session import Heartbeat
    from coordinator_app.services.session import Session
    from ui.messages import MessageBus

__all__ = ["Notices"]

# The keys of the banners: one each.
_WAITING: Final = "notices"
_RETURNS: Final = "returns"
_LINE: Final = "line"
_LINK: Final = "link"
_SEEN_ON: Final = {"privacy": _WAITING, "callbacks": _RETURNS}


class Notices(QObject):
    """The banners of one session, each said once for as long as it is the same."""

    def __init__(
        self,
        session: Session,
        messages: MessageBus,
        pages: Container[str],
        go: Callable[[str], None],
        parent: QObject,
    ) -> None:
        """Say what holds for the whole session.

        Args:
            session: whose.
            messages: where it is said.
            pages: keys of the pages that this person has.
            go: opens one of them.
            parent: the workspace.
        """
        super().__init__(parent)
        self._session = session
        self._messages = messages
        self._pages = pages
        self._go = go
        self._page = ""
        self._noticed: tuple[str, ...] = ()
        self._returned = ReturnsWaiting()
        self._tell_facts()

    def follow_page(self, key: str) -> None:
        """The person opened this page; what it shows needs no banner."""
        self._page = key
        if key in _SEEN_ON:
            self._messages.clear(_SEEN_ON[key])

    def returned_call_taken(self) -> None:
        """The person answers it: said enough."""
        self._messages.clear(_RETURNS)

    def follow_beat(self, beat: Heartbeat) -> None:
        """Say what is new since the last heartbeat."""
        self.show_line(beat.line)
        self._tell_waiting(beat.notices)
        self._tell_returns(beat.returns or ReturnsWaiting())

    def show_line(self, line: LineHealth) -> None:
        """Tell a supervisor, wherever they are, that nobody can call."""
        if self._session.signed_in.person.role is not Role.SUPERVISOR:
            return  # a coordinator reads it where Dial is
        if line.state == "down":
            self._messages.error(line.sentence, key=_LINE)
        else:
            self._messages.clear(_LINE)

    def tell_lost(self) -> None:
        """The database does not answer."""
        words = self.tr(
            "The practice database cannot be reached. Trying again… What you type is kept."
        )
        self._messages.show(Level.ERROR, words, key=_LINK, closable=False)

    def tell_restored(self) -> None:
        """It answers again."""
        self._messages.clear(_LINK)
        self._messages.success(self.tr("The practice database is back."), key="link_back")

    def _tell_facts(self) -> None:
        signed_in = self._session.signed_in
        facts = []
        if signed_in.practice.is_demo:
            facts.append(self.tr("Demo practice, every patient is made up"))
        if signed_in.line.is_practice_line:
            facts.append(self.tr("Practice line — no real call is made"))
        if facts:
            words = " · ".join(facts)
            self._messages.show(Level.WARNING, words, key="practice_line", closable=False)
        for sentence in self._session.notices:
            self._messages.warning(sentence)

    def _tell_waiting(self, notices: tuple[str, ...]) -> None:
        if notices == self._noticed:
            return
        self._noticed = notices
        if not notices:
            self._messages.clear(_WAITING)
        elif self._page != "privacy":
            action = None
            if "privacy" in self._pages:
                action = Action(self.tr("Look at it"), lambda: self._go("privacy"))
            words = self.tr("Waiting for you: %1.").replace("%1", ", ".join(notices))
            self._messages.warning(words, key=_WAITING, action=action)

    def _tell_returns(self, waiting: ReturnsWaiting) -> None:
        # Who it is stands on the page.
        if waiting == self._returned:
            return
        before, self._returned = self._returned, waiting
        if not (waiting.on_the_phone or waiting.waiting):
            self._messages.clear(_RETURNS)
            return
        grown = waiting.on_the_phone > before.on_the_phone or waiting.waiting > before.waiting
        if not grown or self._page == "callbacks":
            return
        action = Action(self.tr("Show"), lambda: self._go("callbacks"))
        if waiting.on_the_phone:
            words = self.tr("Somebody is on the phone for you now.")
        else:
            words = self.tr("Somebody called back and waits for you.")
        self._messages.warning(words, key=_RETURNS, action=action)
