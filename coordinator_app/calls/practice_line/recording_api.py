"""Twilio's requests about recordings, answered by the practice line's recorder."""

from __future__ import annotations

from collections.abc import Callable

from coordinator_app.calls.practice_line import shapes
from coordinator_app.calls.practice_line.core import LineError, PracticeLine
from coordinator_app.calls.practice_line.recordings import Recorder, Take
from coordinator_app.calls.practice_line.shapes import Json

_OK, _CREATED, _NO_CONTENT = 200, 201, 204
Answers = dict[str, Callable[[], tuple[int, "Json | bytes | None"]]]


class RecordingApi:
    """Knows the account and its recorder; ``api`` asks it for the paths below."""

    def __init__(self, line: PracticeLine, account: str) -> None:
        self._recorder = Recorder(line)
        self._account = account

    def answers(
        self, rest: list[str], path: str, query: dict[str, str], form: dict[str, str]
    ) -> Answers:
        """What can be asked of a path below the account, by method. Raises LineError 20404."""
        recorder = self._recorder
        match rest:
            case ["Calls", call, "Recordings"]:
                return {
                    "GET": lambda: self._list(call, path, query),
                    "POST": lambda: (
                        _CREATED,
                        self._json(recorder.start(call, form), of_call=True),
                    ),
                }
            case ["Calls", call, "Recordings", sid]:
                return {
                    "GET": lambda: (_OK, self._json(recorder.take(sid, call), of_call=True)),
                    "POST": lambda: self._update(recorder.to_change(sid, call), form),
                    "DELETE": lambda: self._delete(recorder.take(sid, call)),
                }
            case ["Recordings"]:
                return {"GET": lambda: self._list(None, path, query)}
            case ["Recordings", name] if name.endswith(".wav"):
                sid = name.removesuffix(".wav")
                return {"GET": lambda: (_OK, recorder.sound(recorder.take(sid)))}
            case ["Recordings", sid]:
                deleted = _with_deleted(query)
                return {
                    "GET": lambda: (_OK, self._json(recorder.take(sid, deleted=deleted))),
                    "DELETE": lambda: self._delete(recorder.take(sid)),
                }
        raise LineError(404, 20404, "The requested resource was not found")

    def _list(self, call: str | None, path: str, query: dict[str, str]) -> tuple[int, Json]:
        if call is not None:  # a call's list has no filter for what was deleted
            takes = self._recorder.takes(call)
        elif query.get("ConferenceSid"):
            takes = []  # this recorder records legs alone
        else:
            takes = self._recorder.takes(query.get("CallSid"), deleted=_with_deleted(query))
        rows = [self._json(take, of_call=call is not None) for take in takes]
        return _OK, shapes.page_json("recordings", path, rows, query)

    def _update(self, take: Take, form: dict[str, str]) -> tuple[int, Json]:
        self._recorder.update(take, form)
        return _OK, self._json(take, of_call=True)

    def _delete(self, take: Take) -> tuple[int, None]:
        self._recorder.delete(take)
        return _NO_CONTENT, None

    def _json(self, take: Take, *, of_call: bool = False) -> Json:
        status = self._recorder.status(take)
        return shapes.recording_json(self._account, take, status, of_call=of_call)


def _with_deleted(query: dict[str, str]) -> bool:
    return query.get("IncludeSoftDeleted", "").lower() == "true"
