"""Who answers on the practice line, and what they say.

A persona turns the facts of a person into a plan: how long it rings, what happens then, and
the lines with their seconds since the answer. Numbers without a persona get one by a stable
hash, so that the same number behaves the same in every run.
"""

from __future__ import annotations

import enum
import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from coordinator_app.calls.practice_line.spoken import spoken_date, spoken_digits
from coordinator_app.errors import ConfigurationError


class PersonaKind(enum.StrEnum):
    """How a number behaves; the values are what ``personas.json`` says."""

    ANSWERS = "answers"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    WRONG_PERSON = "wrong_person"
    DISCONNECTED = "disconnected"
    MAILBOX_FULL = "mailbox_full"
    GATEKEEPER = "gatekeeper"
    ASKS_REMOVAL = "asks_removal"
    SPANISH = "spanish"
    PUTS_ON_HOLD = "puts_on_hold"
    MENU = "menu"


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind and the facts of the person behind the number."""

    kind: PersonaKind
    first_name: str
    last_name: str
    birth_date: date
    zip: str
    language: str  # "en", "es"


class Pickup(enum.StrEnum):
    """What becomes of the ringing; the values are Twilio's call statuses."""

    ANSWER = "in-progress"
    NEVER = "no-answer"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """Words on the line. ``at``: seconds since the answer (since ringing when unanswered)."""

    at: float
    speaker: str  # "patient", "machine", "line"
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to this number. Seconds."""

    pickup: Pickup
    ring_s: float  # ringing until the pickup
    lines: tuple[Line, ...]
    hangs_up_at: float | None = None  # since the answer
    menu: bool = False  # keys are answered

    def paced(self, pace: float) -> Plan:
        """The same, so many times faster."""
        ends = self.hangs_up_at
        return replace(
            self,
            ring_s=self.ring_s / pace,
            lines=tuple(Line(x.at / pace, x.speaker, x.text) for x in self.lines),
            hangs_up_at=None if ends is None else ends / pace,
        )


# How a practice's calls usually go; the weights are only a mix that a demo can show.
_MIX = (
    *(PersonaKind.ANSWERS,) * 8,
    *(PersonaKind.VOICEMAIL,) * 5,
    *(PersonaKind.NO_ANSWER,) * 4,
    PersonaKind.BUSY,
    PersonaKind.WRONG_PERSON,
    PersonaKind.DISCONNECTED,
    PersonaKind.MAILBOX_FULL,
    PersonaKind.GATEKEEPER,
    PersonaKind.ASKS_REMOVAL,
    PersonaKind.SPANISH,
    PersonaKind.PUTS_ON_HOLD,
    PersonaKind.MENU,
)
_FIRST = ("Rena", "Curtis", "Alma", "Hector", "Denise", "Ruben", "Joyce", "Marisol")
_LAST = ("Whitfield", "Okafor", "Delgado", "Marsh", "Pruitt", "Salinas", "Boone", "Iverson")
_FIELDS = ("persona", "first_name", "last_name", "birth_date", "zip", "language")
_VOICEMAIL_END = 90.0


def load_personas(path: Path) -> dict[str, Persona]:
    """Read ``personas.json``: E.164 -> facts. Raises ConfigurationError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {number: _persona(facts) for number, facts in data.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            "The practice line's list of people cannot be read. Load the demo again.",
            name="personas_unreadable",
        ) from error


def _persona(facts: Mapping[str, Any]) -> Persona:
    kind, first, last, born, code, language = (str(facts[name]) for name in _FIELDS)
    return Persona(PersonaKind(kind), first, last, date.fromisoformat(born), code, language)


def persona_of(number: str, known: Mapping[str, Persona], seed: int) -> Persona:
    """The persona of a number; an unknown number's is a stable function of both."""
    if number in known:
        return known[number]
    chance = random.Random(_stable(f"{seed}:{number}"))  # noqa: S311  a mix, no secret
    kind = chance.choice(_MIX)
    return Persona(
        kind=kind,
        first_name=chance.choice(_FIRST),
        last_name=chance.choice(_LAST),
        birth_date=date(chance.randint(1940, 2004), chance.randint(1, 12), chance.randint(1, 28)),
        zip=f"{chance.randint(501, 99950):05d}",
        language="es" if kind is PersonaKind.SPANISH else "en",
    )


def _stable(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def plan_of(persona: Persona, number: str, nth: int, seed: int, ring: tuple[float, float]) -> Plan:
    """The ``nth`` call to this number. ``ring``: least and most seconds of ringing."""
    chance = random.Random(_stable(f"{seed}:{number}:{nth}"))  # noqa: S311  a mix, no secret
    ring_s = chance.uniform(*ring)
    kind = persona.kind
    if kind is PersonaKind.NO_ANSWER:
        return Plan(Pickup.NEVER, ring_s, ())
    if kind is PersonaKind.BUSY:
        return Plan(Pickup.BUSY, min(ring_s, 1.0), (Line(0.2, "line", "(busy tone)"),))
    if kind is PersonaKind.DISCONNECTED:
        return Plan(
            Pickup.FAILED,
            min(ring_s, 1.5),
            (
                Line(0.1, "line", "(three rising tones)"),
                Line(
                    0.5,
                    "line",
                    "We're sorry. The number you have dialed is not in service.",
                ),
            ),
        )
    if kind in _MACHINES:
        return _MACHINES[kind](persona, ring_s)
    lines, hangs_up_at = _CONVERSATIONS[kind](persona)
    return Plan(Pickup.ANSWER, ring_s, lines, hangs_up_at)


# ------------------------------------------------------------------ machines


def _voicemail(persona: Persona, ring_s: float) -> Plan:
    if persona.language == "es":
        greeting = (
            f"Hola, este es el buzón de voz de {persona.first_name}. "
            "Deje su mensaje después del tono."
        )
    else:
        greeting = (
            f"Hi, you've reached {persona.first_name}. I can't come to the phone right now. "
            "Please leave a message after the tone."
        )
    lines = (Line(0.3, "machine", greeting), Line(5.0, "machine", "(beep)"))
    return Plan(Pickup.ANSWER, ring_s, lines, _VOICEMAIL_END)


def _mailbox_full(persona: Persona, ring_s: float) -> Plan:
    spanish = persona.language == "es"
    text = (
        "El buzón de voz está lleno y no puede recibir mensajes. Adiós."
        if spanish
        else "The mailbox is full and cannot accept any messages at this time. Goodbye."
    )
    return Plan(Pickup.ANSWER, ring_s, (Line(0.3, "machine", text),), 6.0)


def _menu(persona: Persona, ring_s: float) -> Plan:
    text = (
        f"Thank you for calling the residence desk. For {persona.first_name} "
        f"{persona.last_name}, press 1. For the desk, press 0."
    )
    return Plan(Pickup.ANSWER, ring_s, (Line(0.4, "machine", text),), 60.0, menu=True)


_MACHINES = {
    PersonaKind.VOICEMAIL: _voicemail,
    PersonaKind.MAILBOX_FULL: _mailbox_full,
    PersonaKind.MENU: _menu,
}


def key_pressed(persona: Persona, digit: str) -> tuple[str, str]:
    """What a menu answers to a key: speaker and words."""
    if digit == "1":
        return "patient", f"Hello, this is {persona.first_name}."
    if digit == "0":
        return "patient", "Front desk, how can I help you?"
    return "machine", f"You pressed {digit}. That is not a choice."


# ------------------------------------------------------------------ people

_Conversation = tuple[tuple[Line, ...], float | None]


def _answers(persona: Persona) -> _Conversation:
    if persona.language == "es":
        return _spanish(persona)
    born = spoken_date(persona.birth_date, "en")
    return _said(
        "patient",
        (0.4, "Hello?"),
        (4.0, f"Yes, this is {persona.first_name}."),
        (12.0, f"Sure. {born}… and the zip is {spoken_digits(persona.zip)}."),
        (24.0, "Oh, right. It has been a while. I kept meaning to call you."),
        (36.0, "A morning would be best, if you have one."),
        (50.0, "That works for me."),
        (64.0, "Okay, thank you for calling. Bye."),
    ), 240.0


def _spanish(persona: Persona) -> _Conversation:
    born = spoken_date(persona.birth_date, "es")
    return _said(
        "patient",
        (0.4, "¿Bueno?"),
        (4.0, f"Sí, habla {persona.first_name}. ¿Habla español?"),
        (12.0, f"Claro. {born}… y el código postal es {spoken_digits(persona.zip)}."),
        (24.0, "Ah, sí. Hace tiempo que quería llamarles."),
        (36.0, "Por la mañana me queda mejor."),
        (50.0, "Está bien, así me conviene."),
        (64.0, "Muchas gracias. Hasta luego."),
    ), 240.0


def _wrong_person(persona: Persona) -> _Conversation:
    return _said(
        "patient",
        (0.4, "Hello?"),
        (4.0, f"{persona.first_name}? There's nobody here by that name."),
        (10.0, "No, I've had this number for two years. You have the wrong number."),
        (16.0, "No problem. Bye."),
    ), 20.0


def _gatekeeper(persona: Persona) -> _Conversation:
    return _said(
        "patient",
        (0.4, "Hello?"),
        (4.0, f"{persona.first_name} isn't home right now. Who's calling, and what is it about?"),
        (12.0, "I can tell them you called. Try again after five."),
        (20.0, "Alright. Bye now."),
    ), 45.0


def _asks_removal(persona: Persona) -> _Conversation:
    return _said(
        "patient",
        (0.4, "Hello?"),
        (4.0, f"Yes, this is {persona.first_name}. Who is this?"),
        (10.0, "I don't want these calls. Take me off your list, please."),
        (18.0, "And don't call me again. Goodbye."),
    ), 22.0


def _puts_on_hold(persona: Persona) -> _Conversation:
    born = spoken_date(persona.birth_date, "en")
    return _said(
        "patient",
        (0.4, "Hello?"),
        (3.0, f"This is {persona.first_name}. Can you hold on a second? Somebody's at the door."),
        (23.0, "Okay, I'm back. Sorry about that."),
        (30.0, f"It's {born}, and the zip is {spoken_digits(persona.zip)}."),
        (45.0, "Yes, let's find a time."),
        (60.0, "Good. Thank you, bye."),
    ), 240.0


def returning(persona: Persona) -> Plan:
    """A call of the patient's own to the office: what is said once somebody listens."""
    if persona.language == "es":
        born = spoken_date(persona.birth_date, "es")
        lines = _said(
            "patient",
            (0.4, "Hola, me dejaron un mensaje de este número."),
            (4.0, f"Habla {persona.first_name}."),
            (12.0, f"{born}… y el código postal es {spoken_digits(persona.zip)}."),
            (26.0, "Sí, por la mañana me queda mejor."),
            (50.0, "Muchas gracias. Hasta luego."),
        )
        return Plan(Pickup.ANSWER, 2.0, lines, 180.0)
    born = spoken_date(persona.birth_date, "en")
    lines = _said(
        "patient",
        (0.4, "Hi, somebody left me a message to call this number."),
        (4.0, f"This is {persona.first_name}."),
        (12.0, f"{born}… and the zip is {spoken_digits(persona.zip)}."),
        (26.0, "Yes, I have been meaning to come in. Mornings are good."),
        (50.0, "Great, thank you. Bye."),
    )
    return Plan(Pickup.ANSWER, 2.0, lines, 180.0)


def _said(speaker: str, *lines: tuple[float, str]) -> tuple[Line, ...]:
    return tuple(Line(at, speaker, text) for at, text in lines)


_CONVERSATIONS = {
    PersonaKind.ANSWERS: _answers,
    PersonaKind.SPANISH: _spanish,
    PersonaKind.WRONG_PERSON: _wrong_person,
    PersonaKind.GATEKEEPER: _gatekeeper,
    PersonaKind.ASKS_REMOVAL: _asks_removal,
    PersonaKind.PUTS_ON_HOLD: _puts_on_hold,
}
