"""A call script with the patient's and the office's facts filled in."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator_app.domain.patient import IdentifierKind, VoicemailLevel


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One step of the talk. ``text`` may mark words as important with ``**``."""

    key: str  # greet, verify, reason, offer, close
    title: str
    text: str
    needs_identity: bool  # not shown before two identifiers matched


@dataclass(frozen=True, slots=True)
class ScriptReply:
    """What to say when the patient says something: a ride, cost, moved, "who is this?"."""

    key: str
    title: str
    text: str
    barrier: str  # a code of domain.outcome.Barrier, "" when none
    needs_identity: bool


@dataclass(frozen=True, slots=True)
class Script:
    """A filled script in one language."""

    name: str
    language: str  # "en" | "es"
    steps: tuple[ScriptStep, ...]
    replies: tuple[ScriptReply, ...]
    identifiers: tuple[IdentifierKind, ...]  # offered for the identity check
    voicemail_level: VoicemailLevel
    voicemail: str  # "" at level V0: leave no message
