"""Hears the database's hints (NOTIFY) on a connection of its own.

A hint says that something may have changed, never what: the payload is not read, since every
login of a PostgreSQL server may send on any channel.
"""

from __future__ import annotations

import logging
import random
import selectors
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from coordinator_app.db.parameters import open_connection
from coordinator_app.errors import UserFacingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_log = logging.getLogger(__name__)
_FIRST_PAUSE = 1.0  # seconds before a connection is tried again; doubled up to:
_LONGEST_PAUSE = 30.0


class Ears:
    """A connection that listens to these channels. Raises as ``open_connection``."""

    def __init__(self, parameters: Mapping[str, Any], channels: Iterable[str]) -> None:
        self._connection = open_connection(dict(parameters))
        self._heard: set[str] = set()
        self._connection.add_notify_handler(lambda note: self._heard.add(note.channel))
        try:
            for channel in channels:
                self._connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """The socket; readable when there may be something to hear."""
        return self._connection.fileno()

    def hear(self) -> set[str]:
        """The channels that were notified since the last time; never waits.

        To be asked before waiting on the socket, too: what came with another answer lies in
        libpq's buffer, and the socket does not tell. Raises psycopg.Error when the link is lost.
        """
        self._connection.pgconn.consume_input()
        while note := self._connection.pgconn.notifies():
            self._heard.add(note.relname.decode())
        heard, self._heard = self._heard, set()
        return heard

    def close(self) -> None:
        self._connection.close()


class Listener:
    """One daemon thread that calls ``hint(name)`` for the channels ``{channel: name}``.

    After a gap in the connection every name is hinted once: what was missed is not known.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        channels: Mapping[str, str],
        hint: Callable[[str], None],
        *,
        first_pause: float = _FIRST_PAUSE,
    ) -> None:
        self._parameters = dict(parameters)
        self._channels = dict(channels)
        self._hint = hint
        self._first_pause = first_pause
        self._ended = threading.Event()
        self._wake: socket.socket | None = None
        # The port promises hints from a thread of the adapter; the window's one door to the
        # background is for work that ends.
        self._thread = threading.Thread(  # noqa: TID251
            target=self._run, name="database-hints", daemon=True
        )

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._wake, self._woken = socket.socketpair()
        self._thread.start()

    def close(self) -> None:
        """End the thread and its connection; harmless when they have ended."""
        self._ended.set()
        if self._wake is not None:
            self._wake.close()  # the other end becomes readable
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        pause = self._first_pause
        gap = False
        while not self._ended.is_set():
            try:
                with closing(Ears(self._parameters, self._channels)) as ears:
                    pause = self._first_pause
                    if gap:
                        self._say(self._channels)
                    self._hear(ears)
            except (UserFacingError, psycopg.Error) as error:
                if not self._ended.is_set():
                    _log.info("hints are interrupted: %s", type(error).__name__)
            gap = True
            # Not all at the same moment after the server was away.
            self._ended.wait(pause * random.uniform(0.7, 1.3))  # noqa: S311 - not a secret
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._woken.close()

    def _hear(self, ears: Ears) -> None:
        """Hint until told to end; returns then, raises psycopg.Error when the link is lost."""
        with selectors.DefaultSelector() as selector:
            selector.register(ears.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._ended.is_set():
                self._say(ears.hear())
                selector.select()

    def _say(self, channels: Iterable[str]) -> None:
        names = {self._channels[channel] for channel in channels if channel in self._channels}
        for name in sorted(names):
            if not self._ended.is_set():
                self._hint(name)
