"""Recordings of the practice line: started on a leg, paused, stopped, made into a file, fetched.

The sound is a soft tone as long as the recording, silent where it was paused: nobody's voice.
"""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.legs import Leg

_CURRENT = "Twilio.CURRENT"  # the one that runs, in place of an id
_ACTIVE = ("in-progress", "paused")
_FILE_AFTER_S = 1.0  # from the end until the file is there
_RATE = 8_000  # telephone sound
_TONE_HZ = 440
_LOUDNESS = 2_000
_KEPT = 2_000


@dataclass(slots=True)
class Take:
    """One recording. ``changes``: when it went from recording to paused and back."""

    sid: str
    leg: Leg
    channels: int
    track: str
    started_at: datetime
    updated_at: datetime
    changes: list[tuple[datetime, str]] = field(default_factory=list)
    stopped_at: datetime | None = None
    deleted: bool = False

    def status(self, now: datetime, pace: float) -> str:
        """Twilio's word for where it stands at ``now``."""
        ended = self.ended_at()
        if ended is None:
            return self.changes[-1][1]
        made = ended + timedelta(seconds=_FILE_AFTER_S / pace)
        return "completed" if now >= made else "processing"

    def ended_at(self) -> datetime | None:
        """When it ended: by itself with the call, or before."""
        ends = [at for at in (self.stopped_at, self.leg.end_time) if at is not None]
        return min(ends, default=None)

    def seconds(self) -> int:
        """How long it is; 0 while it runs."""
        ended = self.ended_at()
        return 0 if ended is None else max(0, int((ended - self.started_at).total_seconds()))


class Recorder:
    """All recordings of a practice line."""

    def __init__(self, line: PracticeLine) -> None:
        self._line = line
        self._takes: dict[str, Take] = {}  # oldest first
        self._ids = random.Random(f"recordings:{line.settings.seed}:{line.now()}")  # noqa: S311  labels, no secrets

    def start(self, call_sid: str, form: dict[str, str]) -> Take:
        """Begin to record a leg. Raises LineError 21220 when nobody has picked up."""
        leg = self._line.leg(call_sid)
        now = self._line.now()
        channels = _one_of(form, "RecordingChannels", ("mono", "dual"))
        track = _one_of(form, "RecordingTrack", ("both", "inbound", "outbound"))
        _one_of(form, "Trim", ("do-not-trim", "trim-silence"))
        if leg.status != "in-progress":
            raise _not_eligible()
        sid = f"RE{self._ids.getrandbits(128):032x}"
        take = Take(sid, leg, 2 if channels == "dual" else 1, track, now, now)
        take.changes.append((now, "in-progress"))
        self._takes[sid] = take
        while len(self._takes) > _KEPT:
            del self._takes[next(iter(self._takes))]
        return take

    def takes(self, call_sid: str | None, *, deleted: bool = False) -> list[Take]:
        """Those of a call, or all; newest first."""
        self._line.now()
        return [
            take
            for take in reversed(self._takes.values())
            if call_sid in (None, take.leg.sid) and (deleted or not take.deleted)
        ]

    def take(self, sid: str, call_sid: str | None = None, *, deleted: bool = False) -> Take:
        """One of them. Raises LineError 20404."""
        for take in self.takes(call_sid, deleted=deleted):
            if take.sid == sid:
                return take
        raise LineError(404, 20404, "The requested resource was not found")

    def to_change(self, sid: str, call_sid: str) -> Take:
        """One of a call's, or the one that runs: it need not be named. Raises LineError 20404."""
        if sid != _CURRENT:
            return self.take(sid, call_sid)
        for take in self.takes(call_sid):
            if self.status(take) in _ACTIVE:
                return take
        raise LineError(404, 20404, "The requested resource was not found")

    def status(self, take: Take) -> str:
        """Where it stands now."""
        return "deleted" if take.deleted else take.status(self._line.now(), self._pace)

    def update(self, take: Take, form: dict[str, str]) -> None:
        """Pause, resume or stop. Raises LineError 21220 when it has ended."""
        wanted = _one_of(form, "Status", ("", "in-progress", "paused", "stopped"))
        _one_of(form, "PauseBehavior", ("silence", "skip"))
        if not wanted:
            raise LineError(400, 20001, "Status is required")
        if self.status(take) not in _ACTIVE:
            raise _not_eligible()
        now = self._line.now()
        take.updated_at = now
        if wanted == "stopped":
            take.stopped_at = now
        elif wanted != take.changes[-1][1]:
            take.changes.append((now, wanted))

    def delete(self, take: Take) -> None:
        """Remove it. Raises LineError 21220 while it runs."""
        if self.status(take) in _ACTIVE:
            raise _not_eligible()
        take.deleted = True

    def sound(self, take: Take) -> bytes:
        """The file, WAV. Raises LineError 20404 while there is none."""
        if self.status(take) != "completed":
            raise LineError(404, 20404, "The requested resource was not found")
        return _wav(take)

    @property
    def _pace(self) -> float:
        return self._line.settings.pace


def _wav(take: Take) -> bytes:
    total = take.seconds()
    second = array(
        "h",
        (
            int(_LOUDNESS * math.sin(2 * math.pi * _TONE_HZ * n / _RATE))
            for n in range(_RATE)
            for _ in range(take.channels)
        ),
    ).tobytes()
    silent = bytes(len(second))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(take.channels)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        for n in range(total):
            at = take.started_at + timedelta(seconds=n)
            state = next(what for since, what in reversed(take.changes) if since <= at)
            file.writeframes(second if state == "in-progress" else silent)
    return out.getvalue()


def _one_of(form: dict[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = form.get(name, allowed[0])
    if value not in allowed:
        raise LineError(400, 20001, f"{name} is not valid")
    return value


def _not_eligible() -> LineError:
    return LineError(400, 21220, "Requested resource is not eligible for recording")
