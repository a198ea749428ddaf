"""The practice line's door: HTTP on 127.0.0.1, for as long as the program runs."""

from __future__ import annotations

import base64
import binascii
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from coordinator_app.calls.practice_line.api import Answer, Login, PracticeApi, Request
from coordinator_app.calls.practice_line.core import PracticeLine
from coordinator_app.calls.practice_line.faults import Faults

_HOST = "127.0.0.1"
_LARGEST_BODY = 64 * 1024
_IDLE_S = 30.0


def new_login(mark: str) -> Login:
    """Credentials for one run. ``mark``: what makes them a practice line's (``twilio_http``)."""
    tail = 32 - len(mark)
    sid = mark + secrets.token_hex(tail // 2)
    return Login(f"AC{sid}", f"SK{sid}", secrets.token_urlsafe(24))


class PracticeServer:
    """Serves a practice line until ``close``; a context manager."""

    def __init__(self, line: PracticeLine, login: Login, faults: Faults | None = None) -> None:
        self.login = login
        self.api = PracticeApi(line, login, faults)
        self._http = _Http((_HOST, 0), _Handler)
        self._http.api = self.api
        self._thread = threading.Thread(  # noqa: TID251  the server's own threads, joined by close()
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="practice-line",
            daemon=True,
        )
        self._thread.start()

    @property
    def base(self) -> str:
        """Where it listens: ``http://127.0.0.1:port``."""
        return f"http://{_HOST}:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop listening, cut the connections, end the threads."""
        self._http.shutdown()
        self._thread.join()
        self._http.cut()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    api: PracticeApi

    def __init__(self, *args: Any) -> None:  # noqa: ANN401  the base class's
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []  # noqa: TID251  the server's own threads, joined by close()
        super().__init__(*args)

    def service_actions(self) -> None:
        """The base class calls this every poll interval: calls go on although nobody asks."""
        self.api.tick()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base class's
        # Like the base class, which forgets daemon threads: these are joined at the end.
        worker = threading.Thread(  # noqa: TID251  the server's own threads, joined by close()
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open.add(request)
            self._workers = [w for w in self._workers if w.is_alive()]
            self._workers.append(worker)
        worker.start()

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  the base class's
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """End connections that a client keeps open, and wait for their threads."""
        with self._lock:
            left = list(self._open)
            workers = list(self._workers)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it closed in this moment
        for worker in workers:
            worker.join()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the base class's
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    wbufsize = -1  # one packet an answer: two would wait 40 ms for each other
    disable_nagle_algorithm = True
    server: _Http

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing: paths carry phone numbers."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            self.send_error(413)
            self.close_connection = True
            return
        form = _pairs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        parts = urlsplit(self.path)
        user, password = _basic(self.headers.get("Authorization", ""))
        self._send(
            self.server.api.handle(
                Request(
                    self.command, unquote(parts.path), _pairs(parts.query), form, user, password
                )
            )
        )

    def _send(self, answer: Answer) -> None:
        if answer.lost:
            self.close_connection = True
            return
        body = answer.media or answer.body.encode()
        kind = "audio/x-wav" if answer.media else "application/json;charset=utf-8"
        self.send_response(answer.status)
        self.send_header("Content-Type", kind)
        if answer.retry_after_s is not None:
            self.send_header("Retry-After", str(answer.retry_after_s))
        if answer.status != 204:  # noqa: PLR2004  no content, no length
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
