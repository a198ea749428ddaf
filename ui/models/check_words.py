"""What a check of the dial gate looked at, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coordinator_app.domain.zones import state_name
from ui.models.words import long_day

if TYPE_CHECKING:
    from coordinator_app.domain.find import CheckFacts, GateCheck, RuleBehind

__all__ = ["facts_words", "rule_words"]

_PURPOSES: Final = {
    "APPT": "an appointment",
    "RECALL": "a visit that is due",
    "CAREGAP": "care that is due",
    "SDOH": "help with an obstacle",
    "ANNOUNCE": "news of the practice",
    "PROMO": "promotion",
}
_ANSWERS: Final = {
    "not asked": "The database of reassigned numbers was not asked.",
    "no": "The database of reassigned numbers knows of no change.",
    "no_data": "The database of reassigned numbers has no data on it.",
    "yes": "The database of reassigned numbers says that somebody else has it.",
}


def facts_words(check: GateCheck) -> str:
    """Return what the check looked at; "" when it has no facts."""
    facts = check.facts
    if facts is None:
        return ""
    if check.name == "hours":
        return _place(facts)
    if check.name == "relationship":
        return _relationship(facts)
    if facts.purpose:
        return f"The campaign calls about {_PURPOSES.get(facts.purpose, facts.purpose.lower())}."
    return _ANSWERS.get(facts.answer, "") or _count(facts)


def _count(facts: CheckFacts) -> str:
    for count, one in (
        (facts.calls, "call"),
        (facts.attempts, "attempt"),
        (facts.contacts, "contact"),
    ):
        if count is not None:
            return f"{count} {one}{'' if count == 1 else 's'} so far; {facts.cap} may be made."
    return ""


def _place(facts: CheckFacts) -> str:
    states = " and ".join(state_name(code) for code in facts.states)
    zones = " and ".join(zone.rsplit("/", 1)[-1].replace("_", " ") for zone in facts.zones)
    clocks = f"{zones} time" if zones else "the practice’s own time"
    if not states:
        return f"The patient’s state is not known: the strictest hours count ({clocks})."
    return f"The patient may be in {states} ({clocks})."


def _relationship(facts: CheckFacts) -> str:
    last = "none on record" if facts.last_transaction is None else long_day(facts.last_transaction)
    return (
        f"Last visit or payment: {last}. It counts for {facts.months} months, a check of the "
        f"do-not-call list for {facts.scrub_days} days."
    )


def rule_words(rule: RuleBehind) -> str:
    """Return a rule with its source: "At most 3 · policy: three attempts in 7 days"."""
    words = f"At most {rule.words}" if rule.words.isdigit() else rule.words
    return f"{words[:1].upper()}{words[1:]} · {rule.citation}"
