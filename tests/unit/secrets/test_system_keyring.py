"""Only vaults that we trust; everything else is no vault."""

from __future__ import annotations

import subprocess
import sys

import keyring.errors
import pytest

from coordinator_app.secrets.system_keyring import (
    FAILED,
    LOCKED,
    NO_VAULT,
    SERVICE,
    TRUSTED_MODULES,
    SystemKeyring,
    trusted,
)


class FakeBackend:
    """A keyring backend with a memory. ``fails`` is raised by the methods named in ``at``."""

    def __init__(self, fails: Exception | None = None, at: tuple[str, ...] = ()) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.fails = fails
        self.at = at
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        self._fail("get")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail("set")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail("delete")
        if (service, username) not in self.entries:
            raise keyring.errors.PasswordDeleteError("not found")
        del self.entries[service, username]

    def _fail(self, what: str) -> None:
        if self.fails is not None and what in self.at:
            raise self.fails


def backend_of(module: str, *inner: object, fails: Exception | None = None, at: str = "") -> object:
    """Return a backend whose class says that it comes from that module."""
    kind = type("Keyring", (FakeBackend,), {"__module__": module})
    made = kind(fails, tuple(at.split()))
    if inner:
        made.backends = inner
    return made


SECRET_SERVICE = "keyring.backends.SecretService"


def test_the_trusted_ones() -> None:
    assert {module.rpartition(".")[2] for module in TRUSTED_MODULES} == {
        "Windows",
        "macOS",
        "SecretService",
        "libsecret",
        "kwallet",
    }
    for module in TRUSTED_MODULES:
        backend = backend_of(module)
        assert trusted(backend) is backend


@pytest.mark.parametrize(
    "module",
    [
        "keyring.backends.null",
        "keyring.backends.fail",
        "keyrings.alt.file",
        "keyrings.alt.Windows",
        "keyrings.cryptfile.cryptfile",
        "keyring.backends.SecretService.evil",
        "xkeyring.backends.SecretService",
        "somebody.elses",
    ],
)
def test_everything_else_is_refused_and_said(module: str) -> None:
    backend = backend_of(module)
    store = SystemKeyring(lambda: backend)
    assert store.available() == NO_VAULT
    assert store.set("key", "value") is False
    assert store.get("key") is None
    store.delete("key")
    assert isinstance(backend, FakeBackend)
    assert backend.entries == {}
    assert backend.asked == 0


def test_a_class_that_only_inherits_from_a_trusted_one_is_refused() -> None:
    genuine = type("Keyring", (FakeBackend,), {"__module__": SECRET_SERVICE})
    derived = type("PlaintextKeyring", (genuine,), {"__module__": "keyrings.alt.file"})
    assert trusted(derived()) is None


def test_inside_a_chain_only_the_trusted_one_is_used() -> None:
    plain, vault = backend_of("keyrings.alt.file"), backend_of(SECRET_SERVICE)
    chain = backend_of("keyring.backends.chainer", plain, vault)
    store = SystemKeyring(lambda: chain)
    assert store.set("key", "value")
    assert isinstance(plain, FakeBackend)
    assert isinstance(vault, FakeBackend)
    assert plain.entries == {}
    assert vault.entries == {(SERVICE, "key"): "value"}


def test_a_chain_of_untrusted_ones_is_no_vault() -> None:
    chain = backend_of("keyring.backends.chainer", backend_of("keyrings.alt.file"))
    assert SystemKeyring(lambda: chain).available() == NO_VAULT


def test_round_trip() -> None:
    backend = backend_of(SECRET_SERVICE)
    store = SystemKeyring(lambda: backend)
    assert store.available() == ""
    assert store.get("key") is None
    assert store.set("key", "väl ue")
    assert store.get("key") == "väl ue"
    store.delete("key")
    store.delete("key")
    assert store.get("key") is None
    assert store.available() == ""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (keyring.errors.NoKeyringError("x"), NO_VAULT),
        (keyring.errors.InitError("Prompt dismissed"), LOCKED),
        (keyring.errors.KeyringLocked("x"), LOCKED),
        (keyring.errors.KeyringError("x"), FAILED),
        (ConnectionResetError("the bus went away"), FAILED),
        (RuntimeError("D-Bus"), FAILED),
    ],
)
def test_a_vault_that_does_not_open_is_no_vault(error: Exception, sentence: str) -> None:
    backend = backend_of(SECRET_SERVICE, fails=error, at="get")
    store = SystemKeyring(lambda: backend)
    assert store.available() == sentence
    assert store.get("key") is None
    assert store.set("key", "value") is False


def test_nobody_is_asked_again_after_a_failure() -> None:
    backend = backend_of(SECRET_SERVICE, fails=keyring.errors.KeyringLocked("x"), at="get")
    store = SystemKeyring(lambda: backend)
    for _ in range(3):
        store.available()
        store.get("key")
    assert isinstance(backend, FakeBackend)
    assert backend.asked == 1


def test_a_vault_that_refuses_to_keep_is_said() -> None:
    error = keyring.errors.PasswordSetError("secret-value is too long")
    backend = backend_of(SECRET_SERVICE, fails=error, at="set")
    store = SystemKeyring(lambda: backend)
    assert store.available() == ""
    assert store.set("key", "secret-value") is False
    assert store.available() == FAILED
    assert "secret-value" not in store.available()


def test_a_vault_that_cannot_forget_is_said() -> None:
    error = keyring.errors.PasswordDeleteError("x")
    backend = backend_of(SECRET_SERVICE, fails=error, at="delete")
    store = SystemKeyring(lambda: backend)
    store.set("key", "value")
    store.delete("key")
    assert store.available() == FAILED


def test_a_choice_that_cannot_be_made_is_no_vault() -> None:
    def broken() -> object:
        raise ModuleNotFoundError("no such backend")

    assert SystemKeyring(broken).available() == FAILED


def test_keyrings_own_choice_in_the_tests_is_refused() -> None:
    assert SystemKeyring().available() == NO_VAULT  # the null backend: tests/conftest.py


def test_importing_the_module_does_not_import_keyring() -> None:
    code = "import sys, coordinator_app.secrets.system_keyring; sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
