"""The first step of a line's set-up: the account at the carrier, and a key of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from ui.messages import Level
from ui.models.words import moment
from ui.widgets.key_form import KeyForm, KeyWords

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.line_setup import PhoneLine

__all__ = ["AccountStep"]


def _words() -> KeyWords:
    def tr(words: str) -> str:
        return QCoreApplication.translate("AccountStep", words)

    return KeyWords(
        title=tr("Account and key"),
        first=(
            tr("At the carrier, first:"),
            tr(
                "1.  Sign the business associate agreement, and have the account flagged as a "
                "HIPAA account. Upgrade a trial account."
            ),
            tr(
                "2.  Make a restricted API key that may: read, create and update calls; read, "
                "create, update and delete conferences and their participants; read and create "
                "outgoing caller IDs; read phone numbers, queues and their members, and voice "
                "dialing permissions. Recordings (read, delete) only if calls are recorded; no "
                "messages, no keys."
            ),
            tr("3.  Copy its parts here. Never enter the account’s auth token."),
        ),
        use=tr("Use this account"),
        busy=tr("Sealing…"),
        forget=tr("Forget the account"),
        code=tr("The account is changed only with the six digits of your app."),
    )


class AccountStep(KeyForm):
    """Says which account is used, what to make at the carrier, and takes another one."""

    def __init__(self, now: Callable[[], datetime], zone: str) -> None:
        """Make an empty step; ``now`` is the practice's time, ``zone`` its IANA zone."""
        super().__init__("line", _words())
        self._now, self._zone = now, zone

    def show_line(self, line: PhoneLine, key_words: str) -> None:
        """Show which account is used. ``key_words``: the gateway's key, to compare."""
        account = line.account
        ending = line.account_in_use[-4:]
        self.state.setText(
            {
                "window": self.tr("Account …%1, entered here"),
                "vault": self.tr("Account …%1, from the vault of the gateway’s computer"),
                "credential": self.tr("Account …%1, from the gateway’s service credential"),
                "practice": self.tr("The practice line: simulated people, no real call"),
            }.get(line.source, self.tr("None: no call can be made")).replace("%1", ending)
        )
        none = line.source == "none" and account is None
        self.heading.setText(self.tr("Enter the account") if none else self.tr("Another account"))
        self.show_fields(not line.is_demo)
        self.forget_it.setVisible(account is not None)
        self.use.setEnabled(bool(line.gateway_key) and line.source != "practice")
        self.small.setText(
            self.tr(
                "The key is sealed on this computer for the gateway (%1) and can be read by "
                "nobody else, here or in the database."
            ).replace("%1", key_words)
            if line.gateway_key
            else self.tr("The gateway runs on the practice line, which has an account of its own.")
            if line.source == "practice"
            else self.tr("The gateway has not run yet: start it on its computer, then come back.")
        )
        words, level, icon = "", Level.INFO, "info"
        if line.is_demo:
            words = self.tr(
                "This is the demo: its practice line calls nobody, and its account is fixed. In a "
                "real practice you enter account and key of the carrier here."
            )
        elif account is not None and account.state == "refused":
            words, level, icon = account.problem, Level.ERROR, "circle-alert"
        elif account is not None and account.state == "set":
            when = moment(account.set_at, self._zone, self._now())
            words = self.tr(
                "Account …%1 was entered by %2 (%3). The gateway checks it, and takes it up as "
                "soon as no call is open."
            )
            words = words.replace("%1", account.account_sid[-4:])
            words = words.replace("%2", account.set_by).replace("%3", when)
        if words != self.notice.text:
            self.notice.say(words, level, icon)
