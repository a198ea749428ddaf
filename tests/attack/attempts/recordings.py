"""Recordings of calls: their tables, their inner functions, and what belongs to somebody else."""

from __future__ import annotations

from tests.attack.attempts.words import NO

ID = "'00000000-0000-0000-0000-000000000001'"
KEY = "repeat('ab', 92)"
EVERYBODY: tuple[tuple[str, str], ...] = (
    ("SELECT * FROM app.recording", NO),
    ("SELECT content FROM app.recording_chunk", NO),
    ("SELECT sealed_key FROM app.recording_playback", NO),
    ("UPDATE app.recording_policy SET enabled = true", NO),
    ("INSERT INTO app.recording_consent (answer) VALUES ('YES')", NO),
    ("UPDATE app.recording SET held_reason = ''", NO),
    ("DELETE FROM app.recording_chunk", NO),
    ("SELECT app.recording_setting()", NO),
    ("SELECT app.stop_recordings(" + ID + ")", NO),
    ("SELECT app.put_work_state(" + ID + ", 'TX')", NO),
    ("SELECT app.known_recording(" + ID + ")", NO),
    ("COPY app.recording_chunk TO STDOUT", NO),
)

GONE_RECORDING = "QC113"
NO_CALL = "QC024"
SOME: tuple[tuple[str, str, str], ...] = (
    # ---- who may turn it on, and who sits where
    ("c2 cli aud nobody", "SELECT api.set_recording(true, 90, true, gen_random_uuid())", NO),
    ("c2 cli aud nobody", "SELECT api.recording_settings()", NO),
    ("c2 cli aud nobody", "SELECT api.set_work_state(" + ID + ", 'TX', gen_random_uuid())", NO),
    # ---- a call of somebody else
    ("c2 sup", "SELECT api.start_recording(" + ID + ", true, 'YES', gen_random_uuid())", NO_CALL),
    (
        "c2 sup",
        "SELECT api.recording_command(" + ID + ", 'withdraw_delete', gen_random_uuid())",
        NO_CALL,
    ),
    ("cli adm aud", "SELECT api.start_recording(" + ID + ", true, 'YES', gen_random_uuid())", NO),
    # ---- listening
    ("c2 adm nobody", "SELECT api.call_recordings(" + ID + ")", NO),
    (
        "c2 adm aud nobody",
        "SELECT api.request_playback(" + ID + ", repeat('ab', 32), 'because', gen_random_uuid())",
        NO,
    ),
    ("c2 adm aud nobody", "SELECT api.playback(" + ID + ")", NO),
    ("c2 adm aud nobody", "SELECT api.playback_chunk(" + ID + ", 0)", NO),
    ("sup cli", "SELECT api.playback_chunk(" + ID + ", 0)", GONE_RECORDING),
    (
        "sup cli",
        "SELECT api.request_playback(" + ID + ", repeat('ab', 32), 'because', gen_random_uuid())",
        GONE_RECORDING,
    ),
    (
        "c2 cli adm aud",
        "SELECT api.hold_recording(" + ID + ", false, 'no reason', gen_random_uuid())",
        NO,
    ),
    (
        "c2 cli adm aud",
        "SELECT api.delete_recording(" + ID + ", 'no reason', gen_random_uuid())",
        NO,
    ),
    # ---- what only the gateway says
    ("c2 sup cli adm aud", "SELECT api.gateway_recordings()", NO),
    (
        "c2 sup cli adm aud",
        "SELECT api.gateway_recording(" + ID + ', \'{"state": "discarded"}\')',
        NO,
    ),
    (
        "c2 sup cli adm aud",
        "SELECT api.gateway_recording_begin(" + ID + ", " + KEY + ", 'audio/wav')",
        NO,
    ),
    ("c2 sup cli adm aud", "SELECT api.gateway_playback(" + ID + ", " + KEY + ")", NO),
    ("c2 sup cli adm aud", "SELECT api.gateway_purge_recordings()", NO),
    # ---- and not even the gateway listens or decides
    ("gw", "SELECT api.playback_chunk(" + ID + ", 0)", NO),
    ("gw", "SELECT api.set_recording(true, 90, true, gen_random_uuid())", NO),
    ("gw", "SELECT api.start_recording(" + ID + ", true, 'YES', gen_random_uuid())", NO),
)
