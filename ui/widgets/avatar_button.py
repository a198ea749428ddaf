"""The signed-in person at the foot of the rail: initials that open a menu."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QWidget

from ui.theme import active
from ui.widgets.avatar import avatar_token, initials
from ui.widgets.painting import focus_ring, follow_theme, painting, rounded

__all__ = ["AvatarButton"]


class AvatarButton(QAbstractButton):
    """Shows who is signed in; pressing it opens ``menu``."""

    def __init__(self, name: str, about: str, parent: QWidget | None = None) -> None:
        """Make a button for a person; ``about`` is their role."""
        super().__init__(parent)
        self._name = name
        self.menu = QMenu(self)
        self.menu.setAccessibleName(self.tr("My menu"))
        self.setAccessibleName(f"{name}, {about}")
        self.setToolTip(f"{name}\n{about}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        edge = active().px(44)
        return QSize(edge, edge)

    def _open(self) -> None:
        self.menu.popup(self.mapToGlobal(self.rect().topRight()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        edge = theme.px(34)
        rect = QRectF((self.width() - edge) / 2, (self.height() - edge) / 2, edge, edge)
        with painting(self) as painter:
            rounded(painter, rect, edge / 2, theme.color(avatar_token(self._name)))
            painter.setFont(theme.font("small", "semibold"))
            painter.setPen(theme.color("on_avatar"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, initials(self._name))
            if self.hasFocus():
                focus_ring(painter, self.rect(), theme.px(8), "nav_focus")
