"""The demo practice: a real database, real functions, made-up people.

``Lakeside Family Medicine`` lives in one folder. The first start makes it, through the same
installation and the same import as a practice's own; later starts open it in under a second. It
is built under another name and renamed when it is whole, so that a build that was interrupted
anywhere counts for nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import resources
from coordinator_app.config import Settings, write_privately
from coordinator_app.demo import place
from coordinator_app.demo.account import server_account
from coordinator_app.demo.guard import Guard
from coordinator_app.demo.line import Manners, PracticeLine
from coordinator_app.demo.people import (
    GATEWAY,
    PRACTICE_NAME,
    Logins,
    new_logins,
    read_logins,
    write_logins,
)
from coordinator_app.demo.postgres import EmbeddedServer
from coordinator_app.demo.steps import Step, silent
from coordinator_app.domain.session import Connection, TlsMode
from coordinator_app.errors import ConfigurationError
from coordinator_app.services.sign_in import DemoPractice as Offer
from coordinator_app.services.sign_in import forget_receipts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from coordinator_app.demo.steps import Progress

# The database's driver and the importer are imported when there is something to do: a start
# without work must not wait for them.
# ruff: noqa: PLC0415

DATABASE = "lakeside"
_UNFINISHED = "lakeside_unfinished"
MANNERS = Manners(returns=0.5)  # of a demo that somebody tries
_SERVER, _PEOPLE, _PERSONAS = "postgres", "people.json", "personas.json"
_STATE, _LOG, _KEY = "demo.json", "gateway.log", "anchor.key"
_SEALING = f"{_KEY}.sealing-key"  # as the gateway names it
_OURS = (_PEOPLE, _PERSONAS, _STATE, _LOG, _KEY, _SEALING, "demo-keys.json")
_OUR_FOLDERS = ("journal", "settings", "state")
_OTHER_PROGRAM = ("migration_changed", "schema_newer")  # refusals of ``migrate``


def _real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the offset is measured from the computer's clock


class DemoPractice:
    """The demo in one folder, running between ``start`` and ``stop``; one program at a time.

    ``manners``: how the people on the practice line behave. ``now``: the computer's clock.
    ``durable=False`` (tests) trades safety against power loss for speed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        manners: Manners | None = None,
        now: Callable[[], datetime] = _real_now,
        durable: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self.notes: tuple[str, ...] = ()  # sentences for whoever started it
        self._now = now
        self._server = EmbeddedServer(self.folder / _SERVER, durable=durable)
        self._line = PracticeLine(
            self.folder / _PERSONAS, self.folder / _LOG, self.folder / _KEY, manners or MANNERS
        )
        self._guard = Guard(self._server)
        self._logins: Logins | None = None
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------------------------ life

    def start(self, progress: Progress = silent) -> None:
        """Make the practice if it is not there yet, open it, and start its phone line.

        Raises TakenByAnotherError if another running program has it open, and
        ConfigurationError if something does not start. Nothing is left running then.
        """
        self.open(progress)
        try:
            self.start_line(progress)
        except BaseException:
            self.stop()
            raise

    def open(self, progress: Progress = silent) -> None:
        """Do all of ``start`` but the phone line: people can sign in. Raises as ``start``."""
        with contextlib.ExitStack() as held:
            _make_folder(self.folder)
            held.enter_context(place.exclusive(self.folder))
            progress(Step.SERVER, "running", "")
            held.callback(self._server.stop)
            self._server.start()
            progress(Step.SERVER, "done", f"PostgreSQL {self._server.binaries.version}")
            notes = [*self._bring_up_to_date(progress)]
            notes += self._move_clock()
            self.notes = tuple(notes)
            held.callback(self._line.stop)
            self._held = held.pop_all()

    def start_line(self, progress: Progress = silent) -> None:
        """Start the phone line of the opened practice. Raises ConfigurationError."""
        progress(Step.LINE, "running", "")
        self._line.start(self._gateway_conninfo())
        progress(Step.LINE, "done", "")

    def stop(self) -> None:
        """Stop everything that was started. Harmless when nothing runs."""
        self._held.close()

    def tend(self) -> bool:
        """Restart the phone line if it died; say whether it had. Raises ConfigurationError.

        And lock whose password is being guessed, as ``coordinator-admin guard`` does.
        """
        self._guard.tend(self.owner_conninfo)
        return self._line.tend()

    # ----------------------------------------------------------------------------------- facts

    @property
    def is_new(self) -> bool:
        """Whether ``start`` will have to make the practice: no finished build is noted."""
        return not (self.folder / _STATE).exists()

    @property
    def offer(self) -> Offer:
        """What the sign-in page offers. Only between ``start`` and ``stop``."""
        logins = self._known_logins()
        connection = Connection(
            practice=PRACTICE_NAME,
            host=self._server.host,
            port=self._server.port,
            database=DATABASE,
            user=logins.people[0].login,
            tls=TlsMode.LOOPBACK,
        )
        return Offer(connection, logins.people, self.folder)

    @property
    def line_address(self) -> str:
        """Where the practice line's own interface answers."""
        return self._line.address

    @property
    def line_process(self) -> int | None:
        """The gateway's process id, or None if it does not run."""
        return self._line.process_id

    @property
    def owner_conninfo(self) -> str:
        """libpq's form for the login that installed the practice."""
        return self._server.superuser_conninfo(DATABASE)

    # ---------------------------------------------------------------------------------- inside

    def _bring_up_to_date(self, progress: Progress) -> list[str]:
        """Make or upgrade the practice; return sentences about what the person should know."""
        from coordinator_app.demo import upkeep

        admin = self._server.superuser_conninfo()
        if not self.is_new and self._schema() == _fingerprint() and self._read_logins():
            for step in (Step.SCHEMA, Step.PATIENTS, Step.PEOPLE, Step.HISTORY):
                progress(step, "done", "")
            return []
        notes: list[str] = []
        if upkeep.has_database(admin, DATABASE):
            progress(Step.SCHEMA, "running", "")
            try:
                self._upgrade()
            except ConfigurationError as error:
                if error.name not in _OTHER_PROGRAM:
                    raise
                notes.append(
                    "The demo practice was made by another version of this program, so it was "
                    "made anew. Calls that were recorded in it are gone."
                )
            else:
                for step in (Step.SCHEMA, Step.PATIENTS, Step.PEOPLE, Step.HISTORY):
                    progress(step, "done", "")
                return notes
        self._build(progress)
        return notes

    def _build(self, progress: Progress) -> None:
        from coordinator_app.demo import build

        admin = self._server.superuser_conninfo()
        (self.folder / _STATE).unlink(missing_ok=True)
        logins = new_logins()
        build.clear_away(admin, (DATABASE, _UNFINISHED))
        conninfo = self._server.superuser_conninfo(_UNFINISHED)
        site = build.Site(admin, _UNFINISHED, conninfo, self.folder / _PERSONAS)
        build.build(site, logins, self._now(), progress)
        # In this order: without the passwords the database would be of no use.
        write_logins(self.folder / _PEOPLE, logins)
        build.rename(admin, _UNFINISHED, DATABASE)
        # A new audit: it cannot contain what people kept from the one before.
        forget_receipts(Settings(self.folder / "settings", self.folder / "state"))
        self._logins = logins
        self._note_schema()

    def _upgrade(self) -> None:
        from coordinator_app.db.migrate import migrate
        from coordinator_app.demo import upkeep

        migrate(self.owner_conninfo)
        if self._read_logins() is None:
            logins = new_logins()
            upkeep.set_passwords(self._server.superuser_conninfo(), logins)
            write_logins(self.folder / _PEOPLE, logins)
        if not (self.folder / _PERSONAS).exists():
            upkeep.write_personas_of(self.owner_conninfo, self.folder / _PERSONAS)
        self._note_schema()

    def _move_clock(self) -> list[str]:
        from coordinator_app.demo import upkeep

        moved = upkeep.move_clock(self.owner_conninfo, self._now())
        return [] if moved is None else [f"The practice's clock was moved on to {moved}."]

    def _gateway_conninfo(self) -> str:
        from psycopg.conninfo import make_conninfo

        return make_conninfo(
            host=self._server.host,
            port=self._server.port,
            dbname=DATABASE,
            user=GATEWAY,
            password=self._known_logins().gateway,
        )

    def _read_logins(self) -> Logins | None:
        self._logins = read_logins(self.folder / _PEOPLE)
        return self._logins

    def _known_logins(self) -> Logins:
        logins = self._logins or self._read_logins()
        if logins is None:
            raise ConfigurationError(
                f"The file {self.folder / _PEOPLE} is missing. Start the program again.",
                name="people_missing",
            )
        return logins

    def _schema(self) -> str:
        try:
            state = json.loads((self.folder / _STATE).read_bytes())
        except (OSError, ValueError):
            return ""
        return str(state.get("schema", "")) if isinstance(state, dict) else ""

    def _note_schema(self) -> None:
        content = json.dumps({"schema": _fingerprint()})
        write_privately(self.folder / _STATE, content.encode())


def reset(folder: Path) -> None:
    """Delete a demo practice with everything it ever wrote; nothing else in the folder.

    Raises TakenByAnotherError if a running program has it open.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        return
    with place.exclusive(folder):
        server = EmbeddedServer(folder / _SERVER)
        if server.data_dir.is_dir():
            # Starting it first stops what a killed run may have left behind.
            with contextlib.suppress(ConfigurationError):
                server.start()
            server.remove()
        for name in _OURS:
            (folder / name).unlink(missing_ok=True)
        for name in _OUR_FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)


def _make_folder(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            # The server's own account has to pass through; the files with secrets are 0600.
            folder.chmod(0o711 if server_account().switch else 0o700)
    except OSError as error:
        raise ConfigurationError(
            f"The demo practice cannot be kept in {folder}. Choose another folder with --folder.",
            name="folder_not_usable",
        ) from error


def _fingerprint() -> str:
    """Return what tells one version of the database's files from another."""
    found = hashlib.sha256()
    root = resources.path("sql")
    for file in sorted(root.rglob("*.sql")):
        if file.parent.name != "demo":
            found.update(file.relative_to(root).as_posix().encode())
            found.update(file.read_bytes())
    return found.hexdigest()
