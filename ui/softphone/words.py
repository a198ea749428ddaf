"""What is said about a softphone: one sentence for each state and each trouble."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from coordinator_app.domain.ear import EarKind, MyEar
from coordinator_app.domain.line_errors import MICROPHONE_NAMES, SOFTPHONE, Next
from ui.softphone.base import Phase, Trouble
from ui.softphone.sdk import Missing

__all__ = ["EarState", "state_of", "trouble_words"]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Softphone", text)


@dataclass(frozen=True, slots=True)
class EarState:
    """How the coordinator's ear is, for a line of the window.

    Attributes:
        words: a few; the strip below the pages has little room.
        kind: success, warning, danger or neutral.
        about: the whole sentence.
        problem: whether one cannot hear calls now.
    """

    words: str
    kind: str
    about: str
    problem: bool = False


def state_of(ear: MyEar, phase: Phase, lacks: Missing, *, silent: bool = False) -> EarState:
    """Say where one hears the calls, and whether that works."""
    if ear.kind is EarKind.PHONE:
        words = _tr("Own phone · ending %1").replace("%1", ear.address[-4:])
        return EarState(words, "neutral", _tr("The phone line calls your own phone."))
    if ear.kind is EarKind.SIP:
        return EarState(_tr("SIP phone"), "neutral", _tr("The phone line calls your SIP phone."))
    if ear.is_practice_line:
        about = _tr("Practice line: what patients say is shown in words, and nothing is heard.")
        return EarState(_tr("Softphone · practice"), "neutral", about)
    if lacks or not ear.softphone_ready:
        return _without(lacks)
    if silent and phase is Phase.ON_CALL:
        about = _tr(
            "No sound arrives from the phone line. If it lasts, hang up and dial again, or use a "
            "cable instead of Wi-Fi."
        )
        return EarState(_tr("No sound"), "danger", about, problem=True)
    return _of_phase(phase)


def _without(lacks: Missing) -> EarState:
    if lacks:
        return EarState(_tr("No softphone"), "danger", lacks.sentence, problem=True)
    about = _tr(
        "The softphone is not set up for this practice. Use your own phone, under Settings."
    )
    return EarState(_tr("Softphone not set up"), "danger", about, problem=True)


def _of_phase(phase: Phase) -> EarState:
    match phase:
        case Phase.READY:
            return EarState(_tr("Softphone ready"), "success", _tr("You can be called."))
        case Phase.RINGING | Phase.ON_CALL:
            return EarState(_tr("Softphone on"), "success", _tr("You are on the line."))
        case Phase.LOST:
            about = _tr(
                "The softphone has lost the phone line and is trying again. Check the internet "
                "connection."
            )
            return EarState(_tr("Softphone lost the line"), "danger", about, problem=True)
        case Phase.FAILED:
            about = _tr("The softphone does not work. Use your own phone, under Settings.")
            return EarState(_tr("Softphone failed"), "danger", about, problem=True)
        case _:
            about = _tr("The softphone is signing in to the phone line.")
            return EarState(_tr("Softphone starting"), "warning", about)


def trouble_words(trouble: Trouble) -> str:
    """What to do about an error of the carrier's library; "" when there is nothing to do."""
    known = SOFTPHONE.get(trouble.code) or MICROPHONE_NAMES.get(trouble.name)
    if known is not None and known.next is Next.MICROPHONE:
        return known.sentence
    if trouble.where == "process":
        return _tr("The softphone has stopped and is being started again.")
    if trouble.where == "load":
        return _tr("The softphone cannot work on this computer. Use your own phone.")
    if known is not None and known.next is Next.MINT_AGAIN:
        return known.again
    if trouble.where == "call":
        return _tr(
            "The softphone’s call had a fault (%1). Dial again if you hear nothing."
        ).replace("%1", str(trouble.code))
    return ""
