"""One person on the People page: what they may do, and taking or giving back their access."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from coordinator_app.domain.person import CredentialKind, Role
from ui.models.words import ROLE_LABELS, line_test_words, long_day
from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.fact_list import FactList
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from coordinator_app.domain.person import Credential, PersonRow

__all__ = ["PersonPanel", "language_name"]

_SHORTEST_REASON = 5


def language_name(code: str) -> str:
    """The English name of a BCP 47 code; the code itself when it has none."""
    language = QLocale(code.replace("-", "_")).language()
    known = language not in {QLocale.Language.C, QLocale.Language.AnyLanguage}
    return QLocale.languageToString(language) if known else code


class PersonPanel(Card):
    """Everything about one person but what concerns patients.

    Signals:
        access_changed: (PersonRow, whether they may work, the reason) was asked for.
    """

    access_changed = Signal(object, bool, str)

    def __init__(
        self, now: Callable[[], datetime], zone: str, parent: QWidget | None = None
    ) -> None:
        """Make a panel of nobody; ``now`` is the practice's time and ``zone`` its IANA zone."""
        super().__init__(parent=parent)
        self._now = now
        self._zone = zone
        self.setObjectName("person_panel")
        self._row: PersonRow | None = None
        self._avatar = Avatar("", 40)
        self._name = Elide("", "h3")
        self._role = label("", "small")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._role)
        head = QHBoxLayout()
        head.addWidget(self._avatar)
        head.addLayout(words, 1)
        self.facts = FactList()
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("About this person"))
        self._scroll = scroll
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.facts.setProperty("transparent", "true")
        scroll.setWidget(self.facts)
        self.nobody = label(self.tr("Choose a person in the list."), "muted")
        self.nobody.setWordWrap(True)
        self.button = Button("", size="small")
        self.button.setObjectName("change_access")
        self.button.clicked.connect(self._open)
        self.box = self._build_box()
        self._content = QWidget()
        head.setSpacing(10)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        column.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        column.addStretch(0)  # takes the room when the facts are hidden
        column.addWidget(self.button)
        self.body.addWidget(self.nobody, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self._content, 1)
        self.show_person(None)
        follow_theme(self._fit)

    def _build_box(self) -> QFrame:
        box = QFrame()
        box.setProperty("inset", "true")
        self._question = label("", "strong")
        self._question.setWordWrap(True)
        self._what = label("", "small")
        self._what.setWordWrap(True)
        self.reason = named(QLineEdit(maxLength=500), "access_reason", self.tr("Reason"))
        self.reason.setPlaceholderText(self.tr("Why? (kept in the audit)"))
        self.reason.returnPressed.connect(self._send)
        self.reason.textChanged.connect(lambda *_: self.show_problem(""))
        self.problem = label("", "error")
        self.problem.setWordWrap(True)
        self.confirm = Button("", "danger", size="small")
        self.confirm.setObjectName("confirm_access")
        self.confirm.clicked.connect(self._send)
        self.keep = Button(self.tr("Cancel"), "ghost", size="small")
        self.keep.setObjectName("keep_access")
        self.keep.clicked.connect(self.close_box)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.keep)
        buttons.addWidget(self.confirm)
        column = QVBoxLayout(box)
        for widget in (self._question, self._what, self.reason, self.problem):
            column.addWidget(widget)
        column.addLayout(buttons)
        return box

    def _fit(self) -> None:
        self.setMinimumWidth(active().px(250))

    # -- data in ------------------------------------------------------------------------------

    @property
    def row(self) -> PersonRow | None:
        """Who is shown."""
        return self._row

    def show_person(self, row: PersonRow | None) -> None:
        """Show somebody, or nobody; a question about somebody else is taken away."""
        other = row is None or self._row is None or row.person.id != self._row.person.id
        changed = row is not None and self._row is not None and row.active != self._row.active
        self._row = row
        self._content.setVisible(row is not None)
        self.nobody.setVisible(row is None)
        if other or changed:
            self.close_box()
        if row is None:
            self.facts.clear()
            self._avatar.set_name("")
            self._name.setText("")
            self._role.setText("")
            return
        self._avatar.set_name(row.person.name)
        self._name.setText(row.person.name)
        self._role.setText(f"{ROLE_LABELS[row.person.role]} · {row.person.login}")
        self.facts.set_items(self._facts_of(row))
        self.button.set_label(
            self.tr("Suspend access…") if row.active else self.tr("Let work again…")
        )
        self.button.setVisible(row.may_suspend and self.box.isHidden())

    def show_problem(self, sentence: str) -> None:
        """Say why it was not done; "" takes it away."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        set_invalid(self.reason, sentence)

    def set_busy(self, busy: bool) -> None:
        """Show that it is being done."""
        self.reason.setEnabled(not busy)
        self.keep.setEnabled(not busy)
        self.confirm.set_busy(self.tr("Working…") if busy else "")

    def close_box(self) -> None:
        """Ask nothing any more."""
        self.set_busy(False)
        self.box.hide()
        self._scroll.show()
        self.reason.clear()
        self.show_problem("")
        self.button.setVisible(self._row is not None and self._row.may_suspend)

    def _facts_of(self, row: PersonRow) -> list[tuple[str, str, str, str]]:
        facts = []
        if not row.active:
            facts.append(("ban", "danger", self.tr("Suspended"), self.tr("Can do nothing here")))
        if row.locked_minutes:
            words = self.tr("After wrong passwords; for %1 more min")
            words = words.replace("%1", str(row.locked_minutes))
            facts.append(("lock", "warning", self.tr("Login locked"), words))
        facts.append(self._training(row))
        languages = {c.name: c for c in row.credentials if c.kind is CredentialKind.LANGUAGE}
        facts += [
            self._proof("languages", language_name(code), languages.get(code))
            for code in dict.fromkeys((*row.person.languages, *languages))
        ]
        facts += [
            self._proof("check", self.tr("Script “%1”").replace("%1", c.name), c)
            for c in row.credentials
            if c.kind is CredentialKind.SCRIPT
        ]
        if row.campaigns:
            facts.append(("list-checks", "neutral", self.tr("Campaigns"), ", ".join(row.campaigns)))
        if row.person.role in {Role.COORDINATOR, Role.SUPERVISOR}:
            facts.append(line_test_words(row.line_test, self._zone, self._now()))
        app = self.tr("Set up") if row.second_factor else self.tr("Not set up")
        kind = "success" if row.second_factor else "neutral"
        facts.append(("shield-check", kind, self.tr("Authenticator app"), app))
        return facts

    def _training(self, row: PersonRow) -> tuple[str, str, str, str]:
        if row.training_problem:
            title = row.training or self.tr("No training on record")
            return ("triangle-alert", "danger", title, row.training_problem)
        until = row.training_expires
        about = "" if until is None else self.tr("Until %1").replace("%1", long_day(until))
        return ("shield-check", "success", row.training or self.tr("No training on record"), about)

    def _proof(
        self, icon: str, title: str, credential: Credential | None
    ) -> tuple[str, str, str, str]:
        if credential is None:
            return (icon, "neutral", title, self.tr("As the person says; not tested"))
        day = long_day(credential.expires_on)
        if credential.expired:
            return (icon, "danger", title, self.tr("Expired %1").replace("%1", day))
        return (icon, "success", title, self.tr("Tested, until %1").replace("%1", day))

    # -- intentions ---------------------------------------------------------------------------

    def _open(self) -> None:
        row = self._row
        if row is None:
            return
        name = row.person.name
        if row.active:
            self._question.setText(self.tr("Suspend %1?").replace("%1", name))
            self._what.setText(
                self.tr(
                    "They are signed out within seconds, and their patient goes back to the "
                    "queue. A call that is up goes on."
                )
            )
            self.confirm.set_label(self.tr("Suspend"))
        else:
            self._question.setText(self.tr("Let %1 work again?").replace("%1", name))
            self._what.setText(self.tr("They can sign in at once, with the password they had."))
            self.confirm.set_label(self.tr("Let work again"))
        self.show_problem("")
        self._scroll.hide()  # where there is little room the question would be cut
        self.box.show()
        self.button.hide()
        self.reason.setFocus()

    def _send(self) -> None:
        row, reason = self._row, self.reason.text().strip()
        if row is None or not self.reason.isEnabled():
            return
        if len(reason) < _SHORTEST_REASON:
            self.show_problem(self.tr("Write the reason in a few words."))
            self.reason.setFocus()
            return
        self.access_changed.emit(row, not row.active, reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape asks nothing any more."""
        if event.key() == Qt.Key.Key_Escape and self.box.isVisible():
            self.close_box()
            self.button.setFocus()
        else:
            super().keyPressEvent(event)
