"""Call scripts and voicemail texts, filled in for one patient.

The words are templates in ``resources/templates``. What they can be filled with is a closed
list: nothing of the chart but the clinician's name, and that only where identity is verified
(compliance.md 7.1, 7.3; 45 CFR 164.502(b), minimum necessary).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import resources
from coordinator_app.domain.patient import Card, IdentifierKind, VoicemailLevel
from coordinator_app.domain.person import Person
from coordinator_app.domain.practice import Practice
from coordinator_app.domain.script import Script, ScriptReply, ScriptStep

VOICEMAIL_FIELDS = frozenset(
    {
        "patient_first_name",
        "coordinator_first_name",
        "office_name",
        "office_number_slowly",
        "office_hours",
    }
)
PUBLIC_FIELDS = VOICEMAIL_FIELDS | {"patient_full_name", "office_number"}
VERIFIED_FIELDS = PUBLIC_FIELDS | {"practice_name", "practitioner"}

# What may never be said to a machine or a stranger: words of a practice's name that tell why
# somebody is a patient there (compliance.md 7.3). Beginnings of words, English and Spanish.
REVEALING_WORDS = (
    "oncolog", "cancer", "cáncer", "tumor", "hiv", "vih", "aids", "sida", "infectious",
    "infeccios", "psychiat", "psiquiat", "psycholog", "psicolog", "behavioral", "mental",
    "addiction", "adicci", "recovery", "rehab", "suboxone", "methadone", "metadona", "fertil",
    "dialysis", "diálisis", "dialisis", "renal", "nephrolog", "nefrolog", "hospice", "hospicio",
    "palliative", "paliativ", "urolog", "gynecolog", "ginecolog", "obstetric", "abortion",
    "aborto", "cardiolog", "diabetes", "hepat", "std", "sexual", "transgender",
)  # fmt: skip

_FIELD = re.compile(r"\{([a-z_]+)\}")
_NORTH_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class _Words:
    """The shared words of one language and those of one script."""

    shared: Mapping[str, Any]
    own: Mapping[str, Any]

    def step(self, key: str) -> str:
        own = self.own["steps"].get(key, {})
        return str(own.get("text") or self.shared["steps"][key]["text"])


def languages() -> tuple[str, ...]:
    """The languages in which every script exists."""
    return ("en", "es")


def names() -> tuple[str, ...]:
    """The scripts that a campaign may name."""
    return tuple(_structure()["scripts"])


def fill(card: Card, practice: Practice, coordinator: Person, language: str) -> Script:
    """Return the card's script with the facts filled in.

    A campaign may name a script that only a newer version of the program has: the first one is
    for everybody and says nothing particular, and it is better than a silent coordinator.

    Args:
        language: "en", "es", or any BCP 47 tag; English where there is no such script.
    """
    spoken = _spoken(language)
    words = _words(spoken, card.script if card.script in names() else names()[0])
    values = _values(card, practice, coordinator, words)
    structure = _structure()
    level = _voicemail_level(card, practice)
    voicemail = words.shared["voicemail"].get(level.value, "")
    return Script(
        name=str(words.own["name"]),
        language=spoken,
        steps=tuple(
            ScriptStep(
                key=step["key"],
                title=words.shared["steps"][step["key"]]["title"],
                text=_merge(words.step(step["key"]), values, _allowed(step)),
                needs_identity=step["needs_identity"],
            )
            for step in structure["steps"]
        ),
        replies=tuple(
            ScriptReply(
                key=reply["key"],
                title=words.shared["replies"][reply["key"]]["title"],
                text=_merge(words.shared["replies"][reply["key"]]["text"], values, _allowed(reply)),
                barrier=reply["barrier"],
                needs_identity=reply["needs_identity"],
            )
            for reply in structure["replies"]
        ),
        identifiers=tuple(IdentifierKind(kind) for kind in structure["identifiers"]),
        voicemail_level=level,
        voicemail=_merge(voicemail, values, VOICEMAIL_FIELDS),
    )


def recording_notice(language: str) -> str:
    """What is said before a call is recorded; ``language`` as for ``fill``."""
    words = _words(_spoken(language), names()[0])
    return str(words.shared["recording"]["notice"])


def reveals(name: str) -> bool:
    """Whether a practice's name tells a listener why somebody is a patient there."""
    return any(word.startswith(REVEALING_WORDS) for word in _LETTERS.findall(name.casefold()))


def spoken_number(e164: str) -> str:
    """A telephone number as it is shown and said: ``(312) 555-0100``; foreign ones unchanged."""
    match = _NORTH_AMERICAN.fullmatch(e164)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else e164


def slow_number(e164: str) -> str:
    """A telephone number digit by digit, with the pauses: ``3-1-2, 5-5-5, 0-1-0-0``."""
    match = _NORTH_AMERICAN.fullmatch(e164)
    digits = re.sub(r"\D", "", e164)
    groups = match.groups() if match else re.findall(r"\d{1,3}", digits)
    return ", ".join("-".join(group) for group in groups)


def _voicemail_level(card: Card, practice: Practice) -> VoicemailLevel:
    """The patient's permission; no message where the office cannot be named harmlessly."""
    if not practice.voicemail_name.strip() or reveals(practice.voicemail_name):
        return VoicemailLevel.NONE
    return card.permissions.voicemail


def _values(card: Card, practice: Practice, coordinator: Person, words: _Words) -> dict[str, str]:
    own = words.shared["words"]
    office = practice.voicemail_name
    if not office.strip() or reveals(office):
        office = own["your_office"]
    values = {
        "patient_first_name": card.first_name,
        "patient_full_name": card.name,
        "coordinator_first_name": coordinator.first_name,
        "office_name": office,
        "office_number": spoken_number(practice.office_number),
        "office_number_slowly": slow_number(practice.office_number),
        "office_hours": _hours(practice.office_hours, words),
        "practice_name": practice.name,
        "practitioner": (card.chart.practitioner if card.chart else "") or own["your_doctor"],
    }
    return {name: _plain(value) for name, value in values.items()}


def _hours(hours: str, words: _Words) -> str:
    """The practice writes its hours in English; say them in the script's language.

    Word by word, when every word is known; otherwise "normal office hours", because a message
    half in another language helps nobody.
    """
    general = str(words.shared["words"]["office_hours"])
    known: Mapping[str, str] | None = words.shared.get("hours")
    if known is None:
        return hours.strip() or general
    found = [word.lower() for word in _LETTERS.findall(hours)]
    if not found or not all(word in known for word in found):
        return general
    return _LETTERS.sub(lambda match: known[match[0].lower()], hours)


def _allowed(part: Mapping[str, Any]) -> frozenset[str]:
    return VERIFIED_FIELDS if part["needs_identity"] else PUBLIC_FIELDS


def _merge(template: str, values: Mapping[str, str], allowed: frozenset[str]) -> str:
    """Fill in the fields, once: a value that looks like a field stays as it is.

    Raises KeyError for a field outside of the closed list: a mistake in a template.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in allowed:
            raise KeyError(f"a template may not say {match[1]} here")
        said = values[match[1]]
        before = template[: match.start()].rstrip(" *¿¡")
        starts_a_sentence = not before or before[-1] in ".?!"
        return said[:1].upper() + said[1:] if starts_a_sentence else said

    return _FIELD.sub(value, template)


def _spoken(language: str) -> str:
    spoken = language.replace("_", "-").split("-")[0].lower()
    return spoken if spoken in languages() else languages()[0]


def _plain(value: str) -> str:
    """One line, without our marks for emphasis."""
    return " ".join(value.replace("*", "").split())


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.text(f"templates/{name}"))


@functools.cache
def _structure() -> dict[str, Any]:
    return _load("script.toml")


@functools.cache
def _words(language: str, script: str) -> _Words:
    return _Words(_load(f"{language}/script.toml"), _load(f"{language}/script_{script}.toml"))
