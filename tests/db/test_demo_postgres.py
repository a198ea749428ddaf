"""The embedded PostgreSQL: what survives, who may use it, and what it never touches."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from coordinator_app.demo import watchdog
from coordinator_app.demo.account import own_root, reachable_binaries, server_account
from coordinator_app.demo.binaries import all_binaries, find_binaries
from coordinator_app.demo.postgres import EmbeddedServer
from coordinator_app.errors import ConfigurationError, TakenByAnotherError
from tests.helpers.postgres import chosen_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and rights of POSIX")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root needs another account"
)
# A program that starts the server, says who it and its watchdog are, and waits to be killed.
OTHER_PROGRAM = """
    import sys
    from pathlib import Path
    from coordinator_app.demo.postgres import EmbeddedServer
    server = EmbeddedServer(Path(sys.argv[1]))
    server.start()
    print(server.process_id, server._watchdog.pid, server.port, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One durable server for the tests of this module; each starts it or stops it as it likes."""
    server = EmbeddedServer(tmp_path_factory.mktemp("demo") / "data", chosen_binaries())
    server.start()
    yield server
    server.remove()


@pytest.fixture
def server(shared: EmbeddedServer) -> EmbeddedServer:
    """The shared server, running."""
    shared.start()
    return shared


def answer(server: EmbeddedServer, query: str, database: str = "postgres") -> object:
    with psycopg.connect(server.superuser_conninfo(database), autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def command(server: EmbeddedServer, statement: str) -> None:
    with psycopg.connect(server.superuser_conninfo(), autocommit=True) as connection:
        connection.execute(statement.encode())


def run_in_another_program(server: EmbeddedServer) -> tuple[subprocess.Popen[str], int, int, int]:
    """Return the program, and the ids of its server and watchdog, and the port."""
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(OTHER_PROGRAM), server.data_dir],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PG_BIN": str(chosen_binaries().bin_dir)},
    )
    assert program.stdout is not None
    postmaster, guard, port = (int(word) for word in program.stdout.readline().split())
    return program, postmaster, guard, port


def end(program: subprocess.Popen[str]) -> None:
    program.kill()
    program.communicate()


def test_what_was_written_is_there_after_stop_and_start(server: EmbeddedServer) -> None:
    command(server, "CREATE TABLE kept AS SELECT 42 AS number")
    server.stop()
    assert server.process_id is None
    server.start()
    assert answer(server, "SELECT number FROM kept") == 42


def test_it_is_what_the_design_says(server: EmbeddedServer) -> None:
    assert answer(server, "SHOW data_checksums") == "on"
    assert answer(server, "SHOW server_encoding") == "UTF8"
    assert answer(server, "SHOW fsync") == "on"
    assert answer(server, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C"
    assert answer(server, "SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolcanlogin")


def test_start_while_it_runs_changes_nothing(server: EmbeddedServer) -> None:
    before = server.process_id
    server.start()
    assert server.process_id == before


def test_stop_twice_is_harmless(server: EmbeddedServer) -> None:
    server.stop()
    server.stop()
    assert server.process_id is None


def test_the_context_manager_starts_and_stops(shared: EmbeddedServer) -> None:
    shared.stop()
    with shared as running:
        assert answer(running, "SELECT 1") == 1
    assert shared.process_id is None


def test_the_url_reaches_a_database_with_an_awkward_name(server: EmbeddedServer) -> None:
    name = "it's a/b \\ 100%"
    with psycopg.connect(server.superuser_conninfo(), autocommit=True) as connection:
        connection.execute(
            psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
        )
    assert answer(server, "SELECT current_database()", name) == name
    with psycopg.connect(server.superuser_url(name)) as connection:
        assert connection.info.dbname == name


def test_only_this_computer_can_reach_it(server: EmbeddedServer) -> None:
    assert answer(server, "SHOW listen_addresses") == "127.0.0.1"
    with pytest.raises(OSError, match=r"refused|assign|timed"):
        socket.create_connection(("127.0.0.2", server.port), timeout=2)


def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    wrong = server.superuser_conninfo().replace(server.password, "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_failing_statement_leaves_no_patient_in_the_servers_log(server: EmbeddedServer) -> None:
    command(server, "CREATE TABLE canary (name text PRIMARY KEY)")
    command(server, "INSERT INTO canary VALUES ('Zebedee Canary')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        command(server, "INSERT INTO canary VALUES ('Zebedee Canary')")
    log = server.log_file.read_text()
    assert "duplicate key" in log
    assert "Zebedee" not in log


@posix
def test_the_superusers_password_is_for_the_owner_only(server: EmbeddedServer) -> None:
    seen = server.password_file.stat()
    assert stat.S_IMODE(seen.st_mode) == 0o600
    assert seen.st_uid == os.geteuid()
    assert server.password_file.read_text() == server.password
    assert len(server.password) >= 24


@posix
def test_a_terminals_ctrl_c_does_not_reach_it(server: EmbeddedServer) -> None:
    assert server.process_id is not None
    assert os.getsid(server.process_id) != os.getsid(0)


@posix
def test_committed_rows_survive_the_kill_of_the_server(server: EmbeddedServer) -> None:
    command(server, "CREATE TABLE committed AS SELECT generate_series(1, 1000) AS number")
    assert server.process_id is not None
    os.kill(server.process_id, signal.SIGKILL)
    assert watchdog.wait_until(lambda: server.process_id is None, PATIENCE)
    server.start()
    assert answer(server, "SELECT count(*) FROM committed") == 1000


@posix
def test_the_server_stops_orderly_when_its_program_is_killed(shared: EmbeddedServer) -> None:
    shared.stop()
    program, _, _, _ = run_in_another_program(shared)
    assert shared.process_id is not None
    end(program)
    assert watchdog.wait_until(lambda: shared.process_id is None, PATIENCE)
    shared.start()
    assert shared.log_file.read_text().rstrip().splitlines()[-1].endswith("to accept connections")
    assert "was interrupted" not in shared.log_file.read_text().rpartition("starting PostgreSQL")[2]


@posix
def test_after_the_kill_of_program_and_watchdog_the_next_start_takes_over(
    shared: EmbeddedServer,
) -> None:
    shared.stop()
    program, postmaster, guard, port = run_in_another_program(shared)
    os.kill(guard, signal.SIGKILL)
    end(program)
    assert shared.process_id == postmaster  # an orphan
    shared.start()
    assert shared.process_id != postmaster
    assert shared.port != port
    assert answer(shared, "SELECT 1") == 1


@posix
def test_after_the_kill_of_everything_the_next_start_recovers(shared: EmbeddedServer) -> None:
    shared.stop()
    program, postmaster, guard, _ = run_in_another_program(shared)
    os.kill(guard, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    end(program)
    shared.start()
    assert answer(shared, "SELECT 1") == 1


def test_a_second_program_is_told_who_has_it(server: EmbeddedServer) -> None:
    second = EmbeddedServer(server.data_dir, server.binaries)
    with pytest.raises(TakenByAnotherError, match=f"process {os.getpid()}") as caught:
        second.start()
    assert caught.value.name == "demo_already_running"
    second.stop()
    assert answer(server, "SELECT 1") == 1


def test_a_pid_file_that_names_another_living_program_is_no_server(shared: EmbeddedServer) -> None:
    shared.stop()
    folder = shared.password_file.parent / "cluster"
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1\n5432\n")
    shared.start()
    assert answer(shared, "SELECT 1") == 1


def test_half_a_cluster_of_an_interrupted_start_is_cleared(shared: EmbeddedServer) -> None:
    shared.stop()
    half = shared.password_file.parent / "cluster.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    shared.start()
    assert not half.exists()
    assert answer(shared, "SELECT 1") == 1


def test_a_setting_that_it_refuses_is_said(shared: EmbeddedServer) -> None:
    shared.stop()
    wrong = EmbeddedServer(shared.data_dir, shared.binaries, settings={"work_mem": "lots"})
    with pytest.raises(ConfigurationError, match="did not start") as caught:
        wrong.start()
    assert caught.value.name == "postgres_did_not_start"
    assert '"work_mem": "lots"' in wrong.log_file.read_text()
    shared.start()  # the folder is free again


def test_a_cluster_of_another_version_is_refused(shared: EmbeddedServer) -> None:
    shared.stop()
    version = shared.password_file.parent / "cluster" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    try:
        with pytest.raises(ConfigurationError, match="made by PostgreSQL 14") as caught:
            shared.start()
    finally:
        version.write_text(kept)
    assert caught.value.name == "other_postgres_version"


def test_tls_is_verified_where_the_build_has_it(tmp_path: Path) -> None:
    with_tls = [binaries for binaries in all_binaries() if binaries.has_tls]
    if not with_tls:
        pytest.skip("no PostgreSQL with TLS on this machine")
    server = EmbeddedServer(tmp_path / "data", with_tls[0], durable=False)
    server.start()
    try:
        safe = f"sslmode=verify-full sslrootcert={server.certificate_authority}"
        safe += " channel_binding=require"
        with psycopg.connect(f"{server.superuser_conninfo()} {safe}") as connection:
            row = connection.execute(
                "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            ).fetchone()
        assert row == ("TLSv1.3",)
        by_name = server.superuser_conninfo().replace("host=127.0.0.1", "host=localhost")
        psycopg.connect(f"{by_name} {safe}").close()
        psycopg.connect(f"{server.superuser_conninfo()} sslmode=disable").close()
    finally:
        server.remove()


def test_remove_leaves_nothing(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "data", chosen_binaries(), durable=False)
    server.start()
    home = server.password_file.parent
    server.remove()
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []


@as_root
def test_root_starts_it_as_somebody_else_and_opens_no_folder(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    folders = [private, *private.parents]
    rights = [folder.stat().st_mode for folder in folders]
    server = EmbeddedServer(private / "data", chosen_binaries(), durable=False)
    server.start()
    try:
        assert Path(f"/proc/{server.process_id}").stat().st_uid == server_account().uid != 0
        assert [folder.stat().st_mode for folder in folders] == rights
        home = server.password_file.parent
        assert home.parent.parent == own_root()
        assert home.stat().st_uid == 0
    finally:
        server.remove()


@as_root
def test_a_server_whose_requested_folder_is_gone_is_cleared_away(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    first = EmbeddedServer(private / "data", chosen_binaries(), durable=False)
    first.start()
    first.stop()
    home = first.password_file.parent
    assert home.exists()
    (private / "data" / "placed-elsewhere").unlink()
    (private / "data").rmdir()
    second = EmbeddedServer(private / "other", chosen_binaries(), durable=False)
    second.start()
    try:
        assert not home.exists()
    finally:
        second.remove()


@as_root
def test_programs_in_a_private_folder_are_copied_where_the_account_can_run_them(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    copied_from = tmp_path / "site" / "wheel" / "install"
    (copied_from / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        target = copied_from / "bin" / name
        target.write_text(
            "#!/bin/sh\necho 'postgres (PostgreSQL) 18.6'\nexit 0\n# no TLS text here\n"
        )
        target.chmod(0o700)
    (tmp_path / "site" / "wheel.libs").mkdir()
    (tmp_path / "site" / "wheel.libs" / "libpq.so").write_text("library")
    found = find_binaries(environment={"PG_BIN": str(copied_from / "bin")})
    account = server_account()
    copy = reachable_binaries(found, account)
    try:
        assert copy.bin_dir != found.bin_dir
        said = subprocess.run(
            [copy.program("postgres")], capture_output=True, check=True, cwd="/", **account.run_as()
        )
        assert b"18.6" in said.stdout
        assert (copy.bin_dir.parents[2] / "wheel.libs" / "libpq.so").read_text() == "library"
        assert reachable_binaries(found, account) == copy  # made once
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        subprocess.run(["rm", "-rf", "--", copy.bin_dir.parents[2]], check=True)


@posix
def test_a_foreign_folder_under_our_name_is_not_used(tmp_path: Path) -> None:
    name = f"care-coordinator-{os.geteuid()}"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="made by somebody else"):
        own_root(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    (tmp_path / name).chmod(0o777)
    with pytest.raises(ConfigurationError, match="made by somebody else"):
        own_root(tmp_path)


def test_the_watchdog_stops_only_its_own_launchers_server(server: EmbeddedServer) -> None:
    """A watchdog that wakes late must not stop the server that came after its own."""
    folder = server.password_file.parent / "cluster"
    account = server_account()
    owner = [str(account.uid)] if account.switch else []
    pg_ctl = str(server.binaries.program("pg_ctl"))
    late = [sys.executable, "-I", "-S", watchdog.__file__, str(folder), pg_ctl]
    ended = subprocess.run(
        [*late, str(server.port + 1), *owner], stdin=subprocess.DEVNULL, check=False
    )
    assert ended.returncode == 0
    assert answer(server, "SELECT 1") == 1
    ended = subprocess.run([*late, str(server.port), *owner], stdin=subprocess.DEVNULL, check=False)
    assert ended.returncode == 0
    assert server.process_id is None


def test_a_watchdog_that_is_told_so_leaves_the_server_alone(server: EmbeddedServer) -> None:
    folder = server.password_file.parent / "cluster"
    account = server_account()
    owner = [str(account.uid)] if account.switch else []
    arguments = [str(folder), "pg_ctl", str(server.port), *owner]
    told = subprocess.run(
        [sys.executable, "-I", "-S", watchdog.__file__, *arguments],
        input=watchdog.STOPPED,
        check=False,
    )
    assert told.returncode == 0
    assert server.process_id is not None
