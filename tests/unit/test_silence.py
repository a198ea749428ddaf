"""The rules that hold for every test, broken on purpose in a test run of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.helpers.silence import is_this_machine

ROOT = Path(__file__).resolve().parents[2]


def run_tests(folder: Path, body: str) -> tuple[int, str]:
    """Run one test file under this project's rules, as if it lay in that folder of a clone."""
    for name in ("pyproject.toml", "coordinator_app", "resources"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "tests" / "unit").mkdir(parents=True)
    (folder / "tests" / "helpers").symlink_to(ROOT / "tests" / "helpers")
    (folder / "tests" / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (folder / "tests" / "unit" / "test_it.py").write_text(textwrap.dedent(body))
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests/unit"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_noise_of_every_kind_fails_the_test_that_made_it(tmp_path: Path) -> None:
    code, said = run_tests(
        tmp_path,
        """
        import logging, socket, threading, warnings
        import pytest

        def test_quiet():
            logging.getLogger("a").info("fine")

        def test_logs():
            logging.getLogger("a").warning("hello %s", "there")

        @pytest.mark.expected_logs
        def test_logs_on_purpose(caplog):
            logging.getLogger("a").error("expected")
            assert caplog.messages == ["expected"]

        def test_leaves_a_thread():
            done = threading.Event()
            threading.Thread(target=done.wait, args=(3,), name="stray").start()

        def test_calls_out_and_hides_it():
            with socket.socket() as out:
                try:
                    out.connect(("192.0.2.1", 80))
                except OSError:
                    pass

        def test_asks_a_name_server_and_hides_it():
            try:
                socket.getaddrinfo("example.test", 80)
            except OSError:
                pass

        def test_warns():
            warnings.warn("old")

        def test_talks_to_itself():
            with socket.create_server(("127.0.0.1", 0)) as server:
                socket.create_connection(server.getsockname()).close()
        """,
    )
    assert code == 1, said
    assert "a WARNING: hello there" in said
    assert "left thread stray" in said
    assert "left this machine: socket.connect '192.0.2.1'" in said
    assert "left this machine: socket.getaddrinfo 'example.test'" in said
    assert "UserWarning: old" in said
    assert "1 failed, 7 passed, 4 errors" in said


@pytest.mark.parametrize("fixture", ["qtbot", "pg_server", "database"])
def test_a_unit_test_may_not_ask_for_more_than_a_unit(tmp_path: Path, fixture: str) -> None:
    code, said = run_tests(tmp_path, f"def test_it({fixture}): pass")
    assert code == 4, said
    assert "tests/unit may not use" in said


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        (b"localhost", True),
        ("0.0.0.0", True),  # noqa: S104 - as a destination it is this machine
        ("", True),
        (None, True),
        ("10.0.0.1", False),
        ("8.8.8.8", False),
        ("2001:db8::1", False),
        ("fe80::1%eth0", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_what_counts_as_this_machine(host: object, expected: bool) -> None:
    assert is_this_machine(host) is expected
