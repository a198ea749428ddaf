"""Policies of the lock after failed logins, with a real server, real passwords and its real log."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.cli import main
from coordinator_app.db import login_guard
from coordinator_app.db.admin_people import reset_password
from coordinator_app.db.connector import SqlConnector
from coordinator_app.db.server_log import CHUNK, LocalLog, ServerLog, failure_in, whole_lines
from coordinator_app.demo.guard import Guard
from coordinator_app.demo.postgres import EmbeddedServer
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import ConfigurationError, SignInRefusedError
from tests.helpers.db_practice import LOGINS, PASSWORD, Practice
from tests.helpers.postgres import chosen_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.postgres import TestServer

VICTIM = "cc_c8"
OTHER = "cc_c7"


class TestLog:
    """What the server wrote since the test began: tries of other tests are not in it."""

    __test__ = False

    def __init__(self, real: Path, path: Path) -> None:
        self._real = real
        self._from = real.stat().st_size
        self.path = path

    def up_to_now(self) -> Path:
        with self._real.open("rb") as real:
            real.seek(self._from)
            self.path.write_bytes(real.read())
        return self.path


@pytest.fixture
def log(pg_server: TestServer, tmp_path: Path) -> TestLog:
    return TestLog(pg_server.server.log_file, tmp_path / "server.log")


@pytest.fixture
def guarded(practice: Practice) -> Iterator[Practice]:
    """The practice; every password is valid again afterwards."""
    yield practice
    with practice.superuser() as root:
        for login in LOGINS:
            root.execute(f"ALTER ROLE {login} VALID UNTIL 'infinity'".encode())


def log_in(practice: Practice, login: str, password: str = PASSWORD) -> bool:
    where = practice.database
    connection = Connection("Test", where.host, where.port, where.name, login, TlsMode.LOOPBACK)
    try:
        SqlConnector().connect(connection, password).close()
    except SignInRefusedError as error:
        sentence = error.sentence
    else:
        return True
    # One sentence for all: whoever guesses does not learn that a password was right.
    assert "didn't work" in sentence
    assert "locked for a while" in sentence
    return False


def fail(practice: Practice, times: int, login: str = VICTIM) -> None:
    for number in range(times):
        assert not log_in(practice, login, f"wrong password {number}")


def lines_a_try(practice: Practice) -> int:
    """With TLS libpq tries a refused password once more without it."""
    return 2 if practice.value("SHOW ssl") == "on" else 1


def look(practice: Practice, log: TestLog | Path) -> login_guard.Round:
    path = log.up_to_now() if isinstance(log, TestLog) else log
    return login_guard.look(practice.database.conninfo, path)


def test_policy_the_sixth_attempt_is_refused_with_the_right_password(
    guarded: Practice, log: TestLog
) -> None:
    fail(guarded, 5)
    command = ["guard", "--once", "--log", str(log.up_to_now())]
    assert main(["--database", guarded.database.conninfo, *command]) == 0
    assert not log_in(guarded, VICTIM)
    assert log_in(guarded, OTHER), "only the login that was attacked"
    lock = guarded.rows("SELECT failures, until - locked_at, unlocked_at FROM app.login_lock")
    assert lock == [(5, timedelta(minutes=30), None)]
    person = guarded.person_id(VICTIM)
    assert guarded.rows("SELECT kind, person_id FROM app.alert") == [("login_lock", person)]
    guarded.rows("RESET ROLE")
    found = guarded.rows(
        "SELECT object, detail FROM audit.event WHERE action = 'login.lock'",
    )
    assert found == [(f"person/{person}", {"failures": 5, "minutes": 30})]


def test_four_wrong_passwords_lock_nobody(guarded: Practice, log: TestLog) -> None:
    fail(guarded, 4)
    found = look(guarded, log)
    assert (found.failures, found.locked) == (4 * lines_a_try(guarded), ())
    assert log_in(guarded, VICTIM)


def test_wrong_passwords_are_counted_over_several_looks(guarded: Practice, log: TestLog) -> None:
    for _ in range(4):
        fail(guarded, 1)
        assert look(guarded, log).locked == ()
    fail(guarded, 1)
    assert look(guarded, log).locked == (VICTIM,)


def test_looking_again_counts_nothing_twice(guarded: Practice, log: TestLog) -> None:
    fail(guarded, 3)
    lines = 3 * lines_a_try(guarded)
    assert look(guarded, log).failures == lines
    guarded.rows("DELETE FROM app.login_log")  # the place is lost: everything is read once more
    assert look(guarded, log).failures == 0
    assert guarded.value("SELECT count(*) FROM app.login_failure") == lines


def test_failures_of_an_hour_ago_lock_nobody(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    path.write_text("".join(stamped(ago=3600 + n) for n in range(9)), "utf-8")
    found = look(guarded, path)
    assert (found.failures, found.locked) == (9, ())


def test_policy_the_lock_ends_by_itself(guarded: Practice, log: TestLog) -> None:
    fail(guarded, 5)
    look(guarded, log)
    assert not log_in(guarded, VICTIM)
    assert look(guarded, log).unlocked == ()
    guarded.rows("UPDATE app.login_lock SET until = clock_timestamp()")
    assert look(guarded, log).unlocked == (VICTIM,)
    assert log_in(guarded, VICTIM)


def test_policy_tries_during_a_lock_make_it_no_longer(guarded: Practice, log: TestLog) -> None:
    """Or whoever goes on guessing would keep the person out for ever."""
    fail(guarded, 5)
    look(guarded, log)
    until = guarded.value("SELECT until FROM app.login_lock")
    fail(guarded, 6)
    assert look(guarded, log).locked == ()
    assert guarded.rows("SELECT until FROM app.login_lock") == [(until,)]
    guarded.rows("UPDATE app.login_lock SET until = clock_timestamp()")
    found = look(guarded, log)
    assert (found.unlocked, found.locked) == ((VICTIM,), ())
    assert log_in(guarded, VICTIM)


def test_policy_the_administrator_unlocks_at_once(
    guarded: Practice, log: TestLog, capsys: pytest.CaptureFixture[str]
) -> None:
    fail(guarded, 5)
    look(guarded, log)
    command = ["--database", guarded.database.conninfo, "user"]
    main([*command, "list"])
    assert "locked 30 min" in capsys.readouterr().out
    assert main([*command, "unlock", VICTIM]) == 0
    assert capsys.readouterr().out == f"{VICTIM} is unlocked.\n"
    assert log_in(guarded, VICTIM)
    assert look(guarded, log).locked == (), "what was counted once does not count again"
    assert main([*command, "unlock", VICTIM]) == 0
    assert "was not locked" in capsys.readouterr().out


def test_a_new_password_ends_the_lock(guarded: Practice, log: TestLog) -> None:
    fail(guarded, 5)
    look(guarded, log)
    reset_password(guarded.database.conninfo, VICTIM, "another long password")
    assert log_in(guarded, VICTIM, "another long password")
    with guarded.superuser() as root:
        root.pgconn.change_password(VICTIM.encode(), PASSWORD.encode())


def test_an_open_session_goes_on(guarded: Practice, log: TestLog) -> None:
    guarded.c8.sign_in()
    fail(guarded, 5)
    assert look(guarded, log).locked == (VICTIM,)
    assert guarded.c8.ask("heartbeat", None, None)


def test_a_limit_the_login_had_before_comes_back(guarded: Practice, log: TestLog) -> None:
    with guarded.superuser() as root:
        root.execute(f"ALTER ROLE {VICTIM} VALID UNTIL '2099-01-01 00:00:00+00'".encode())
        fail(guarded, 5)
        look(guarded, log)
        main(["--database", guarded.database.conninfo, "user", "unlock", VICTIM])
        found = root.execute("SELECT rolvaliduntil FROM pg_roles WHERE rolname = %s", [VICTIM])
        assert found.fetchone() == (datetime(2099, 1, 1, tzinfo=UTC),)


@pytest.mark.parametrize("login", ["nobody_here", "cc_gw", "cc_stray", "postgres"])
def test_policy_only_people_of_the_practice_are_locked(
    guarded: Practice, log: TestLog, login: str
) -> None:
    """A guessed superuser or gateway is a matter of the server's own doors, and locking either
    would stop the whole practice."""
    fail(guarded, 6, login)
    found = look(guarded, log)
    assert (found.failures, found.locked) == (0, ())


def test_policy_a_made_up_login_name_locks_nobody(guarded: Practice, log: TestLog) -> None:
    """The name stands in the log: it must not be taken for a line of its own."""
    tail = f'FATAL:  password authentication failed for user "{VICTIM}'
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000 UTC [1] ")
    for name in (
        f'x" {tail}',
        f'x"\n{stamp}{tail}',
        f"{VICTIM}\n",
        f'"{VICTIM}"',
        f"x {tail}",
    ):
        for _ in range(5):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(make_conninfo(guarded.database.conninfo, user=name, password="x"))
    assert look(guarded, log).locked == ()
    assert log_in(guarded, VICTIM)


def test_policy_nobody_is_locked_by_what_a_session_writes_to_the_log(
    guarded: Practice, log: TestLog
) -> None:
    said = f'password authentication failed for user "{VICTIM}"'
    for number in range(6):
        guarded.c1.run(f"DO $$ BEGIN RAISE LOG '{said}'; PERFORM pg_sleep(0.002); END $$")
        with pytest.raises(psycopg.errors.InvalidPassword):
            guarded.c1.run(
                f"DO $$ BEGIN RAISE '{number}' USING ERRCODE = '28P01', DETAIL = '{said}'; END $$"
            )
    assert look(guarded, log).failures == 0
    assert log_in(guarded, VICTIM)


def test_policy_guesses_at_a_database_of_an_odd_name_count(tmp_path: Path) -> None:
    """The name stands in the prefix of Debian's servers, and must not hide what comes after it."""
    settings = {"log_line_prefix": "%m [%p] %q%u@%d "}
    server = EmbeddedServer(tmp_path / "s", chosen_binaries(), durable=False, settings=settings)
    with contextlib.ExitStack() as held, server:
        held.callback(server.remove)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(
                make_conninfo(
                    server.superuser_conninfo(), user="maya", password="x", dbname="x LOG:  y"
                )
            )
        lines = server.log_file.read_text("utf-8").splitlines()
        found = [failure_in(line, "server.log", UTC) for line in lines]
        assert {one.login for one in found if one is not None} == {"maya"}


def test_refusals_for_other_reasons_are_no_guesses(guarded: Practice, log: TestLog) -> None:
    with guarded.superuser() as root:
        root.execute(f"ALTER ROLE {VICTIM} NOLOGIN".encode())
        try:
            for _ in range(6):
                assert not log_in(guarded, VICTIM)
        finally:
            root.execute(f"ALTER ROLE {VICTIM} LOGIN".encode())
    assert look(guarded, log).failures == 0


def test_two_guards_do_not_work_at_once(guarded: Practice, log: TestLog) -> None:
    with psycopg.connect(guarded.database.conninfo, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [login_guard._LOCK])
        with pytest.raises(ConfigurationError, match="One is enough"):
            look(guarded, log)


def test_policy_a_persons_lock_of_the_same_number_stops_no_guard(
    guarded: Practice, log: TestLog
) -> None:
    guarded.c1.run("SELECT pg_advisory_lock(%s)", login_guard._LOCK)
    fail(guarded, 5)
    assert look(guarded, log).locked == (VICTIM,)
    guarded.c1.run("SELECT pg_advisory_unlock_all()")


def test_the_demo_looks_when_there_is_something_new(
    guarded: Practice, pg_server: TestServer
) -> None:
    guard = Guard(pg_server.server)
    guard.tend(guarded.database.conninfo)
    with guarded.superuser() as root:  # of the tests before
        root.execute(f"ALTER ROLE {OTHER} VALID UNTIL 'infinity'".encode())
    fail(guarded, 5, OTHER)
    guard.tend(guarded.database.conninfo)
    assert not log_in(guarded, OTHER)


def test_it_runs_until_it_is_told_to_end(guarded: Practice, log: TestLog) -> None:
    fail(guarded, 5)
    command = [sys.executable, "-m", "coordinator_app.cli", "--database", guarded.database.conninfo]
    with subprocess.Popen(
        [*command, "guard", "--interval", "1", "--log", str(log.up_to_now())],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as guard:
        assert guard.stdout is not None
        said = guard.stdout.readline()
        guard.terminate()
        _, complaints = guard.communicate(timeout=20)
    assert (guard.returncode, complaints) == (0, "")
    assert said == f"{VICTIM} is locked after wrong passwords.\n"


def test_without_a_log_it_says_what_to_do(guarded: Practice, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--log"):
        look(guarded, tmp_path / "nothing.log")
    with pytest.raises(ConfigurationError, match="--log"):  # no collector on the tests' server
        login_guard.look(guarded.database.conninfo)


@pytest.mark.parametrize("name", ["postgres", 'x"\n"y'])
def test_the_servers_own_log_is_read_through_sql(tmp_path: Path, name: str) -> None:
    """All three formats of a server with a log collector, as most practices have it; and with a
    database that there is none of, whose name would hide the try."""
    settings = {"logging_collector": "on", "log_destination": "stderr,csvlog,jsonlog"}
    server = EmbeddedServer(tmp_path / "s", chosen_binaries(), durable=False, settings=settings)
    with (
        contextlib.ExitStack() as held,
        server,
        psycopg.connect(server.superuser_conninfo(), autocommit=True) as conn,
    ):
        held.callback(server.remove)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(
                make_conninfo(
                    server.superuser_conninfo(),
                    user="maya",
                    password="x",
                    sslmode="disable",
                    dbname=name,
                )
            )
        place = ServerLog(conn)
        seen: dict[str, list[str]] = {}
        while any(len(marks) == 0 for marks in seen.values()) or len(seen) < 3:  # written soon
            for file in place.files(datetime.now(UTC)):
                lines, _ = whole_lines(
                    place.read(file, 0, CHUNK), quoted=file.name.endswith(".csv")
                )
                found = (failure_in(line, file.name, UTC) for line in lines)
                seen[file.name[-4:]] = [one.mark for one in found if one is not None]
        assert set(seen) == {".log", ".csv", "json"}
        assert len({mark for marks in seen.values() for mark in marks}) == 1
        assert [len(marks) for marks in seen.values()] == [1, 1, 1]


# ---- the log: formats, rotation, half lines

NOW = datetime(2026, 11, 25, 18, 4, 42, tzinfo=UTC)
TEXT = 'FATAL:  password authentication failed for user "maya"'
STATED = "2026-11-25 18:04:42.000 UTC [8585] 28P01 FATAL:  "
CSV_LINE = (
    '2026-11-25 18:04:42.000 UTC,"maya","practice",8585,"10.0.0.9:5000",6565.1,2,"authentication",'
    '2026-11-25 18:04:41 UTC,3/4,0,FATAL,{state},"{message}",'
)
FAILED_CSV = CSV_LINE.format(
    state="28P01", message='password authentication failed for user ""maya""'
)
FAILED_JSON = json.dumps(
    {
        "timestamp": "2026-11-25 18:04:42.000 UTC",
        "user": "maya",
        "pid": 8585,
        "error_severity": "FATAL",
        "state_code": "28P01",
        "message": 'password authentication failed for user "maya"',
    }
)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (f"2026-11-25 18:04:42.000 UTC [8585] {TEXT}", "server.log"),
        (f"2026-11-25 13:04:42.000 EST [8585] {TEXT}", "server.log"),  # the zone of the log
        (f"2026-11-25 18:04:42 GMT [8585] maya@practice {TEXT}", "server.log"),
        (f"2026-11-25 19:04:42.000 +01 [8585] {TEXT}", "server.log"),
        (f"1795629882.000 8585 {TEXT}", "server.log"),
        (
            f"{STATED}la autentificación password falló para el usuario «maya»",
            "server.log",
        ),
        (
            f'{STATED}Passwort-Authentifizierung für Benutzer "maya" fehlgeschlagen',
            "server.log",
        ),
        (FAILED_CSV, "server.csv"),
        (FAILED_JSON, "server.json"),
    ],
)
def test_a_failure_is_read_from_every_format(line: str, name: str) -> None:
    found = failure_in(line, name, ZoneInfo("America/New_York"))
    assert found is not None
    assert (found.login, found.at) == ("maya", NOW)


def test_the_same_try_has_one_mark_in_all_formats() -> None:
    lines = (
        (f"2026-11-25 18:04:42.000 UTC [1] {TEXT}", "a.log"),
        (FAILED_CSV, "a.csv"),
        (FAILED_JSON, "a.json"),
    )
    found = [failure_in(line, name, UTC) for line, name in lines]
    assert len({one.mark for one in found if one is not None}) == 1
    assert None not in found


@pytest.mark.parametrize(
    "line",
    [
        "",
        "\t" + TEXT,
        "2026-11-25 18:04:42.000 UTC [8585] DETAIL:  " + TEXT,
        '2026-11-25 18:04:42.000 UTC [1] FATAL:  role "maya" is not permitted to log in',
        '2026-11-25 18:04:42.000 UTC [1] FATAL:  no pg_hba.conf entry for host "x", user "maya"',
        "2026-11-25 18:04:42.000 UTC [1] LOG:  checkpoint starting: time",
        "{not json",
        "[]",
    ],
)
def test_other_lines_are_no_failures(line: str) -> None:
    assert failure_in(line, "server.log", UTC) is None


SAID = 'password authentication failed for user "maya"'


@pytest.mark.parametrize(
    "rest",
    [
        f"LOG:  {SAID}",
        f"ERROR:  {SAID}",
        f"FEHLER:  {SAID}",
        f"STATEMENT:  {SAID}",
        f"LOG:  x FATAL:  {SAID}",
        f"eve@practice LOG:  x FATAL:  {SAID}",
        f"28P01 ERROR:  x FATAL:  {SAID}",
        '28P01 ERROR:  "maya"',
        'eve@practice 28P01 FATAL:  "maya" LOG:  an application\'s name',
        f"[5-2] \tFATAL:  {SAID}",  # a line of a message, as syslog and a journal show it
    ],
)
def test_what_a_session_can_write_is_no_failure(rest: str) -> None:
    found = failure_in(f"2026-11-25 18:04:42.000 UTC [8585] {rest}", "server.log", UTC)
    assert found is None or found.login != "maya"


@pytest.mark.parametrize(
    "rest",
    [
        f"maya@x LOG:  y FATAL:  {SAID}",
        f"maya@x FATAL:  y FATAL:  {SAID}",
        f'maya@x FATAL:  password authentication failed for user "z FATAL:  {SAID}',
        f"user=maya,db=x LOG:  y,app=[unknown] FATAL:  {SAID}",
        "maya@x LOG:  y 28P01 FATAL:  la autentificación password falló para el usuario «maya»",
        f"ВАЖНО:  {SAID}",
    ],
)
def test_a_failure_is_not_hidden_by_the_name_of_a_database(rest: str) -> None:
    found = failure_in(f"2026-11-25 18:04:42.000 UTC [8585] {rest}", "server.log", UTC)
    assert found is not None
    assert found.login == "maya"


@pytest.mark.parametrize(
    "line", [FAILED_CSV[:60], CSV_LINE.format(state="42P01", message="x"), 'a,"b']
)
def test_other_rows_are_no_failures(line: str) -> None:
    assert failure_in(line, "server.csv", UTC) is None


def test_a_line_that_is_still_written_waits() -> None:
    assert whole_lines(b"one\ntwo\nthr", quoted=False) == (["one", "two"], 8)


def test_a_line_inside_a_field_is_no_line() -> None:
    data = b'a,"name\n2026 forged\nmore",b\nnext,"x"\nhalf,"y\n'
    records = ['a,"name\n2026 forged\nmore",b', 'next,"x"']
    assert whole_lines(data, quoted=True) == (records, 37)


def stamped(login: str = VICTIM, *, ago: float = 0) -> str:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    return (
        f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC [9] "
        f'FATAL:  password authentication failed for user "{login}"\n'
    )


def test_rotation_loses_no_line(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    path.write_text("x" * 80 + "\n" + stamped(ago=9) + stamped(ago=8), "utf-8")
    assert look(guarded, path).failures == 2
    with path.open("a", encoding="utf-8") as file:
        file.write(stamped(ago=7))
    path.rename(tmp_path / "postgresql.log.1")
    path.write_text("y" * 80 + "\n" + stamped(ago=6), "utf-8")
    assert look(guarded, path).failures == 2
    with path.open("a", encoding="utf-8") as file:
        file.write(stamped(ago=5))
    found = look(guarded, path)
    assert (found.failures, found.locked) == (1, (VICTIM,))


def test_a_truncated_log_is_read_from_its_start(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    path.write_text("x" * 500 + "\n" + stamped(ago=9), "utf-8")
    assert look(guarded, path).failures == 1
    path.write_text(stamped(ago=3), "utf-8")  # in place, as copytruncate does
    assert look(guarded, path).failures == 1


def test_half_a_line_is_read_when_it_is_whole(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    line = stamped(ago=2)
    path.write_text("x" * 80 + "\n" + line[:-20], "utf-8")
    assert look(guarded, path).failures == 0
    with path.open("a", encoding="utf-8") as file:
        file.write(line[-20:])
    assert look(guarded, path).failures == 1


def test_a_line_without_end_stops_nothing(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    path.write_text("x" * (2 * CHUNK + 5) + "\n" + stamped(ago=2), "utf-8")
    assert look(guarded, path).failures == 1


def test_bytes_that_are_no_text_stop_nothing(guarded: Practice, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.log"
    path.write_bytes(b"\xff\xfe\x00 nonsense\n" + stamped(ago=2).encode())
    assert look(guarded, path).failures == 1


def test_a_folder_is_read_file_by_file(guarded: Practice, tmp_path: Path) -> None:
    (tmp_path / "postgresql-1.log").write_text("x" * 80 + "\n" + stamped(ago=9), "utf-8")
    (tmp_path / "postgresql-2.log").write_text("y" * 80 + "\n" + stamped(ago=8), "utf-8")
    (tmp_path / "old.log.gz").write_bytes(b"packed")
    assert look(guarded, tmp_path).failures == 2
    assert len(LocalLog(tmp_path).files(datetime.now(UTC))) == 2
