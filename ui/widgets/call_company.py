"""Who else is on the call, and how one's call for help stands; in the call bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QSize, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy

from coordinator_app.domain.call import CallState
from coordinator_app.domain.monitor import HelpReason
from ui.messages import announce
from ui.models.live_words import (
    HELP_REASONS,
    first_name,
    on_call_words,
    reason_words,
    short_words,
)
from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.labels import Elide
from ui.widgets.painting import set_kind

if TYPE_CHECKING:
    from coordinator_app.domain.call import CallView, HelpAsked, OnCall
    from ui.shortcuts import Keymap

__all__ = ["CallCompany", "HelpButton"]

_KINDS = {"listen": "info", "coach": "violet", "barge": "warning"}


class _Note(Elide):
    """A chip that others make room for: what it says must be read at a glance."""

    def __init__(self, least: int) -> None:
        """``least``: it is shortened only beyond so many pixels at scale 1.0."""
        super().__init__("")
        self._least = least
        self.setProperty("chip", "info")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        return QSize(min(whole.width(), active().px(self._least)), whole.height())


class CallCompany(QObject):
    """Two chips for the call bar to place; each hides while there is nothing to say."""

    def __init__(self, parent: QObject) -> None:
        """Make two empty chips."""
        super().__init__(parent)
        self.who = _Note(190)
        self.help = _Note(150)

    def show_call(self, call: CallView | None) -> None:
        """Show what there is to say about a call; screen readers hear what is new."""
        up = call is not None and call.state is not CallState.ENDED
        company = call.company if call is not None and up else ()
        asked = call.help if call is not None and up else None
        whole = " · ".join(on_call_words(one) for one in company)
        self._say(self.who, self._who(company), self._kind(company))
        self.who.setToolTip(f"{whole}. {self._meaning(company)}".strip() if whole else "")
        self.who.setAccessibleName(whole)
        self._say(self.help, *self._answer(asked))
        self.help.setToolTip(self.help.text())

    def _say(self, chip: Elide, words: str, kind: str) -> None:
        if words != chip.text():
            chip.setText(words)
            chip.setVisible(bool(words))
            set_kind(chip, "chip", kind)
            announce(chip, words, urgent=kind == "warning")

    def _who(self, company: tuple[OnCall, ...]) -> str:
        if len(company) > 1:
            names = ", ".join(first_name(one.name) for one in company)
            return self.tr("%1 on the call").replace("%1", names)
        return "".join(short_words(one) for one in company)

    def _kind(self, company: tuple[OnCall, ...]) -> str:
        modes = [one.mode for one in company]
        heard = next((m for m in ("barge", "coach") if m in modes), "listen")
        return _KINDS[heard]

    def _meaning(self, company: tuple[OnCall, ...]) -> str:
        modes = {one.mode for one in company if one.joined}
        if "barge" in modes:
            return self.tr("You and the patient hear them")
        if "coach" in modes:
            return self.tr("Only you hear them; the patient does not")
        return self.tr("Nobody hears them") if modes else ""

    def _answer(self, asked: HelpAsked | None) -> tuple[str, str]:
        if asked is None:
            return "", "neutral"
        name = first_name(asked.by)
        if asked.answer:
            return f"{name}: {asked.answer}", "success"
        if asked.taken:
            return self.tr("%1 helps you").replace("%1", name), "success"
        words = reason_words(asked.reason)
        asking = self.tr("You asked for help")
        return (f"{asking}: {words}" if words else asking), "warning"


class HelpButton(IconButton):
    """Opens the list of reasons; Enter sends the first one, so that help is two keys away.

    Signals:
        asked: a HelpReason.
        withdrawn: no help is needed any more.
    """

    asked = Signal(object)
    withdrawn = Signal()

    def __init__(self, keymap: Keymap) -> None:
        """Make a button; its key is that of the binding ``call.help``."""
        name = HELP_REASONS[HelpReason.NONE]
        super().__init__("life-buoy", name, framed=True, tooltip=keymap.tooltip("call.help", name))
        self.setObjectName("call_help")
        self._keymap = keymap
        self._asking = False
        self.menu_of_reasons = QMenu(self)
        self.menu_of_reasons.setObjectName("help_reasons")
        self.menu_of_reasons.setAccessibleName(self.tr("Why you need help"))
        self.clicked.connect(self._open)
        self._fill()

    def show_help(self, asked: HelpAsked | None) -> None:
        """Show whether help was asked for."""
        asking = asked is not None
        if asking == self._asking:
            return
        self._asking = asking
        name = self.tr("Help was asked for") if asking else HELP_REASONS[HelpReason.NONE]
        self.set_name(name, self._keymap.tooltip("call.help", name))
        self.set_look("life-buoy", "warning_text" if asking else "text2")
        self._fill()

    def _fill(self) -> None:
        menu = self.menu_of_reasons
        menu.clear()
        if self._asking:
            menu.addAction(self.tr("No more help needed"), self.withdrawn.emit)
            menu.addSeparator()
        for reason, words in HELP_REASONS.items():
            if not (self._asking and reason is HelpReason.NONE):
                menu.addAction(words).triggered.connect(
                    lambda _=False, reason=reason: self.asked.emit(reason)
                )

    def _open(self) -> None:
        menu = self.menu_of_reasons
        menu.setActiveAction(menu.actions()[0])
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + 4)))
