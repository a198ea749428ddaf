"""``coordinator-gateway set-carrier``: the account in the vault, never its secret on a screen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from coordinator_app.domain.sealed import CarrierKey
from coordinator_app.errors import ConfigurationError
from coordinator_app.gateway import carrier_cli
from coordinator_app.gateway.carrier_account import Accounts
from coordinator_app.gateway.own_secrets import Credentials
from coordinator_app.secrets.memory import MemorySecretStore

KEY = CarrierKey("AC" + "1" * 28 + "beef", "SK" + "2" * 32, "canary-9a")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_account_is_set_shown_used_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    vault, nobody = MemorySecretStore(""), io.StringIO()
    carrier_cli.run("set-carrier", "clinic", vault, io.StringIO(KEY.to_json()))
    carrier_cli.run("show-carrier", "clinic", vault, nobody)
    chosen = Accounts(Credentials(None), vault, "clinic").local()
    assert chosen.source == "vault"
    assert chosen.credentials is not None
    assert chosen.credentials.key_secret == "canary-9a"
    carrier_cli.run("show-carrier", "other", vault, nobody)
    carrier_cli.run("forget-carrier", "clinic", vault, nobody)
    assert Accounts(Credentials(None), vault, "clinic").local().source == "none"
    out = capsys.readouterr().out
    assert "…beef" in out
    assert "canary" not in out
    assert "There is no account “other”" in out


def test_at_a_terminal_it_is_asked_for_and_the_secret_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter([KEY.account_sid, f" {KEY.key_sid} "])
    monkeypatch.setattr("builtins.input", lambda _: next(typed))
    monkeypatch.setattr("getpass.getpass", lambda _: KEY.key_secret)
    vault = MemorySecretStore("")
    carrier_cli.run("set-carrier", "default", vault, Terminal())
    assert vault.get("carrier/default") == KEY.to_json()
    assert "canary" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "no account"),
        ("{}", "no account"),
        (CarrierKey("AC" + "feed" * 8, "SK" + "2" * 32, "x").to_json(), "practice line"),
        (CarrierKey("ACx", "SK" + "2" * 32, "x").to_json(), "begins with AC"),
        (CarrierKey("AC" + "1" * 32, "auth token", "x").to_json(), "begins with SK"),
    ],
)
def test_what_is_no_account_is_refused(given: str, words: str) -> None:
    vault = MemorySecretStore("")
    with pytest.raises(ConfigurationError, match=words):
        carrier_cli.run("set-carrier", "default", vault, io.StringIO(given))
    assert vault.get("carrier/default") is None


def test_without_a_vault_it_says_where_else(capsys: pytest.CaptureFixture[str]) -> None:
    for command in carrier_cli.COMMANDS:
        with pytest.raises(ConfigurationError, match="credential"):
            carrier_cli.run(command, "default", MemorySecretStore("No vault."), io.StringIO())
    assert capsys.readouterr().out == ""


def test_the_services_credential_comes_before_the_vault(tmp_path: Path) -> None:
    file = tmp_path / "carrier"
    file.write_text(KEY.to_json())
    file.chmod(0o400)
    vault = MemorySecretStore("")
    vault.set("carrier/default", "nonsense")
    given = Credentials.of_service({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert Accounts(given, vault).local().source == "credential"
    assert "incomplete" in Accounts(Credentials(None), vault).local().sentence
