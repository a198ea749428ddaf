"""The line test: what was measured on a coordinator's own line, and what to do about it.

Pure rules. Each finding is a sentence that a person can act on, and says nothing of a patient.
"""

from __future__ import annotations

import enum
import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from coordinator_app.domain.ear import MyEar
from coordinator_app.domain.practice import LineHealth

if TYPE_CHECKING:
    from collections.abc import Sequence

# ITU-T G.114: up to 150 ms one way is not noticed in talk. Ours is the way to the practice's
# database: a click that takes over 0.3 s is felt, one over 1 s is in the way of a call.
_SLOW_MS: Final = 300.0
_TOO_SLOW_MS: Final = 1_000.0
_UNSTEADY_MS: Final = 1_500.0  # the worst of the questions
_MUCH_LOSS: Final = 5.0  # per cent
_SKEW: Final = timedelta(seconds=60)  # a token of the carrier holds ten minutes
_POOR_MOS: Final = 3.5  # ITU-T G.107: below it many users are dissatisfied
_QUIET: Final = 0.02  # of full scale: what an open microphone in a silent room does not reach


class Verdict(enum.StrEnum):
    """How good one part of the line is."""

    OK = "ok"
    ATTENTION = "attention"
    BAD = "bad"


class Part(enum.StrEnum):
    """What is tested."""

    EAR = "ear"  # the microphone, or one's own phone
    SPEAKER = "speaker"
    NETWORK = "network"
    LINE = "line"
    CARRIER = "carrier"
    DATABASE = "database"


PART_LABELS: Final[dict[Part, str]] = {
    Part.EAR: "Microphone or phone",
    Part.SPEAKER: "Speaker",
    Part.NETWORK: "Connection to the practice",
    Part.LINE: "Phone line",
    Part.CARRIER: "Carrier",
    Part.DATABASE: "Database",
}


@dataclass(frozen=True, slots=True)
class LineFinding:
    """One line of the result."""

    key: Part
    state: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class LineTestSummary:
    """The newest line test of a person, as supervisors see it."""

    at: datetime
    worst: Verdict
    finding: str  # "" when all was well


@dataclass(frozen=True, slots=True)
class LineProbe:
    """The database's answer to one question of a line test."""

    at: datetime  # the server's real time, whatever a demo's clock says
    server: str  # version of PostgreSQL
    schema: int
    lowest_client: str
    tls: str  # "TLSv1.3"; "" for a connection that is not encrypted
    line: LineHealth
    ear: MyEar


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """How the questions of one test went."""

    answered_ms: tuple[float, ...]
    lost: int

    @property
    def asked(self) -> int:
        """How many questions were put."""
        return len(self.answered_ms) + self.lost

    @property
    def median_ms(self) -> float:
        """The usual round trip; 0 when nothing was answered."""
        return statistics.median(self.answered_ms) if self.answered_ms else 0.0

    @property
    def worst_ms(self) -> float:
        """The slowest answer."""
        return max(self.answered_ms, default=0.0)

    @property
    def loss(self) -> float:
        """Lost questions in per cent."""
        return 100 * self.lost / self.asked if self.asked else 0.0


def judge_network(trips: RoundTrips) -> LineFinding:
    """Say how good the way to the practice's database is."""
    median, worst = round(trips.median_ms), round(trips.worst_ms)
    measured = f"{trips.asked} questions: usually {median} ms, at worst {worst} ms"
    if not trips.answered_ms:
        return LineFinding(
            Part.NETWORK,
            Verdict.BAD,
            "The practice’s database did not answer. Check the internet connection and the VPN, "
            "then test again.",
        )
    if trips.lost:
        state = Verdict.BAD if trips.loss >= _MUCH_LOSS else Verdict.ATTENTION
        return LineFinding(
            Part.NETWORK,
            state,
            f"Your connection loses {_per_cent(trips.loss)} of what is sent ({measured}). Use a "
            "cable instead of Wi-Fi, or move closer to the router; then test again.",
        )
    if median > _TOO_SLOW_MS:
        return LineFinding(
            Part.NETWORK,
            Verdict.BAD,
            f"Your connection is very slow ({measured}). Stop downloads and videos, use a cable, "
            "and leave a VPN that the practice did not ask for.",
        )
    if median > _SLOW_MS:
        return LineFinding(
            Part.NETWORK,
            Verdict.ATTENTION,
            f"Your connection is slow ({measured}). Stop downloads and videos, or use a cable.",
        )
    if worst > _UNSTEADY_MS:
        return LineFinding(
            Part.NETWORK,
            Verdict.ATTENTION,
            f"Your connection is unsteady ({measured}). If others use it now, ask them to pause; "
            "a cable is steadier than Wi-Fi.",
        )
    return LineFinding(Part.NETWORK, Verdict.OK, f"Nothing lost. {measured}.")


def judge_line(line: LineHealth, since: str) -> LineFinding:
    """Say how the phone line is, as its gateway last reported it.

    Args:
        line: the report.
        since: when it became so, as it stands in a sentence; "" when that is not known.
    """
    known = f" Since {since}." if since else ""
    if line.round_trip_ms is not None:
        known += f" The carrier answers in {line.round_trip_ms} ms."
    match line.state:
        case "ok":
            return LineFinding(Part.LINE, Verdict.OK, f"{line.sentence}{known}")
        case "slow":
            words = f"{line.sentence}{known} Nothing to do on your side."
            return LineFinding(Part.LINE, Verdict.ATTENTION, words)
        case _:
            words = f"{line.sentence}{known} Tell your supervisor if this lasts."
            return LineFinding(Part.LINE, Verdict.BAD, words)


def judge_database(
    probe: LineProbe, *, encrypted: bool, skew: timedelta, version: str
) -> LineFinding:
    """Say how the database is reached.

    Args:
        probe: its answer.
        encrypted: this program checked the server's certificate.
        skew: how far this computer's clock is ahead of the server's.
        version: of this program.
    """
    words = f"PostgreSQL {probe.server}, schema {probe.schema}"
    if abs(skew) > _SKEW:
        direction = "ahead" if skew > timedelta() else "behind"
        return LineFinding(
            Part.DATABASE,
            Verdict.ATTENTION,
            f"This computer’s clock is {_span(abs(skew))} {direction}. Switch “set the time "
            f"automatically” on in the system’s settings. ({words})",
        )
    if not probe.tls and encrypted:
        return LineFinding(
            Part.DATABASE,
            Verdict.BAD,
            f"The server says that this connection is not encrypted. Sign out and tell the "
            f"administrator. ({words})",
        )
    safe = f"encrypted with {probe.tls}" if probe.tls else "on this computer"
    return LineFinding(Part.DATABASE, Verdict.OK, f"{words}, {safe}; program {version}.")


def judge_carrier(
    *, signed_in: bool, edge: str, mos: float = 0.0, loss: float = 0.0, rtt_ms: float = 0.0
) -> LineFinding:
    """Say how the softphone stands with the carrier.

    Args:
        signed_in: it can be called, or is on a call.
        edge: the carrier's name of the place that takes us in.
        mos: of the call that is up, 1 to 5; 0 when there is none.
        loss: of its sound, in per cent.
        rtt_ms: to the carrier and back.
    """
    if not signed_in:
        return LineFinding(
            Part.CARRIER,
            Verdict.BAD,
            "The softphone is not signed in to the phone line. Wait a minute and test again; if "
            "it stays so, a firewall may block it: use your own phone, and tell your supervisor.",
        )
    place = f" at “{edge}”" if edge else ""
    if not mos:
        return LineFinding(Part.CARRIER, Verdict.OK, f"Signed in{place}.")
    heard = f"voice quality {mos:.1f} of 5, {round(rtt_ms)} ms, {_per_cent(loss)} lost"
    if mos < _POOR_MOS or loss >= _MUCH_LOSS:
        return LineFinding(
            Part.CARRIER,
            Verdict.ATTENTION,
            f"The sound of this call is poor ({heard}). Use a cable, and stop downloads and "
            "videos on this connection.",
        )
    return LineFinding(Part.CARRIER, Verdict.OK, f"Signed in{place}; {heard}.")


def judge_test_call(sentence: str = "") -> LineFinding:
    """Say that the phone line could not be heard on the softphone.

    Args:
        sentence: why the line did not call; "" when it called and no sound came.
    """
    return LineFinding(
        Part.CARRIER,
        Verdict.BAD,
        sentence
        or "The phone line called the softphone, and no sound came. A firewall may hold the sound "
        "back (UDP): use your own phone, and tell your supervisor.",
    )


def judge_microphone(loudest: float) -> LineFinding:
    """Say whether the microphone heard anything.

    Args:
        loudest: highest level while the person spoke, 0 to 1.
    """
    if loudest < _QUIET:
        return LineFinding(
            Part.EAR,
            Verdict.BAD,
            "The microphone heard nothing. Is it switched on, plugged in and the one that is "
            "chosen? Headsets often have a mute switch of their own.",
        )
    return LineFinding(Part.EAR, Verdict.OK, "The microphone hears you.")


def judge_own_phone(*, heard: bool, sentence: str = "") -> LineFinding:
    """Say whether one's own phone was rung and answered."""
    if heard:
        return LineFinding(Part.EAR, Verdict.OK, "The line called you, and you were heard.")
    return LineFinding(
        Part.EAR,
        Verdict.BAD,
        sentence
        or "You did not confirm the call. Check the number under Settings, and that the phone "
        "does not send unknown callers to voicemail.",
    )


def judge_speaker(*, heard: bool) -> LineFinding:
    """Say whether the person heard the tone."""
    if heard:
        return LineFinding(Part.SPEAKER, Verdict.OK, "You heard the tone.")
    return LineFinding(
        Part.SPEAKER,
        Verdict.BAD,
        "You did not hear the tone. Choose another speaker under “Your phone”, and look whether "
        "the system’s sound is muted.",
    )


def worst(lines: Sequence[LineFinding]) -> Verdict:
    """The worst of them; OK when there is none."""
    states = {line.state for line in lines}
    return next((v for v in (Verdict.BAD, Verdict.ATTENTION) if v in states), Verdict.OK)


def support_text(lines: Sequence[LineFinding], at: str, version: str, system: str) -> str:
    """What may be sent to whoever helps: no patient, no number, no password."""
    head = f"Care Coordinator {version} line test, {at}\n{system}\n"
    words = {Verdict.OK: "ok", Verdict.ATTENTION: "ATTENTION", Verdict.BAD: "BAD"}
    return head + "\n".join(
        f"{PART_LABELS[line.key]}: {words[line.state]} – {line.sentence}" for line in lines
    )


def _per_cent(value: float) -> str:
    return f"{value:.0f} %" if value >= 1 else f"{value:.1f} %"


def _span(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004
