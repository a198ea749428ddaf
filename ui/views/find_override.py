"""A clinician lets one call pass hours or caps: which, why, and the password once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from coordinator_app.domain.find import LEAST_REASON
from ui.models.words import check_label
from ui.theme import active
from ui.widgets.buttons import Button
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
        allowed: (checks, reason, password) the call that should pass.
        cancelled: the clinician thought better of it.
    """

    allowed = Signal(object, str, str)
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
        self.body.addWidget(about)
        self.body.addLayout(self._ticks)
        self.body.addWidget(self.reason)
        self.body.addWidget(self.problem)
        self.body.addLayout(buttons)
        self.body.addStretch(1)
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
        self.set_busy(False)
        self._mark("")
        for box in self._boxes.values():
            self._ticks.removeWidget(box)
            box.setParent(None)
            box.deleteLater()
        self._boxes = {}

    def set_busy(self, busy: bool) -> None:
        """Show that the practice is being asked."""
        self.save.set_busy(self.tr("Allowing…") if busy else "")

    def show_problem(self, sentence: str) -> None:
        """Say why it was not allowed; the password is typed anew."""
        self.set_busy(False)
        self.password.clear()
        self.problem.say(sentence)
        self.password.setFocus()

    def submit(self) -> None:
        """Ask for it, or say what is missing."""
        if not self.save.isEnabled():
            return
        checks = tuple(name for name, box in self._boxes.items() if box.isChecked())
        reason = self.reason.toPlainText().strip()
        if not checks:
            self._mark(self.tr("Tick what this call may pass."))
        elif len(reason) < LEAST_REASON:
            self._mark(self.tr("Say in a sentence why this call is needed now."), self.reason)
        elif not self.password.text():
            self._mark(self.tr("Type your password again to allow it."), self.password)
        else:
            self._mark("")
            self.allowed.emit(checks, reason, self.password.text())

    def _mark(self, problem: str, field: QWidget | None = None) -> None:
        for one in (self.reason, self.password):
            set_invalid(one, problem if one is field else "")
        self.problem.say(problem)
        if field is not None:
            field.setFocus()
