"""Sign-in: which practice, who, password, code; or one button for each person of the demo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.session import TlsMode
from coordinator_app.errors import (
    ClientTooOldError,
    InsecureConnectionError,
    NotConnectedError,
    SignInRefusedError,
    UserFacingError,
)
from ui.messages import announce
from ui.theme import active
from ui.widgets.brand import Logo
from ui.widgets.buttons import Button, IconButton
from ui.widgets.caps_lock import CapsLockWatch
from ui.widgets.code_form import CodeForm, CodeWords
from ui.widgets.edits import PasswordEdit, set_invalid
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.person_button import PersonButton
from ui.widgets.practice_form import PracticeForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coordinator_app.domain.session import Connection, DemoPerson

__all__ = ["SignInView"]

_FORM_WIDTH = 400
_PEOPLE_WIDTH = 360


def _field_label(text: str, buddy: QWidget) -> QLabel:
    made = label(text, "small")
    made.setBuddy(buddy)
    return made


class SignInView(QWidget):
    """The first thing a person sees.

    Signals:
        submitted: (Connection with its user, password, remember) to sign in with.
        code_submitted: the six digits, after :meth:`ask_code`.
        code_left: back to the password.
        cancelled: stop connecting.
        practice_chosen: another Connection stands in the picker.
        practice_saved: (the Connection before or None, the Connection now) to keep.
        practice_removed: a Connection to forget.
    """

    submitted = Signal(object, str, bool)
    code_submitted = Signal(str)
    code_left = Signal()
    cancelled = Signal()
    practice_chosen = Signal(object)
    practice_saved = Signal(object, object)
    practice_removed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the page without any practice."""
        super().__init__(parent)
        self.setObjectName("sign_in")
        self._practices: tuple[Connection, ...] = ()
        self._editing: Connection | None = None
        self._busy = False
        self._vault_missing = ""
        self._person_buttons: list[PersonButton] = []
        self._build_fields()
        self._form = self._build_form()
        self._form_of_practice = PracticeForm()
        self._form_of_practice.accepted.connect(self._save_practice)
        self._form_of_practice.removed.connect(self._remove_practice)
        self._form_of_practice.closed.connect(self._show_form)
        self.code = CodeForm(
            CodeWords(self.tr("Sign in"), "log-in", self.tr("Signing in…"), cancels=True)
        )
        self.code.submitted.connect(self.code_submitted)
        self.code.left.connect(self._leave_code)
        self._people = self._build_people()
        self._lay_out()
        active().changed.connect(self._scaled)
        self._scaled()

    # -- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self._card = named(QFrame(), "sign_in_card")
        self._card.setProperty("card", "true")
        row = QHBoxLayout(self._card)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QWidget()
        inner = QVBoxLayout(left)
        inner.setContentsMargins(32, 28, 32, 28)
        inner.addWidget(self._form)
        inner.addWidget(self._form_of_practice)
        inner.addWidget(self.code)
        self._show_page(self._form)
        row.addWidget(left)
        row.addWidget(self._people)
        holder = QWidget()
        middle = QVBoxLayout(holder)
        middle.setContentsMargins(16, 16, 16, 16)
        middle.addStretch(2)
        middle.addWidget(Logo(), 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addSpacing(18)
        centre = QHBoxLayout()
        centre.addStretch(1)
        centre.addWidget(self._card)
        centre.addStretch(1)
        middle.addLayout(centre)
        middle.addStretch(3)
        scroll = named(QScrollArea(widgetResizable=True), "", self.tr("Sign in"))
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _build_fields(self) -> None:
        self.practice = named(QComboBox(), "practice", self.tr("Practice"))
        self.practice.view().setAccessibleName(self.tr("Practices"))
        self.practice.currentIndexChanged.connect(self._on_practice)
        self.add = IconButton("plus", self.tr("Add a practice"), size=16)
        self.add.setObjectName("practice_add")
        self.add.clicked.connect(lambda: self._edit_practice(None))
        self.change = IconButton("pencil", self.tr("Change this practice"), size=16)
        self.change.setObjectName("practice_change")
        self.change.clicked.connect(lambda: self._edit_practice(self.connection))
        self.user = named(QLineEdit(), "user", self.tr("User name"))
        self.user.setPlaceholderText(self.tr("User name"))
        self.user.returnPressed.connect(self.submit)
        self.password = PasswordEdit(self.tr("Password"))
        self.password.setPlaceholderText(self.tr("Password"))
        self.password.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.password.setObjectName("password")
        self.password.returnPressed.connect(self.submit)
        CapsLockWatch(self.password).changed.connect(self._on_caps)
        self.remember = named(QCheckBox(self.tr("Remember on this computer")), "remember")
        self.no_vault = named(QLabel(wordWrap=True), "no_vault")
        self.no_vault.setProperty("type", "small")
        self.no_vault.hide()
        self.caps = named(QLabel(self.tr("Caps Lock seems to be on.")), "caps")
        self.caps.setProperty("type", "small")
        self.caps.setProperty("tone", "warning")
        self.caps.hide()
        self.error = named(QLabel(wordWrap=True), "sign_in_error")
        self.error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error_frame = QFrame()
        self.error_frame.setProperty("banner", "error")
        box = QHBoxLayout(self.error_frame)
        box.setContentsMargins(12, 8, 12, 8)
        box.addWidget(self.error)
        self.error_frame.hide()
        self.progress = named(
            QProgressBar(minimum=0, maximum=0, textVisible=False), "", self.tr("Connecting")
        )
        self.progress.setFixedHeight(3)
        self.progress.hide()
        self.enter = Button(self.tr("Sign in"), "primary", "log-in", size="large")
        self.enter.setObjectName("sign_in_button")
        self.enter.clicked.connect(self.submit)
        self.stop = Button(self.tr("Cancel"), size="large")
        self.stop.setObjectName("sign_in_cancel")
        self.stop.clicked.connect(self.cancelled)
        self.stop.hide()

    def _build_form(self) -> QWidget:
        page = QWidget()
        box = QVBoxLayout(page)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        title = label(self.tr("Sign in"), "h2")
        picker = QHBoxLayout()
        picker.setSpacing(4)
        picker.addWidget(self.practice, 1)
        picker.addWidget(self.change)
        picker.addWidget(self.add)
        buttons = QHBoxLayout()
        buttons.addWidget(self.enter, 1)
        buttons.addWidget(self.stop)
        box.addWidget(title)
        box.addSpacing(8)
        box.addWidget(self.error_frame)
        box.addWidget(_field_label(self.tr("Practice"), self.practice))
        box.addLayout(picker)
        self.where = named(QLabel(wordWrap=True), "where")
        self.where.setProperty("type", "caption")
        box.addWidget(self.where)
        box.addSpacing(4)
        box.addWidget(_field_label(self.tr("User name"), self.user))
        box.addWidget(self.user)
        box.addSpacing(4)
        box.addWidget(_field_label(self.tr("Password"), self.password))
        box.addWidget(self.password)
        box.addWidget(self.caps)
        box.addSpacing(4)
        box.addWidget(self.remember)
        box.addWidget(self.no_vault)
        box.addSpacing(8)
        box.addWidget(self.progress)
        box.addLayout(buttons)
        box.addStretch(1)
        return page

    def _build_people(self) -> QFrame:
        frame = named(QFrame(), "demo_people")
        frame.hide()
        self._people_box = QVBoxLayout(frame)
        self._people_box.setContentsMargins(28, 28, 28, 28)
        self._people_box.setSpacing(8)
        title = label(self.tr("Demo practice"), "h2")
        lead = label(
            self.tr("Made-up patients; no real call is made. Come in as one of these people:"),
            "small",
        )
        lead.setWordWrap(True)
        self._people_box.addWidget(title)
        self._people_box.addWidget(lead)
        self._people_box.addSpacing(4)
        return frame

    def _show_page(self, page: QWidget) -> None:
        # Not a QStackedWidget: it is as tall as its tallest page and cuts wrapped text.
        self._form.setVisible(page is self._form)
        self._form_of_practice.setVisible(page is self._form_of_practice)
        self.code.setVisible(page is self.code)
        self._people.setVisible(bool(self._person_buttons) and page is not self.code)

    def _scaled(self) -> None:
        theme = active()
        for page in (self._form, self._form_of_practice, self.code):
            page.setFixedWidth(theme.px(_FORM_WIDTH - 64))
        self._people.setFixedWidth(theme.px(_PEOPLE_WIDTH))
        self._people.setStyleSheet(
            "QFrame#demo_people {"
            f" background: {theme.hex('surface2')}; border: none;"
            f" border-left: 1px solid {theme.hex('border')};"
            " border-top-right-radius: 10px; border-bottom-right-radius: 10px; }"
        )

    # -- data in ------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection | None:
        """The practice in the picker, or None when there is none."""
        number = self.practice.currentIndex()
        return self._practices[number] if 0 <= number < len(self._practices) else None

    def show_practices(self, practices: Sequence[Connection], chosen: Connection | None) -> None:
        """Fill the picker and choose one (the first when None)."""
        self.practice.blockSignals(True)
        self._practices = tuple(practices)
        self.practice.clear()
        self.practice.addItems([item.practice for item in self._practices])
        if chosen in self._practices:
            self.practice.setCurrentIndex(self._practices.index(chosen))
        self.practice.blockSignals(False)
        self._on_practice()
        if not self._practices:
            self._edit_practice(None)

    def show_vault(self, missing: str) -> None:
        """Offer to remember passwords, or say in one sentence why that is not possible."""
        self._vault_missing = missing
        self.remember.setVisible(not missing)
        self.no_vault.setText(missing)
        self.no_vault.setVisible(bool(missing))

    def show_people(self, people: Sequence[DemoPerson], words: Sequence[str]) -> None:
        """Offer the demo's people; ``words`` are their roles as shown."""
        for old in self._person_buttons:
            self._people_box.removeWidget(old)
            old.deleteLater()
        self._person_buttons = []
        for person, role in zip(people, words, strict=True):
            button = PersonButton(person.name, role)
            button.setObjectName(f"demo_{person.login}")
            button.clicked.connect(lambda *_, who=person: self._enter_as(who))
            self._people_box.addWidget(button)
            self._person_buttons.append(button)
        if people:
            self._people_box.addStretch(1)
            self._person_buttons[0].setFocus()
        self._people.setVisible(bool(people) and not self.asks_code)

    def show_remembered(self, password: str | None) -> None:
        """Fill in what this computer remembers, unless something was typed meanwhile."""
        if password and not self.password.text():
            self.password.setText(password)
            self.remember.setChecked(True)

    # -- state --------------------------------------------------------------------------------

    def set_busy(self, busy: bool) -> None:
        """Show that a connection is being made; only Cancel works."""
        self._busy = busy
        if self.asks_code:
            self.code.set_busy(busy)
            return
        for widget in (self.practice, self.add, self.change, self.user, self.password):
            widget.setEnabled(not busy)
        self.remember.setEnabled(not busy)
        self.enter.set_busy(self.tr("Signing in…") if busy else "")
        self.stop.setVisible(busy)
        self.progress.setVisible(busy)
        for button in self._person_buttons:
            button.setEnabled(not busy)
        if busy:
            self.show_sentence("")
            self.stop.setFocus()
        else:
            self._change_allowed()

    @property
    def asks_code(self) -> bool:
        """Whether the code is being asked for instead of the password."""
        return not self.code.isHidden()

    def ask_code(self, connection: Connection) -> None:
        """Ask for the six digits instead of the password."""
        self._show_page(self.code)
        self.code.ask(
            self.tr("Your password is right. Now type the six digits that your app shows."),
            f"{connection.user} · {connection.practice}",
        )

    def ask_password(self) -> None:
        """Ask for the password again; nothing of the code is kept."""
        self.code.forget()
        self._show_page(self._form)

    def show_failure(self, failure: UserFacingError) -> None:
        """Say why it did not work, and put the cursor where it can be mended."""
        field: QWidget = self.enter
        if isinstance(failure, SignInRefusedError):
            field = self.password
            self.password.selectAll()
        elif isinstance(failure, NotConnectedError | InsecureConnectionError):
            field = self.practice
        elif isinstance(failure, ClientTooOldError):
            field = self.enter
        self.show_sentence(failure.sentence, field)

    def show_sentence(self, sentence: str, field: QWidget | None = None) -> None:
        """Show one sentence above the fields ("" takes it away) and mark the field meant."""
        self.error.setText(sentence)
        self.error_frame.setVisible(bool(sentence))
        for widget in (self.practice, self.user, self.password):
            set_invalid(widget, sentence if widget is field else "")
        if field is not None:
            field.setFocus()
        announce(self, sentence, urgent=True)

    def conceal(self) -> None:
        """Forget the password, the code and what went wrong."""
        if self.asks_code:
            self.ask_password()
        self.password.clear()
        self.remember.setChecked(False)
        self.show_sentence("")

    def first_focus(self) -> None:
        """Put the cursor where typing starts."""
        if self._person_buttons:
            self._person_buttons[0].setFocus()
        elif not self.user.text():
            self.user.setFocus()
        else:
            self.password.setFocus()

    # -- intentions ---------------------------------------------------------------------------

    def submit(self) -> None:
        """Sign in with what is typed, or say what is missing."""
        connection = self.connection
        if self._busy:
            return
        if connection is None:
            self.show_sentence(self.tr("Add your practice first."), self.add)
        elif not self.user.text().strip():
            self.show_sentence(self.tr("Type your user name."), self.user)
        elif not self.password.text():
            self.show_sentence(self.tr("Type your password."), self.password)
        else:
            user = self.user.text().strip()
            keep = self.remember.isChecked() and not self._vault_missing
            self.submitted.emit(replace(connection, user=user), self.password.text(), keep)

    def _enter_as(self, person: DemoPerson) -> None:
        connection = self.connection
        if connection is not None and not self._busy:
            self.user.setText(person.login)
            self.password.clear()
            self.submitted.emit(replace(connection, user=person.login), person.password, False)

    def _leave_code(self) -> None:
        if self._busy:
            self.cancelled.emit()
        else:
            self.code_left.emit()

    def _on_practice(self) -> None:
        connection = self.connection
        self.change.setEnabled(connection is not None)
        self.user.setText(connection.user if connection else "")
        self.conceal()
        self.where.setText(self._place(connection) if connection else "")
        if connection is not None:
            self.practice_chosen.emit(connection)

    def _place(self, connection: Connection) -> str:
        if connection.tls is TlsMode.LOOPBACK:
            return self.tr("On this computer")
        return self.tr("{host} · encrypted, certificate checked").format(host=connection.host)

    def _on_caps(self, on: bool) -> None:
        self.caps.setVisible(on)
        if on:
            announce(self, self.caps.text())

    def _change_allowed(self) -> None:
        self.change.setEnabled(self.connection is not None)

    # -- practices ----------------------------------------------------------------------------

    def _edit_practice(self, connection: Connection | None) -> None:
        self._editing = connection
        self._show_page(self._form_of_practice)
        self._form_of_practice.edit(connection)

    def _show_form(self) -> None:
        self._show_page(self._form)
        self.practice.setFocus()

    def _save_practice(self, connection: Connection) -> None:
        self.practice_saved.emit(self._editing, connection)
        self._show_form()

    def _remove_practice(self, connection: Connection) -> None:
        self.practice_removed.emit(connection)
        self._show_form()
