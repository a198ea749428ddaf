"""The operating system's vault through ``keyring``, from a list of backends that we trust.

``keyring`` picks whatever is installed; with ``keyrings.alt`` that is a file in plain text. So
only the vaults below count, and where there is none nothing is kept at all (ui.md section 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

SERVICE = "care-coordinator"  # fixed: a changed name would lose every stored entry
TRUSTED_MODULES = frozenset(
    {
        "keyring.backends.Windows",
        "keyring.backends.macOS",
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
    }
)
_CHAINER = "keyring.backends.chainer"
_PROBE = "probe"  # never stored; asking for it shows whether the vault opens

NO_VAULT = (
    "This computer has no password vault that we trust, so passwords cannot be remembered here. "
    "Type yours at each sign-in."
)
LOCKED = (
    "The password vault of this computer stayed locked, so passwords cannot be remembered. "
    "Unlock it and start the program again, or type yours at each sign-in."
)
FAILED = (
    "The password vault of this computer does not answer, so passwords cannot be remembered. "
    "Type yours at each sign-in."
)


class Backend(Protocol):
    """What we use of ``keyring.backend.KeyringBackend``."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep the entry."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove the entry; an error when there is none."""
        ...


class SystemKeyring:
    """A ``SecretStore`` in the operating system's vault.

    Unlocking may ask the person and wait: call it on a worker. After a failure it stays off
    until the next start, so that nobody is asked again and again.
    """

    def __init__(self, find: Callable[[], Any] | None = None) -> None:
        """``find`` returns keyring's choice of backend; keyring's own when None."""
        self._find = find or _keyring_choice
        self._backend: Backend | None = None
        self._problem = ""
        self._looked = False

    def available(self) -> str:
        self._open()
        return self._problem

    def get(self, key: str) -> str | None:
        backend = self._open()
        if backend is None:
            return None
        try:
            return backend.get_password(SERVICE, key)
        except Exception as error:  # noqa: BLE001 - see _give_up
            self._give_up(error)
            return None

    def set(self, key: str, value: str) -> bool:
        backend = self._open()
        if backend is None:
            return False
        try:
            backend.set_password(SERVICE, key, value)
        except Exception as error:  # noqa: BLE001 - see _give_up
            self._give_up(error)
            return False
        return True

    def delete(self, key: str) -> None:
        backend = self._open()
        if backend is None:
            return
        try:
            # Asked first: backends raise the same error for "is not there" and "may not".
            if backend.get_password(SERVICE, key) is not None:
                backend.delete_password(SERVICE, key)
        except Exception as error:  # noqa: BLE001 - see _give_up
            self._give_up(error)

    def _open(self) -> Backend | None:
        if not self._looked:
            self._looked = True
            try:
                self._backend = trusted(self._find())
                if self._backend is None:
                    self._problem = NO_VAULT
                else:
                    self._backend.get_password(SERVICE, _PROBE)
            except Exception as error:  # noqa: BLE001 - see _give_up
                self._give_up(error)
        return self._backend

    def _give_up(self, error: Exception) -> None:
        """No vault from now on, whatever the reason.

        Besides keyring's own errors (no backend, dismissed prompt, locked, refused) a backend
        lets through what D-Bus, Windows or macOS raise. None of them may stop a sign-in, and
        none may be shown or logged as it is: the text can hold the entry.
        """
        self._backend = None
        self._problem = _SENTENCES.get(type(error).__name__, FAILED)


# By name: keyring is imported only when the vault is used, and its backends raise subclasses of
# nothing we could name without importing them.
_SENTENCES = {"NoKeyringError": NO_VAULT, "InitError": LOCKED, "KeyringLocked": LOCKED}


def trusted(backend: Any) -> Backend | None:  # noqa: ANN401 - anything may be installed
    """The backend if it is on the list, the first such inside a chain, else None.

    The chain itself is never used: it writes to the next backend when the first refuses.
    """
    found: Iterable[Any] = (backend,)
    if _module(backend) == _CHAINER:
        found = backend.backends
    return next((each for each in found if _module(each) in TRUSTED_MODULES), None)


def _module(backend: object) -> str:
    # The class itself and no base class: keyrings.alt derives from keyring's own classes.
    return type(backend).__module__


def _keyring_choice() -> object:
    import keyring  # noqa: PLC0415 - slow to import; only when the vault is used

    return keyring.get_keyring()
