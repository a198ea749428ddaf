"""From the patient's yes to a reviewer's ear: real database, chore and practice line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from psycopg.conninfo import make_conninfo

from coordinator_app.calls.backend import Accepted
from coordinator_app.calls.practice_line.personas import PersonaKind
from coordinator_app.cli import main
from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.side_store import SqlSideStore
from coordinator_app.domain.logs import CallLogFilter
from coordinator_app.domain.recording import Consent, RecordingCommand
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import RefusedError, StaleError
from coordinator_app.gateway.recording import Recordings
from coordinator_app.secrets.listening import OneTimeKey
from coordinator_app.services.listening import listen
from tests.helpers.call_store import call_request, leg_of
from tests.helpers.db_practice import PASSWORD
from tests.helpers.direct_line import DirectLine
from tests.helpers.people import PEOPLE, number_of
from tests.helpers.virtual_clock import VirtualClock

if TYPE_CHECKING:
    from coordinator_app.ports import PracticeDatabase
    from tests.helpers.db_practice import Practice


class Office:
    """A practice, its line, its gateway's chore, and its people's windows."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.clock = VirtualClock()
        self.net = DirectLine(self.clock, PEOPLE)
        conninfo = make_conninfo(practice.database.conninfo, user="cc_gw", password=PASSWORD)
        self.store = SqlSideStore.connect(conninfo)
        self.key = X25519PrivateKey.generate()
        self.chore = Recordings(self.net.recordings(), self.key, self.clock)
        self._open: list[PracticeDatabase] = []

    def window(self, login: str) -> PracticeDatabase:
        database = self.practice.database
        connection = Connection(
            "Lakeside", database.host, database.port, database.name, login, TlsMode.LOOPBACK
        )
        self._open.append(SqlConnector().connect(connection, PASSWORD))
        return self._open[-1]

    def live_call(self) -> UUID:
        """A call of cc_c1 that the practice line knows, too."""
        request = call_request(to=number_of(PersonaKind.ANSWERS))
        self.net.backend.open_agent_leg(leg_of(request))
        self.clock.advance(1)
        leg = self.net.backend.place(request)
        assert isinstance(leg, Accepted)
        self.clock.advance(6)
        _, call = self.practice.talk(self.practice.c1, 1)
        self.practice.report(call, "live", carrier_ref=leg.ref)
        return UUID(call["id"])

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(1)
            self.chore.turn(self.store)

    def close(self) -> None:
        for window in self._open:
            window.close()
        self.store.close()


@pytest.fixture
def office(practice: Practice) -> Iterator[Office]:
    made = Office(practice)
    yield made
    made.close()


def test_from_the_patients_yes_to_a_reviewers_ear(office: Office) -> None:
    office.window("cc_adm").set_recording(30, uuid4(), enabled=True, protected_at_carrier=True)
    call = office.live_call()
    me = office.window("cc_c1")
    with pytest.raises(RefusedError, match="said no"):
        me.start_recording(call, Consent.NO, uuid4(), notice_given=True)
    me.start_recording(call, Consent.YES, uuid4(), notice_given=True)
    office.turn(3)
    shown = me.call(call).recording
    assert shown is not None
    assert shown.state == "recording"
    me.recording_command(call, RecordingCommand.PAUSE, uuid4())
    office.turn(2)
    shown = me.call(call).recording
    assert shown is not None
    assert shown.state == "paused"
    me.recording_command(call, RecordingCommand.STOP, uuid4())
    office.turn(5)
    sup = office.window("cc_sup")
    (row,) = sup.call_recordings(call)
    assert (row.state, row.playable, row.listened) == ("kept", True, ())
    assert [x.recorded for x in sup.call_log(CallLogFilter(), None, 10).rows] == [True]
    (piece,) = (
        bytes(content)
        for (content,) in office.practice.rows("SELECT content FROM app.recording_chunk")
    )
    assert b"RIFF" not in piece

    def gateway_turns(_: float) -> bool:
        office.turn()
        return False

    sound = listen(sup, OneTimeKey(), row.id, reason="Review", op_id=uuid4(), wait=gateway_turns)
    assert sound.content[:4] == b"RIFF"
    assert len(sound.content) == row.seconds * 16_000 + 44  # type: ignore[operator]
    (row,) = sup.call_recordings(call)
    assert [(x.by, x.reason, x.opened) for x in row.listened] == [("Val Stone", "Review", True)]
    held = sup.hold_recording(row.id, "Claim 12 of 2027", uuid4(), hold=True)
    assert held.hold.startswith("Legal hold")
    with pytest.raises(RefusedError, match="Legal hold"):
        sup.delete_recording(row.id, "The patient asked.", uuid4())
    sup.hold_recording(row.id, "The claim is settled", uuid4(), hold=False)
    assert sup.delete_recording(row.id, "The patient asked.", uuid4()).state == "discarded"
    with pytest.raises(StaleError):
        sup.request_playback(row.id, OneTimeKey().public_key, "Review", uuid4())


@pytest.mark.expected_logs
def test_another_gateway_cannot_open_what_this_one_stored(office: Office) -> None:
    office.window("cc_sup").set_recording(30, uuid4(), enabled=True, protected_at_carrier=True)
    call = office.live_call()
    me = office.window("cc_c1")
    me.start_recording(call, Consent.YES, uuid4(), notice_given=True)
    office.turn(3)
    office.window("cc_sup").set_recording(30, uuid4(), enabled=False, protected_at_carrier=True)
    office.turn(5)
    sup = office.window("cc_sup")
    (row,) = sup.call_recordings(call)
    assert row.state == "kept", "turning it off stopped what ran"
    stranger = Recordings(office.net.recordings(), X25519PrivateKey.generate(), office.clock)

    def other_turns(_: float) -> bool:
        stranger.turn(office.store)
        return False

    with pytest.raises(RefusedError, match="another key"):
        listen(sup, OneTimeKey(), row.id, reason="Review", op_id=uuid4(), wait=other_turns)


def test_a_recording_of_a_transaction_that_is_held_waits(office: Office) -> None:
    office.window("cc_sup").set_recording(30, uuid4(), enabled=True, protected_at_carrier=True)
    call = office.live_call()
    holder = office.practice.another("cc_c1")
    holder.run("BEGIN")
    holder.one("SELECT api.start_recording(%s, true, 'YES', %s)", call, uuid4())
    office.turn(2)
    assert office.net.recordings().of_call("x") == ()
    holder.run("ROLLBACK")
    office.turn(2)
    assert office.practice.value("SELECT count(*) FROM app.recording") == 0


def test_where_a_person_works_is_set_by_the_administrator(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    conninfo = practice.database.conninfo
    assert main(["--database", conninfo, "user", "works-in", "cc_c1", "pa"]) == 0
    assert practice.value("SELECT work_state FROM app.person WHERE login = 'cc_c1'") == "PA"
    assert "works in PA" in capsys.readouterr().out
    assert main(["--database", conninfo, "user", "works-in", "cc_c1", "XX"]) != 0
    assert "two capital letters" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["drop", "play", "say", "announce", "voicemail", "speak"])
def test_t18_the_database_takes_no_word_for_a_recorded_message(
    practice: Practice, word: str
) -> None:
    _, call = practice.talk(practice.c1, 1)
    with pytest.raises(psycopg.Error) as caught:
        practice.c1.one("SELECT api.command(%s::uuid, %s, '', %s)", call["id"], word, uuid4())
    assert caught.value.sqlstate == "QC070"
