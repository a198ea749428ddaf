"""Recordings at Twilio (telephony.md 1.2, 1.4): on the patient's leg, by REST alone.

One channel: two voices apart would be twice the data of a patient for no use that we have.
Nothing is trimmed and a pause is silence, so that times in the recording are times of the call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

from coordinator_app.calls.backend import AlreadyGone, CommandAnswer, Refused, Unknown, Unreachable
from coordinator_app.calls.recording_line import (
    CarrierRecording,
    NoSoundError,
    NoSuchRecording,
    Stage,
    StartAnswer,
)
from coordinator_app.calls.twilio_errors import GONE
from coordinator_app.calls.twilio_line import NOT_FOUND, REQUEST_TIMEOUT, TwilioLine
from coordinator_app.calls.twilio_wire import Lost, No, ask

CONTENT_TYPE = "audio/wav"
_LISTED = 50
_OK = 200
_FOR_NOW = (404, 408, 429)  # the file is not there yet, or the carrier is busy
_SERVER_ERRORS = 500
_STAGES = {
    "in-progress": Stage.RECORDING,
    "paused": Stage.PAUSED,
    "stopped": Stage.STOPPED,
    "processing": Stage.STOPPED,
    "completed": Stage.READY,
    "absent": Stage.ABSENT,
}
_STATUS = {Stage.RECORDING: "in-progress", Stage.PAUSED: "paused", Stage.STOPPED: "stopped"}
_UNREACHED = "The phone line cannot be reached: nothing is recorded. Try again."
_REFUSED = "The line does not record this call. Tell your supervisor if this lasts."


class TwilioRecordings:
    """See ``RecordingLine``."""

    def __init__(self, line: TwilioLine) -> None:
        self._line = line
        self._client = line.client

    def start(self, call_ref: str) -> StartAnswer:
        """See ``RecordingLine``."""
        try:
            made = ask(
                lambda: self._client.calls(call_ref).recordings.create(
                    recording_channels="mono", recording_track="both", trim="do-not-trim"
                )
            )
        except Lost as lost:
            return Unknown(lost.why) if lost.sent else Refused("", _UNREACHED)
        except No as no:
            if no.status == REQUEST_TIMEOUT:
                return Unknown("timed out at the carrier")
            if no.status == NOT_FOUND or no.code == GONE:
                return AlreadyGone()
            return Refused(str(no.code), _REFUSED)
        return _shown(made) if made.sid else Unknown("an answer without an id")

    def of_call(self, call_ref: str) -> tuple[CarrierRecording, ...] | Unreachable:
        """See ``RecordingLine``."""
        try:
            found = ask(lambda: self._client.calls(call_ref).recordings.list(limit=_LISTED))
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            if no.status == NOT_FOUND:
                return ()
            return Unreachable(f"code {no.code}", self._line.retry_after_s)
        return tuple(_shown(one) for one in found)

    def change(self, call_ref: str, ref: str, stage: Stage) -> CommandAnswer:
        """See ``RecordingLine``."""
        more = {"pause_behavior": "silence"} if stage is Stage.PAUSED else {}
        return self._line.command(
            lambda: (
                self._client.calls(call_ref).recordings(ref).update(status=_STATUS[stage], **more)
            )
        )

    def look(self, ref: str) -> CarrierRecording | NoSuchRecording | Unreachable:
        """See ``RecordingLine``."""
        try:
            return _shown(ask(lambda: self._client.recordings(ref).fetch()))
        except Lost as lost:
            return Unreachable(lost.why, self._line.retry_after_s)
        except No as no:
            if no.status == NOT_FOUND:
                return NoSuchRecording()
            return Unreachable(f"code {no.code}", self._line.retry_after_s)

    def sound(self, ref: str, most: int) -> Iterator[bytes]:
        """See ``RecordingLine``."""
        try:
            status, parts = self._line.media(f"Recordings/{ref}.wav", most)
            if status != _OK:
                again = status in _FOR_NOW or status >= _SERVER_ERRORS
                raise NoSoundError(f"status {status}", again=again)
            yield from parts
        except requests.exceptions.RequestException as error:
            raise NoSoundError(type(error).__name__, again=True) from None
        except OverflowError:
            raise NoSoundError("too large", again=False, too_large=True) from None

    def delete(self, ref: str) -> CommandAnswer:
        """See ``RecordingLine``."""
        return self._line.command(lambda: self._client.recordings(ref).delete())


def _shown(found: Any) -> CarrierRecording:  # noqa: ANN401  the package is untyped
    text = str(found.duration or "")
    return CarrierRecording(
        found.sid,
        _STAGES.get(found.status, Stage.STOPPED),
        int(text) if text.isdigit() else 0,
    )
