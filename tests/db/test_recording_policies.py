"""Who may record a call, and what becomes of a recording: policies, each as the role they bind."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.helpers.db_practice import op

if TYPE_CHECKING:
    from tests.helpers.db_practice import Party, Practice

KEY = "ab" * 92
LISTENER = "cd" * 32


def refused(who: Party, function: str, *values: object) -> dict[str, Any]:
    """The SQLSTATE and the facts of a refusal that is an error."""
    with pytest.raises(psycopg.Error) as caught:
        who.ask(function, *values)
    detail = caught.value.diag.message_detail
    return {"code": caught.value.sqlstate, **(json.loads(detail) if detail else {})}


def turn_on(practice: Practice, *, days: int = 90) -> None:
    practice.another("cc_sup").ask("set_recording", True, days, True, op())


def sit(practice: Practice, login: str, state: str) -> None:
    practice.sup.one(
        "SELECT api.set_work_state(%s, %s, %s)", practice.person_id(login), state, op()
    )


def live_in(number: str = "", address: str = "") -> str:
    """Where the patients are: states of the number, state of the address."""
    return (
        f"UPDATE app.patient_telecom SET states = string_to_array('{number}', ',');"
        f"UPDATE app.patient SET state_code = '{address}'"
    )


def start(who: Party, call: Any, answer: str = "YES", *, notice: bool = True) -> Any:
    return who.one(
        "SELECT api.start_recording(%s::uuid, %s, %s, %s)", call["id"], notice, answer, op()
    )


def command(who: Party, call: Any, name: str) -> Any:
    return who.one("SELECT api.recording_command(%s::uuid, %s, %s)", call["id"], name, op())


def work(practice: Practice) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = practice.gw.ask("gateway_recordings")
    return found


def fact(practice: Practice, recording: str, state: str, **more: object) -> bool:
    done = practice.gw.one(
        "SELECT api.gateway_recording(%s::uuid, %s)",
        recording,
        psycopg.types.json.Jsonb({"state": state, **more}),
    )
    return bool(done)


def runs(practice: Practice, who: Party, call: Any) -> str:
    """Start, and let the gateway say that it records."""
    start(who, call)
    (one,) = work(practice)
    assert fact(practice, one["id"], "starting")
    assert fact(practice, one["id"], "recording", carrier_ref="RE1")
    return str(one["id"])


def store(practice: Practice, recording: str, *, keep: bool = True) -> None:
    """Let the gateway bring it here."""
    assert fact(practice, recording, "stopped")
    assert practice.gw.one(
        "SELECT api.gateway_recording_begin(%s::uuid, %s, 'audio/wav')", recording, KEY
    )
    sound = base64.b64encode(b"sealed sound").decode()
    assert practice.gw.one("SELECT api.gateway_recording_chunk(%s::uuid, 0, %s)", recording, sound)
    assert practice.gw.one("SELECT api.gateway_recording_stored(%s::uuid, 1, 12, 5)", recording)
    if keep:
        assert fact(practice, recording, "kept")


def kept(practice: Practice) -> tuple[Any, str]:
    """A finished call with a recording that is kept."""
    turn_on(practice)
    card, call = practice.talk(practice.c1, 1)
    recording = runs(practice, practice.c1, call)
    practice.hang_up(call)
    store(practice, recording)
    practice.c1.finish(call, card, "NO_ANSWER")
    return call, recording


def listen(who: Party, recording: str) -> Any:
    return who.one(
        "SELECT api.request_playback(%s::uuid, %s, 'Quality review', %s)", recording, LISTENER, op()
    )


# ------------------------------------------------------------------------------ whether at all


def test_policy_recording_is_off_until_the_practice_turns_it_on(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    assert practice.c1.ask("call", call["id"])["recording"] is None
    assert start(practice.c1, call)["refused"]["name"] == "recording_off"
    assert work(practice) == []


def test_policy_only_who_answers_for_the_practice_turns_it_on(practice: Practice) -> None:
    for who in (practice.c1, practice.cli, practice.aud):
        assert refused(who, "set_recording", True, 90, True, op())["code"] == "42501"


def test_policy_it_needs_a_login_of_just_now(practice: Practice) -> None:
    practice.set_rules(fresh_login_minutes=0)
    assert refused(practice.sup, "set_recording", True, 90, True, op())["code"] == "QC007"


def test_policy_it_needs_the_tick_and_the_carriers_agreement(practice: Practice) -> None:
    facts = refused(practice.sup, "set_recording", True, 90, False, op())
    assert facts["code"] == "QC112"
    assert "open only with a login" in facts["sentence"]
    practice.gw.ask("gateway_beat", {"state": "ok", "is_practice_line": False, "sentence": ""})
    assert "agreement" in refused(practice.sup, "set_recording", True, 90, True, op())["sentence"]
    practice.rows(
        "INSERT INTO app.agreement (kind, vendor, signed_by, evidence, valid) "
        "VALUES ('carrier', 'Twilio', 'V. Stone', 'file 7', '[2020-01-01,)')"
    )
    assert practice.sup.ask("set_recording", True, 90, True, op())["enabled"]


@pytest.mark.parametrize("days", [0, 6, 3651, None])
def test_policy_how_long_is_from_a_week_to_ten_years(practice: Practice, days: int | None) -> None:
    assert refused(practice.sup, "set_recording", True, days, True, op())["code"] == "QC070"


def test_each_change_of_the_setting_stays_with_who_and_when(practice: Practice) -> None:
    turn_on(practice)
    practice.sup.ask("set_recording", False, 30, True, op())
    changes = practice.adm.ask("recording_settings")["changes"]
    assert [(c["by"], c["enabled"], c["keep_days"]) for c in changes] == [
        ("Val Stone", False, 30),
        ("Val Stone", True, 90),
    ]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        practice.rows("UPDATE app.recording_policy SET enabled = true")


# ------------------------------------------------------------------------------ the patient's yes


def test_policy_each_call_begins_unrecorded(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    view = practice.c1.ask("call", call["id"])["recording"]
    assert (view["state"], view["consent"], view["offered"]) == ("off", "", True)
    assert work(practice) == []


@pytest.mark.parametrize(
    ("notice", "answer"),
    [
        (True, "NO"),
        (True, "UNCLEAR"),
        (True, "NOT_ASKED"),
        (False, "YES"),
        (False, "NOT_ASKED"),
        (None, "YES"),
    ],
)
def test_policy_nothing_but_notice_and_a_clear_yes_records_in_any_state(
    practice: Practice, notice: bool, answer: str
) -> None:
    turn_on(practice)
    sit(practice, "cc_c1", "TX")
    practice.rows(live_in("TX", "TX"))
    _, call = practice.talk(practice.c1, 1)
    assert start(practice.c1, call, answer, notice=notice)["refused"]["name"] == "recording_consent"
    assert work(practice) == []
    assert practice.rows("SELECT answer, granted FROM app.recording_consent") == [(answer, False)]


def test_t17_refused_in_pennsylvania_without_consent(practice: Practice) -> None:
    turn_on(practice)
    sit(practice, "cc_c1", "TX")
    practice.rows(live_in("PA", "PA"))
    _, call = practice.talk(practice.c1, 1)
    said = start(practice.c1, call, "NOT_ASKED")["refused"]["sentence"]
    assert "the patient may be in Pennsylvania (18 Pa.C.S. 5704(4))" in said
    assert "you work in" not in said


def test_t17_refused_when_the_coordinator_sits_in_pennsylvania(practice: Practice) -> None:
    turn_on(practice)
    sit(practice, "cc_c1", "PA")
    practice.rows(live_in("TX", "TX"))
    _, call = practice.talk(practice.c1, 1)
    said = start(practice.c1, call, "NO")["refused"]["sentence"]
    assert "you work in Pennsylvania (18 Pa.C.S. 5704(4))" in said
    assert "the patient may be" not in said
    ((basis, rule_pack),) = practice.rows("SELECT basis, rule_pack FROM app.recording_consent")
    assert [(x["end"], x["rule"]) for x in basis["all_party"]] == [
        ("coordinator", "RECORDING_ONE_PARTY.PA")
    ]
    assert rule_pack


def test_policy_every_state_the_patient_may_be_in_counts(practice: Practice) -> None:
    turn_on(practice)
    sit(practice, "cc_c1", "TX")
    practice.rows(live_in("TX,WA", "FL"))
    _, call = practice.talk(practice.c1, 1)
    view = practice.c1.ask("call", call["id"])["recording"]
    assert "Florida" in view["law"]
    assert "Washington" in view["law"]
    assert "Texas" not in view["law"]
    assert view["notice_again"]  # RCW 9.73.030(3)


def test_policy_an_end_that_is_not_known_counts_like_the_strictest_state(
    practice: Practice,
) -> None:
    turn_on(practice)
    practice.rows(live_in("TX", "TX"))
    _, call = practice.talk(practice.c1, 1)
    view = practice.c1.ask("call", call["id"])["recording"]
    assert "it is not on file in which state you work" in view["law"]
    assert view["notice_again"]


@pytest.mark.parametrize(
    "state", ["CA", "FL", "IL", "MD", "MA", "MT", "NH", "PA", "WA", "CT", "DE", "NV", "MI"]
)
def test_the_states_where_everybody_has_to_agree(practice: Practice, state: str) -> None:
    number = practice.value(
        "SELECT app.rule_number('recording_one_party', app.now(), ARRAY['TX', %s])", state
    )
    assert number == 0


def test_elsewhere_one_party_is_enough_by_law_oregon_too(practice: Practice) -> None:
    turn_on(practice)
    sit(practice, "cc_c1", "OR")
    practice.rows(live_in("TX", "NY"))
    _, call = practice.talk(practice.c1, 1)
    view = practice.c1.ask("call", call["id"])["recording"]
    assert view["law"] == "The practice records no call without the patient’s yes, in any state."
    assert not view["notice_again"]


def test_a_rule_about_agreement_is_never_rewritten(practice: Practice) -> None:
    with pytest.raises(psycopg.Error) as caught:
        practice.rows("UPDATE app.rule SET number = 1 WHERE id = 'RECORDING_ONE_PARTY.PA'")
    assert caught.value.sqlstate == "QC092"


def test_policy_only_the_coordinator_of_the_call_and_only_while_somebody_talks(
    practice: Practice,
) -> None:
    turn_on(practice)
    card = practice.c1.claim(practice.entry_of(1))
    call = practice.c1.dial(card)
    with pytest.raises(psycopg.Error) as caught:
        start(practice.c1, call)
    assert caught.value.sqlstate == "QC023"
    practice.answer(call)
    with pytest.raises(psycopg.Error) as caught:
        start(practice.c2, call)
    assert caught.value.sqlstate == "QC024"


# ---------------------------------------------------------------------- pause, stop, withdraw


def test_a_recording_starts_pauses_goes_on_and_stops(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    assert start(practice.c1, call)["recording"]["state"] == "starting"
    (one,) = work(practice)
    assert fact(practice, one["id"], "starting")
    assert not fact(practice, one["id"], "starting")  # asked of the carrier once
    assert fact(practice, one["id"], "recording", carrier_ref="RE1")
    assert practice.c1.ask("call", call["id"])["recording"]["state"] == "recording"
    for wish, during, then in (("pause", "pausing", "paused"), ("resume", "resuming", "recording")):
        assert command(practice.c1, call, wish)["recording"]["state"] == during
        assert fact(practice, one["id"], then)
        assert practice.c1.ask("call", call["id"])["recording"]["state"] == then
    assert command(practice.c1, call, "stop")["recording"]["state"] == "stopping"
    assert work(practice)[0]["wish"] == "stop"
    assert not fact(practice, one["id"], "starting")


def test_starting_twice_is_one_recording(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    start(practice.c1, call)
    start(practice.c1, call)
    assert len(work(practice)) == 1


def test_policy_a_withdrawn_yes_stops_and_no_other_recording_begins_on_it(
    practice: Practice,
) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    runs(practice, practice.c1, call)
    view = command(practice.c1, call, "withdraw")["recording"]
    assert (view["state"], view["consent"]) == ("stopping", "WITHDRAWN")
    with pytest.raises(psycopg.Error) as caught:
        command(practice.c1, call, "resume")
    assert caught.value.sqlstate == "QC110"


def test_policy_a_later_no_stops_what_ran_on_the_earlier_yes(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    runs(practice, practice.c1, call)
    assert "refused" in start(practice.c1, call, "NO")
    assert [r["wish"] for r in work(practice)] == ["stop"]


def test_the_patient_may_have_what_was_recorded_deleted(practice: Practice) -> None:
    turn_on(practice)
    card, call = practice.talk(practice.c1, 1)
    recording = runs(practice, practice.c1, call)
    store(practice, recording)
    command(practice.c1, call, "withdraw_delete")
    assert practice.value("SELECT count(*) FROM app.recording_chunk") == 0
    assert practice.rows("SELECT state, sealed_key FROM app.recording") == [("discarded", None)]
    practice.hang_up(call)
    practice.c1.finish(call, card, "NO_ANSWER")


def test_policy_a_coordinator_cannot_delete_a_call_that_is_written_up(practice: Practice) -> None:
    call, _ = kept(practice)
    with pytest.raises(psycopg.Error) as caught:
        command(practice.c1, call, "withdraw_delete")
    assert caught.value.sqlstate == "QC042"
    assert practice.value("SELECT state FROM app.recording") == "kept"


def test_policy_turning_it_off_stops_what_runs(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    runs(practice, practice.c1, call)
    practice.sup.ask("set_recording", False, 90, True, op())
    assert [r["wish"] for r in work(practice)] == ["stop"]
    assert practice.c1.ask("call", call["id"])["recording"]["state"] == "stopping"


def test_policy_what_became_forbidden_since_the_press_is_not_sent(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    start(practice.c1, call)
    (one,) = work(practice)
    practice.sup.ask("set_recording", False, 90, True, op())
    assert not fact(practice, one["id"], "starting")


def test_policy_one_that_waits_while_the_patient_hangs_up_is_not_sent(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    start(practice.c1, call)
    practice.hang_up(call)
    assert not fact(practice, work(practice)[0]["id"], "starting")


# ------------------------------------------------------------------------------ the content


def test_policy_nobody_but_the_gateway_writes_a_recording(practice: Practice) -> None:
    for who in (practice.c1, practice.sup, practice.adm):
        assert refused(who, "gateway_recordings")["code"] == "42501"


def test_an_interrupted_store_begins_anew_and_is_whole_or_nothing(practice: Practice) -> None:
    turn_on(practice)
    _, call = practice.talk(practice.c1, 1)
    recording = runs(practice, practice.c1, call)
    assert fact(practice, recording, "stopped")
    gw = practice.gw
    for key in (KEY, "ef" * 92):
        assert gw.one(
            "SELECT api.gateway_recording_begin(%s::uuid, %s, 'audio/wav')", recording, key
        )
        assert practice.value("SELECT count(*) FROM app.recording_chunk") == 0
        assert gw.one("SELECT api.gateway_recording_chunk(%s::uuid, 1, 'AAAA')", recording)
    assert not gw.one("SELECT api.gateway_recording_stored(%s::uuid, 2, 6, 1)", recording)
    assert not fact(practice, recording, "kept")  # not while it is not here
    assert gw.one("SELECT api.gateway_recording_chunk(%s::uuid, 0, 'AAAA')", recording)
    assert gw.one("SELECT api.gateway_recording_stored(%s::uuid, 2, 6, 1)", recording)
    assert fact(practice, recording, "kept")
    assert practice.value("SELECT sealed_key FROM app.recording") == bytes.fromhex("ef" * 92)


def test_policy_supervisors_and_clinicians_listen_nobody_else(practice: Practice) -> None:
    _, recording = kept(practice)
    for who in (practice.c1, practice.aud, practice.adm):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            listen(who, recording)
    for who in (practice.sup, practice.cli):
        made = listen(who, recording)
        assert who.ask("playback", made["id"])["state"] == "waiting"
        assert [p["id"] for p in practice.gw.ask("gateway_playbacks")] == [made["id"]]
        practice.gw.one("SELECT api.gateway_playback(%s::uuid, %s)", made["id"], "01" * 92)
        ready = who.ask("playback", made["id"])
        assert (ready["state"], ready["sealed_key"], ready["chunks"]) == ("ready", "01" * 92, 1)
        piece = who.one("SELECT api.playback_chunk(%s::uuid, 0)", made["id"])
        assert base64.b64decode(piece) == b"sealed sound"


def test_policy_a_key_is_for_who_asked_and_for_ten_minutes(practice: Practice) -> None:
    _, recording = kept(practice)
    made = listen(practice.sup, recording)
    practice.gw.one("SELECT api.gateway_playback(%s::uuid, %s)", made["id"], "01" * 92)
    for function in ("playback", "playback_chunk"):
        more = (0,) if function == "playback_chunk" else ()
        with pytest.raises(psycopg.Error) as caught:
            practice.cli.ask(function, made["id"], *more)
        assert caught.value.sqlstate == "QC113"
    practice.pass_time(minutes=11)
    with pytest.raises(psycopg.Error) as caught:
        practice.sup.ask("playback", made["id"])
    assert caught.value.sqlstate == "QC113"


def test_policy_who_listened_stands_in_who_looked_and_beside_the_recording(
    practice: Practice,
) -> None:
    call, recording = kept(practice)
    listen(practice.cli, recording)
    patient = practice.value("SELECT patient_id FROM app.call WHERE id = %s", call["id"])
    today = practice.now().date()
    looks = practice.sup.ask("who_looked", patient, today, today)["rows"]
    assert ("Noor Haddad", "Listened to the recording of a call") in [
        (x["who"], x["action"]) for x in looks
    ]
    (row,) = practice.aud.one("SELECT api.call_recordings(%s::uuid)", call["id"])
    assert [(x["by"], x["reason"]) for x in row["listened"]] == [("Noor Haddad", "Quality review")]
    assert not row["playable"]  # not for an auditor


def test_the_call_log_says_which_calls_were_recorded_to_who_reviews(practice: Practice) -> None:
    kept(practice)
    for who, said in ((practice.sup, [True]), (practice.cli, [True]), (practice.c1, [None])):
        rows = who.one("SELECT api.call_log('{}', NULL, 10)")["rows"]
        assert [r.get("recorded") for r in rows] == said


# ------------------------------------------------------------------------------ how long


def purged(practice: Practice) -> int:
    gone: int = practice.gw.ask("gateway_purge_recordings")
    return gone


def test_policy_older_than_the_practices_days_goes_and_nothing_younger(practice: Practice) -> None:
    kept(practice)
    practice.pass_time(days=89)
    assert purged(practice) == 0
    practice.pass_time(days=2)
    assert purged(practice) == 1
    assert practice.value("SELECT count(*) FROM app.recording_chunk") == 0
    assert practice.rows("SELECT state, sealed_key FROM app.recording") == [("discarded", None)]


def test_policy_a_legal_hold_keeps_it_whatever_anybody_does(practice: Practice) -> None:
    call, recording = kept(practice)
    hold = "SELECT api.hold_recording(%s::uuid, %s, 'Claim 12 of 2027', %s)"
    assert "Claim 12" in practice.sup.one(hold, recording, True, op())["hold"]
    practice.pass_time(days=400)
    assert purged(practice) == 0
    sup = practice.another("cc_sup")
    with pytest.raises(psycopg.Error) as caught:
        sup.one("SELECT api.delete_recording(%s::uuid, 'asked for it', %s)", recording, op())
    assert caught.value.sqlstate == "QC111"
    with pytest.raises(psycopg.Error) as caught:
        practice.rows("DELETE FROM app.recording_chunk")
    assert caught.value.sqlstate == "QC111"
    practice.sup.one(hold, recording, False, op())
    assert purged(practice) == 1
    (row,) = practice.sup.one("SELECT api.call_recordings(%s::uuid)", call["id"])
    assert row["state"] == "discarded"


def test_policy_an_open_incident_keeps_it(practice: Practice) -> None:
    turn_on(practice, days=7)
    card, call = practice.talk(practice.c1, 1)
    recording = runs(practice, practice.c1, call)
    practice.hang_up(call)
    store(practice, recording)
    practice.c1.finish(call, card, "INCIDENT", {"note": "Spoke to the wrong person."})
    practice.pass_time(days=8)
    assert purged(practice) == 0


def test_a_supervisor_deletes_on_a_login_of_just_now_with_a_reason(practice: Practice) -> None:
    _, recording = kept(practice)
    sup = practice.another("cc_sup")
    gone = sup.one(
        "SELECT api.delete_recording(%s::uuid, 'The patient asked.', %s)", recording, op()
    )
    assert (gone["state"], gone["gone_because"]) == ("discarded", "The patient asked.")
    with pytest.raises(psycopg.Error) as caught:
        listen(practice.sup, recording)
    assert caught.value.sqlstate == "QC113"
    assert practice.now() - timedelta(minutes=1) < practice.value(
        "SELECT settled_at FROM app.recording"
    )
