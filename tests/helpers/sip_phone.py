"""A telephone that is not ours: a little SIP over UDP, so that no stack tests itself."""

from __future__ import annotations

import re
import select
import socket
import struct
import threading
import time
from typing import Self

_HOST = "127.0.0.1"
_SILENT_FRAME = b"\xff" * 160  # 20 ms of PCMU
_LARGEST = 65_535


class SipPhone:
    """Rings at every call and gives ``status``: 200 answers, others refuse, 0 lets it ring."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._sip = _socket()
        self._rtp = _socket()
        self.headers: dict[str, str] = {}  # of the call, names in lower case
        self.bye_at: float | None = None  # monotonic
        self.canceled = False
        self._peer_rtp: tuple[str, int] | None = None
        self._invite: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sip-phone")
        self._thread.start()

    @property
    def address(self) -> str:
        """What to dial."""
        return f"sip:someone@{_HOST}:{self._sip.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sip.close()
        self._rtp.close()

    def _serve(self) -> None:
        number = 0
        while not self._stop.is_set():
            ready, _, _ = select.select([self._sip], [], [], 0.02)
            if ready:
                data, peer = self._sip.recvfrom(_LARGEST)
                self._on_message(data.decode("utf-8", "replace"), peer)
            if self._peer_rtp is not None:
                number += 1
                head = struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * 160, 7)
                self._rtp.sendto(head + _SILENT_FRAME, self._peer_rtp)

    def _on_message(self, text: str, peer: tuple[str, int]) -> None:
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        method = first.partition(" ")[0]
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        if method == "INVITE" and not self._invite:
            self._invite = headers
            self.headers = headers
            self._reply(headers, peer, 180, "Ringing")
            if self._status:
                self._answer(headers, peer, body)
        elif method == "BYE":
            self.bye_at = time.monotonic()
            self._peer_rtp = None
            self._reply(headers, peer, 200, "OK")
        elif method == "CANCEL":
            self.canceled = True
            self._reply(headers, peer, 200, "OK")
            self._reply(self._invite, peer, 487, "Request Terminated")

    def _answer(self, headers: dict[str, str], peer: tuple[str, int], body: str) -> None:
        if self._status != 200:
            self._reply(headers, peer, self._status, "No")
            return
        there = re.search(r"m=audio (\d+)", body)
        assert there is not None
        self._peer_rtp = (_HOST, int(there[1]))
        port = self._rtp.getsockname()[1]
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {_HOST}\r\ns=-\r\nc=IN IP4 {_HOST}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n"
        )
        self._reply(headers, peer, 200, "OK", sdp)

    def _reply(
        self, headers: dict[str, str], peer: tuple[str, int], status: int, why: str, sdp: str = ""
    ) -> None:
        tagged = headers["to"] if ";tag=" in headers["to"] else f"{headers['to']};tag=t1"
        lines = [
            f"SIP/2.0 {status} {why}",
            f"Via: {headers['via']}",
            f"From: {headers['from']}",
            f"To: {tagged}",
            f"Call-ID: {headers['call-id']}",
            f"CSeq: {headers['cseq']}",
            f"Contact: <{self.address}>",
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
        ]
        self._sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + sdp).encode(), peer)


def _socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((_HOST, 0))
    return opened
