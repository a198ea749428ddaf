"""The gateway as a service: secrets from the service's credentials, its state, its manager."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.helpers.postgres import Database

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "AF_UNIX"), reason="as systemd starts it; elsewhere it is started plainly"
)


def test_it_works_with_nothing_but_what_systemd_gives(database: Database, tmp_path: Path) -> None:
    login = f"gateway_{database.name}"
    credentials, state = tmp_path / "credentials", tmp_path / "state"
    credentials.mkdir(mode=0o700)
    state.mkdir(mode=0o700)
    conninfo = credentials / "conninfo"
    conninfo.write_text(
        f"host={database.host} port={database.port} dbname={database.name} user={login} "
        "password=canary-42 sslmode=disable\n"
    )
    conninfo.chmod(0o400)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "STATE_DIRECTORY": str(state),
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "1000000",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    with (
        psycopg.connect(database.conninfo, autocommit=True) as admin,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(environment["NOTIFY_SOCKET"])
        manager.settimeout(30)
        admin.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'canary-42' IN ROLE gateway")
        admin.execute(
            "SET ROLE app_owner; INSERT INTO app.practice (name, voicemail_name, office_number, "
            "office_hours, state_code, zone) VALUES ('Elm', 'Elm', '+12127365000', '9 to 5', "
            "'NY', 'America/New_York'); RESET ROLE"
        )
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "coordinator_app.gateway"],
                cwd=ROOT,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            said = [manager.recv(64).decode()]
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            while "WATCHDOG=1" not in said:
                said.append(manager.recv(64).decode())
            health = admin.execute("SELECT state, sentence FROM app.gateway_health").fetchone()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
            while "STOPPING=1" not in said:
                said.append(manager.recv(64).decode())
        finally:
            admin.execute(f"DROP ROLE {login}")
    assert (process.returncode, out) == (0, "")
    assert ready["line"] == "carrier"
    assert "READY=1" in said
    assert health is not None
    assert health[0] == "down"
    assert "No phone account is set up yet" in health[1]
    assert sorted(file.name for file in state.iterdir()) == [
        "gateway.anchor-key",
        "gateway.sealing-key",
    ]
    assert all(file.stat().st_mode & 0o077 == 0 for file in state.iterdir())
    assert "canary-42" not in err
    assert "Traceback" not in err
