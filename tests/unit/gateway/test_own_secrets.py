"""Where the gateway finds its secrets, and that it uses none that others can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coordinator_app.domain.sealed import new_key
from coordinator_app.errors import ConfigurationError
from coordinator_app.gateway.own_secrets import Credentials, OwnKeys, read_privately
from coordinator_app.secrets.memory import MemorySecretStore

NO_VAULT = MemorySecretStore("no vault")


def credentials(folder: Path, mode: int = 0o400, **secrets: str) -> Credentials:
    for name, secret in secrets.items():
        file = folder / name
        file.write_text(secret, encoding="utf-8")
        file.chmod(mode)
    return Credentials.of_service({"CREDENTIALS_DIRECTORY": str(folder)})


def test_a_credential_of_the_service_comes_first(tmp_path: Path) -> None:
    given = new_key()
    vault = MemorySecretStore("")
    vault.set("sealing", new_key().hex())
    keys = OwnKeys(credentials(tmp_path, sealing=f"{given.hex()}\n"), vault, tmp_path / "other")
    assert keys.find("sealing", new_key) == given


def test_then_the_vault_then_a_private_file(tmp_path: Path) -> None:
    vault = MemorySecretStore("")
    in_vault = OwnKeys(Credentials(None), vault, tmp_path / "conninfo").find("sealing", new_key)
    assert in_vault is not None
    assert vault.get("sealing") == in_vault.hex()
    assert list(tmp_path.iterdir()) == []
    keys = OwnKeys(Credentials(None), NO_VAULT, tmp_path / "conninfo")
    in_file = keys.find("sealing", new_key)
    assert in_file is not None
    assert in_file == keys.find("sealing", new_key)
    assert (tmp_path / "conninfo.sealing").read_text() == in_file.hex()
    assert OwnKeys(Credentials(None), NO_VAULT, None).find("sealing", new_key) is None


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize("mode", [0o604, 0o660, 0o644, 0o620])
def test_a_credential_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigurationError, match="read by others"):
        credentials(tmp_path, mode, carrier="canary").get("carrier")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_systemds_own_ways_of_giving_one_are_taken(tmp_path: Path) -> None:
    # 0440: a file of root's with an access list for the service, as systemd 256 makes it.
    assert credentials(tmp_path, 0o440, carrier="{}").get("carrier") == "{}"
    assert credentials(tmp_path, 0o400, other="x").get("other") == "x"
    assert credentials(tmp_path).get("missing") is None
    assert Credentials.of_service({}).get("carrier") is None


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_file_of_ours_is_for_us_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x")
    file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="The thing can be read by others"):
        read_privately(file, "The thing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_privately(tmp_path / "none", "The thing")
