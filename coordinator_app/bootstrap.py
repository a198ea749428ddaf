"""The composition root: the only module that chooses adapters.

Adapters are imported when they are first needed, so that the sign-in window does not wait for
the database driver or the system's vault.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coordinator_app.config import Settings
    from coordinator_app.domain.practice import Practice
    from coordinator_app.domain.session import Connection
    from coordinator_app.ports import Connector, PlaybackKey, PracticeDatabase, SecretStore
    from coordinator_app.services.sign_in import DemoPractice, OpenJournal, SignInService

# Imports stand inside the functions: see the docstring.
# ruff: noqa: PLC0415


def build_sign_in(
    settings: Settings,
    *,
    connector: Connector | None = None,
    secrets: SecretStore | None = None,
    demo: DemoPractice | None = None,
) -> SignInService:
    """Return the service behind the sign-in page; everything else comes from its ``Session``.

    Args:
        connector: opens connections; the real one when None.
        secrets: the vault; the operating system's when None.
        demo: the synthetic practice that was started beside the window.
    """
    from coordinator_app import __version__
    from coordinator_app.services.sign_in import SignInService

    if secrets is None:
        from coordinator_app.secrets.system_keyring import SystemKeyring

        secrets = SystemKeyring()
    return SignInService(
        settings,
        connector or _LazyConnector(),
        secrets,
        _Journals(settings, secrets, demo),
        client_version=__version__,
        device=_device(),
        demo=demo,
    )


def new_playback_key() -> PlaybackKey:
    """A fresh key pair to listen once with (see ``services.listening``)."""
    from coordinator_app.secrets.listening import OneTimeKey

    return OneTimeKey()


class _LazyConnector:
    """Imports the database layer at the first connection, on the worker that connects."""

    def connect(self, connection: Connection, password: str) -> PracticeDatabase:
        from coordinator_app.db.connector import SqlConnector

        return SqlConnector().connect(connection, password)


class _Journals:
    """Chooses the journal of a person: encrypted, or in memory where no key can be kept."""

    def __init__(self, settings: Settings, secrets: SecretStore, demo: DemoPractice | None) -> None:
        self._settings = settings
        self._secrets = secrets
        self._demo = demo

    def __call__(self, connection: Connection, practice: Practice) -> OpenJournal:
        from coordinator_app.secrets.journal import open_journal
        from coordinator_app.services.connections import login_id

        secrets, folder = self._secrets, self._settings.state_dir
        if self._demo is not None and practice.is_demo:
            from coordinator_app.secrets.demo_file import DemoFileStore

            folder = self._demo.folder
            secrets = DemoFileStore(folder, practice)
            if replace(self._demo.connection, user=connection.user) == connection:
                # Our own server has another port at each start; the folder says which it is.
                connection = replace(connection, port=0)
        return open_journal(folder / "journal", login_id(connection), secrets)


def _device() -> str:
    """How this computer is named in the practice's list of sign-ins."""
    import platform

    return f"{platform.node() or 'unnamed computer'} ({platform.system()})"[:100]
