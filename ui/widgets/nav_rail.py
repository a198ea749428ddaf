"""The rail of pages at the window's left edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import active
from ui.widgets.painting import fitted, focus_ring, follow_theme, painting, rounded, text_width

__all__ = ["NavItem", "NavRail"]


@dataclass(frozen=True, slots=True)
class NavItem:
    """One page: stable key, label, icon, tooltip with its shortcut; ``bottom`` sinks it."""

    key: str
    label: str
    icon: str
    tooltip: str = ""
    bottom: bool = False


class _NavButton(QAbstractButton):
    def __init__(self, item: NavItem, parent: QWidget) -> None:
        super().__init__(parent)
        self.item = item
        self.badge = 0
        self.narrow = False
        self.setCheckable(True)
        self.setText(item.label)
        self.setObjectName(f"nav.{item.key}")
        self.setToolTip(item.tooltip or item.label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.name()
        follow_theme(self.rescale)

    def name(self) -> None:
        count = self.tr("%n waiting", "", self.badge) if self.badge else ""
        self.setAccessibleName(f"{self.item.label}, {count}" if count else self.item.label)

    def rescale(self) -> None:
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        theme = active()
        return QSize(theme.px(46 if self.narrow else 62), theme.px(42 if self.narrow else 52))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = active()
        on = self.isChecked()
        rect = QRectF(self.rect())
        ink = "nav_text_active" if on or self.underMouse() else "nav_text"
        edge = theme.px(20)
        top = (self.height() - edge) // 2 if self.narrow else theme.px(8)
        with painting(self) as painter:
            if on:
                rounded(painter, rect, theme.px(9), theme.color("nav_active"))
            elif self.underMouse():
                rounded(painter, rect, theme.px(9), theme.color("nav_hover"))
            pixmap = theme.pixmap(self.item.icon, ink, 20, self.devicePixelRatioF())
            painter.drawPixmap((self.width() - edge) // 2, top, pixmap)
            if not self.narrow:
                font = theme.font("caption", "semibold" if on else "medium")
                painter.setFont(font)
                painter.setPen(theme.color(ink))
                below = QRect(0, top + edge, self.width(), self.height() - top - edge)
                text = fitted(self.item.label, font, self.width() - 2)
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, text)
            if self.badge:
                self._paint_badge(painter, (self.width() + edge) / 2, top)
            if self.hasFocus():
                focus_ring(painter, self.rect(), theme.px(8), "nav_focus")

    def _paint_badge(self, painter: QPainter, x: float, top: float) -> None:
        theme = active()
        font = theme.font("caption", "bold")
        font.setPixelSize(theme.px(9.5))
        text = "99+" if self.badge > 99 else str(self.badge)
        height = theme.px(15)
        width = max(height, text_width(text, font) + theme.px(7))
        rect = QRectF(
            min(x - height / 2, self.width() - width - 2), top - theme.px(4), width, height
        )
        rounded(painter, rect, height / 2, theme.color("danger"))
        painter.setFont(font)
        painter.setPen(theme.color("on_danger"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


class NavRail(QWidget):
    """Pages as icons with labels; Up and Down walk, Enter or Space opens.

    Signals:
        chosen: a person wants the page of this key.
    """

    chosen = Signal(str)

    def __init__(self, items: Sequence[NavItem], name: str, parent: QWidget | None = None) -> None:
        """Make the rail; no page is current until :meth:`set_current`."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._narrow = False
        self._current = ""
        self._buttons: dict[str, _NavButton] = {}
        self._column = QVBoxLayout(self)
        self.top = QVBoxLayout()
        self.foot = QVBoxLayout()
        self._column.addLayout(self.top)
        for item in (item for item in items if not item.bottom):
            self._column.addWidget(self._make(item))
        self._column.addStretch(1)
        for item in (item for item in items if item.bottom):
            self._column.addWidget(self._make(item))
        self._column.addLayout(self.foot)
        follow_theme(self._rescale)

    def _make(self, item: NavItem) -> _NavButton:
        button = _NavButton(item, self)
        self._buttons[item.key] = button
        button.clicked.connect(lambda: self._clicked(item.key))
        return button

    def _clicked(self, key: str) -> None:
        # The mark follows the page that is shown, not the press: the page may say no.
        self._mark()
        self.chosen.emit(key)

    def _mark(self) -> None:
        for key, button in self._buttons.items():
            button.setChecked(key == self._current)

    @property
    def current(self) -> str:
        """The key of the page that is shown; "" when none is."""
        return self._current

    def set_current(self, key: str) -> None:
        """Mark the page that is shown; emits nothing. Raises KeyError."""
        self._current = self._buttons[key].item.key
        self._mark()

    def set_badge(self, key: str, count: int) -> None:
        """Show how many things wait on a page; 0 shows nothing. Raises KeyError."""
        button = self._buttons[key]
        button.badge = max(0, count)
        button.name()
        button.update()

    def set_page_visible(self, key: str, visible: bool) -> None:
        """Show or hide a page that only some people have. Raises KeyError."""
        self._buttons[key].setVisible(visible)

    def set_narrow(self, narrow: bool) -> None:
        """Show icons only; names stay for screen readers and tooltips."""
        if narrow != self._narrow:
            self._narrow = narrow
            for button in self._buttons.values():
                button.narrow = narrow
            self._rescale()

    def _rescale(self) -> None:
        theme = active()
        self.setFixedWidth(theme.size("layout", "rail_narrow" if self._narrow else "rail"))
        self._column.setContentsMargins(theme.px(7), theme.px(10), theme.px(7), theme.px(10))
        self._column.setSpacing(theme.px(4))
        for button in self._buttons.values():
            button.rescale()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with painting(self) as painter:
            painter.fillRect(self.rect(), active().color("nav"))
