"""The gateway as a program beside a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.helpers.postgres import Database

ROOT = Path(__file__).resolve().parents[2]


def test_it_becomes_ready_reports_its_line_and_ends_with_its_parent(
    database: Database, tmp_path: Path
) -> None:
    login = f"gateway_{database.name}"
    personas = tmp_path / "personas.json"
    personas.write_text("{}", encoding="utf-8")
    conninfo = tmp_path / "conninfo"
    conninfo.touch(mode=0o600)
    conninfo.write_text(
        f"host={database.host} port={database.port} dbname={database.name} user={login} "
        "password=canary-41 sslmode=disable",
        encoding="utf-8",
    )
    with psycopg.connect(database.conninfo, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'canary-41' IN ROLE gateway")
        try:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "coordinator_app.gateway"),
                    *("--conninfo-file", str(conninfo), "--practice-line", str(personas)),
                ],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            row = admin.execute("SELECT state, is_practice_line FROM app.gateway_health").fetchone()
            out, err = process.communicate(timeout=30)  # closes its standard input
        finally:
            admin.execute(f"DROP ROLE {login}")
    assert (ready["event"], ready["line"], ready["pid"]) == ("ready", "practice", process.pid)
    assert ready["practice_line"].startswith("http://127.0.0.1:")
    assert row == ("ok", True)
    assert (process.returncode, out) == (0, "")
    assert "canary-41" not in err
    assert "Traceback" not in err
