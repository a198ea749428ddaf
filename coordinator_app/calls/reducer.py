"""What is known of a call: a join of facts that may repeat and come in any order.

``merge`` is commutative, associative and idempotent (a join-semilattice, telephony.md 4.2):
rank only grows, ENDED absorbs, the earliest answered and ended times win. Where two facts
disagree a total order decides, so that every order of arrival ends in the same knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from coordinator_app.domain.call import CallEnd, CallFact, CallState, Caption

_RANK = {state: rank for rank, state in enumerate(CallState)}
_END_RANK = {end: rank for rank, end in enumerate(CallEnd)}
_NEVER = datetime.max.replace(tzinfo=UTC)

# What we concluded without the carrier yields to whatever the carrier says, however late.
_GUESSES = frozenset({CallEnd.NEVER_PLACED, CallEnd.UNRESOLVED})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, in one piece: parts of two endings are never mixed."""

    end: CallEnd
    error_code: str
    sentence: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch that goes both ways: the latest word counts."""

    on: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """All that the facts so far say of one call."""

    call_id: UUID
    state: CallState
    since: datetime  # the earliest fact of that state
    sentence: str  # what was said with it
    carrier_ref: str
    answered_at: datetime | None
    ended_at: datetime | None
    ending: Ending | None
    held: Flag | None
    muted: Flag | None
    captions: tuple[Caption, ...]


def rank(state: CallState) -> int:
    """The place of a state in a call's life; it only grows."""
    return _RANK[state]


def known(fact: CallFact) -> Known:
    """What one fact alone says."""
    ending = None
    if fact.end is not None:
        ending = Ending(fact.end, fact.error_code, fact.sentence, fact.at)
    return Known(
        call_id=fact.call_id,
        # An end without the state, or the reverse, is still an end.
        state=CallState.ENDED if ending else fact.state,
        since=fact.at,
        sentence=fact.sentence,
        carrier_ref=fact.carrier_ref,
        answered_at=fact.answered_at,
        ended_at=fact.ended_at,
        ending=ending,
        held=None if fact.held is None else Flag(fact.held, fact.at),
        muted=None if fact.muted is None else Flag(fact.muted, fact.at),
        captions=_sorted(fact.captions),
    )


def merge(a: Known, b: Known) -> Known:
    """The join of two pieces of knowledge about the same call.

    Raises ``ValueError`` when they are about two calls.
    """
    if a.call_id != b.call_id:
        raise ValueError("Facts of two different calls cannot be merged.")
    further = min(a, b, key=lambda k: (-rank(k.state), k.since, k.sentence))
    return Known(
        call_id=a.call_id,
        state=further.state,
        since=further.since,
        sentence=further.sentence,
        carrier_ref=min(filter(None, (a.carrier_ref, b.carrier_ref)), default=""),
        answered_at=_earliest(a.answered_at, b.answered_at),
        ended_at=_earliest(a.ended_at, b.ended_at),
        ending=min(filter(None, (a.ending, b.ending)), key=_ending_order, default=None),
        held=_latest(a.held, b.held),
        muted=_latest(a.muted, b.muted),
        captions=_sorted((*a.captions, *b.captions)),
    )


def _ending_order(ending: Ending) -> tuple[bool, datetime, int, str, str]:
    return (
        ending.end in _GUESSES,
        ending.said_at,
        _END_RANK[ending.end],
        ending.error_code,
        ending.sentence,
    )


def _earliest(a: datetime | None, b: datetime | None) -> datetime | None:
    first = min(a or _NEVER, b or _NEVER)
    return None if first == _NEVER else first


def _latest(a: Flag | None, b: Flag | None) -> Flag | None:
    # At the same instant "on" wins: showing a held or muted call as open would be worse.
    return max(filter(None, (a, b)), key=lambda f: (f.at, f.on), default=None)


def _sorted(captions: tuple[Caption, ...]) -> tuple[Caption, ...]:
    return tuple(sorted(set(captions), key=lambda c: (c.at, c.speaker, c.text)))
