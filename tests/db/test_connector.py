"""The link to a real server: TLS, time-outs, losses, hints. Counted and broken at the socket."""

from __future__ import annotations

import queue
import re
import socket
import struct
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.db import gateway_lock
from coordinator_app.db.call_store import SqlCallStore
from coordinator_app.db.connection import Json, Link, Texts, Uuids
from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.listener import Listener
from coordinator_app.db.parameters import (
    connection_parameters,
    is_loopback,
    open_connection,
    service_parameters,
)
from coordinator_app.demo.binaries import all_binaries
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import (
    ConfigurationError,
    InsecureConnectionError,
    NotAllowedError,
    NotConnectedError,
    RefusedError,
    SignInRefusedError,
)
from tests.helpers.postgres import TestServer
from tests.helpers.proxy import Mode, Proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.helpers.postgres import Database

PASSWORD = "the-test-password"
ID = UUID("01890000-0000-7000-8000-000000000001")
SCHEMA = """
CREATE SCHEMA api;
CREATE TABLE api.done (op int);
CREATE FUNCTION api.echo(uuid, bigint, integer, text, uuid[], text[], jsonb, timestamptz, date,
    boolean, uuid) RETURNS jsonb LANGUAGE sql
    AS $$ SELECT jsonb_build_array($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) $$;
CREATE FUNCTION api.one() RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"a": 1}'::jsonb $$;
CREATE FUNCTION api.word() RETURNS text LANGUAGE sql AS $$ SELECT '12' $$;
CREATE FUNCTION api.nothing() RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE FUNCTION api.pid() RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb(pg_backend_pid()) $$;
CREATE FUNCTION api.refuse() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'QC012', MESSAGE = 'not_claimable',
        DETAIL = '{"sentence": "Too early."}';
END $$;
CREATE FUNCTION api.bug(text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '22012', MESSAGE = 'division by zero';
END $$;
CREATE SEQUENCE api.tries;
CREATE FUNCTION api.collide(p_times int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('api.tries') <= p_times THEN
        RAISE EXCEPTION USING ERRCODE = '40P01', MESSAGE = 'deadlock detected';
    END IF;
    RETURN '"done"';
END $$;
CREATE FUNCTION api.act() RETURNS jsonb LANGUAGE sql
    AS $$ INSERT INTO api.done VALUES (1) RETURNING '"acted"'::jsonb $$;
CREATE FUNCTION api.settings() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object(
    'user', session_user, 'statement_timeout', current_setting('statement_timeout'),
    'zone', current_setting('timezone'), 'level', current_setting('transaction_isolation')) $$;
GRANT USAGE ON SCHEMA api TO test_person;
GRANT USAGE ON SEQUENCE api.tries TO test_person;
GRANT INSERT ON api.done TO test_person;
REVOKE EXECUTE ON FUNCTION api.nothing() FROM PUBLIC;
"""


@pytest.fixture(scope="module")
def practice(pg_server: TestServer) -> Iterator[Database]:
    """A database with small functions and one person who may log in."""
    with pg_server.copy("template0") as made:
        prepare(made.conninfo)
        yield made


def prepare(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as admin:
        for login, limit in (("test_person", -1), ("test_crowd", 2)):
            admin.execute(f"DROP ROLE IF EXISTS {login}".encode())
            admin.execute(f"CREATE ROLE {login} LOGIN CONNECTION LIMIT {limit}".encode())
            admin.pgconn.change_password(login.encode(), PASSWORD.encode())
        admin.execute(SCHEMA)


def at(port: int, database: str = "", **changes: Any) -> Connection:
    plain = Connection("Test", "127.0.0.1", port, database, "test_person", TlsMode.LOOPBACK)
    return replace(plain, **changes)


@pytest.fixture
def proxy(practice: Database) -> Iterator[Proxy]:
    with Proxy(practice.host, practice.port) as running:
        yield running


@pytest.fixture
def link(practice: Database, proxy: Proxy) -> Iterator[Link]:
    made = Link(connection_parameters(at(proxy.port, practice.name), PASSWORD), deadline=5)
    made.open()
    yield made
    made.close()


# ------------------------------------------------------------------------------------ calls


def test_every_kind_of_argument_arrives_as_its_type(link: Link) -> None:
    now = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)
    text = "100 % 'quoted' %s :name \\ “Ana”\n"
    big = 2**40
    answer = link.call(
        "echo",
        ID,
        big,
        7,
        text,
        Uuids((ID,)),
        Texts(()),
        Json({"when": now, "ids": (ID,)}),
        now,
        now.date(),
        True,
        None,
    )
    assert answer == [
        str(ID),
        big,
        7,
        text,
        [str(ID)],
        [],
        {"when": "2026-11-23T08:00:00.123456+00:00", "ids": [str(ID)]},
        "2026-11-23T08:00:00.123456+00:00",
        "2026-11-23",
        True,
        None,
    ]


def test_a_text_that_looks_like_json_stays_a_text(link: Link) -> None:
    assert link.call("word") == "12"


def test_one_call_is_one_round_trip_from_the_first_to_the_tenth(link: Link, proxy: Proxy) -> None:
    for _ in range(10):
        before = proxy.turns
        assert link.call("one") == {"a": 1}
        assert proxy.turns == before + 1


def test_a_refusal_is_one_round_trip_too(link: Link, proxy: Proxy) -> None:
    before = proxy.turns
    with pytest.raises(RefusedError, match="Too early"):
        link.call("refuse")
    link.call("one")
    assert proxy.turns == before + 2


def test_a_session_asks_nothing_beyond_the_login(practice: Database, proxy: Proxy) -> None:
    with open_connection(connection_parameters(at(proxy.port, practice.name), PASSWORD)):
        login = proxy.turns
    with Proxy(practice.host, practice.port) as second:
        made = Link(connection_parameters(at(second.port, practice.name), PASSWORD))
        made.open()
        assert second.turns == login
        made.close()


def test_the_server_gives_up_what_the_client_gave_up(link: Link) -> None:
    assert link.call("settings") == {
        "user": "test_person",
        "statement_timeout": "15s",
        "zone": "UTC",
        "level": "read committed",
    }


def test_a_right_that_is_missing_is_said_so(link: Link) -> None:
    with pytest.raises(NotAllowedError):
        link.call("nothing")


def test_our_own_bug_is_no_sentence_and_names_no_argument(link: Link) -> None:
    with pytest.raises(Exception, match="division by zero") as raised:
        link.call("bug", "Maria Canary")
    assert "Canary" not in repr(raised.value) + str(raised.value)
    assert raised.value.__cause__ is None


def test_a_collision_is_sent_again_once(link: Link, practice: Database) -> None:
    restart_tries(practice)
    assert link.call("collide", 1) == "done"


def test_a_second_collision_is_told(link: Link, practice: Database) -> None:
    restart_tries(practice)
    with pytest.raises(Exception, match="Try again") as raised:
        link.call("collide", 2)
    assert getattr(raised.value, "name", "") == "collision"


def restart_tries(practice: Database) -> None:
    with psycopg.connect(practice.conninfo, autocommit=True) as admin:
        admin.execute("ALTER SEQUENCE api.tries RESTART")


def test_calls_from_many_threads_take_turns(link: Link) -> None:
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(link.call("pid"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(map(str, answers))) == 1


# ----------------------------------------------------------------------------------- losses


def test_a_line_that_was_cut_while_idle_is_opened_again_unasked(link: Link, proxy: Proxy) -> None:
    first = link.call("pid")
    proxy.cut()
    second = link.call("pid")
    assert first != second


def test_the_servers_restart_is_not_noticed_by_the_next_call(
    link: Link, practice: Database
) -> None:
    first = link.call("pid")
    with psycopg.connect(practice.conninfo, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    assert link.call("pid") != first


@pytest.mark.parametrize("mode", [Mode.BLACK_HOLE, Mode.DROP_REPLIES])
def test_a_call_without_an_answer_ends_at_its_deadline(
    practice: Database, proxy: Proxy, mode: Mode
) -> None:
    made = Link(connection_parameters(at(proxy.port, practice.name), PASSWORD), deadline=0.2)
    made.open()
    before = done(practice)
    proxy.mode = mode
    with pytest.raises(NotConnectedError) as raised:
        made.call("act")
    assert raised.value.name == "no_answer"
    proxy.mode = Mode.PASS
    assert made.call("word") == "12"  # the line is back: the next call opens it again
    made.close()
    # The server acted on what it heard, although nobody was told: ids make sending again safe.
    assert done(practice) - before == (1 if mode is Mode.DROP_REPLIES else 0)


def done(practice: Database) -> int:
    with psycopg.connect(practice.conninfo) as admin:
        row = admin.execute("SELECT count(*) FROM api.done").fetchone()
    assert row is not None
    return int(row[0])


def test_a_line_that_is_cut_during_a_call(practice: Database, proxy: Proxy) -> None:
    made = Link(connection_parameters(at(proxy.port, practice.name), PASSWORD))
    made.open()
    proxy.mode = Mode.DROP_REPLIES
    failed: queue.Queue[Exception] = queue.Queue()

    def work() -> None:
        try:
            made.call("act")
        except NotConnectedError as error:
            failed.put(error)

    before = done(practice)
    thread = threading.Thread(target=work)
    thread.start()
    while done(practice) == before:  # the server has it; its answer is swallowed
        pass
    proxy.cut()
    thread.join()
    assert failed.get_nowait().name == "lost"  # type: ignore[attr-defined]  # a NotConnectedError
    made.close()


def test_an_unreachable_server_stays_a_sentence_and_recovers(link: Link, proxy: Proxy) -> None:
    proxy.mode = Mode.REFUSE
    proxy.cut()
    for _ in range(2):
        with pytest.raises(NotConnectedError):
            link.call("one")
    proxy.mode = Mode.PASS
    assert link.call("one") == {"a": 1}


def test_after_close_nothing_is_opened_again(link: Link, proxy: Proxy) -> None:
    link.close()
    before = proxy.connections
    with pytest.raises(NotConnectedError, match="signed out"):
        link.call("one")
    link.close()
    assert proxy.connections == before


# ---------------------------------------------------------------------------------- sign-in


def test_wrong_password_and_unknown_login_read_the_same(practice: Database) -> None:
    sentences = set()
    for changes in ({}, {"user": "nobody_here"}):
        with pytest.raises(SignInRefusedError) as raised:
            SqlConnector().connect(at(practice.port, practice.name, **changes), "wrong")
        sentences.add(raised.value.sentence)
        assert raised.value.__cause__ is None
    assert len(sentences) == 1


def test_a_database_that_is_not_there(practice: Database) -> None:
    with pytest.raises(SignInRefusedError) as raised:
        SqlConnector().connect(at(practice.port, "no_such_practice"), PASSWORD)
    assert raised.value.name == "no_such_database"


def test_too_many_sessions_of_one_login(practice: Database) -> None:
    # A login of this test's own: sessions that other tests closed may still be ending.
    crowd = at(practice.port, practice.name, user="test_crowd")
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(closing(SqlConnector().connect(crowd, PASSWORD)))
        with pytest.raises(SignInRefusedError) as raised:
            SqlConnector().connect(crowd, PASSWORD)
    assert raised.value.name == "too_many_connections"


def test_a_port_where_nothing_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotConnectedError) as raised:
            SqlConnector().connect(at(unused.getsockname()[1], "x"), PASSWORD)
    assert raised.value.name == "refused"


@pytest.mark.parametrize(
    ("reply", "kind", "name"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotConnectedError, "not_a_database"),
        (b"", NotConnectedError, "restarting"),
        (b"N", InsecureConnectionError, "no_tls"),
    ],
)
def test_something_else_answers_at_the_port(
    reply: bytes, kind: type[NotConnectedError], name: str, tmp_path: Any
) -> None:
    with answering(reply) as port:
        authority = tmp_path / "ca.crt"
        authority.write_text("")
        secure = at(port, "x", tls=TlsMode.VERIFY_FULL, root_certificate=str(authority))
        with pytest.raises(kind) as raised:
            SqlConnector().connect(secure, PASSWORD)
    assert raised.value.name == name


def test_a_program_that_took_the_port_is_not_told_the_password() -> None:
    wants_clear_text = b"R" + struct.pack("!II", 8, 3)
    heard: list[bytes] = []
    with (
        answering(b"N", wants_clear_text, heard=heard) as port,
        pytest.raises(InsecureConnectionError) as raised,
    ):
        SqlConnector().connect(at(port, "x"), PASSWORD)
    assert raised.value.name == "unsafe_password"
    assert PASSWORD.encode() not in b"".join(heard)


def test_a_server_in_another_language_that_refuses() -> None:
    fields = b"SSCHWERWIEGEND\0VFATAL\0C28P01\0MPasswort ist falsch\0\0"
    refusal = b"E" + struct.pack("!I", len(fields) + 4) + fields
    with answering(b"N", refusal) as port, pytest.raises(SignInRefusedError):
        SqlConnector().connect(at(port, "x"), PASSWORD)


class answering:  # noqa: N801 - reads as a verb in "with"
    """A server that answers each message of its one guest with the next of these replies."""

    def __init__(self, *replies: bytes, heard: list[bytes] | None = None) -> None:
        self._replies = replies
        self._heard = heard if heard is not None else []
        self._door = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        port: int = self._door.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._door.close()

    def _serve(self) -> None:
        guest, _ = self._door.accept()
        with guest:
            for reply in self._replies:
                self._heard.append(guest.recv(4096))
                guest.sendall(reply)
            if self._replies[-1]:
                self._heard.append(guest.recv(4096))


def test_without_encryption_only_this_computer() -> None:
    with pytest.raises(InsecureConnectionError, match="this computer"):
        connection_parameters(at(5432, "x", host="db.example.org"), PASSWORD)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_hosts_that_are_this_computer(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io"])
def test_hosts_that_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_a_certificate_file_that_is_not_there() -> None:
    secure = at(5432, "x", tls=TlsMode.VERIFY_FULL, root_certificate="/no/such/file.crt")
    with pytest.raises(InsecureConnectionError) as raised:
        SqlConnector().connect(secure, PASSWORD)
    assert raised.value.name == "root_certificate"


def test_programs_of_ours_check_certificates_too() -> None:
    assert service_parameters("host=db.example.org", {})["sslmode"] == "verify-full"
    assert "sslmode" not in service_parameters("host=127.0.0.1", {})
    assert "sslmode" not in service_parameters("host=/run/postgresql", {})
    assert service_parameters("", {"PGHOST": "db.example.org"})["sslrootcert"] == "system"
    with pytest.raises(InsecureConnectionError):
        service_parameters("host=db.example.org", {"PGSSLMODE": "prefer"})
    with pytest.raises(ConfigurationError):
        service_parameters("postgresql://[", {})


@pytest.mark.parametrize(
    ("conninfo", "environment"),
    [
        ("service=practice", {}),
        ("host=127.0.0.1 service=practice", {}),
        ("host=127.0.0.1", {"PGSERVICE": "practice"}),
    ],
)
def test_a_service_that_hides_the_host_is_refused(
    conninfo: str, environment: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        service_parameters(conninfo, environment)
    assert raised.value.name == "service"


@pytest.mark.parametrize(
    ("conninfo", "environment"),
    [
        ("host=localhost hostaddr=203.0.113.7", {}),
        ("host=localhost", {"PGHOSTADDR": "203.0.113.7"}),
        ("host=127.0.0.1,db.example.org", {}),
    ],
)
def test_an_address_behind_a_name_is_looked_at(conninfo: str, environment: dict[str, str]) -> None:
    assert service_parameters(conninfo, environment)["sslmode"] == "verify-full"


# -------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestServer]:
    able = [binaries for binaries in all_binaries() if binaries.has_tls]
    if not able:
        pytest.skip("no PostgreSQL with TLS on this computer")
    made = TestServer(tmp_path_factory.mktemp("tls") / "data", able[0])
    made.server.start()
    prepare(made.server.superuser_conninfo())
    yield made
    made.server.remove()


def secure_at(server: TestServer, **changes: Any) -> Connection:
    plain = at(server.server.port, "postgres", host="localhost", tls=TlsMode.VERIFY_FULL)
    authority = str(server.server.certificate_authority)
    return replace(plain, root_certificate=authority, **changes)


def test_a_checked_certificate_opens_an_encrypted_session(tls_server: TestServer) -> None:
    with open_connection(connection_parameters(secure_at(tls_server), PASSWORD)) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.info.user == "test_person"


def test_an_authority_that_this_computer_does_not_know(tls_server: TestServer) -> None:
    unknown = replace(secure_at(tls_server), root_certificate="")
    with pytest.raises(InsecureConnectionError) as raised:
        SqlConnector().connect(unknown, PASSWORD)
    assert raised.value.name == "certificate"


def test_a_certificate_for_another_name(
    tls_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")  # as if DNS had been told a lie
    with pytest.raises(InsecureConnectionError) as raised:
        SqlConnector().connect(secure_at(tls_server, host="db.example.org"), PASSWORD)
    assert raised.value.name == "certificate_name"


def test_a_server_without_tls_gets_no_password(practice: Database, tmp_path: Any) -> None:
    if tls_answer(practice.port) != b"N":
        pytest.skip("this server has TLS")
    authority = tmp_path / "ca.crt"
    authority.write_text("")
    secure = at(
        practice.port, practice.name, tls=TlsMode.VERIFY_FULL, root_certificate=str(authority)
    )
    with pytest.raises(InsecureConnectionError) as raised:
        SqlConnector().connect(secure, PASSWORD)
    assert raised.value.name == "no_tls"


def tls_answer(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as asking:
        asking.sendall(struct.pack("!II", 8, 80877103))
        return asking.recv(1)


# ------------------------------------------------------------------------------------ hints


@pytest.fixture
def hints(
    practice: Database, proxy: Proxy
) -> Iterator[tuple[queue.Queue[str], Callable[[str], None]]]:
    """What was hinted, and a function that notifies a channel once the listener is there."""
    heard: queue.Queue[str] = queue.Queue()
    parameters = connection_parameters(at(proxy.port, practice.name), PASSWORD)
    listener = Listener(
        parameters, {"cc_queue": "queue", "cc_team": "team"}, heard.put, first_pause=0.01
    )
    listener.start()
    with psycopg.connect(practice.conninfo, autocommit=True) as admin:

        def notify(channel: str) -> None:
            while listening(admin) == 0:
                pass
            admin.execute(f"NOTIFY {channel}, 'nobody reads this'".encode())

        yield heard, notify
    listener.close()
    listener.close()


def listening(admin: psycopg.Connection[Any]) -> int:
    row = admin.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'test_person' "
        "AND query ~ 'cc_team' AND state = 'idle'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_notification_is_a_hint_with_our_name(
    hints: tuple[queue.Queue[str], Callable[[str], None]],
) -> None:
    heard, notify = hints
    notify("cc_queue")
    assert heard.get(timeout=10) == "queue"
    notify("cc_team")
    assert heard.get(timeout=10) == "team"
    notify("cc_other")
    assert heard.empty()


def test_after_a_gap_everything_is_hinted_once(
    hints: tuple[queue.Queue[str], Callable[[str], None]], proxy: Proxy
) -> None:
    heard, notify = hints
    notify("cc_queue")
    assert heard.get(timeout=10) == "queue"
    proxy.cut()
    assert {heard.get(timeout=10), heard.get(timeout=10)} == {"queue", "team"}
    notify("cc_team")
    assert heard.get(timeout=10) == "team"


def test_a_listener_that_never_reached_the_server_ends_at_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        parameters = connection_parameters(at(unused.getsockname()[1], "x"), PASSWORD)
        listener = Listener(parameters, {"cc_queue": "queue"}, lambda _: None, first_pause=60)
        listener.start()
        listener.close()
    assert not listener._thread.is_alive()


def test_a_listener_that_was_never_started_can_be_closed() -> None:
    Listener({}, {}, lambda _: None).close()


# -------------------------------------------------------------------------------- gateway


def test_the_gateway_wakes_up_when_asked(practice: Database, proxy: Proxy) -> None:
    conninfo = (
        f"host=127.0.0.1 port={proxy.port} dbname={practice.name} user=test_person "
        f"password={PASSWORD}"
    )
    store = SqlCallStore.connect(conninfo)
    assert store.wait(0.01)  # begins to listen: what was before is not known
    assert not store.wait(0.01)
    with psycopg.connect(practice.conninfo, autocommit=True) as admin:
        admin.execute("NOTIFY cc_gateway")
    assert store.wait(10)
    proxy.cut()
    with pytest.raises(NotConnectedError):
        store.wait(10)
    assert store.wait(0.01)
    store.record(())  # nothing to say: the database is not asked (it has no such function)
    store.close()


def test_the_gateways_wrong_password_is_said_so(practice: Database) -> None:
    conninfo = f"host=127.0.0.1 port={practice.port} dbname={practice.name} user=x password=y"
    with pytest.raises(SignInRefusedError) as raised:
        SqlCallStore.connect(conninfo)
    assert not re.search(r"127\.0\.0\.1|password=", raised.value.sentence)


def gateway_conninfo(practice: Database) -> str:
    return make_conninfo(
        host="127.0.0.1",
        port=practice.port,
        dbname=practice.name,
        user="test_person",
        password=PASSWORD,
    )


def test_a_second_gateway_is_refused_until_the_first_has_ended(practice: Database) -> None:
    conninfo = gateway_conninfo(practice)
    with closing(SqlCallStore.connect(conninfo)):
        with pytest.raises(RefusedError) as raised:
            SqlCallStore.connect(conninfo, patience=0.1)
        assert raised.value.name == "another_gateway"
        assert "Stop that one first" in raised.value.sentence
    SqlCallStore.connect(conninfo, patience=10).close()


def test_a_gateway_takes_its_lock_again_after_a_loss(practice: Database, proxy: Proxy) -> None:
    conninfo = make_conninfo(gateway_conninfo(practice), port=proxy.port)
    with closing(SqlCallStore.connect(conninfo)) as store:
        proxy.cut()
        store._link.call("one")
        with pytest.raises(RefusedError):
            SqlCallStore.connect(gateway_conninfo(practice), patience=0.1)


@pytest.mark.expected_logs
def test_a_stranger_cannot_keep_the_gateway_out(
    practice: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(practice.conninfo, autocommit=True) as stranger:
        stranger.execute("SELECT pg_advisory_lock(%s)", [gateway_lock._LOCK])
        SqlCallStore.connect(gateway_conninfo(practice)).close()
    assert "no gateway" in caplog.text
