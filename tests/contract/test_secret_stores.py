"""What every ``SecretStore`` promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordinator_app.ports import SecretStore
from coordinator_app.secrets.demo_file import DemoFileStore
from coordinator_app.secrets.memory import MemorySecretStore
from coordinator_app.secrets.system_keyring import SystemKeyring
from tests.helpers.fake_data import PRACTICE


class _Vault:
    """A keyring backend that the system keyring trusts by its module."""

    __module__ = "keyring.backends.SecretService"

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self._entries[service, username]


@pytest.fixture(params=["system", "memory", "demo file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SecretStore:
    vault = _Vault()
    stores: dict[str, SecretStore] = {
        "system": SystemKeyring(lambda: vault),
        "memory": MemorySecretStore(reason=""),
        "demo file": DemoFileStore(tmp_path, PRACTICE),
    }
    return stores[request.param]


def test_a_vault_that_works_has_nothing_to_say(store: SecretStore) -> None:
    assert store.available() == ""


def test_keeps_and_replaces(store: SecretStore) -> None:
    assert store.get("key") is None
    assert store.set("key", "first")
    assert store.set("key", "zweites ñ 🔑")
    assert store.get("key") == "zweites ñ 🔑"
    assert store.get("other") is None


def test_forgets_and_does_not_mind_a_missing_entry(store: SecretStore) -> None:
    store.set("key", "value")
    store.set("other", "stays")
    store.delete("key")
    store.delete("key")
    assert store.get("key") is None
    assert store.get("other") == "stays"
    assert store.available() == ""


def test_a_store_without_a_vault_says_why_and_takes_nothing_for_good() -> None:
    without: SecretStore = MemorySecretStore()
    assert without.available()
    assert without.set("key", "value") is False
