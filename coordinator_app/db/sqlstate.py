"""The one translator from what PostgreSQL says to what a person reads.

Our own SQL functions raise SQLSTATEs of class ``QC``: the message is the stable name, the detail
a JSON object with facts. Everything that this module does not know is our bug: the answer is
None, and the error goes to the crash path.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg

from coordinator_app.db.connect_errors import (
    lost,
    not_ready,
    too_many_connections,
    translate_connect_error,
    wrong_password,
)
from coordinator_app.errors import (
    ClientTooOldError,
    FreshLoginNeededError,
    NotAllowedError,
    NotConnectedError,
    RefusedError,
    SecondFactorNeededError,
    SignInRefusedError,
    StaleError,
    TakenByAnotherError,
    UserFacingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RETRY = frozenset({"40001", "40P01"})  # the server asks to send the same thing again


@dataclass(frozen=True, slots=True)
class _Rule:
    """A refusal of ours; ``sentence`` may name facts, ``without`` is for when they are absent."""

    error: type[UserFacingError]
    sentence: str
    without: str = ""


_R = _Rule
RULES: Mapping[str, _Rule] = {
    "QC001": _R(
        SignInRefusedError,
        "This login has no place in this practice. Ask the administrator to add you.",
    ),
    "QC002": _R(SignInRefusedError, "Your access is suspended. Please talk to your supervisor."),
    "QC003": _R(
        SignInRefusedError,
        "Your training “{curriculum}” expired on {expires_on}. Renew it, then sign in again.",
        "Your training is not complete. Finish it, then sign in again.",
    ),
    "QC004": _R(
        ClientTooOldError,
        "This program is version {yours}; the practice needs {lowest} or newer. Please update.",
        "This program is too old for the practice. Please update it.",
    ),
    "QC005": _R(NotAllowedError, "Your role in this practice does not include this."),
    "QC006": _R(
        SecondFactorNeededError, "This needs a code of your authenticator app. Type it to go on."
    ),
    "QC007": _R(
        FreshLoginNeededError,
        "For this your password has to be less than {minutes} minutes old. Type it again.",
        "For this you have to type your password again.",
    ),
    "QC009": _R(
        RefusedError,
        "The practice's server cannot see when you signed in. Ask the administrator to run "
        "“coordinator-admin upgrade” as the login that installed the practice.",
    ),
    "QC010": _R(
        TakenByAnotherError,
        "{by} is working with this patient now. Choose another one.",
        "Somebody else is working with this patient now. Choose another one.",
    ),
    "QC011": _R(StaleError, "This patient is no longer in the queue. The list is loaded again."),
    "QC012": _R(RefusedError, "This patient cannot be opened now. Choose another one."),
    "QC013": _R(RefusedError, "Finish the patient you have open first: the call needs an outcome."),
    "QC014": _R(
        StaleError,
        "This patient was given to {by} because your connection was away too long.",
        "This patient went back to the queue because your connection was away too long.",
    ),
    "QC020": _R(RefusedError, "This number may not be called now."),
    "QC021": _R(StaleError, "This number is no longer on the patient's list. Choose another one."),
    "QC022": _R(
        RefusedError,
        "A call to this patient is already running ({by}).",
        "A call is already running. End it first.",
    ),
    "QC023": _R(StaleError, "The call has already ended."),
    "QC024": _R(StaleError, "This call is not known here. The list is loaded again."),
    "QC025": _R(
        RefusedError, "The phone line is not available. Tell your supervisor if this lasts."
    ),
    "QC026": _R(StaleError, "Your phone is not on the line. Connect it again."),
    "QC027": _R(RefusedError, "End the call first, then disconnect your phone."),
    "QC030": _R(TakenByAnotherError, "That time has just been taken. Choose another one."),
    "QC031": _R(RefusedError, "The time was held for 5 minutes and is free again. Choose it anew."),
    "QC032": _R(RefusedError, "That time is outside the practitioner's hours. Choose another one."),
    "QC033": _R(RefusedError, "Choose a time in the openings first."),
    "QC040": _R(
        StaleError,
        "This was already recorded with different content. The window shows what was kept.",
    ),
    "QC041": _R(
        RefusedError,
        "Something is missing for this outcome: {field}.",
        "Something is missing for this outcome.",
    ),
    "QC042": _R(RefusedError, "This outcome does not fit the call. Choose another one."),
    "QC050": _R(RefusedError, "Check the patient's identity first: two identifiers have to match."),
    "QC051": _R(
        RefusedError,
        "The identity could not be confirmed in this call. Choose the outcome “Not verified”.",
    ),
    "QC052": _R(
        RefusedError, "The emergency access has ended. Open it again if you still need it."
    ),
    "QC060": _R(RefusedError, "You have reached today's limit for this."),
    "QC090": _R(
        RefusedError,
        "A practice stays what it was made as, and the clock of a demo only goes forward.",
    ),
    "QC092": _R(
        RefusedError,
        "A rule is never rewritten: it ends on a day to come, and another begins there.",
    ),
    "QC093": _R(
        RefusedError,
        "These records are kept {years} years. Choose a day not later than {latest}.",
        "These records have to be kept longer. Choose an earlier day.",
    ),
    "QC100": _R(
        RefusedError, "This is about yourself. Ask another supervisor to look at it with you."
    ),
    "QC101": _R(StaleError, "This incident has been closed already. The list is loaded again."),
    "QC102": _R(RefusedError, "This incident cannot be closed yet. Assess it first."),
    "QC103": _R(
        RefusedError,
        "Your own outcomes can be corrected for {hours} hours. Ask a supervisor to correct this.",
        "This outcome can only be corrected by a supervisor now.",
    ),
    "QC171": _R(RefusedError, "This is your own call: you are on it already."),
    "QC172": _R(RefusedError, "Finish your own call first: you cannot be on two at once."),
    "QC173": _R(
        RefusedError,
        "You are still on {coordinator}’s call. Leave it first.",
        "You are still on another call. Leave it first.",
    ),
    "QC174": _R(RefusedError, "You are just leaving this call. Try again in a moment."),
    "QC175": _R(StaleError, "This call for help was settled already."),
    "QC110": _R(StaleError, "Nothing is being recorded in this call now."),
    "QC111": _R(RefusedError, "This recording is kept by a legal hold or an open incident."),
    "QC112": _R(RefusedError, "Recording cannot be turned on yet. Ask the administrator."),
    "QC113": _R(StaleError, "This recording is not here (any more). The list is loaded again."),
    "QC120": _R(
        RefusedError,
        "The softphone is not set up for this practice. Use your own phone, and ask your "
        "supervisor to enter its key under Settings, Phone line.",
    ),
    "QC121": _R(
        RefusedError,
        "The softphone signed in too often. It tries again in {minutes} minutes.",
        "The softphone signed in too often. It tries again later.",
    ),
    "QC085": _R(
        StaleError,
        "The gateway has another key now. The page is loaded again; enter account and key again.",
    ),
    "QC086": _R(RefusedError, "The phone line’s set-up does not allow this now."),
    "QC104": _R(StaleError, "This returned call has been settled. The list is loaded again."),
    "QC105": _R(
        TakenByAnotherError,
        "{by} has this returned call.",
        "Somebody else has this returned call.",
    ),
    "QC070": _R(RefusedError, "Please check what was entered: {field}.", "Please check the entry."),
}


def translate_error(error: Exception, *, connecting: bool = False) -> UserFacingError | None:
    """Return what a person should read, or None when the error is our bug.

    ``connecting``: the error came from opening a connection, not from a statement.
    """
    found = driver_error(error)
    if found is None:
        return None
    state = found.sqlstate or ""
    if state in RULES:
        return _refusal(state, found)
    if state.startswith("QC"):
        return _newer_refusal(found)
    make = _STANDARD.get(state) or _STANDARD_CLASSES.get(state[:2])
    if make is None and not state and isinstance(found, psycopg.OperationalError):
        if connecting or _never_open(found):
            return translate_connect_error(found)
        make = lost
    return make() if make else None


def driver_error(error: Exception) -> psycopg.Error | None:
    """Return the driver's error inside SQLAlchemy's, or None if there is none.

    SQLAlchemy is not imported for it: the demo and coordinator-admin start without it.
    """
    if isinstance(error, psycopg.Error):
        return error
    inner = getattr(error, "orig", None) or error.__cause__
    return inner if isinstance(inner, psycopg.Error) else None


def _denied() -> UserFacingError:
    return NotAllowedError("Your role in this practice does not include this.", name="denied")


def _too_slow() -> UserFacingError:
    return NotConnectedError(
        "The practice's database took too long to answer. Try again.", name="too_slow"
    )


def _collision() -> UserFacingError:
    return StaleError(
        "Somebody changed the same thing at the same moment. Try again.", name="collision"
    )


def _server_full() -> UserFacingError:
    return NotConnectedError(
        "The practice's server has run out of space or memory. Tell the administrator.",
        name="server_full",
    )


_STANDARD: Mapping[str, Callable[[], UserFacingError]] = {
    "28P01": wrong_password,
    "28000": wrong_password,
    "53300": too_many_connections,
    "57P01": not_ready,
    "57P02": not_ready,
    "57P03": not_ready,
    "57P05": lost,  # an idle session, ended by the server
    "42501": _denied,
    "57014": _too_slow,
    "55P03": _too_slow,
    "40001": _collision,
    "40P01": _collision,
}
_STANDARD_CLASSES: Mapping[str, Callable[[], UserFacingError]] = {
    "08": lost,
    "53": _server_full,
}


def _refusal(state: str, error: psycopg.Error) -> UserFacingError:
    rule = RULES[state]
    facts = _facts(error)
    ready = facts.get("sentence")
    sentence = ready if isinstance(ready, str) and ready else _fill(rule, facts)
    return rule.error(sentence, name=_name(error), detail=facts)


def _newer_refusal(error: psycopg.Error) -> UserFacingError | None:
    """A newer server's rule: shown if it brings its sentence, since we have none."""
    facts = _facts(error)
    sentence = facts.get("sentence")
    if not isinstance(sentence, str):
        return None
    return RefusedError(sentence, name=_name(error), detail=facts)


def _fill(rule: _Rule, facts: Mapping[str, Any]) -> str:
    words = {key: _word(value) for key, value in facts.items() if value not in (None, "")}
    try:
        return rule.sentence.format_map(words)
    except KeyError:
        return rule.without


def _word(value: object) -> str:
    text = str(value)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%B} {day.day}, {day.year}"


def _facts(error: psycopg.Error) -> dict[str, Any]:
    try:
        facts = json.loads(error.diag.message_detail or "{}")
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _name(error: psycopg.Error) -> str:
    return error.diag.message_primary or ""


def _never_open(error: psycopg.Error) -> bool:
    return str(error).startswith(("connection failed", "connection timeout", "failed to resolve"))
