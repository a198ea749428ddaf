"""Shows what the message bus holds, newest below, at most three at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.messages import Level, Message, MessageBus, announce
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import label
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile

__all__ = ["Banner", "BannerArea"]

_LOOK = {
    Level.INFO: ("info", "info"),
    Level.SUCCESS: ("circle-check", "success"),
    Level.WARNING: ("triangle-alert", "warning"),
    Level.ERROR: ("circle-alert", "danger"),
}
_MOST = 3


class Banner(QFrame):
    """One message with its icon, its button and its cross."""

    def __init__(self, message: Message, bus: MessageBus, parent: QWidget | None = None) -> None:
        """Make the banner of a message."""
        super().__init__(parent)
        self.message = message
        self._bus = bus
        icon, kind = _LOOK[message.level]
        self.setProperty("banner", message.level.value)
        self.setAccessibleName(message.text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.addWidget(IconTile(icon, kind, self, tile=0, size=18))
        text = label(message.text, parent=self)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row.addWidget(text, 1)
        action = message.action
        if action is not None:
            button = Button(action.label, size="small", parent=self)
            button.clicked.connect(self._act)
            self._row.addWidget(button)
        if message.closable:
            cross = IconButton(
                "x", self.tr("Close message"), self, color=f"{kind}_text", size=15, small=True
            )
            cross.clicked.connect(lambda: bus.clear(message.key))
            self._row.addWidget(cross)
        follow_theme(self._rescale)

    def _act(self) -> None:
        action = self.message.action
        self._bus.clear(self.message.key)
        if action is not None:
            action.run()

    def _rescale(self) -> None:
        px = active().px
        self._row.setContentsMargins(px(12), px(4), px(8), px(4))
        self._row.setSpacing(px(10))

    def sizeHint(self) -> QSize:
        return QSize(active().px(320), super().sizeHint().height())


class BannerArea(QWidget):
    """Stack of banners; takes no room when there is nothing to say."""

    def __init__(self, bus: MessageBus, parent: QWidget | None = None) -> None:
        """Show what is up already, and follow the bus."""
        super().__init__(parent)
        self._bus = bus
        self._banners: dict[str, Banner] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for message in bus.current:
            self._put(message)
        bus.shown.connect(self._show)
        bus.cleared.connect(self._take)
        self._settle()

    @property
    def banners(self) -> tuple[Banner, ...]:
        """The banners that are up, in order of the bus."""
        return tuple(self._banners.values())

    def _show(self, message: Message) -> None:
        self._put(message)
        announce(self, message.text, urgent=message.level in (Level.WARNING, Level.ERROR))
        self._settle()

    def _put(self, message: Message) -> None:
        banner = Banner(message, self._bus, self)
        old = self._banners.get(message.key)
        if old is None:
            self._column.addWidget(banner)
        else:
            self._column.replaceWidget(old, banner)
            self._drop(old)
        self._banners[message.key] = banner

    def _take(self, key: str) -> None:
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._column.removeWidget(banner)
            self._drop(banner)
            self._settle()

    @staticmethod
    def _drop(banner: Banner) -> None:
        banner.hide()
        banner.deleteLater()

    def _settle(self) -> None:
        # What lasts (no cross) comes first, then the newest: those must be seen.
        ranked = sorted(
            enumerate(self._banners.values()),
            key=lambda item: (item[1].message.closable, -item[0]),
        )
        seen = {id(banner) for _, banner in ranked[:_MOST]}
        for banner in self._banners.values():
            banner.setVisible(id(banner) in seen)
        self.setVisible(bool(self._banners))
