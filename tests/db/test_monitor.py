"""Policies of the supervisor on live calls: who may hear, who is told, what stays on record."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.domain.call import OnCall
from coordinator_app.domain.monitor import (
    HelpReason,
    MonitorEnd,
    MonitorFact,
    MonitorMode,
    MonitorState,
)
from coordinator_app.domain.session import Connection, TlsMode
from tests.helpers.db_practice import LOGINS, PASSWORD, op, refused, without_ids
from tests.helpers.own_phone import hang_up_unwanted

if TYPE_CHECKING:
    from coordinator_app.db.practice import SqlPractice
    from tests.helpers.db_practice import Party, Practice

OTHERS = [login for login in LOGINS if login != "cc_sup"]


def monitor(practice: Practice, call: Any, mode: str = "listen", who: Party | None = None) -> Any:
    """Come to a call; the row of it on the live list."""
    board = (who or practice.sup).ask("monitor_call", UUID(call["id"]), mode, op())
    hang_up_unwanted(practice.gw.connection)  # the supervisor's phone, from a room of its own
    return row_of(board, call)


def row_of(board: Any, call: Any) -> Any:
    return next(row for row in board["calls"] if row["call_id"] == call["id"])


def waiting(practice: Practice) -> Any:
    """What the gateway finds."""
    (found,) = practice.gw.ask("gateway_monitors")
    return found


def fact(practice: Practice, found: Any, state: str, **more: object) -> bool:
    said = {"state": state, "at": datetime.now(UTC).isoformat(), **more}
    done = practice.gw.ask("gateway_monitor_fact", UUID(found["id"]), said)
    assert isinstance(done, bool)
    return done


def join(practice: Practice, call: Any, mode: str = "listen") -> Any:
    """Come to a call and be put on it by the gateway."""
    monitor(practice, call, mode)
    found = waiting(practice)
    assert practice.gw.ask("gateway_place_monitor", UUID(found["id"])) is True
    fact(practice, found, "on", line_mode=mode, carrier_ref="CA1")
    return found


def trail(practice: Practice, action: str) -> list[Any]:
    with practice.superuser() as root:
        found = root.execute(
            "SELECT detail FROM audit.event WHERE action = %s ORDER BY at_us, seq", [action]
        )
        return [row[0] for row in found]


# ------------------------------------------------------------------------------------ the list


def test_the_list_shows_every_call_that_is_up_and_of_the_patient_only_initials(
    practice: Practice,
) -> None:
    _, ringing = practice.talk(practice.c1, 1)
    assert [row["call_id"] for row in practice.sup.ask("live_calls")["calls"]] == [ringing["id"]]
    dialled = practice.c2.dial(practice.c2.claim(practice.entry_of(2)))
    board = practice.sup.ask("live_calls")
    row = row_of(board, ringing)
    assert (row["coordinator"], row["patient"], row["state"]) == ("Jordan Park", "G. Z.", "live")
    assert row_of(board, dialled)["state"] == "requested"
    text = without_ids(board)
    for secret in ("Given1", "Zyx1", "5559001", "4711", "1970"):
        assert secret not in text
    practice.hang_up(ringing)
    assert [row["call_id"] for row in practice.sup.ask("live_calls")["calls"]] == [dialled["id"]]


def test_a_held_call_says_so(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.report(call, "live", held=True)
    assert row_of(practice.sup.ask("live_calls"), call)["state"] == "held"


@pytest.mark.parametrize("login", OTHERS)
def test_policy_only_supervisors_see_and_hear_calls(practice: Practice, login: str) -> None:
    _, call = practice.talk(practice.c1, 1)
    who = practice.as_person(login)
    for typed in (
        "live_calls()",
        f"monitor_call('{call['id']}', 'listen', gen_random_uuid())",
        f"stop_monitoring('{call['id']}', gen_random_uuid())",
        f"answer_help('{call['id']}', 'Coming', gen_random_uuid())",
        f"clear_help('{call['id']}', gen_random_uuid())",
    ):
        with refused("42501"):
            who.run(f"SELECT api.{typed}")


def test_policy_a_supervisor_shows_a_second_factor_first(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.rows("UPDATE app.practice SET second_factor = 'required'")
    for typed in ("live_calls()", f"monitor_call('{call['id']}', 'listen', gen_random_uuid())"):
        with refused("QC006"):
            practice.sup.run(f"SELECT api.{typed}")
    assert practice.value("SELECT count(*) FROM app.call_monitor") == 0


def test_policy_who_is_not_trained_does_not_hear_patients(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.rows(
        "UPDATE app.training_record SET expires_on = '2027-02-01' WHERE person_id = %s",
        practice.person_id("cc_sup"),
    )
    with refused("QC003"):
        monitor(practice, call)


# ------------------------------------------------------------------------------- coming, going


def test_a_supervisor_is_on_one_call_at_a_time(practice: Practice) -> None:
    _, first = practice.talk(practice.c1, 1)
    _, second = practice.talk(practice.c2, 2)
    monitor(practice, first)
    with refused("QC173") as said:
        monitor(practice, second)
    assert said.facts["coordinator"] == "Jordan Park"
    practice.sup.ask("stop_monitoring", UUID(first["id"]), op())
    assert practice.gw.ask("gateway_monitors") == [], "the carrier never heard of it"
    assert monitor(practice, second)["my_state"] == "requested"


def test_nobody_listens_to_their_own_call_or_beside_it(practice: Practice) -> None:
    _, mine = practice.talk(practice.sup, 1)
    _, other = practice.talk(practice.c1, 2)
    with refused("QC171"):
        monitor(practice, mine)
    with refused("QC172"):
        monitor(practice, other)


def test_a_call_that_is_over_or_unknown_is_not_joined(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.hang_up(call)
    with refused("QC023"):
        monitor(practice, call)
    with refused("QC024"):
        monitor(practice, {"id": str(op())})
    with refused("QC070"):
        practice.sup.ask("monitor_call", UUID(call["id"]), "whisper", op())


def test_the_same_wish_sent_twice_is_one(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    wish = op()
    for _ in range(2):
        practice.sup.ask("monitor_call", UUID(call["id"]), "coach", wish)
    assert practice.value("SELECT count(*) FROM app.call_monitor") == 1
    assert len(trail(practice, "monitor.ask")) == 1


def test_the_gateway_is_given_the_room_of_the_call_and_the_supervisors_own_phone(
    practice: Practice,
) -> None:
    practice.rows("UPDATE app.person SET agent_endpoint = '+16175550199' WHERE login = 'cc_sup'")
    _, call = practice.talk(practice.c1, 1)
    assert practice.sup.ask("live_calls")["ear"] == "your phone ending 0199"
    monitor(practice, call)
    found = waiting(practice)
    session = practice.call_row(call)["session_id"]
    assert found["session_id"] == session
    assert (found["endpoint"], found["caller_id"]) == ("+16175550199", "+16175550100")
    assert "to" not in found
    # A window that signs in again during the call does not move the room.
    practice.pass_time(seconds=5)
    practice.another("cc_c1").sign_in()
    assert waiting(practice)["session_id"] == session


def test_it_is_placed_once_and_not_after_the_end(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    monitor(practice, call)
    found = UUID(waiting(practice)["id"])
    assert practice.gw.ask("gateway_place_monitor", found) is True
    assert practice.gw.ask("gateway_place_monitor", found) is False
    assert fact(practice, waiting(practice), "requested"), "the carrier did nothing: once more"
    practice.hang_up(call)
    assert waiting(practice)["call_ended"] is True
    assert practice.gw.ask("gateway_place_monitor", found) is False


def test_nobodys_phone_rings_long_after_they_asked(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    monitor(practice, call)
    found = UUID(waiting(practice)["id"])
    practice.pass_time(seconds=61)
    assert practice.gw.ask("gateway_place_monitor", found) is False
    assert practice.gw.ask("gateway_monitors") == []
    assert "was away" in practice.sup.ask("live_calls")["last_sentence"]


def test_without_a_gateway_a_wish_ends_by_itself(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    assert monitor(practice, call)["my_state"] == "requested"
    practice.pass_time(seconds=61)
    board = practice.sup.ask("live_calls")
    assert row_of(board, call)["my_state"] is None
    assert "not called" in board["last_sentence"]
    assert monitor(practice, call)["my_state"] == "requested", "and may be asked for again"


def test_what_a_lost_gateway_left_behind_keeps_nobody_from_the_next_call(
    practice: Practice,
) -> None:
    _, first = practice.talk(practice.c1, 1)
    join(practice, first)
    practice.hang_up(first)
    _, second = practice.talk(practice.c2, 2)
    with refused("QC173"):
        monitor(practice, second)
    practice.pass_time(minutes=3)
    assert monitor(practice, second)["my_state"] == "requested"
    (end,) = trail(practice, "monitor.end")
    assert end["why"] == "lost"


def test_a_state_never_goes_back_and_the_first_end_stays(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    found = join(practice, call)
    for earlier in ("requested", "placing", "ringing"):
        fact(practice, found, earlier)
        assert waiting(practice)["state"] == "on"
    fact(practice, found, "ended", end="left", sentence="You hung up.")
    fact(practice, found, "ended", end="lost", sentence="")
    fact(practice, found, "on", line_mode="barge")
    board = practice.sup.ask("live_calls")
    assert board["last_sentence"] == "You hung up."
    assert row_of(board, call)["my_mode"] is None


@pytest.mark.parametrize("action", ["suspend", "sign out"])
def test_who_is_suspended_or_signs_out_is_taken_off(practice: Practice, action: str) -> None:
    practice.sup.sign_in()
    _, call = practice.talk(practice.c1, 1)
    join(practice, call)
    assert waiting(practice)["stop_wanted"] is False
    practice.pass_time(seconds=1)
    if action == "suspend":
        practice.rows("UPDATE app.person SET active = false WHERE login = 'cc_sup'")
    else:
        practice.sup.ask("sign_out")
    assert waiting(practice)["stop_wanted"] is True


def test_who_listened_from_when_to_when_and_how_is_in_the_audit(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    found = join(practice, call)
    monitor(practice, call, "barge")
    fact(practice, found, "on", line_mode="barge")
    practice.sup.ask("stop_monitoring", UUID(call["id"]), op())
    fact(practice, found, "ended", end="stopped")
    assert [e["mode"] for e in trail(practice, "monitor.ask")] == ["listen", "barge"]
    assert [(e["before"], e["mode"]) for e in trail(practice, "monitor.on")] == [
        (None, "listen"),
        ("listen", "barge"),
    ]
    (end,) = trail(practice, "monitor.end")
    assert end["supervisor"] == str(practice.person_id("cc_sup"))
    assert end["coordinator"] == str(practice.person_id("cc_c1"))
    assert end["from"] <= end["to"]
    day = practice.now().date()
    patient = practice.value("SELECT patient_id FROM app.call WHERE id = %s", call["id"])
    rows = practice.sup.ask("who_looked", patient, day, day)["rows"]
    assert ("Val Stone", "Asked to listen to a call") in [(r["who"], r["action"]) for r in rows]


def test_what_was_said_before_one_came_is_not_heard(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    early = {"at": datetime.now(UTC).isoformat(), "speaker": "patient", "text": "Before"}
    practice.report(call, "live", captions=[early])
    assert row_of(practice.sup.ask("live_calls"), call)["captions"] == []
    join(practice, call)
    late = {"at": datetime.now(UTC).isoformat(), "speaker": "patient", "text": "After"}
    practice.report(call, "live", captions=[early, late])
    said = row_of(practice.sup.ask("live_calls"), call)["captions"]
    assert [line["text"] for line in said] == ["After"]


# ------------------------------------------------------------------------------- who is told


def test_the_coordinator_is_told_at_once_by_name_with_the_mode(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    assert practice.c1.ask("call", UUID(call["id"]))["company"] == []
    monitor(practice, call)
    (told,) = practice.c1.ask("call", UUID(call["id"]))["company"]
    assert (told["name"], told["mode"], told["joined"]) == ("Val Stone", "listen", False)
    fact(practice, waiting(practice), "on", line_mode="listen")
    (told,) = practice.c1.ask("call", UUID(call["id"]))["company"]
    assert told["joined"] is True


def test_the_practice_may_leave_out_who_only_listens_but_never_who_can_be_heard(
    practice: Practice,
) -> None:
    practice.set_rules(monitor_notice=1)
    _, call = practice.talk(practice.c1, 1)
    found = join(practice, call)
    told = practice.c1.ask("call", UUID(call["id"]))["company"]
    assert told == []
    assert practice.sup.ask("live_calls")["tells_listening"] is False
    for mode in ("coach", "barge"):
        monitor(practice, call, mode)
        (told,) = practice.c1.ask("call", UUID(call["id"]))["company"]
        assert told["name"] == "Val Stone", "before the carrier has even heard of it"
        fact(practice, found, "on", line_mode=mode)
    monitor(practice, call, "listen")
    (told,) = practice.c1.ask("call", UUID(call["id"]))["company"]
    assert told["mode"] == "barge", "as long as they can still be heard"
    fact(practice, found, "on", line_mode="listen")
    assert practice.c1.ask("call", UUID(call["id"]))["company"] == []


# ------------------------------------------------------------------------ through the adapters


def test_a_supervisor_on_a_call_through_the_adapters(practice: Practice) -> None:
    database = practice.database
    _, call = practice.talk(practice.c1, 1)
    call_id = UUID(call["id"])
    with ExitStack() as stack:

        def at_work(login: str) -> SqlPractice:
            place = Connection(
                "Lakeside", database.host, database.port, database.name, login, TlsMode.LOOPBACK
            )
            opened = SqlConnector().connect(place, PASSWORD)
            stack.callback(opened.close)
            return opened

        dana, jordan = at_work("cc_sup"), at_work("cc_c1")
        conninfo = make_conninfo(database.conninfo, user="cc_gw", password=PASSWORD)
        gateway = SqlSideStore.connect(conninfo)
        stack.callback(gateway.close)

        asked = jordan.ask_help(call_id, HelpReason.CLINICAL, op())
        assert asked.help is not None
        (row,) = dana.live_calls().calls
        assert row.help is not None
        assert (row.coordinator, row.help.reason, row.my_mode) == ("Jordan Park", "clinical", None)
        dana.answer_help(call_id, "Coming", op())
        board = dana.monitor_call(call_id, MonitorMode.COACH, op())
        assert board.calls[0].my_state is MonitorState.REQUESTED

        (wish,) = gateway.monitors()
        assert not gateway.place_monitor(wish.id), "the supervisor's phone is in a room of its own"
        hang_up_unwanted(practice.gw.connection)
        assert (wish.mode, wish.state) == (MonitorMode.COACH, MonitorState.REQUESTED)
        assert gateway.place_monitor(wish.id)
        assert not gateway.place_monitor(wish.id)
        now = datetime.now(UTC)
        fact = MonitorFact(MonitorState.ON, now, MonitorMode.COACH, "CA1")
        assert gateway.monitor_fact(wish.id, fact)
        (told,) = jordan.call(call_id).company
        assert told == OnCall("Val Stone", "coach", joined=True)
        (row,) = dana.clear_help(call_id, op()).calls
        assert (row.my_line_mode, row.help) == (MonitorMode.COACH, None)
        (row,) = dana.stop_monitoring(call_id, op()).calls
        assert row.stopping
        over = MonitorFact(MonitorState.ENDED, now, end=MonitorEnd.STOPPED, sentence="")
        assert gateway.monitor_fact(wish.id, over)
        assert gateway.monitors() == ()
        assert jordan.withdraw_help(call_id, op()).company == ()


def test_a_row_in_somebodys_open_transaction_stops_neither_the_line_nor_the_gateway(
    practice: Practice,
) -> None:
    _, call = practice.talk(practice.c1, 1)
    found = join(practice, call)
    practice.sup.run("BEGIN")
    practice.sup.ask("stop_monitoring", UUID(call["id"]), op())
    assert fact(practice, found, "ended", end="left") is False, "to be said again"
    practice.report(call, "live", held=True)
    assert practice.call_row(call)["held"] is True
    practice.sup.run("ROLLBACK")
    assert fact(practice, found, "ended", end="left") is True


# ------------------------------------------------------------------------------------ help


def test_a_call_for_help_is_on_top_is_answered_taken_and_cleared(practice: Practice) -> None:
    _, older = practice.talk(practice.c1, 1)
    practice.pass_time(seconds=30)
    _, call = practice.talk(practice.c2, 2)
    said = practice.c2.ask("ask_help", UUID(call["id"]), "upset", op())
    assert said["help"]["reason"] == "upset"
    board = practice.sup.ask("live_calls")
    assert [row["call_id"] for row in board["calls"]] == [call["id"], older["id"]]
    practice.sup.ask("answer_help", UUID(call["id"]), "  Coming,\n two minutes ", op())
    help_ = practice.c2.ask("call", UUID(call["id"]))["help"]
    assert (help_["by"], help_["answer"], help_["taken"]) == (
        "Val Stone",
        "Coming, two minutes",
        False,
    )
    monitor(practice, call, "coach")
    assert practice.c2.ask("call", UUID(call["id"]))["help"]["taken"] is True
    board = practice.sup.ask("clear_help", UUID(call["id"]), op())
    assert row_of(board, call)["help"] is None
    assert practice.c2.ask("call", UUID(call["id"]))["help"] is None
    with refused("QC175"):
        practice.sup.ask("answer_help", UUID(call["id"]), "Coming", op())


def test_listening_quietly_does_not_take_the_help(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    practice.c1.ask("ask_help", UUID(call["id"]), "", op())
    assert monitor(practice, call)["help"]["taken"] is False


def test_help_is_withdrawn_asked_anew_and_ends_with_the_call(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    call_id = UUID(call["id"])
    practice.c1.ask("ask_help", call_id, "", op())
    practice.c1.ask("ask_help", call_id, "clinical", op())
    assert practice.value("SELECT count(*) FROM app.call_help") == 1
    assert practice.c1.ask("withdraw_help", call_id, op())["help"] is None
    assert practice.c1.ask("ask_help", call_id, "system", op())["help"]["reason"] == "system"
    practice.hang_up(call)
    assert practice.c1.ask("call", call_id)["help"] is None
    assert practice.sup.ask("live_calls")["calls"] == []
    with refused("QC023"):
        practice.c1.ask("ask_help", call_id, "", op())
    with refused("QC023"):
        practice.sup.ask("answer_help", call_id, "Coming", op())


def test_help_is_ones_own_call_and_a_reason_of_the_list(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    with refused("QC024"):
        practice.c2.ask("ask_help", UUID(call["id"]), "", op())
    with refused("QC024"):
        practice.c2.ask("withdraw_help", UUID(call["id"]), op())
    with refused("QC070"):
        practice.c1.ask("ask_help", UUID(call["id"]), "Mrs Zyx cries", op())
    for text in ("", " \n ", "x" * 81):
        with refused("QC070"):
            practice.sup.ask("answer_help", UUID(call["id"]), text, op())


def test_supervisors_hear_of_help_and_of_a_moving_call_at_once(practice: Practice) -> None:
    _, call = practice.talk(practice.c1, 1)
    listener = practice.another("cc_sup").connection
    mine = f"cc_person_{practice.person_id('cc_sup').hex}"
    listener.execute(f"LISTEN {mine}".encode())
    listener.execute("LISTEN cc_team")
    practice.rows("UPDATE app.hint SET sent_at = '2020-01-01'")
    practice.c1.ask("ask_help", UUID(call["id"]), "", op())
    heard = {note.channel for note in listener.notifies(timeout=2, stop_after=2)}
    assert heard == {mine, "cc_team"}
    practice.rows("UPDATE app.hint SET sent_at = '2020-01-01'")
    practice.report(call, "live", held=True)
    (note,) = listener.notifies(timeout=2, stop_after=1)
    assert note.channel == "cc_team"
