"""The last step of a line's set-up: a call to one's own phone, from the office number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from coordinator_app.domain.line_setup import Heard, LineTaskKind, LineTaskState
from ui.messages import Level
from ui.models.words import phone
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.form_column import FormColumn
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.notice import Notice

if TYPE_CHECKING:
    from coordinator_app.domain.line_setup import LineTask, PhoneLine

__all__ = ["TestCallStep"]


class TestCallStep(QWidget):
    """Rings one's own phone and asks what was heard.

    Signals:
        call_wanted: (text of the number) this phone should ring.
        heard: (Heard) what the person says.
    """

    __test__ = False  # pytest: no test, whatever its name

    call_wanted = Signal(str)
    heard = Signal(object)

    def __init__(self) -> None:
        """Make an empty step."""
        super().__init__()
        form = FormColumn(self.tr("Test call"))
        self._about = label("")
        self._about.setWordWrap(True)
        form.add(self._about)
        self.to = named(QLineEdit(), "line_test_to", self.tr("Your own phone"))
        self.to.setPlaceholderText(self.tr("Your own phone, area code first"))
        form.field(self.tr("Your own phone"), self.to)
        self.problem = form.add(named(Notice(), "line_test_problem"))
        self.call = named(Button(self.tr("Call me"), "primary", "phone-call"), "line_test")
        form.row(self.call)
        self.state = form.add(named(Notice(), "line_test_state"))
        self.right = named(
            Button(self.tr("I hear you, and the number is right"), "primary", "check"),
            "line_heard_right",
        )
        self.wrong = named(Button(self.tr("Another number was shown")), "line_heard_wrong")
        self.nothing = named(Button(self.tr("I heard nothing")), "line_heard_nothing")
        self._answers = form.row(self.right, self.wrong, self.nothing)
        self._answers.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(form)
        self.call.clicked.connect(self._call)
        self.to.returnPressed.connect(self._call)
        for button, said in (
            (self.right, Heard.RIGHT),
            (self.wrong, Heard.WRONG_NUMBER),
            (self.nothing, Heard.NOTHING),
        ):
            button.clicked.connect(lambda _=False, said=said: self.heard.emit(said))

    def show_line(self, line: PhoneLine) -> None:
        """Show how the last test call went."""
        words = self.tr(
            "The carrier calls your own phone and says that the line works. Look whether it shows "
            "%1, as patients will see it. Patients’ numbers are refused here."
        )
        self._about.setText(words.replace("%1", phone(line.office_number)))
        task = line.task(LineTaskKind.TEST_CALL)
        busy = task is not None and task.state.is_open
        self.call.set_busy(self.tr("Calling…") if busy else "")
        self._answers.setVisible(
            task is not None
            and task.heard is None
            and task.state is not LineTaskState.EXPIRED
            and (task.state is LineTaskState.DONE or (busy and bool(task.sentence)))
        )
        self._show_state(task)

    def _show_state(self, task: LineTask | None) -> None:
        words, level, icon = "", Level.INFO, "phone-call"
        if task is None:
            pass
        elif task.heard is Heard.RIGHT:
            words, level, icon = (
                self.tr("You were called with the office number: the line works."),
                Level.SUCCESS,
                "circle-check",
            )
        elif task.heard is not None:
            words, level, icon = (
                (
                    self.tr("Another number was shown. Try it from another phone.")
                    if task.heard is Heard.WRONG_NUMBER
                    else self.tr("Nothing was heard. Check the number, and try again.")
                ),
                Level.WARNING,
                "triangle-alert",
            )
        elif task.state in {LineTaskState.FAILED, LineTaskState.EXPIRED}:
            words, level, icon = task.sentence, Level.ERROR, "circle-alert"
        else:
            words = task.sentence or self.tr("The gateway asks the carrier…")
        if words != self.state.text:
            self.state.say(words, level, icon)

    def show_problem(self, sentence: str) -> None:
        """Say why it was not called; "" takes it away."""
        set_invalid(self.to, sentence)
        self.problem.say(sentence)
        self.call.set_busy("")

    def forget(self) -> None:
        """Keep no number."""
        self.to.clear()
        self.show_problem("")

    def _call(self) -> None:
        if self.call.isEnabled():
            self.show_problem("")
            self.call_wanted.emit(self.to.text().strip())
