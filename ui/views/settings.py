"""Settings of this computer: look, text size, sound; and what the program is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSlider,
    QVBoxLayout,
    QWidget,
)

import resources
from ui.theme import MAX_SCALE, MIN_SCALE, Mode, active
from ui.widgets.labels import label
from ui.widgets.named import named
from ui.widgets.narrow_scroll import NarrowScroll
from ui.widgets.painting import follow_theme
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

__all__ = ["SettingsView"]

_STEP = 5


class SettingsView(QWidget):
    """Everything takes effect at once.

    Signals:
        mode_chosen: a Mode.
        scale_chosen: text scale, 0.9 to 1.5.
        sound_chosen: loudness, 0 to 100.
    """

    mode_chosen = Signal(object)
    scale_chosen = Signal(float)
    sound_chosen = Signal(int)

    def __init__(
        self, version: str, first: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        """Make the page; ``version`` is the program's, ``first`` a card that comes before all."""
        super().__init__(parent)
        self.mode = Segmented(
            [
                (Mode.LIGHT.value, self.tr("Light")),
                (Mode.DARK.value, self.tr("Dark")),
                (Mode.SYSTEM.value, self.tr("As the desktop")),
            ],
            self.tr("Colours"),
        )
        self.mode.setObjectName("settings_mode")
        self.scale = self._slider(
            "settings_scale",
            self.tr("Text size in per cent"),
            round(MIN_SCALE * 100),
            round(MAX_SCALE * 100),
        )
        self.scale_text = label("100 %", "strong")
        self.sound = self._slider("settings_sound", self.tr("Sound level"), 0, 100)
        self.sound_text = label("", "strong")
        scroll = NarrowScroll(self.tr("Settings"))
        box = scroll.box
        look = Card(self.tr("Look"))
        self._row(look, self.tr("Colours"), self.mode)
        self._row(look, self.tr("Text size"), self.scale, self.scale_text)
        look.body.addWidget(
            self._note(self.tr("From 90 to 150 per cent, on top of your desktop’s own scaling."))
        )
        sound = Card(self.tr("Sound"))
        self._row(sound, self.tr("Level"), self.sound, self.sound_text)
        sound.body.addWidget(
            self._note(self.tr("Signals of this program, such as a due callback. Not the call."))
        )
        if first is not None:
            box.addWidget(first)
        box.addWidget(look)
        box.addWidget(sound)
        box.addWidget(self._about(version))
        box.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.mode.chosen.connect(lambda key: self.mode_chosen.emit(Mode(key)))
        self.scale.valueChanged.connect(self._on_scale)
        self.sound.valueChanged.connect(self._on_sound)
        follow_theme(self._rescale)

    def _slider(self, name: str, words: str, low: int, high: int) -> QSlider:
        slider = named(QSlider(Qt.Orientation.Horizontal), name, words)
        slider.setRange(low, high)
        slider.setSingleStep(_STEP)
        slider.setPageStep(2 * _STEP)
        slider.setTracking(False)  # the whole window changes size: once, when let go
        return slider

    def _row(self, card: Card, words: str, control: QWidget, value: QLabel | None = None) -> None:
        row = QHBoxLayout()
        name = label(words)
        name.setBuddy(control)
        row.addWidget(name, 1)
        row.addWidget(control, 2)
        if value is not None:
            value.setMinimumWidth(44)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(value)
        card.body.addLayout(row)

    def _note(self, words: str) -> QLabel:
        made = label(words, "small")
        made.setWordWrap(True)
        return made

    def _about(self, version: str) -> Card:
        card = Card(self.tr("About"))
        card.body.addWidget(label(self.tr("Care Coordinator %1").replace("%1", version), "strong"))
        card.body.addWidget(
            self._note(
                self.tr(
                    "Built with Qt for Python (LGPL), PostgreSQL, the Inter typeface (SIL OFL) and "
                    "Lucide icons (ISC). Their licences:"
                )
            )
        )
        self.licences = named(
            QPlainTextEdit(readOnly=True), "settings_licences", self.tr("Licences")
        )
        texts = [resources.text("fonts/OFL.txt"), resources.text("icons/LICENSE")]
        softphone = resources.path("softphone") / "sdk" / "LICENSE.md"  # see tools/softphone
        if softphone.is_file():
            texts.append(f"Twilio Voice SDK\n{softphone.read_text(encoding='utf-8')}")
        self.licences.setPlainText("\n\n".join(texts))
        card.body.addWidget(self.licences)
        return card

    def _rescale(self) -> None:
        self.licences.setFixedHeight(active().px(180))
        self.show_values(active().mode, active().scale, self.sound.value())

    def show_values(self, mode: Mode, scale: float, sound: int) -> None:
        """Show what is set, without emitting."""
        for widget in (self.mode, self.scale, self.sound):
            widget.blockSignals(True)
        self.mode.choose(mode.value)
        self.scale.setValue(round(scale * 100))
        self.sound.setValue(sound)
        for widget in (self.mode, self.scale, self.sound):
            widget.blockSignals(False)
        self.scale_text.setText(f"{round(scale * 100)} %")
        self.sound_text.setText(self.tr("Off") if sound == 0 else f"{sound} %")

    def _on_scale(self, per_cent: int) -> None:
        self.scale_text.setText(f"{per_cent} %")
        self.scale_chosen.emit(per_cent / 100)

    def _on_sound(self, level: int) -> None:
        self.sound_text.setText(self.tr("Off") if level == 0 else f"{level} %")
        self.sound_chosen.emit(level)
