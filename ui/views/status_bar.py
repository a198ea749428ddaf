"""The strip below every page: is the link good, is the line good, which keys help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from coordinator_app.domain.session import TlsMode
from ui.models.line_words import LINE_KINDS, line_words
from ui.theme import active
from ui.widgets.labels import KeyHint, label
from ui.widgets.painting import follow_theme
from ui.widgets.surfaces import IconTile

if TYPE_CHECKING:
    from collections.abc import Container

    from coordinator_app.domain.practice import LineHealth
    from ui.shortcuts import Keymap

__all__ = ["StatusBar"]


class StatusBar(QFrame):
    """Facts left, key hints right."""

    def __init__(
        self, tls: TlsMode, keymap: Keymap, *, calls: bool, parent: QWidget | None = None
    ) -> None:
        """Make the bar.

        Args:
            tls: how the practice is reached.
            keymap: where the hints come from.
            calls: whether this person calls; else the line and its keys are left out.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.setProperty("bar", "bottom")
        self.setAccessibleName(self.tr("Status"))
        self._encrypted = tls is TlsMode.VERIFY_FULL
        self._down = False
        self._ms: float | None = None
        self._shield = IconTile("shield-check", "success", tile=0, size=14)
        self.database = label("", "small")
        self.database.setObjectName("status_database")
        self._signal = IconTile("signal", "success", tile=0, size=14)
        self.line = label("", "small")
        self.line.setObjectName("status_line")
        self._deaf = False
        self._headset = IconTile("phone", "neutral", tile=0, size=14)
        self.ear = label("", "small")
        self.ear.setObjectName("status_ear")
        self._row = QHBoxLayout(self)
        for widget in (self._shield, self.database):
            self._row.addWidget(widget)
        self._row.addSpacing(8)
        for widget in (self._signal, self.line):
            widget.setVisible(calls)
            self._row.addWidget(widget)
        self._row.addSpacing(8)
        for widget in (self._headset, self.ear):
            widget.hide()
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._keymap = keymap
        self._works: Container[str] = ()
        self._hints: list[KeyHint] = []
        self._show_database()
        follow_theme(self._rescale)

    def _rescale(self) -> None:
        theme = active()
        px = theme.px
        self.setFixedHeight(theme.size("layout", "status_bar"))
        self._row.setContentsMargins(px(16), 0, px(12), 0)
        self._row.setSpacing(px(6))
        self._show_hints()

    def show_keys(self, works: Container[str]) -> None:
        """Show the hints of keys that do something on the present page.

        Args:
            works: ids of their bindings.
        """
        self._works = works
        self._show_hints()

    def _show_hints(self) -> None:
        for old in self._hints:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        shown = self._keymap.hints(self._works)
        self._hints = [KeyHint(key, words, self) for key, words in shown]
        for hint in self._hints:
            self._row.addWidget(hint)
        self._fit(self.width())

    def set_room(self, width: int) -> None:
        """Show as many hints as fit."""
        self._fit(width)

    def _fit(self, width: int) -> None:
        left = width - self.database.sizeHint().width() - self.line.sizeHint().width()
        left -= active().px(120)
        # The keys come first, but a telephone that cannot be heard comes before the keys.
        words = self.ear.sizeHint().width() + self._row.spacing()
        icon = active().px(28) if self.ear.text() else 0
        left -= icon + (words if self._deaf else 0)
        for hint in reversed(self._hints):
            left -= hint.sizeHint().width() + self._row.spacing()
            hint.setVisible(left > 0)
        self.ear.setVisible(bool(self.ear.text()) and (self._deaf or left > words))

    def show_round_trip(self, ms: float) -> None:
        """Show how long the last answer took."""
        self._ms = ms
        self._show_database()

    def set_down(self, down: bool) -> None:
        """Show that the database cannot be reached."""
        self._down = down
        self._show_database()

    def show_line(self, line: LineHealth, zone: str) -> None:
        """Show how the phone line is, in words; times in ``zone`` (IANA), the practice's."""
        kind = LINE_KINDS.get(line.state, "neutral")
        self._signal.set("signal" if line.state != "down" else "wifi-off", kind)
        self.line.setText(line_words(line, zone))
        self.line.setToolTip(line.sentence)

    def show_ear(self, words: str, kind: str, about: str) -> None:
        """Show where one hears the calls.

        Args:
            words: a few; "" takes it away.
            kind: success, warning, danger or neutral.
            about: the whole sentence.
        """
        self._deaf = kind == "danger"
        self._headset.set("phone-off" if self._deaf else "phone", kind)
        self._headset.setToolTip(f"{words}. {about}")
        self._headset.setVisible(bool(words))
        self.ear.setText(words)
        self.ear.setToolTip(about)
        self._fit(self.width())

    def _show_database(self) -> None:
        if self._down:
            self._shield.set("cloud-off", "danger")
            self.database.setText(self.tr("Practice database · not reached"))
            return
        kind = self.tr("encrypted") if self._encrypted else self.tr("on this computer")
        self._shield.set("shield-check", "success")
        text = self.tr("Practice database · %1").replace("%1", kind)
        self.database.setText(text if self._ms is None else f"{text} · {round(self._ms)} ms")
