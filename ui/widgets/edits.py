"""Line edits: search with an icon, and a password that can be looked at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

from ui.theme import active
from ui.widgets.painting import follow_theme, set_kind

__all__ = ["NumberEdit", "PasswordEdit", "SearchEdit", "set_invalid"]

_PAUSE_MS = 220


def set_invalid(edit: QWidget, problem: str) -> None:
    """Mark an input as wrong and say why to screen readers; "" clears it."""
    set_kind(edit, "invalid", "true" if problem else "false")
    edit.setAccessibleDescription(problem)


class SearchEdit(QLineEdit):
    """Search as you type.

    Signals:
        searched: the trimmed text, once typing pauses, or at once with Enter; never twice the
            same in a row.
    """

    searched = Signal(str)

    def __init__(self, name: str, placeholder: str, parent: QWidget | None = None) -> None:
        """Make an empty field; ``name`` is for screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setClearButtonEnabled(True)
        self._last = ""
        self._glass = QAction(self)
        active().set_icon(self._glass, "search", "text3", 16)
        self.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        self.textChanged.connect(lambda *_: self._pause.start())
        self.returnPressed.connect(self._search)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self._search()
        else:
            super().keyPressEvent(event)

    def _search(self) -> None:
        self._pause.stop()
        text = self.text().strip()
        if text != self._last:
            self._last = text
            self.searched.emit(text)


class PasswordEdit(QLineEdit):
    """A password. The eye shows it while the field has the focus; leaving hides it again."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Make an empty field; ``name`` is for screen readers."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        # A password must not reach the keyboard's learning dictionary.
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self._eye = QAction(self)
        self._eye.triggered.connect(self._flip)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._show(False)

    @property
    def shown(self) -> bool:
        """Whether the password can be read on the screen."""
        return self.echoMode() == QLineEdit.EchoMode.Normal

    def _flip(self) -> None:
        self._show(not self.shown)

    def _show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode
        self.setEchoMode(mode.Normal if shown else mode.Password)
        active().set_icon(self._eye, "eye-off" if shown else "eye", "text2", 16)
        words = self.tr("Hide password") if shown else self.tr("Show password")
        self._eye.setText(words)
        self._eye.setToolTip(words)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self._show(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled() and self.shown:
            self._show(False)


class NumberEdit(QSpinBox):
    """A whole number. A style sheet cannot give a spin box's text its distance from the edge."""

    def __init__(
        self, name: str, low: int, high: int, parent: QWidget | None = None, *, suffix: str = ""
    ) -> None:
        """Make a field from ``low`` to ``high``; ``suffix`` is shown behind, such as " min"."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setRange(low, high)
        self.setSuffix(suffix)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.lineEdit().setTextMargins(active().px(8), 0, 0, 0)

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(active().px(20), 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling a page must not change a setting on its way.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
