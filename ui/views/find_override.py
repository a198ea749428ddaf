"""A clinician lets one call pass hours or caps: which, why, and the password once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from coordinator_app.domain.find import LEAST_REASON
from ui.models.words import check_label
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.code_form import CodeForm, CodeWords
from ui.widgets.edits import PasswordEdit, set_invalid
from ui.widgets.labels import Elide, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["OverridePanel"]


class OverridePanel(Card):
    """Nothing but hours and caps is offered; the database lets nothing else pass.

    Signals:
        allowed: (checks, reason, password, code) the call that should pass; the code is "" until
            it is asked for.
        cancelled: the clinician thought better of it.
    """

    allowed = Signal(object, str, str, str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty panel."""
        super().__init__(parent=parent)
        self.title.hide()
        self.name = Elide("", "h3")
        self.header.addWidget(self.name, 1)
        self.setAccessibleName(self.tr("Allow a call"))
        about = label(
            self.tr(
                "For one call, within a day. Everything else the gate asks still counts. "
                "Supervisors are told, and it stands in the record of the call."
            ),
            "small",
        )
        about.setWordWrap(True)
        self._boxes: dict[str, QCheckBox] = {}
        self._ticks = QVBoxLayout()
        self.reason = named(QPlainTextEdit(), "override_reason", self.tr("Why it is needed now"))
        self.reason.setPlaceholderText(self.tr("Why this call is needed now, in a sentence"))
        self.reason.setTabChangesFocus(True)
        self.password = named(PasswordEdit(self.tr("Your password, again")), "override_password")
        self.password.setPlaceholderText(self.tr("Your password, again"))
        self.password.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.problem = named(Notice(), "override_problem")
        self.cancel = named(Button(self.tr("Cancel")), "override_cancel")
        self.save = named(Button(self.tr("Allow this call"), "primary"), "override_save")
        buttons = QHBoxLayout()
        buttons.addWidget(self.password, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.save)
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(about)
        column.addLayout(self._ticks)
        column.addWidget(self.reason)
        column.addWidget(self.problem)
        column.addLayout(buttons)
        column.addStretch(1)
        self.code = CodeForm(CodeWords(self.tr("Allow this call"), "check", self.tr("Allowing…")))
        self._stack = QStackedWidget()
        self._stack.addWidget(form)
        self._stack.addWidget(self.code)
        self.body.addWidget(self._stack, 1)
        self.code.submitted.connect(self._allow)
        self.code.left.connect(lambda: self.show_problem(""))
        self.cancel.clicked.connect(self.cancelled)
        self.save.clicked.connect(self.submit)
        self.password.returnPressed.connect(self.submit)
        follow_theme(self._fit)

    def _fit(self) -> None:
        self.reason.setFixedHeight(active().px(62))

    def begin(self, patient: str, checks: Sequence[str]) -> None:
        """Offer these checks of a patient, all ticked."""
        self.forget()
        self.name.setText(self.tr("Allow a call: %1").replace("%1", patient))
        for name in checks:
            box = named(QCheckBox(check_label(name)), f"override.{name}")
            box.setChecked(True)
            self._ticks.addWidget(box)
            self._boxes[name] = box
        self.reason.setFocus()

    def forget(self) -> None:
        """Keep nobody, and neither the reason nor the password."""
        self.name.setText(self.tr("Allow a call"))
        self.reason.clear()
        self.password.clear()
        self._leave_code()
        self._mark("")
        for box in self._boxes.values():
            self._ticks.removeWidget(box)
            box.setParent(None)
            box.deleteLater()
        self._boxes = {}

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.save.set_busy(self.tr("Allowing…") if busy else "")
        self.code.set_busy(busy)

    def show_problem(self, sentence: str) -> None:
        """Say why it was not allowed; the password is typed anew."""
        self._leave_code()
        self.password.clear()
        self.problem.say(sentence)
        self.password.setFocus()

    def ask_code(self) -> None:
        """Ask for the code of the app as well; all that was typed is kept."""
        self.problem.say("")
        self._stack.setCurrentWidget(self.code)
        self.code.ask(self.tr("A call is allowed only with the six digits that your app shows."))

    def show_code_problem(self, sentence: str) -> None:
        """Say why the code did not do."""
        self.code.set_busy(False)
        self.code.show_problem(sentence)

    def _leave_code(self) -> None:
        self.set_busy(False)
        self.code.forget()
        self._stack.setCurrentIndex(0)

    def submit(self) -> None:
        """Ask for it, or say what is missing."""
        if not self.save.isEnabled():
            return
        if not self._checks():
            self._mark(self.tr("Tick what this call may pass."))
        elif len(self._sentence()) < LEAST_REASON:
            self._mark(self.tr("Say in a sentence why this call is needed now."), self.reason)
        elif not self.password.text():
            self._mark(self.tr("Type your password again to allow it."), self.password)
        else:
            self._mark("")
            self._allow("")

    def _checks(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    def _sentence(self) -> str:
        return self.reason.toPlainText().strip()

    def _allow(self, code: str) -> None:
        self.allowed.emit(self._checks(), self._sentence(), self.password.text(), code)

    def _mark(self, problem: str, field: QWidget | None = None) -> None:
        for one in (self.reason, self.password):
            set_invalid(one, problem if one is field else "")
        self.problem.say(problem)
        if field is not None:
            field.setFocus()
