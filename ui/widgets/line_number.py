"""The second step of a line's set-up: the office number, verified by a call and signed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from coordinator_app.domain.line_setup import LineTaskKind, LineTaskState
from ui.messages import Level, announce
from ui.models.words import long_day, phone
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import NumberEdit, set_invalid
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import Chip, label
from ui.widgets.named import named
from ui.widgets.notice import Notice
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import Inset

if TYPE_CHECKING:
    from coordinator_app.domain.line_setup import LineTask, PhoneLine

__all__ = ["NumberStep"]

_LONGEST_WAIT = 60  # seconds; the carrier's


class NumberStep(QWidget):
    """Whether the carrier knows the office number, and whether the practice has signed for it.

    Signals:
        verify_wanted: (extension, seconds to wait) the carrier should call the office.
        unverify_wanted: take the verification away (in the demo).
        signed: (name) of who signs that the number may be shown.
    """

    verify_wanted = Signal(str, int)
    unverify_wanted = Signal()
    signed = Signal(str)

    def __init__(self, signer: str) -> None:
        """Make an empty step; ``signer``: the name that is offered."""
        super().__init__()
        self._said = ""
        form = FormColumn(self.tr("Office number"))
        self.number = label("", "display")
        self.kind = Chip()
        form.row(self.number, self.kind)
        self._about = label("")
        self._about.setWordWrap(True)
        form.add(self._about)
        self._code_box = form.add(self._make_code())
        self.notice = form.add(named(Notice(), "line_number_notice"))
        self._ask = self._make_ask(form)
        self.unverify = named(
            Button(self.tr("Take the verification away (demo)"), "ghost"), "line_unverify"
        )
        self._unverify_row = form.row(self.unverify)
        form.add(label(self.tr("Authorization"), "h3"))
        self._signed = label("")
        self._signed.setWordWrap(True)
        form.add(self._signed)
        self.signer = named(QLineEdit(signer), "line_signer", self.tr("Who signs"))
        self.sign = named(Button(self.tr("Sign for a year"), "", "pencil"), "line_sign")
        self.sign_problem = form.add(named(Notice(), "line_sign_problem"))
        self._signer_pair = form.field(self.tr("Signed for the practice by"), self.signer)
        form.row(self.sign)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
        self.call.clicked.connect(self._verify)
        self.unverify.clicked.connect(self.unverify_wanted)
        self.sign.clicked.connect(self._sign)
        self.signer.returnPressed.connect(self._sign)
        follow_theme(self._rescale)

    def _make_code(self) -> QWidget:
        box = Inset()
        self.code = named(label("", "display"), "line_code", self.tr("Code to key in"))
        self.code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = label(
            self.tr(
                "The carrier calls the office now; key this code in on the office’s phone. The "
                "page notices by itself when it is done."
            )
        )
        words.setWordWrap(True)
        box.row.addWidget(self.code)
        box.row.addWidget(words, 1)
        box.hide()
        return box

    def _make_ask(self, form: FormColumn) -> tuple[QWidget, ...]:
        self.extension = named(QLineEdit(), "line_extension", self.tr("Extension"))
        self.extension.setPlaceholderText(self.tr("Keys after the answer, such as ww2 (w waits)"))
        self.wait = NumberEdit(self.tr("Seconds to wait"), 0, _LONGEST_WAIT, suffix=self.tr(" s"))
        self.wait.setObjectName("line_wait")
        self.call = named(
            Button(self.tr("Let the carrier call now"), "primary", "phone-call"), "line_verify"
        )
        return (
            form.field(self.tr("If a phone menu answers: keys to press"), self.extension),
            form.field(self.tr("Wait before calling, to get to the phone"), self.wait),
            form.row(self.call),
        )

    def _rescale(self) -> None:
        self.code.setMinimumWidth(active().px(150))

    # -- showing ------------------------------------------------------------------------------

    def show_line(self, line: PhoneLine) -> None:
        """Show how the number stands, and what was asked."""
        self.number.setText(phone(line.office_number))
        words, kind, about = {
            "owned": (
                self.tr("Owned"),
                "success",
                self.tr("It belongs to the carrier account: patients see it, and it counts most."),
            ),
            "verified": (
                self.tr("Verified"),
                "success",
                self.tr(
                    "It is with another phone company, and the carrier has verified that it is "
                    "yours. Patients see it."
                ),
            ),
        }.get(
            line.number_kind,
            (
                self.tr("Not verified"),
                "warning",
                self.tr(
                    "Before patients can see this number, the carrier calls it once: somebody at "
                    "the office answers and keys in a code that is shown here."
                ),
            ),
        )
        self.kind.set(words, kind)  # type: ignore[arg-type]  # one of the chip's kinds
        self._about.setText(about)
        task = line.task(LineTaskKind.VERIFY)
        waits = task is not None and task.state.is_open
        for part in self._ask:
            part.setVisible(not line.number_kind and not waits)
        self.call.set_busy("")
        self._unverify_row.setVisible(line.is_demo and bool(line.number_kind))
        self._show_task(task, known=bool(line.number_kind))
        self._show_signed(line)

    def _show_task(self, task: LineTask | None, *, known: bool) -> None:
        code = task.code if task is not None and task.state is LineTaskState.WAITING else ""
        spaced = " ".join((code[:3], code[3:])).strip()
        if spaced != self.code.text():
            self.code.setText(spaced)
            self._code_box.setVisible(bool(code))
            if code:
                announce(self, self.tr("The code is %1").replace("%1", " ".join(code)))
        words, level, icon = "", Level.INFO, "info"
        if task is not None and task.state.is_open and not code:
            words = self.tr("The gateway asks the carrier…")
        elif (
            task is not None
            and task.state in {LineTaskState.FAILED, LineTaskState.EXPIRED}
            and not known
        ):
            words, level, icon = task.sentence, Level.ERROR, "circle-alert"
        self._say(words, level, icon)

    def _say(self, words: str, level: Level, icon: str) -> None:
        if words != self.notice.text:
            self.notice.say(words, level, icon)

    def _show_signed(self, line: PhoneLine) -> None:
        if line.authorized and line.authorized_until is not None:
            words = self.tr("Signed: the number may be shown until %1.")
            words = words.replace("%1", long_day(line.authorized_until))
        elif line.authorized:
            words = self.tr("Signed: the number may be shown.")
        else:
            words = self.tr(
                "The practice signs that its own number may be shown on calls made for it; the "
                "carrier’s record is the evidence. Without it no call goes out."
            )
        self._signed.setText(words)
        can = bool(line.number_kind)
        self.sign.setEnabled(can)
        self.sign.setToolTip("" if can else self.tr("Verify the number first."))
        self._signer_pair.setEnabled(can)

    def show_problem(self, sentence: str) -> None:
        """Say why the call was not made."""
        self.call.set_busy("")
        self._say(sentence, Level.ERROR, "circle-alert")

    def show_sign_problem(self, sentence: str) -> None:
        """Say why it was not signed; "" takes it away."""
        set_invalid(self.signer, sentence)
        self.sign_problem.say(sentence)

    # -- asking -------------------------------------------------------------------------------

    def _verify(self) -> None:
        self.verify_wanted.emit(self.extension.text().strip(), self.wait.value())

    def _sign(self) -> None:
        name = self.signer.text().strip()
        if len(name) < 3:
            self.show_sign_problem(self.tr("Write the name of who signs for the practice."))
            self.signer.setFocus()
            return
        self.show_sign_problem("")
        self.signed.emit(name)
