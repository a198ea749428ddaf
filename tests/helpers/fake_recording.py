"""Recordings of a fake practice, and a gateway that the test plays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from coordinator_app.domain.recording import (
    AllPartyState,
    CallRecording,
    Consent,
    Listened,
    Playback,
    RecordingCommand,
    RecordingRow,
    RecordingSettings,
    SettingChange,
    WorkPlace,
)
from coordinator_app.domain.sealing import seal
from coordinator_app.errors import FreshLoginNeededError, RefusedError, StaleError
from coordinator_app.secrets.sound import encrypt, listener_context, new_key
from tests.helpers.fake_data import NOW, fixed_id

if TYPE_CHECKING:
    from coordinator_app.domain.call import CallView

LAW = (
    "Everybody on the call has to agree: you work in Pennsylvania (18 Pa.C.S. 5704(4)), and the "
    "patient may be in Florida (Fla. Stat. 934.03(2)(d))."
)
OFF = CallRecording("off", None, "", offered=True, law=LAW, notice_again=False, sentence="")
SETTINGS = RecordingSettings(
    enabled=False,
    keep_days=90,
    protected_at_carrier=False,
    agreement_until=date(2027, 12, 31),
    practice_line=True,
    kept=0,
    changes=(),
    states=tuple(
        AllPartyState(code, name, citation, disputed)
        for code, name, citation, disputed in (
            ("CA", "California", "Cal. Penal Code 632, 632.7", False),
            ("FL", "Florida", "Fla. Stat. 934.03(2)(d)", False),
            ("MI", "Michigan", "MCL 750.539c", True),
            ("PA", "Pennsylvania", "18 Pa.C.S. 5704(4)", False),
            ("WA", "Washington", "RCW 9.73.030", False),
        )
    ),
    people=(
        WorkPlace(fixed_id("person Jordan"), "Jordan Park", "PA"),
        WorkPlace(fixed_id("person Luis"), "Luis Cordero", ""),
        WorkPlace(fixed_id("person Maya"), "Maya Chen", "TX"),
    ),
)
_AFTER = {
    RecordingCommand.PAUSE: "pausing",
    RecordingCommand.RESUME: "resuming",
    RecordingCommand.STOP: "stopping",
    RecordingCommand.WITHDRAW: "stopping",
    RecordingCommand.WITHDRAW_DELETE: "discarding",
}


def recording_row(call_id: UUID, **changes: object) -> RecordingRow:
    """A recording of 84 seconds that is kept."""
    base = RecordingRow(
        id=fixed_id(f"recording {call_id}"),
        call_id=call_id,
        state="kept",
        started_at=NOW,
        seconds=84,
        playable=True,
        hold="",
        held_by="",
        may_manage=True,
        gone_because="",
        sentence="",
        deleted_from=NOW.replace(month=2, day=21, year=NOW.year + 1),
        agreed_at=NOW,
        agreed_under=LAW,
        listened=(Listened(NOW, "Noor Haddad", "Complaint of the patient", opened=True),),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


class FakeRecordings:
    """Mixed into the fake practice, whose calls it changes."""

    calls: dict[UUID, CallView]

    def _start_recordings(self) -> None:
        """Off, as every practice begins."""
        self.recording_settings_now = SETTINGS
        self.rows: dict[UUID, RecordingRow] = {}
        self.sounds: dict[UUID, bytes] = {}
        self.key_waits = 0  # how often a window has to ask until its key is there
        self.refuses_key = False
        self.fresh_login = True
        self.answers: list[tuple[Consent, bool]] = []
        self.recording_commands: list[RecordingCommand] = []
        self._playbacks: dict[UUID, tuple[UUID, bytes, list[bytes]]] = {}

    # -- the call

    def _recorded_call(self, call_id: UUID) -> CallView:
        return self.calls[call_id]

    def _put_recording(self, call_id: UUID, recording: CallRecording | None) -> CallView:
        self.calls[call_id] = replace(self.calls[call_id], recording=recording)
        return self.calls[call_id]

    def start_recording(
        self, call_id: UUID, answer: Consent, op_id: UUID, *, notice_given: bool
    ) -> CallView:
        """Only notice and yes."""
        del op_id
        self.answers.append((answer, notice_given))
        before = self._recorded_call(call_id).recording or OFF
        if answer is not Consent.YES or not notice_given:
            self._put_recording(call_id, replace(before, consent=answer.value))
            raise RefusedError(
                f"The patient said no, so the call is not recorded. {LAW}",
                name="recording_consent",
            )
        begun = replace(before, state="starting", consent="YES", offered=False)
        return self._put_recording(call_id, begun)

    def recording_command(self, call_id: UUID, command: RecordingCommand, op_id: UUID) -> CallView:
        """What was pressed; the test says when the line has done it."""
        del op_id
        self.recording_commands.append(command)
        before = self._recorded_call(call_id).recording
        if before is None:
            raise StaleError("Nothing is being recorded in this call now.", name="not_recording")
        consent = "WITHDRAWN" if command.value.startswith("withdraw") else before.consent
        return self._put_recording(call_id, replace(before, state=_AFTER[command], consent=consent))

    def line_says(self, call_id: UUID, state: str, **changes: object) -> None:
        """The gateway writes down how the recording stands."""
        before = self._recorded_call(call_id).recording or OFF
        since = before.since or (NOW if state == "recording" else None)
        self._put_recording(call_id, replace(before, state=state, since=since, **changes))  # type: ignore[arg-type]

    # -- the setting

    def recording_settings(self) -> RecordingSettings:
        return self.recording_settings_now

    def set_recording(
        self, keep_days: int, op_id: UUID, *, enabled: bool, protected_at_carrier: bool
    ) -> RecordingSettings:
        del op_id
        if not self.fresh_login:
            raise FreshLoginNeededError("Type your password again.", name="fresh_login_needed")
        if enabled and not protected_at_carrier:
            raise RefusedError("Tick the box first.", name="recording_not_ready")
        now = self.recording_settings_now
        change = SettingChange(NOW, "Val Stone", enabled, keep_days)
        self.recording_settings_now = replace(
            now,
            enabled=enabled,
            keep_days=keep_days,
            protected_at_carrier=protected_at_carrier,
            changes=(change, *now.changes),
        )
        return self.recording_settings_now

    def set_work_state(self, person_id: UUID, state: str, op_id: UUID) -> RecordingSettings:
        del op_id
        now = self.recording_settings_now
        people = tuple(replace(p, work_state=state) if p.id == person_id else p for p in now.people)
        self.recording_settings_now = replace(now, people=people)
        return self.recording_settings_now

    # -- review

    def keep_sound(self, call_id: UUID, sound: bytes, **changes: object) -> RecordingRow:
        """A recording that can be listened to."""
        row = recording_row(call_id, **changes)
        self.rows[row.id] = row
        self.sounds[row.id] = sound
        return row

    def call_recordings(self, call_id: UUID) -> tuple[RecordingRow, ...]:
        return tuple(row for row in self.rows.values() if row.call_id == call_id)

    def request_playback(
        self, recording_id: UUID, public_key: bytes, reason: str, op_id: UUID
    ) -> UUID:
        del op_id
        row = self._recording_row(recording_id)
        key = new_key()
        pieces = [p for _, p in encrypt(key, recording_id, iter([self.sounds[recording_id]]))]
        sealed = seal(public_key, listener_context(recording_id), key)
        made = uuid4()
        self._playbacks[made] = (recording_id, sealed, pieces)
        heard = Listened(NOW, "Val Stone", reason, opened=True)
        self.rows[recording_id] = replace(row, listened=(heard, *row.listened))
        return made

    def playback(self, playback_id: UUID) -> Playback:
        recording_id, sealed, pieces = self._playbacks[playback_id]
        state = "refused" if self.refuses_key else "waiting" if self.key_waits > 0 else "ready"
        self.key_waits -= 1
        size = len(self.sounds[recording_id])
        key = sealed.hex() if state == "ready" else ""
        return Playback(state, recording_id, key, len(pieces), size, "audio/wav")

    def playback_chunk(self, playback_id: UUID, number: int) -> bytes:
        return self._playbacks[playback_id][2][number]

    def hold_recording(
        self, recording_id: UUID, reason: str, op_id: UUID, *, hold: bool
    ) -> RecordingRow:
        del op_id
        words = f"Legal hold: {reason}" if hold else ""
        row = replace(
            self._recording_row(recording_id), hold=words, held_by="Val Stone" if hold else ""
        )
        self.rows[recording_id] = row
        return row

    def delete_recording(self, recording_id: UUID, reason: str, op_id: UUID) -> RecordingRow:
        del op_id
        row = self._recording_row(recording_id)
        if row.hold:
            raise RefusedError(f"{row.hold} It cannot be deleted now.", name="recording_held")
        gone = replace(row, state="discarded", playable=False, gone_because=reason)
        self.rows[recording_id] = gone
        return gone

    def _recording_row(self, recording_id: UUID) -> RecordingRow:
        if recording_id not in self.rows:
            raise StaleError("This recording is not here.", name="no_such_recording")
        return self.rows[recording_id]
