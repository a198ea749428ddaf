"""Account, key and secret of the carrier, confirmed with one's own password and perhaps a code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from ui.widgets.buttons import Button
from ui.widgets.code_form import CodeForm, CodeWords
from ui.widgets.edits import PasswordEdit, set_invalid
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KeyForm", "KeyWords", "TypedAccount"]

_ACCOUNT: Final = re.compile(r"AC[0-9a-f]{32}")
_KEY: Final = re.compile(r"SK[0-9a-f]{32}")
_BARE: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class TypedAccount:
    """What was typed. ``code``: of the authenticator app, "" until it is asked for."""

    account_sid: str
    key_sid: str
    secret: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeyWords:
    """What one form says.

    ``first``: what is done at the carrier before; ``use``, ``busy``: the button at rest and while
    the practice is asked; ``forget``: the button that takes back what was entered; ``code``: why
    the app's code is asked for.
    """

    title: str
    first: Sequence[str]
    use: str
    busy: str
    forget: str
    code: str


def _beside(form: FormColumn, *pairs: QWidget) -> QWidget:
    """Put fields of the form beside each other."""
    holder = QWidget()
    holder.setProperty("transparent", "true")
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    for pair in pairs:
        row.addWidget(pair, 1)
    return form.add(holder)


class KeyForm(QWidget):
    """Says which key is in use and takes another one; keeps no secret longer than it must.

    Signals:
        entered: (TypedAccount) it should be used.
        forgotten: (password, code) what was entered should be forgotten.
    """

    entered = Signal(object)
    forgotten = Signal(str, str)

    def __init__(self, name: str, words: KeyWords) -> None:
        """Make an empty form; ``name`` begins the names of its parts."""
        super().__init__()
        self._words = words
        self._forgets = False
        form = FormColumn(words.title)
        self.state = form.fact(self.tr("In use"))
        self.notice = named(Notice(), f"{name}_account_notice")
        form.add(self.notice)
        self._fields = self._make_fields(form, name)
        self.code = CodeForm(CodeWords(self.tr("Go on"), "check", self.tr("Checking…")))
        self._stack = QStackedWidget()
        self._stack.addWidget(form)
        self._stack.addWidget(self.code)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.code.submitted.connect(self._with_code)
        self.code.left.connect(self._leave_code)

    def _make_fields(self, form: FormColumn, name: str) -> list[QWidget]:
        """Put the fields below; returns all that a demo does not have."""
        self.account = named(QLineEdit(), f"{name}_account", self.tr("Account SID"))
        self.account.setPlaceholderText(self.tr("AC…, 34 characters"))
        self.key = named(QLineEdit(), f"{name}_key", self.tr("API key SID"))
        self.key.setPlaceholderText(self.tr("SK…, 34 characters"))
        self.secret = named(PasswordEdit(self.tr("Secret of the key")), f"{name}_secret")
        self.secret.setPlaceholderText(self.tr("Shown once, when the key is made"))
        self.password = named(PasswordEdit(self.tr("Your password, again")), f"{name}_password")
        self.problem = named(Notice(), f"{name}_account_problem")
        self.use = named(Button(self._words.use, "primary", "check"), f"{name}_use")
        self.forget_it = named(Button(self._words.forget, "ghost"), f"{name}_forget")
        for edit in (self.secret, self.password):
            edit.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.small = label("", "small")
        self.small.setWordWrap(True)
        self.heading = label("", "h3")
        made: list[QWidget] = [form.add(self.heading)]
        for words in self._words.first:
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
        made += [form.row(self.use, self.forget_it), form.add(self.small)]
        self.use.clicked.connect(self.submit)
        self.forget_it.clicked.connect(self._forget)
        self.password.returnPressed.connect(self.submit)
        return made

    # -- showing ------------------------------------------------------------------------------

    def show_fields(self, shown: bool) -> None:
        """Show what is filled in; a demo has nothing to fill in."""
        for part in self._fields:
            part.setVisible(shown)

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.use.set_busy(self._words.busy if busy else "")
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
        self.code.ask(self._words.code)

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
