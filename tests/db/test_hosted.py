"""A server on which nobody of the practice is a superuser: its owner's login does everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from coordinator_app.cli import main
from coordinator_app.db.audit_check import verify_audit
from coordinator_app.db.doctor import examine
from coordinator_app.demo.postgres import EmbeddedServer
from tests.helpers.postgres import chosen_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER = "hosted_owner"
PASSWORD = "a long synthetic one"


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[str]:
    """A new server's database "elm", as its owner sees it: CREATEROLE, CREATEDB, no superuser."""
    server = EmbeddedServer(tmp_path / "server", chosen_binaries(), durable=False)
    with server:
        with psycopg.connect(server.superuser_conninfo(), autocommit=True) as root:
            root.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'".encode()
            )
            root.execute(f"CREATE DATABASE elm OWNER {OWNER}".encode())
        yield make_conninfo(server.superuser_conninfo("elm"), user=OWNER, password=PASSWORD)
    server.remove()


def test_a_practice_lives_on_a_server_without_a_superuser(
    hosted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str, database: str = hosted) -> str:
        code = main(["--database", database, *arguments])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    init = ["--name", "Elm Street", "--office-number", "(212) 736-5000", "--state", "ny"]
    init += ["--zone", "America/New_York", "--admin", "anna", "--admin-name", "Anna Lind"]
    run("init", *init, "--signed-by", "Dr. Okafor")
    run("upgrade")
    password = (
        run("user", "add", "maya", "--name", "Maya", "--role", "coordinator")
        .split("shown only now): ")[1]
        .split()[0]
    )
    run("user", "train", "maya", "--expires", "2099-01-31")
    run("gateway", "add", "the_gateway")
    with psycopg.connect(
        make_conninfo(hosted, user="maya", password=password), autocommit=True
    ) as maya:
        assert maya.execute("SHOW idle_session_timeout").fetchone() == ("15min",)
        assert maya.execute(
            "SELECT api.sign_in('9.0.0', 'test')->'person'->>'name'"
        ).fetchone() == ("Maya",)
    run("audit", "anchor")
    assert "The audit is whole" in run("verify-audit")
    run("backup", str(tmp_path / "backups"))
    wrong = [check.what for check in examine(hosted) if check.state == "fail"]
    assert [what for what in wrong if "differ" in what or "rights" in what] == []
    run("user", "suspend", "maya")

    with psycopg.connect(hosted, autocommit=True) as owner:
        owner.execute("CREATE DATABASE again TEMPLATE template0 ENCODING 'UTF8'")
    (dump,) = (tmp_path / "backups").glob("*.dump")
    again = make_conninfo(hosted, dbname="again")
    assert "restored and proved" in run("restore", str(dump), "--into", again)
    assert verify_audit(again).whole
    assert "maya" in run("user", "list", database=again)
