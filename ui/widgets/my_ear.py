"""The card “Your phone” of the settings: where one hears the calls, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from coordinator_app.domain.ear import EarKind, MyEar, endpoint_of
from coordinator_app.errors import RefusedError
from ui.theme import active
from ui.widgets.buttons import Button
from ui.widgets.edits import set_invalid
from ui.widgets.elide_combo import ElideCombo
from ui.widgets.labels import Chip, ChipKind, label
from ui.widgets.level_meter import LevelMeter
from ui.widgets.named import named
from ui.widgets.painting import follow_theme
from ui.widgets.segmented import Segmented
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from PySide6.QtWidgets import QLabel

    from ui.softphone.base import Devices
    from ui.softphone.words import EarState

__all__ = ["MyEarCard"]

_CHIPS: dict[str, ChipKind] = {
    "success": "success",
    "warning": "warning",
    "danger": "danger",
    "neutral": "neutral",
}


class MyEarCard(Card):
    """Choose, and say what became of it.

    Signals:
        ear_wanted: the endpoint to keep ("client", "+1…", "sip:…").
        devices_chosen: (microphone, speaker), "" for the system's choice.
        listen_wanted: show the level of the microphone (True), or stop.
        tone_wanted: play the test tone.
        line_test_wanted: open the line test.
    """

    ear_wanted = Signal(str)
    devices_chosen = Signal(str, str)
    listen_wanted = Signal(bool)
    tone_wanted = Signal()
    line_test_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make a card that waits for :meth:`show_ear`."""
        super().__init__(self.tr("Your phone"), parent)
        self.setObjectName("my_ear")
        self._ear: MyEar | None = None
        self._lacks = ""
        self.state = Chip("", "neutral")
        self.header.addStretch(1)
        self.header.addWidget(self.state)
        self.kind = Segmented(
            [
                (EarKind.SOFTPHONE.value, self.tr("In the program")),
                (EarKind.PHONE.value, self.tr("My own phone")),
                (EarKind.SIP.value, self.tr("SIP phone")),
            ],
            self.tr("Where you hear calls"),
        )
        self.kind.setObjectName("my_ear_kind")
        self.address = named(QLineEdit(maxLength=200), "my_ear_address", self.tr("Number"))
        self.save = Button(self.tr("Use this"), "primary", "check")
        self.save.setObjectName("my_ear_save")
        self.note = self._line("small")
        self.problem = self._line("error")
        self._build()
        self.kind.chosen.connect(lambda _: self._refresh(typed=False))
        self.address.textChanged.connect(lambda _: self._say_problem(""))
        self.address.returnPressed.connect(self._send)
        self.save.clicked.connect(self._send)
        follow_theme(self._fit)
        self._refresh(typed=False)

    def _line(self, type_: str) -> QLabel:
        made = label("", type_)
        made.setWordWrap(True)
        return made

    def _build(self) -> None:
        row = QHBoxLayout()
        row.addWidget(label(self.tr("Where you hear calls")), 1)
        row.addWidget(self.kind, 2)
        self.body.addLayout(row)
        row = QHBoxLayout()
        row.addWidget(self.address, 1)
        row.addWidget(self.save)
        self.body.addLayout(row)
        self.body.addWidget(self.note)
        self.body.addWidget(self.problem)
        self.body.addWidget(self._build_devices())
        self.test = Button(self.tr("Test my line…"), "", "activity")
        self.test.setObjectName("my_ear_test")
        self.test.clicked.connect(self.line_test_wanted)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addStretch(1)
        self.body.addLayout(row)

    def _build_devices(self) -> QWidget:
        self.sound = QWidget()
        self.sound.setProperty("transparent", "true")
        self.microphone = ElideCombo(self.tr("Microphone"), self.tr("Microphones"))
        self.microphone.setObjectName("my_ear_microphone")
        self.speaker = ElideCombo(self.tr("Speaker"), self.tr("Speakers"))
        self.speaker.setObjectName("my_ear_speaker")
        self.listen = Button(self.tr("Test"), size="small")
        self.listen.setObjectName("my_ear_listen")
        self.listen.setAccessibleName(self.tr("Test the microphone"))
        self.listen.setCheckable(True)
        self.listen.toggled.connect(self._on_listen)
        self.tone = Button(self.tr("Play a tone"), size="small")
        self.tone.setObjectName("my_ear_tone")
        self.tone.clicked.connect(self.tone_wanted)
        self.meter = LevelMeter(self.tr("Microphone level"))
        column = self._rows = QVBoxLayout(self.sound)
        column.setContentsMargins(0, 0, 0, 0)
        for words, box, button in (
            (self.tr("Microphone"), self.microphone, self.listen),
            (self.tr("Speaker"), self.speaker, self.tone),
        ):
            row = QHBoxLayout()
            row.addWidget(label(words), 1)
            row.addWidget(box, 2)
            row.addWidget(button)
            column.addLayout(row)
            box.activated.connect(lambda _: self._on_device())
        column.addWidget(self.meter)
        return self.sound

    def _fit(self) -> None:
        self._rows.setSpacing(active().px(8))
        for button in (self.listen, self.tone):
            button.setMinimumWidth(active().px(96))

    # -- data in ------------------------------------------------------------------------------

    def show_ear(self, ear: MyEar, lacks: str) -> None:
        """Show what is in force. ``lacks``: why there can be no softphone here, "" when it can."""
        changed = self._ear is None or self._ear != ear
        self._ear, self._lacks = ear, lacks
        self.save.set_busy("")
        if changed:
            self.kind.choose(ear.kind.value)
            self.address.setText(ear.address)
        self._refresh(typed=not changed)

    def show_state(self, state: EarState) -> None:
        """Show how it is now."""
        self.state.set(state.words, _CHIPS.get(state.kind, "neutral"))
        self.state.setToolTip(state.about)

    def show_devices(self, devices: Devices, microphone: str, speaker: str) -> None:
        """Offer what is plugged in; what is chosen and gone stays to be seen."""
        for box, names, chosen in (
            (self.microphone, devices.inputs, microphone),
            (self.speaker, devices.outputs, speaker),
        ):
            box.clear()
            box.addItem(self.tr("As the system has it"), "")
            for name in names:
                box.addItem(name, name)
            if chosen and chosen not in names:
                box.addItem(self.tr("%1 (not there)").replace("%1", chosen), chosen)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def hear(self, microphone: float, _speaker: float) -> None:
        """Show a level."""
        self.meter.hear(microphone)

    def show_problem(self, sentence: str) -> None:
        """Say why it was not kept."""
        self.save.set_busy("")
        self._say_problem(sentence)

    def stop_listening(self) -> None:
        """The card is not looked at any more: the microphone is let go."""
        self.listen.setChecked(False)

    # -- what a person does -------------------------------------------------------------------

    @property
    def chosen(self) -> EarKind:
        """The kind that is chosen on the card, kept or not."""
        return EarKind(self.kind.current)

    def _refresh(self, *, typed: bool) -> None:
        kind, ear = self.chosen, self._ear
        softphone = kind is EarKind.SOFTPHONE
        if not typed and not softphone and ear is not None:
            self.address.setText(ear.address if ear.kind is kind else "")
        self.address.setVisible(not softphone)
        name = self.tr("Your number") if kind is EarKind.PHONE else self.tr("SIP address")
        self.address.setAccessibleName(name)
        example = "(617) 555-0142" if kind is EarKind.PHONE else "sip:maya@phones.example.com"
        self.address.setPlaceholderText(example)
        blocked = softphone and bool(self._blocked())
        self.save.setEnabled(ear is not None and not blocked)
        same = ear is not None and softphone and ear.kind is kind
        self.save.setVisible(not same)
        self.note.setText(self._about(kind))
        self._say_problem(self._blocked() if softphone else "")
        usable = softphone and not self._lacks
        self.sound.setVisible(usable)
        if not usable:
            self.stop_listening()

    def _blocked(self) -> str:
        if self._ear is None:
            return ""
        if self._ear.is_practice_line:
            return ""  # no sound comes; the words of the patient are shown
        if self._lacks:
            return self._lacks
        if not self._ear.softphone_ready:
            return self.tr(
                "The softphone is not set up for this practice. A supervisor enters its key under "
                "Settings, Phone line."
            )
        return ""

    def _about(self, kind: EarKind) -> str:
        if kind is EarKind.PHONE:
            return self.tr(
                "Once a shift the office number calls this phone; stay on that call. Patients "
                "never see your number."
            )
        if kind is EarKind.SIP:
            return self.tr(
                "For a desk phone with an internet address. Ask whoever looks after it; "
                "“;transport=tls” at the end keeps the conversation encrypted."
            )
        if self._ear is not None and self._ear.is_practice_line:
            return self.tr(
                "On the practice line nothing is heard: what patients say is shown in words."
            )
        return self.tr("With a headset at this computer. Nobody else’s phone is needed.")

    def _send(self) -> None:
        if not self.save.isVisible() or not self.save.isEnabled():
            return
        try:
            endpoint = endpoint_of(self.chosen, self.address.text())
        except RefusedError as error:
            self._say_problem(error.sentence)
            self.address.setFocus()
            return
        self.save.set_busy(self.tr("Saving…"))
        self.ear_wanted.emit(endpoint)

    def _say_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        set_invalid(self.address, sentence if self.chosen is not EarKind.SOFTPHONE else "")

    def _on_device(self) -> None:
        microphone, speaker = self.microphone.currentData(), self.speaker.currentData()
        self.devices_chosen.emit(str(microphone or ""), str(speaker or ""))

    def _on_listen(self, on: bool) -> None:
        self.meter.clear()
        self.listen.setText(self.tr("Stop") if on else self.tr("Test"))
        self.listen_wanted.emit(on)
