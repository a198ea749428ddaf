"""The carrier's signalling on loopback, as the pinned library speaks it, with real audio.

JSON over a websocket: ``listen`` and ``register`` come, ``connected`` and ``ready`` go back, an
``invite`` is sent with an offer of aiortc and answered by the page. The tone that the page hears
is 440 Hz; what its (fake) microphone says is measured here.
"""

from __future__ import annotations

import asyncio
import contextlib
import fractions
import json
import ssl
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aioice.ice
import av
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

# The audio stays on this machine as well.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

RATE = 48_000
FRAME = 960  # 20 ms


class Tone(MediaStreamTrack):
    """A sine of 440 Hz for ever."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self._start: float | None = None

    async def recv(self) -> av.AudioFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        wait = self._start + self._at / RATE - loop.time()
        await asyncio.sleep(max(wait, 0))
        times = (np.arange(FRAME) + self._at) / RATE
        wave = (np.sin(2 * np.pi * 440 * times) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self._at
        frame.time_base = fractions.Fraction(1, RATE)
        self._at += FRAME
        return frame


@dataclass
class Call:
    """One invitation."""

    sid: str
    peer: RTCPeerConnection
    loudest: float = 0.0  # of what the page said, 0 to 1
    answered: threading.Event = field(default_factory=threading.Event)
    refused: threading.Event = field(default_factory=threading.Event)
    heard: threading.Event = field(default_factory=threading.Event)


class Signalling:
    """Run it in a ``with``; ``host`` is what the page is told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="signalling")
        self._up = threading.Event()
        self._stop: asyncio.Event | None = None
        self._server: Any = None
        self._page: ServerConnection | None = None
        self.host = ""
        self.port = 0
        self.tokens: list[str] = []
        self.registered = threading.Event()
        self.calls: dict[str, Call] = {}
        self.ttl = 600
        self.refuse_tokens = 0  # the next so many are refused
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ask_to_stop)
        self._thread.join(20)

    def _ask_to_stop(self) -> None:
        assert self._stop is not None
        self._stop.set()

    # -- what a test does ---------------------------------------------------------------------

    def invite(self, from_number: str) -> Call:
        """Call the page."""
        return asyncio.run_coroutine_threadsafe(self._invite(from_number), self._loop).result(20)

    def hang_up(self, call: Call) -> None:
        """End the call from the carrier's side."""
        self._do(self._send("hangup", {"callsid": call.sid}))
        self._do(call.peer.close())

    def drop(self) -> None:
        """Cut the line to the page; it will come back."""
        self.registered.clear()
        if self._page is not None:
            transport = self._page.transport
            self._loop.call_soon_threadsafe(transport.abort)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    # -- the server ---------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        await self._open_server()
        self.host = f"127.0.0.1:{self.port}"
        self._up.set()
        await self._stop.wait()
        for call in self.calls.values():
            await call.peer.close()
        await self._close_server()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open_server(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(self._folder))
        self._server = await serve(self._speak, "127.0.0.1", self.port, ssl=context)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def _close_server(self) -> None:
        self.registered.clear()
        self._server.close()
        await self._server.wait_closed()

    async def _speak(self, page: ServerConnection) -> None:
        assert page.request is not None
        if page.request.path != "/signal":
            return
        self._page = page
        with contextlib.suppress(ConnectionClosed):
            async for text in page:
                if text != "\n":  # the library's heartbeat
                    await self._hear(json.loads(text))

    async def _hear(self, said: dict[str, Any]) -> None:
        payload = said.get("payload") or {}
        match said["type"]:
            case "listen":
                await self._on_listen(payload)
            case "register":
                await self._send("ready", {})
                self.registered.set()
            case "answer":
                await self._on_answer(payload)
            case "reject":
                self.calls[payload["callsid"]].refused.set()

    async def _on_listen(self, payload: dict[str, Any]) -> None:
        self.tokens.append(payload["token"])
        if self.refuse_tokens:
            self.refuse_tokens -= 1
            error = {"code": 31205, "message": "JWT token expired"}
            await self._send("error", {"error": error})
            return
        token = {"identity": "test", "ttl": self.ttl}
        await self._send("connected", {"region": "us1", "edge": "loopback", "token": token})

    async def _on_answer(self, payload: dict[str, Any]) -> None:
        call = self.calls[payload["callsid"]]
        # Of the addresses that the page offers only loopback's: no packet leaves the machine.
        lines = payload["sdp"].splitlines(keepends=True)
        kept = [n for n in lines if not n.startswith("a=candidate") or " 127.0.0.1 " in n]
        await call.peer.setRemoteDescription(RTCSessionDescription("".join(kept), "answer"))
        call.answered.set()

    async def _invite(self, from_number: str) -> Call:
        peer = RTCPeerConnection()
        call = Call("CA" + uuid.uuid4().hex, peer)
        self.calls[call.sid] = call
        peer.addTrack(Tone())
        peer.on("track", lambda track: self._keep(self._measure(call, track)))
        await peer.setLocalDescription(await peer.createOffer())
        parameters = {"From": from_number, "To": "client:test", "CallSid": call.sid}
        await self._send(
            "invite",
            {"callsid": call.sid, "sdp": peer.localDescription.sdp, "parameters": parameters},
        )
        return call

    def _keep(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _measure(self, call: Call, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                level = float(np.abs(frame.to_ndarray()).max()) / 32768
                call.loudest = max(call.loudest, level)
                if level > 0.01:
                    call.heard.set()

    async def _send(self, kind: str, payload: dict[str, Any]) -> None:
        assert self._page is not None
        await self._page.send(json.dumps({"type": kind, "payload": payload, "version": "1.6"}))


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback, and its key."""
    key_file, cert_file = folder / "key.pem", folder / "cert.pem"
    if cert_file.exists():
        return cert_file, key_file
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file
