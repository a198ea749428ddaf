"""What the window shows while it is locked: who, a password, and Hang up when a call is up."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.messages import announce
from ui.theme import active
from ui.widgets.avatar import Avatar
from ui.widgets.buttons import Button
from ui.widgets.caps_lock import CapsLockWatch
from ui.widgets.edits import PasswordEdit, set_invalid
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.painting import follow_theme, painting

__all__ = ["LockPage", "frosted"]

_REDUCTION = 28  # ui.md section 8: reduced before it is enlarged, no letter is left to read
_VEIL = 0.55


def frosted(picture: QPixmap) -> QImage:
    """Return a picture of which only colours are left: 28 times smaller in each direction.

    The small picture is what is kept, so that the sharp one cannot be had back.
    """
    small = QSize(max(1, picture.width() // _REDUCTION), max(1, picture.height() // _REDUCTION))
    return picture.toImage().scaled(
        small,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


class LockPage(QWidget):
    """The card in the middle of a frosted window.

    Signals:
        unlock_requested: a password to try.
        hang_up_requested: end the call that is up.
        sign_out_requested: leave the session for somebody else.
    """

    unlock_requested = Signal(str)
    hang_up_requested = Signal()
    sign_out_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the page for nobody."""
        super().__init__(parent)
        self.setObjectName("lock_page")
        self.setProperty("page", "true")
        self._backdrop: QImage | None = None
        self._avatar = Avatar("", 56)
        self._title = label(self.tr("Screen locked"), "h2")
        self._who = label("", "small")
        self._who.setWordWrap(True)
        self.password = PasswordEdit(self.tr("Password"))
        self.password.setObjectName("unlock_password")
        self.password.setPlaceholderText(self.tr("Password"))
        self.password.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.password.returnPressed.connect(self.submit)
        self.caps = label(self.tr("Caps Lock seems to be on."), "small")
        self.caps.setProperty("tone", "warning")
        self.caps.hide()
        CapsLockWatch(self.password).changed.connect(self.caps.setVisible)
        self.error = label("", "error")
        self.error.setObjectName("unlock_error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.unlock = Button(self.tr("Unlock"), "primary", "lock-open")
        self.unlock.setObjectName("unlock")
        self.unlock.clicked.connect(self.submit)
        self._kept = label(
            self.tr(
                "Your notes are kept. Five wrong passwords sign you out, and lock your login for a "
                "while."
            ),
            "small",
        )
        self._kept.setWordWrap(True)
        self.hang_up = Button(self.tr("Hang up"), "danger", "phone-off")
        self.hang_up.setObjectName("lock_hang_up")
        self.hang_up.clicked.connect(self.hang_up_requested)
        self.hang_up.hide()
        self.sign_out = Button(self.tr("Sign out"), "link")
        self.sign_out.setObjectName("lock_sign_out")
        self.sign_out.clicked.connect(self.sign_out_requested)
        for text in (self._title, self._who, self.error, self._kept, self.caps):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._lay_out()
        follow_theme(self._rescale)

    def _lay_out(self) -> None:
        centre = Qt.AlignmentFlag.AlignHCenter
        self._card = named(QFrame(), "lock_card")
        self._card.setProperty("card", "true")
        self._column = QVBoxLayout(self._card)
        self._column.addWidget(self._avatar, 0, centre)
        for widget in (
            self._title,
            self._who,
            self.password,
            self.caps,
            self.error,
            self.unlock,
            self._kept,
            self.hang_up,
        ):
            self._column.addWidget(widget)
        self._column.addWidget(self.sign_out, 0, centre)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(1)

    def _rescale(self) -> None:
        px = active().px
        self._backdrop = None  # colours of another mode would look broken
        self._card.setFixedWidth(px(410))
        self._column.setContentsMargins(px(28), px(26), px(28), px(18))
        self._column.setSpacing(px(9))

    def show_for(self, name: str, why: str, backdrop: QImage | None) -> None:
        """Lock for a person.

        Args:
            name: the signed-in person.
            why: when it locked, in words.
            backdrop: what :func:`frosted` returned, or None for a plain colour.
        """
        self._avatar.set_name(name)
        self._who.setText(f"{name} · {why}")
        self._backdrop = backdrop
        self.password.clear()
        self.show_problem("")
        self.set_busy(False)
        announce(self, self._title.text(), urgent=True)

    def set_live(self, live: bool) -> None:
        """Offer Hang up while a call is up."""
        self.hang_up.setVisible(live)

    def set_busy(self, busy: bool) -> None:
        """Show that the password is being tried."""
        self.password.setEnabled(not busy)
        self.unlock.set_busy(self.tr("Unlocking…") if busy else "")

    def show_problem(self, sentence: str) -> None:
        """Say why it stays locked; "" takes it away."""
        self.set_busy(False)
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        set_invalid(self.password, sentence)
        if sentence:
            announce(self, sentence, urgent=True)
            self.password.selectAll()
        self.password.setFocus()

    def forget(self) -> None:
        """Keep neither the picture nor the password."""
        self._backdrop = None
        self.password.clear()

    def submit(self) -> None:
        """Try the password that is typed."""
        if self.password.text() and self.password.isEnabled():
            self.unlock_requested.emit(self.password.text())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Colours of the page behind, under a veil."""
        theme = active()
        with painting(self) as painter:
            painter.fillRect(self.rect(), theme.color("bg"))
            if self._backdrop is not None:
                painter.drawImage(self.rect(), self._backdrop)
                veil = theme.color("bg")
                veil.setAlphaF(_VEIL)
                painter.fillRect(self.rect(), veil)
