"""A TCP proxy on loopback between a program and a real server: counts turns, breaks the line."""

from __future__ import annotations

import contextlib
import enum
import selectors
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_CHUNK = 65536


class Mode(enum.Enum):
    """What happens to bytes."""

    PASS = "pass"  # both ways
    DROP_REPLIES = "drop_replies"  # the server hears and acts; its answers are lost
    BLACK_HOLE = "black_hole"  # the line is up, nothing passes either way
    REFUSE = "refuse"  # new connections are closed at once


@dataclass(eq=False, slots=True)
class _Pair:
    client: socket.socket
    server: socket.socket
    from_server: bool = True  # who spoke last; a turn begins when the client speaks after that
    waiting: deque[tuple[float, socket.socket, bytes]] = field(default_factory=deque)


class Proxy:
    """``with Proxy(host, port) as proxy:`` then connect to 127.0.0.1, ``proxy.port``.

    ``turns`` counts round trips: bursts of the client that begin after the server has spoken.
    ``delay`` is in seconds and one way.
    """

    def __init__(self, host: str, port: int, *, delay: float = 0.0) -> None:
        self.delay = delay
        self.mode = Mode.PASS
        self.turns = 0
        self.connections = 0
        self._target = (host, port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._pairs: set[_Pair] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._selector.register(self._door, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended = True
        self._wake.close()
        self._thread.join()
        self.cut()
        self._door.close()
        self._woken.close()
        self._selector.close()

    def cut(self) -> None:
        """Close every connection that is open now."""
        with self._lock:
            for pair in list(self._pairs):
                self._drop(pair)

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                pause = self._pause()
            ready = self._selector.select(pause)
            with self._lock:
                for key, _ in ready:
                    if key.fileobj is self._door:
                        self._accept()
                    elif isinstance(key.data, _Pair) and key.data in self._pairs:
                        assert isinstance(key.fileobj, socket.socket)
                        self._read(key.data, key.fileobj)
                self._send_due()

    def _accept(self) -> None:
        client, _ = self._door.accept()
        if self.mode is Mode.REFUSE:
            client.close()
            return
        try:
            server = socket.create_connection(self._target)
        except OSError:  # the server is away
            client.close()
            return
        self.connections += 1
        pair = _Pair(client, server)
        for end in (pair.client, pair.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end, selectors.EVENT_READ, pair)
        self._pairs.add(pair)

    def _read(self, pair: _Pair, end: socket.socket) -> None:
        try:
            data = end.recv(_CHUNK)
        except OSError:
            data = b""
        if not data:
            self._drop(pair)
            return
        from_server = end is pair.server
        if pair.from_server and not from_server:
            self.turns += 1
        pair.from_server = from_server
        if self.mode is Mode.BLACK_HOLE or (from_server and self.mode is Mode.DROP_REPLIES):
            return
        to = pair.client if from_server else pair.server
        pair.waiting.append((time.monotonic() + self.delay, to, data))

    def _send_due(self) -> None:
        now = time.monotonic()
        for pair in list(self._pairs):
            while pair.waiting and pair.waiting[0][0] <= now:
                _, to, data = pair.waiting.popleft()
                try:
                    to.sendall(data)
                except OSError:
                    self._drop(pair)
                    break

    def _pause(self) -> float | None:
        due = [pair.waiting[0][0] for pair in self._pairs if pair.waiting]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _drop(self, pair: _Pair) -> None:
        self._pairs.discard(pair)
        for end in (pair.client, pair.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            end.close()
