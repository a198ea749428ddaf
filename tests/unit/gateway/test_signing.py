"""The gateway's signature under the audit's anchors, and where its key is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coordinator_app.db.anchors import is_signed
from coordinator_app.domain.audit import UnsignedAnchor
from coordinator_app.errors import ConfigurationError
from coordinator_app.gateway.own_secrets import Credentials, OwnKeys
from coordinator_app.gateway.signing import Signer, find_signer
from coordinator_app.secrets.memory import MemorySecretStore

HASH = "ab" * 32


class FakeAnchors:
    """Anchors in memory."""

    def __init__(self) -> None:
        self.unsigned: list[UnsignedAnchor] = []
        self.signatures: dict[int, tuple[str, str]] = {}

    def anchors(self) -> tuple[UnsignedAnchor, ...]:
        return tuple(a for a in self.unsigned if a.id not in self.signatures)

    def sign_anchor(self, anchor_id: int, public_key: str, signature: str) -> None:
        self.signatures.setdefault(anchor_id, (public_key, signature))


def keys(vault: MemorySecretStore) -> OwnKeys:
    return OwnKeys(Credentials(None), vault, None)


def sign(signer: Signer, store: FakeAnchors | None = None) -> tuple[str, str]:
    """Let it sign one anchor; the key and the signature."""
    store = store or FakeAnchors()
    store.unsigned.append(UnsignedAnchor(7, HASH))
    signer.turn(store)
    return store.signatures[7]


def test_a_signature_is_the_keys_own_and_of_this_anchor() -> None:
    key, signature = map(bytes.fromhex, sign(find_signer(keys(MemorySecretStore("")), None)))
    assert is_signed(bytes.fromhex(HASH), key, signature)
    assert not is_signed(bytes.fromhex("ac" * 32), key, signature)
    assert not is_signed(bytes.fromhex(HASH), bytes(32), signature)
    assert not is_signed(bytes.fromhex(HASH), key[:31], signature)
    assert not is_signed(bytes.fromhex(HASH), key, signature[:-1] + bytes([signature[-1] ^ 1]))


def test_the_key_is_made_once_and_stays_in_the_vault(tmp_path: Path) -> None:
    vault = MemorySecretStore("")
    file = tmp_path / "key"
    assert sign(find_signer(keys(vault), file))[0] == sign(find_signer(keys(vault), file))[0]
    assert not file.exists()


def test_without_a_vault_the_key_is_in_a_file_of_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "conninfo.anchor-key"
    first = sign(find_signer(keys(MemorySecretStore("no vault")), file))
    assert sign(find_signer(keys(MemorySecretStore("no vault")), file)) == first
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o640)
        with pytest.raises(ConfigurationError, match="read by others"):
            find_signer(keys(MemorySecretStore("no vault")), file)


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "é"])
def test_a_damaged_key_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content, "utf-8")
    file.chmod(0o600)
    with pytest.raises(ConfigurationError, match="key file"):
        find_signer(keys(MemorySecretStore("no vault")), file)


def test_a_key_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="--anchor-key"):
        find_signer(keys(MemorySecretStore("no vault")), tmp_path / "file" / "key")


@pytest.mark.expected_logs
def test_without_any_key_anchors_are_made_and_stay_unsigned() -> None:
    store = FakeAnchors()
    store.unsigned.append(UnsignedAnchor(7, HASH))
    find_signer(keys(MemorySecretStore("no vault")), None).turn(store)
    assert store.signatures == {}


def test_it_looks_again_every_few_minutes() -> None:
    assert find_signer(keys(MemorySecretStore("")), None).turn(FakeAnchors()) == 300
