"""The strip above every page: the practice, the call, my status, look and lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from coordinator_app.domain.person import WorkStatus
from ui.models.words import STATUS_LABELS, phone
from ui.theme import active
from ui.widgets.buttons import IconButton
from ui.widgets.labels import Chip, Elide
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile

if TYPE_CHECKING:
    from coordinator_app.domain.practice import Practice
    from ui.shortcuts import Keymap

__all__ = ["TopBar"]


class TopBar(QFrame):
    """Takes the call bar as a guest in its middle.

    Signals:
        status_chosen: a WorkStatus.
        theme_requested: light becomes dark, dark becomes light.
        lock_requested: lock now.
    """

    status_chosen = Signal(object)
    theme_requested = Signal()
    lock_requested = Signal()

    def __init__(
        self,
        practice: Practice,
        keymap: Keymap,
        call_bar: QWidget | None,
        parent: QWidget | None = None,
    ) -> None:
        """Make the bar; without a call bar (nobody who calls) nothing is said about calling."""
        super().__init__(parent)
        self.setProperty("bar", "top")
        self._call_bar = call_bar
        self.name = Elide(practice.name, "strong")
        self._caller_icon = IconTile("circle-check", "success", tile=0, size=14)
        self.caller = Elide(
            self.tr("Calling as %1").replace("%1", phone(practice.office_number)), "small"
        )
        caller = QHBoxLayout()
        caller.setSpacing(5)
        caller.addWidget(self._caller_icon)
        caller.addWidget(self.caller, 1)
        self._office = QWidget()
        words = QVBoxLayout(self._office)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(1)
        words.addStretch(1)
        words.addWidget(self.name)
        words.addLayout(caller)
        words.addStretch(1)
        self.status = named(QComboBox(), "work_status", self.tr("My status"))
        self.status.view().setAccessibleName(self.tr("Statuses"))
        for status in WorkStatus:
            self.status.addItem(STATUS_LABELS[status], status.value)
        self.status.activated.connect(
            lambda number: self.status_chosen.emit(WorkStatus(self.status.itemData(number)))
        )
        self.on_call = Chip(self.tr("On a call"), "success")
        self.on_call.hide()
        self.look = IconButton("moon", self.tr("Dark colours"))
        self.look.setObjectName("theme_switch")
        self.look.clicked.connect(self.theme_requested)
        self.lock = IconButton(
            "lock", self.tr("Lock the screen"), tooltip=keymap.tooltip("window.lock")
        )
        self.lock.setObjectName("lock_button")
        self.lock.clicked.connect(self.lock_requested)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._office)
        if call_bar is None:
            self._caller_icon.hide()
            self.caller.hide()
            self.status.hide()
            self._row.addStretch(1)
        else:
            self._row.addWidget(call_bar, 1)
        for widget in (self.on_call, self.status, self.look, self.lock):
            self._row.addWidget(widget)
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        theme = active()
        px = theme.px
        self.setFixedHeight(theme.size("layout", "call_bar"))
        self._row.setContentsMargins(px(16), px(8), px(12), px(8))
        self._row.setSpacing(px(8))
        self._office.setFixedWidth(px(212 if self._call_bar is not None else 420))
        self.status.setFixedWidth(px(124))
        dark = theme.dark
        self.look.set_look("sun" if dark else "moon")
        self.look.set_name(self.tr("Light colours") if dark else self.tr("Dark colours"))

    def set_room(self, effective_width: float) -> None:
        """Drop what matters least when the window is narrow (width in pixels at text scale 1)."""
        self._office.setVisible(effective_width >= 1180 or self._call_bar is None)

    def set_live(self, live: bool) -> None:
        """Being on a call is seen, never said: it stands in the place of the status."""
        self.on_call.setVisible(live)
        self.status.setVisible(not live and self._call_bar is not None)
