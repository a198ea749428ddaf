"""A carrier, or something on the way to it, that answers oddly: on the wire, to the real client.

Whatever comes, a dial is told as sent, refused or not known, and nothing is asked a second time.
"""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from coordinator_app.calls.backend import PlaceAnswer, Rejected, Unknown
from coordinator_app.calls.practice_line.server import new_login
from coordinator_app.calls.twilio_backend import TwilioBackend
from coordinator_app.calls.twilio_http import PRACTICE_MARK, LineHttpClient
from coordinator_app.calls.twilio_line import Credentials, TwilioLine
from tests.helpers.call_store import call_request

_LIMIT_S = 0.5


class _Carrier(socketserver.ThreadingTCPServer):
    """Answers each request with these bytes, then closes; ``b""``: closes at once."""

    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, said: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.said = said
        self.asked: list[str] = []


class _Answer(socketserver.StreamRequestHandler):
    server: _Carrier

    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1").strip()
        length = 0
        while (header := self.rfile.readline().strip().lower()) not in {b"", b"\r\n"}:
            if header.startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
        self.rfile.read(length)
        self.server.asked.append(line)
        self.wfile.write(self.server.said)


@contextmanager
def carrier(said: bytes) -> Iterator[tuple[_Carrier, TwilioBackend]]:
    with _Carrier(said) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="odd carrier")
        thread.start()
        keys = new_login(PRACTICE_MARK)
        base = f"http://127.0.0.1:{server.server_address[1]}"
        account = TwilioLine(
            Credentials(keys.account_sid, keys.key_sid, keys.key_secret),
            LineHttpClient(timeout_s=_LIMIT_S, practice_base=base),
        )
        try:
            yield server, TwilioBackend(account)
        finally:
            account.close()
            server.shutdown()
            thread.join()


def http(status: str, body: bytes, *headers: str) -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
    return head.encode("latin-1") + b"\r\nConnection: close\r\n\r\n" + body


def dial(said: bytes) -> tuple[PlaceAnswer, list[str]]:
    """Place a call of a room that stands already."""
    request = call_request()
    with carrier(said) as (server, backend):
        backend._line.remember_room(request.session_id, "CF" + "0" * 32)
        return backend.place(request), server.asked


@pytest.mark.parametrize(
    "said",
    [
        http("201 Created", b'{"call_sid": "CA12'),
        http("201 Created", b"<html>Sign in to the hotel's network</html>"),
        http("201 Created", b""),
        http("201 Created", b"null"),
        http("201 Created", b"[]"),
        http("200 OK", b'"fine"'),
        http("500 Internal Server Error", b"<html>Oops</html>"),
        http("504 Gateway Timeout", b""),
        http("302 Found", b"", "Location: http://127.0.0.1:1/elsewhere"),
        b"",
        b"HTTP/1.1 201 Crea",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{",
        http("201 Created", b"\xff\xfe\x00{}"),
    ],
)
def test_a_dial_whose_answer_makes_no_sense_is_looked_up_and_sent_once(said: bytes) -> None:
    answer, asked = dial(said)
    assert isinstance(answer, Unknown)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("", None),
        ("\xb2", None),
        ("-3", None),
        ("Wed, 21 Oct 2027 07:28:00 GMT", None),
        ("9" * 400, 600.0),
    ],
)
def test_when_to_come_again_is_taken_with_care(after: str, seconds: float | None) -> None:
    answer, _ = dial(
        http("429 Too Many Requests", b'{"code": 20429, "message": "x"}', f"Retry-After: {after}")
    )
    assert isinstance(answer, Rejected)
    assert answer.retry_after_s == seconds


@pytest.mark.parametrize(
    "body", [b"{}", b'{"code": "many", "message": 7}', b"[1]", b"<html></html>", b'{"code": null}']
)
def test_a_refusal_without_a_code_is_a_refusal(body: bytes) -> None:
    answer, asked = dial(http("400 Bad Request", body))
    assert isinstance(answer, Rejected)
    assert len(asked) == 1


def test_a_list_that_makes_no_sense_finds_nothing_out() -> None:
    for body in (b"", b"[]", b"null", b'{"calls": 7}', b'{"participants": null}', b"<html>"):
        with carrier(http("200 OK", body)) as (_, backend):
            session = uuid4()
            backend._line.remember_room(session, "CF" + "0" * 32)
            assert type(backend.agent_leg(session)).__name__ == "Unreachable", body
