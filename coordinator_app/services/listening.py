"""Listening to a recording: ask, wait for the gateway's key, fetch the pieces, open them here.

The sound is in memory only; nothing of it is written to a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from coordinator_app.errors import RefusedError
from coordinator_app.ports import PlaybackKey, RecordingDatabase

_LOOKS = 60  # every half second: the gateway answers within one when it runs
_BETWEEN = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Sound:
    """What can be played."""

    recording_id: UUID
    content_type: str
    content: bytes = field(repr=False)


def listen(
    practice: RecordingDatabase,
    key: PlaybackKey,
    recording_id: UUID,
    *,
    reason: str,
    op_id: UUID,
    wait: Callable[[float], bool],
) -> Sound:
    """The sound of a recording; the look is logged before anything else.

    Args:
        key: a fresh key pair, used for this once.
        reason: why somebody listens, in a few words.
        wait: waits that many seconds; True means that nobody wants it any more.

    Raises RefusedError when the gateway cannot open it, does not answer, or it is damaged.
    """
    asked = practice.request_playback(recording_id, key.public_key, reason, op_id)
    for _ in range(_LOOKS):
        found = practice.playback(asked)
        if found.state == "refused":
            raise RefusedError(
                "The gateway has another key than the one this was stored with, and cannot open "
                "it. Ask the administrator for the gateway’s key file.",
                name="recording_key",
            )
        if found.state == "ready":

            def pieces(count: int) -> Iterator[bytes]:
                return (practice.playback_chunk(asked, number) for number in range(count))

            sealed = bytes.fromhex(found.sealed_key)
            content = key.open(recording_id, sealed, pieces(found.chunks), found.chunks)
            return Sound(recording_id, found.content_type, content)
        if wait(_BETWEEN):
            break
    raise RefusedError(
        "The gateway did not answer in time. See whether it runs, then try again.",
        name="recording_waits",
    )
