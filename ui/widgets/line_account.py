"""The first step of a line's set-up: the account at the carrier, and a key of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from ui.messages import Level
from ui.models.words import moment
from ui.widgets.buttons import Button
from ui.widgets.code_form import CodeForm, CodeWords
from ui.widgets.edits import PasswordEdit, set_invalid
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.line_setup import PhoneLine

__all__ = ["AccountStep", "TypedAccount"]

_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
_KEY = re.compile(r"SK[0-9a-f]{32}")
_BARE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class TypedAccount:
    """What was typed. ``code``: of the authenticator app, "" until it is asked for."""

    account_sid: str
    key_sid: str
    secret: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


def _beside(form: FormColumn, *pairs: QWidget) -> QWidget:
    """Put fields of the form beside each other."""
    holder = QWidget()
    holder.setProperty("transparent", "true")
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for pair in pairs:
        row.addWidget(pair, 1)
    return form.add(holder)


class AccountStep(QWidget):
    """Says which account is used, what to make at the carrier, and takes another one.

    Signals:
        entered: (TypedAccount) it should be used.
        forgotten: (password, code) the account that was entered should be forgotten.
    """

    entered = Signal(object)
    forgotten = Signal(str, str)

    def __init__(self, now: Callable[[], datetime], zone: str) -> None:
        """Make an empty step; ``now`` is the practice's time, ``zone`` its IANA zone."""
        super().__init__()
        self._now, self._zone = now, zone
        self._forgets = False
        form = FormColumn(self.tr("Account and key"))
        self.state = form.fact(self.tr("In use"))
        self.notice = named(Notice(), "line_account_notice")
        form.add(self.notice)
        self._fields = self._make_fields(form)
        self.code = CodeForm(CodeWords(self.tr("Go on"), "check", self.tr("Checking…")))
        self._stack = QStackedWidget()
        self._stack.addWidget(form)
        self._stack.addWidget(self.code)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.code.submitted.connect(self._with_code)
        self.code.left.connect(self._leave_code)

    def _make_fields(self, form: FormColumn) -> list[QWidget]:
        """Put the fields below; returns all that a demo does not have."""
        self.account = named(QLineEdit(), "line_account", self.tr("Account SID"))
        self.account.setPlaceholderText(self.tr("AC…, 34 characters"))
        self.key = named(QLineEdit(), "line_key", self.tr("API key SID"))
        self.key.setPlaceholderText(self.tr("SK…, 34 characters"))
        self.secret = named(PasswordEdit(self.tr("Secret of the key")), "line_secret")
        self.secret.setPlaceholderText(self.tr("Shown once by the carrier, when the key is made"))
        self.password = named(PasswordEdit(self.tr("Your password, again")), "line_password")
        self.problem = named(Notice(), "line_account_problem")
        self.use = named(Button(self.tr("Use this account"), "primary", "check"), "line_use")
        self.forget_it = named(Button(self.tr("Forget the account"), "ghost"), "line_forget")
        for edit in (self.secret, self.password):
            edit.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.sealed = label("", "small")
        self.sealed.setWordWrap(True)
        self.heading = label("", "h3")
        made: list[QWidget] = [form.add(self.heading)]
        for words in (
            self.tr("At the carrier, first:"),
            self.tr(
                "1.  Sign the business associate agreement, and have the account flagged as a "
                "HIPAA account. Upgrade a trial account."
            ),
            self.tr(
                "2.  Make a restricted API key that may: read, create and update calls; read, "
                "create, update and delete conferences and their participants; read and create "
                "outgoing caller IDs; read phone numbers, queues and their members, and voice "
                "dialing permissions. Recordings (read, delete) only if calls are recorded; no "
                "messages, no keys."
            ),
            self.tr("3.  Copy its parts here. Never enter the account’s auth token."),
        ):
            line = label(words)
            line.setWordWrap(True)
            made.append(form.add(line))
        made += [
            _beside(
                form,
                form.field(self.tr("Account SID"), self.account),
                form.field(self.tr("API key SID"), self.key),
            ),
            _beside(
                form,
                form.field(self.tr("Secret of the key"), self.secret),
                form.field(self.tr("Your password, again"), self.password),
            ),
        ]
        form.add(self.problem)
        made += [form.row(self.use, self.forget_it), form.add(self.sealed)]
        self.use.clicked.connect(self.submit)
        self.forget_it.clicked.connect(self._forget)
        self.password.returnPressed.connect(self.submit)
        return made

    # -- showing ------------------------------------------------------------------------------

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
        for part in self._fields:
            part.setVisible(not line.is_demo)
        self.forget_it.setVisible(account is not None)
        self.use.setEnabled(bool(line.gateway_key) and line.source != "practice")
        self.sealed.setText(
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

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.use.set_busy(self.tr("Sealing…") if busy else "")
        self.forget_it.setEnabled(not busy)
        self.code.set_busy(busy)

    def show_problem(self, sentence: str, where: QWidget | None = None) -> None:
        """Say why it was not taken; the password is typed anew."""
        self._leave_code()
        self._mark(sentence, where)
        if where is None:
            self.password.clear()
            self.password.setFocus()

    def ask_code(self) -> None:
        """Ask for the code of the app as well; what was typed is kept."""
        self._stack.setCurrentWidget(self.code)
        self.code.ask(self.tr("The account is changed only with the six digits of your app."))

    def show_code_problem(self, sentence: str) -> None:
        """Say why the code did not do."""
        self.code.set_busy(False)
        self.code.show_problem(sentence)

    def forget(self) -> None:
        """Keep nothing that was typed."""
        for edit in (self.account, self.key, self.secret, self.password):
            edit.clear()
        self._mark("")
        self._leave_code()

    # -- asking -------------------------------------------------------------------------------

    def submit(self) -> None:
        """Ask for this account to be used, or say what is wrong with it."""
        account, key = self.account.text().strip(), self.key.text().strip()
        if not _ACCOUNT.fullmatch(account):
            words = self.tr("An account’s id begins with AC and has 34 characters. Copy it again.")
            self.show_problem(words, self.account)
        elif _BARE.fullmatch(key) or key.startswith("AC"):
            words = self.tr(
                "That is not the id of an API key. Make a restricted key: its id begins with SK."
            )
            self.show_problem(words, self.key)
        elif not _KEY.fullmatch(key):
            words = self.tr("A key’s id begins with SK and has 34 characters. Copy it again.")
            self.show_problem(words, self.key)
        elif not self.secret.text().strip():
            self.show_problem(self.tr("The secret of the key is missing."), self.secret)
        else:
            self._ask(forgets=False, code="")

    def _forget(self) -> None:
        self._ask(forgets=True, code="")

    def _with_code(self, code: str) -> None:
        self._ask(forgets=self._forgets, code=code)

    def _ask(self, *, forgets: bool, code: str) -> None:
        password = self.password.text()
        if not password:
            self.show_problem(self.tr("Type your password again to go on."), self.password)
            return
        self._mark("")
        self._forgets = forgets
        if forgets:
            self.forgotten.emit(password, code)
            return
        typed = (self.account.text(), self.key.text(), self.secret.text())
        account, key, secret = (text.strip() for text in typed)
        self.entered.emit(TypedAccount(account, key, secret, password, code))

    def _leave_code(self) -> None:
        self.set_busy(False)
        self.code.forget()
        self._stack.setCurrentIndex(0)

    def _mark(self, problem: str, where: QWidget | None = None) -> None:
        for edit in (self.account, self.key, self.secret, self.password):
            set_invalid(edit, problem if edit is where else "")
        self.problem.say(problem)
        if where is not None:
            where.setFocus()
