"""The script: step by step, in the patient's language, with the identity check in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from coordinator_app.domain.patient import IdentityResult, RevealField, VoicemailLevel
from coordinator_app.domain.script import Script, ScriptReply
from ui.theme import active
from ui.widgets.buttons import Button, IconButton
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.identity_check import IdentityCheck
from ui.widgets.labels import Chip, Elide, label
from ui.widgets.painting import follow_theme
from ui.widgets.progress import StepLine
from ui.widgets.segmented import Segmented
from ui.widgets.spoken_text import SpokenText
from ui.widgets.surfaces import Card

if TYPE_CHECKING:
    from ui.shortcuts import Keymap

__all__ = ["ScriptPanel"]

_FEW = 5  # reply chips before "More"
_VERIFY = "verify"


class ScriptPanel(Card):
    """Steps that speak of health are not there before two identifiers matched.

    Signals:
        language_wanted: "en" or "es".
        identity_given: (IdentityResult, tuple of IdentifierKind).
        reveal_wanted: a RevealField to compare with.
        barrier_heard: code of an obstacle the patient named.
        verifying: the identity check came into sight (True) or went (False).
    """

    language_wanted = Signal(str)
    identity_given = Signal(object, object)
    reveal_wanted = Signal(object)
    barrier_heard = Signal(str)
    verifying = Signal(bool)

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        """Make an empty panel."""
        super().__init__(QCoreApplication.translate("ScriptPanel", "Script"), parent)
        self.setObjectName("script_panel")
        self._script: Script | None = None
        self._step = 0
        self._reply = ""
        self._voicemail = False
        self._verified = False
        self._all_replies = False
        self.position = Chip("", "neutral")
        self.back = IconButton(
            "chevron-left", self.tr("Step before"), small=True,
            tooltip=keymap.tooltip("script.previous"),
        )  # fmt: skip
        self.forward = IconButton(
            "chevron-right", self.tr("Next step"), small=True,
            tooltip=keymap.tooltip("script.next"),
        )  # fmt: skip
        self.language = Segmented((("en", "EN"), ("es", "ES")), self.tr("Language of the script"))
        self.steps = StepLine(())
        self.notice = Elide("", "small")
        self.notice.setProperty("tone", "warning")
        self.notice.hide()
        self.text = SpokenText(self.tr("What to say"))
        self.identity = IdentityCheck()
        self.replies_title = label(self.tr("If they say"), "caption")
        self.replies = QWidget()
        self._flow = FlowLayout(self.replies)
        self._chips: dict[str, Button] = {}
        self.more = Button(self.tr("More…"), "ghost", size="small")
        self.more.setCheckable(True)
        self.header.addWidget(self.position)
        self.header.addWidget(self.back)
        self.header.addWidget(self.forward)
        self.header.addStretch(1)
        self.header.addWidget(self.language)
        self.body.addWidget(self.steps)
        self.body.addWidget(self.notice)
        inside = QWidget()
        inside.setProperty("transparent", "true")
        self._inside = QVBoxLayout(inside)
        self._inside.setContentsMargins(0, 0, 0, 0)
        for widget in (self.text, self.replies_title, self.replies):
            self._inside.addWidget(widget)
        self._inside.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self._scroll.setAccessibleName(self.tr("Script text"))
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the text in it takes the focus
        self.body.addWidget(self._scroll, 1)
        self.body.addWidget(self.identity)  # below what scrolls: always in sight
        self._connect()
        self.clear()
        follow_theme(self._rescale_flow)

    def _connect(self) -> None:
        self.back.clicked.connect(lambda: self.go(-1))
        self.forward.clicked.connect(lambda: self.go(1))
        self.language.chosen.connect(self.language_wanted)
        self.identity.given.connect(self.identity_given)
        self.identity.reveal_wanted.connect(self.reveal_wanted)
        self.more.toggled.connect(self._show_more)

    def _rescale_flow(self) -> None:
        self._flow.setSpacing(active().px(6))
        self._inside.setSpacing(active().px(8))

    # -- what is shown ------------------------------------------------------------------------

    @property
    def step(self) -> str:
        """The key of the present step, "" without a script."""
        script = self._script
        return script.steps[self._step].key if script is not None and script.steps else ""

    @property
    def voicemail(self) -> bool:
        """Whether the voicemail text is shown."""
        return self._voicemail

    def clear(self) -> None:
        """No patient: no text."""
        self._script = None
        self._verified = False
        self._voicemail = False
        self._reply = ""
        self._step = 0
        self.identity.reset()
        self._fill_replies()
        self._refresh()

    def show_script(self, script: Script, *, fresh: bool) -> None:
        """Show a filled script; ``fresh`` begins at the first step (another patient)."""
        self._script = script
        if fresh:
            self._step, self._reply, self._voicemail = 0, "", False
            self.identity.reset()
        self._step = min(self._step, max(0, len(script.steps) - 1))
        self.language.blockSignals(True)
        self.language.choose(script.language)
        self.language.blockSignals(False)
        self.identity.set_kinds(script.identifiers)
        self._fill_replies()
        self._refresh()

    def show_identity(
        self, result: IdentityResult | None, tries_left: int, *, possible: bool
    ) -> None:
        """Show how the identity check stands; PASS opens the later steps and goes to the next."""
        verified = result is IdentityResult.PASS
        newly = verified and not self._verified
        self._verified = verified
        self.identity.show_state(result, tries_left, possible=possible)
        if newly and self.step == _VERIFY:
            self.go(1)
        else:
            self._fill_replies()
            self._refresh()

    def show_value(self, field: RevealField, value: str) -> None:
        """Show a revealed value to compare with."""
        if field is not RevealField.MRN:
            self.identity.show_value(value)

    def set_notice(self, text: str) -> None:
        """Say something before the script ("Add an interpreter first")."""
        self.notice.setText(text)
        self.notice.setVisible(bool(text))

    def go(self, step: int) -> None:
        """Go one step on (1) or back (-1)."""
        if self._script is None:
            return
        self._reply, self._voicemail = "", False
        self._step = min(max(0, self._step + step), len(self._script.steps) - 1)
        self._refresh()

    def go_to(self, key: str) -> None:
        """Go to a step by its key; unknown keys do nothing."""
        steps = self._script.steps if self._script is not None else ()
        for number, step in enumerate(steps):
            if step.key == key:
                self.go(number - self._step)

    def start_identity(self) -> None:
        """Go to the identity check."""
        self.go_to(_VERIFY)
        QTimer.singleShot(0, self, self._show_identity_check)

    def _show_identity_check(self) -> None:
        # After the layout has given the check its place; what is not shown takes no focus.
        self.identity.focus_first()

    def toggle_voicemail(self) -> None:
        """Show the voicemail text, or go back to the step."""
        if self._script is not None:
            self._voicemail = not self._voicemail
            self._reply = ""
            self._refresh()

    def toggle_language(self) -> None:
        """EN to ES and back."""
        self.language.choose("es" if self.language.current == "en" else "en")

    # -- inside -------------------------------------------------------------------------------

    def _refresh(self) -> None:
        script = self._script
        count = len(script.steps) if script is not None else 0
        titles = [step.title for step in script.steps] if script is not None else []
        self.steps.set_steps(titles, self._step)
        self.steps.setVisible(bool(titles))
        words = self.tr("%1 of %2").replace("%1", str(self._step + 1)).replace("%2", str(count))
        self.position.set(words if count else "")
        self.position.setAccessibleName(self.tr("Step %1").replace("%1", words))
        self.back.setEnabled(self._step > 0)
        self.forward.setEnabled(self._step + 1 < count)
        self.language.setEnabled(script is not None)
        self.text.set_text(self._spoken())
        spoken_aside = bool(self._reply) or self._voicemail
        verifying = self.step == _VERIFY and not spoken_aside
        if verifying == self.identity.isHidden():
            self.identity.setVisible(verifying)
            self.verifying.emit(verifying)
        self._scroll.verticalScrollBar().setValue(0)
        for key, chip in self._chips.items():
            chip.setChecked(key == self._reply)

    def _spoken(self) -> str:
        script = self._script
        if script is None:
            return self.tr("The script appears with the patient.")
        if self._voicemail:
            return self._voicemail_words(script)
        reply = self._find(self._reply)
        if reply is not None:
            return reply.text
        step = script.steps[self._step]
        if step.needs_identity and not self._verified:
            return self.tr(
                "This step speaks of the patient's care. It is shown after the identity check."
            )
        return step.text

    def _voicemail_words(self, script: Script) -> str:
        if script.voicemail_level is VoicemailLevel.NONE or not script.voicemail:
            return self.tr(
                "**Leave no message.** The patient's permissions allow none: hang up after "
                "the greeting, without a word."
            )
        head = {
            VoicemailLevel.NAME_AND_NUMBER: self.tr("**After the beep** (name and number only):"),
            VoicemailLevel.DETAILED: self.tr("**After the beep** (details are allowed):"),
        }[script.voicemail_level]
        return f"{head}\n“{script.voicemail}”"

    def _find(self, key: str) -> ScriptReply | None:
        replies = self._script.replies if self._script is not None else ()
        return next((reply for reply in replies if reply.key == key), None)

    def _fill_replies(self) -> None:
        self._flow.removeWidget(self.more)
        for chip in self._chips.values():
            self._flow.removeWidget(chip)
            chip.setParent(None)
            chip.deleteLater()
        self._chips = {}
        script = self._script
        fitting = [
            reply
            for reply in (script.replies if script is not None else ())
            if self._verified or not reply.needs_identity
        ]
        if self._find(self._reply) not in fitting:
            self._reply = ""
        shown = fitting if self._all_replies else fitting[:_FEW]
        for reply in shown:
            chip = Button(reply.title, size="small")
            chip.setObjectName(f"reply.{reply.key}")
            chip.setCheckable(True)
            chip.setAccessibleDescription(self.tr("Shows what to say"))
            chip.clicked.connect(lambda _=False, reply=reply: self._answer(reply))
            self._chips[reply.key] = chip
            self._flow.addWidget(chip)
        self.more.setParent(self.replies)
        self._flow.addWidget(self.more)
        self.more.setText(self.tr("Fewer") if self._all_replies else self.tr("More…"))
        self.more.setVisible(len(fitting) > _FEW)
        self.replies_title.setVisible(bool(fitting))
        self.replies.setVisible(bool(fitting))

    def _show_more(self, on: bool) -> None:
        self._all_replies = on
        self._fill_replies()
        self._refresh()

    def _answer(self, reply: ScriptReply) -> None:
        self._voicemail = False
        self._reply = "" if self._reply == reply.key else reply.key
        if self._reply and reply.barrier:
            self.barrier_heard.emit(reply.barrier)
        self._refresh()
