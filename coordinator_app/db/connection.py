"""One person's session with the database: a function call is one statement, one round trip.

The session is opened by psycopg and handed to SQLAlchemy, which builds the typed call. After a
loss the next call opens it again: who we are to the server is the login (``session_user``) and
nothing that a connection remembers.
"""

from __future__ import annotations

import selectors
import socket
import threading
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    create_engine,
    exc,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import QueuePool

from coordinator_app.db.codec import encode
from coordinator_app.db.connect_errors import no_answer
from coordinator_app.db.parameters import open_connection
from coordinator_app.db.sqlstate import RETRY, driver_error, translate_error
from coordinator_app.errors import NotConnectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import psycopg
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.types import TypeEngine

DEADLINE = 10.0  # seconds; then the call is given up and its socket shut down


@dataclass(frozen=True, slots=True)
class Json:
    """An argument of type jsonb."""

    value: object


@dataclass(frozen=True, slots=True)
class Uuids:
    """An argument of type uuid[]."""

    values: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """An argument of type text[]."""

    values: tuple[str, ...]


Argument = UUID | datetime | date | bool | int | str | Json | Uuids | Texts | None


class QuietDialect(PGDialect_psycopg):
    """psycopg without SQLAlchemy's questions at the first connection: each is a round trip, and
    none of their answers matters to a function call."""

    supports_statement_cache = True

    def initialize(self, connection: Connection) -> None:
        version = _driver(connection).info.server_version
        self.server_version_info = (version // 10000, version % 10000)
        self.default_schema_name = "pg_catalog"


registry.register("postgresql.quiet", __name__, "QuietDialect")


class Link:
    """Calls functions of schema ``api``; usable from any thread, one call at a time."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        *,
        deadline: float = DEADLINE,
        prepare: Callable[[psycopg.Connection[Any]], None] | None = None,
    ) -> None:
        """``prepare``: what each new session does first; what it raises refuses the session."""
        self._parameters = dict(parameters)
        self._deadline = deadline
        self._prepare = prepare
        self._lock = threading.Lock()
        self._closed = False
        self._engine = create_engine(
            "postgresql+quiet://",
            creator=self._open,
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_reset_on_return=None,  # nothing is left open by a call in autocommit
            pool_use_lifo=True,
            hide_parameters=True,  # an error must not carry a patient's data to a log
        )

    def open(self) -> None:
        """Open the session now. Raises as ``open_connection``."""
        with self._lock, self._engine.connect():
            pass

    def call(self, name: str, *arguments: Argument) -> object:
        """Call ``api.name(arguments…)`` and return its answer, JSON already read.

        Raises the UserFacingError that belongs to what the database said; NotConnectedError
        after ``deadline`` seconds without an answer. Anything else is our bug.
        """
        function = getattr(func.api, name)
        statement = select(function(*(_bind(argument) for argument in arguments), type_=_Raw))
        with self._lock:
            try:
                return self._execute(statement)
            except exc.DBAPIError as error:
                found = driver_error(error)
                # A function call is a whole transaction, and these say that it was taken back:
                # sending it again is safe for every function.
                if found is None or found.sqlstate not in RETRY:
                    raise _known(error) from None
            try:
                return self._execute(statement)
            except exc.DBAPIError as error:
                raise _known(error) from None

    def close(self) -> None:
        """Close the session; harmless when it is closed or broken."""
        with self._lock:
            self._closed = True
            self._engine.dispose()

    def _open(self) -> psycopg.Connection[Any]:
        if self._closed:
            raise NotConnectedError("You are signed out. Please sign in again.", name="closed")
        driver = open_connection(self._parameters)
        if self._prepare is not None:
            try:
                self._prepare(driver)
            except BaseException:
                driver.close()
                raise
        return driver

    def _execute(self, statement: Select[Any]) -> object:
        with self._engine.connect() as connection:
            if _has_ended(_driver(connection)):
                connection.invalidate()  # closed while we were away: a new one, unasked
            watch = _Watch(_driver(connection).fileno(), self._deadline)
            try:
                answer = connection.scalar(statement)
            except exc.DBAPIError:
                if watch.end():
                    raise no_answer() from None
                raise
            finally:
                watch.end()
            return answer


class _Watch:
    """Shuts a socket down when its call takes too long.

    Only this frees a thread that waits for an answer that was lost on its way: cancelling needs
    an answer, too (database.md 2.2).
    """

    def __init__(self, descriptor: int, seconds: float) -> None:
        # Our own descriptor of it: the number may belong to another file by the time we fire.
        self._socket = socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM)
        self._fired = False
        self._ended = False
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> bool:
        """Stop watching; say whether the socket was shut down."""
        if not self._ended:
            self._ended = True
            self._timer.cancel()
            self._timer.join()  # no thread is left behind
            self._socket.close()
        return self._fired

    def _fire(self) -> None:
        self._fired = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # the link broke at the same moment
            return


_Raw = JSONB(none_as_null=True)
_INT4 = 2**31


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _has_ended(driver: psycopg.Connection[Any]) -> bool:
    """Say whether the server has closed this idle connection; looks only at this computer.

    An idle session is told nothing, so that anything to read is its end.
    """
    if driver.closed:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(driver.fileno(), selectors.EVENT_READ)
        return bool(selector.select(timeout=0))


def _bind(value: Argument) -> ColumnElement[Any]:
    """Return the value with the type that the function declares."""
    if value is None:
        return null()
    if isinstance(value, int) and not isinstance(value, bool):
        # PostgreSQL widens integer to bigint by itself, and does not narrow it.
        return literal(value, Integer() if abs(value) < _INT4 else BigInteger())
    for kind, plain, sql_type in _TYPES:
        if isinstance(value, kind):
            return literal(plain(value), sql_type)
    raise TypeError(f"{type(value).__name__} cannot be an argument")


# In this order: a datetime is a date, too.
_TYPES: tuple[tuple[type, Callable[[Any], object], TypeEngine[Any]], ...] = (
    (Json, lambda json: encode(json.value), JSONB()),
    (Uuids, lambda uuids: list(uuids.values), ARRAY(Uuid())),
    (Texts, lambda texts: list(texts.values), ARRAY(Text())),
    (UUID, lambda uuid: uuid, Uuid()),
    (datetime, lambda time: time, DateTime(timezone=True)),
    (date, lambda day: day, Date()),
    (bool, bool, Boolean()),
    (str, str, Text()),  # an enumeration's member as its text
)


def _known(error: exc.DBAPIError) -> Exception:
    return translate_error(error) or error
