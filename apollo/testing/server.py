"""HTTP/1.1 on loopback, in a thread of its own: keep-alive, one request after another per connection."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from apollo.testing.http import HttpRequest, Reply

Application = Callable[[HttpRequest], Reply]

_BETWEEN = 0.02
"""Seconds between two looks at an answer that is not there yet."""
_MAX_HEAD = 64 * 1024
_MAX_BODY = 16 * 1024 * 1024
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class _Connection(asyncio.Protocol):
    def __init__(self, application: Application, connections: "set[_Connection]") -> None:
        self._application = application
        self._connections = connections
        self._buffer = bytearray()
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        while self._transport is not None and not self._busy:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MAX_HEAD:
                    self._refuse(431)
                return
            head = self._buffer[:end].decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            length = headers.get("content-length", "0")
            parts = first.split(" ")
            if len(parts) != 3 or not length.isdigit() or "transfer-encoding" in headers:
                self._refuse(400)
                return
            size = int(length)
            if size > _MAX_BODY:
                self._refuse(413)
                return
            if len(self._buffer) < end + 4 + size:
                begun = len(self._buffer) > end + 4
                if not begun and headers.get("expect", "").lower() == "100-continue":
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body = bytes(self._buffer[end + 4 : end + 4 + size])
            del self._buffer[: end + 4 + size]
            keep = headers.get("connection", "").lower() != "close"
            reply = self._application(HttpRequest(parts[0], parts[1], headers, body))
            self._soon(reply, keep)

    def _soon(self, reply: Reply, keep: bool) -> None:
        """Answer at once, or when it is time."""
        wait = reply.delay or (_BETWEEN if reply.again is not None else 0.0)
        if wait > 0:
            self._busy = True
            self._timer = asyncio.get_running_loop().call_later(wait, self._late, reply, keep)
        else:
            self._answer(reply, keep)

    def _late(self, reply: Reply, keep: bool) -> None:
        if reply.again is not None:
            headers = reply.headers
            reply = reply.again()
            reply.headers = headers | reply.headers
            if reply.again is not None:
                self._soon(reply, keep)
                return
        self._busy = False
        self._answer(reply, keep)
        self._next()

    def _refuse(self, status: int) -> None:
        self._answer(Reply(status, b""), keep=False)

    def _answer(self, reply: Reply, keep: bool) -> None:
        transport = self._transport
        if transport is None:
            return
        if reply.reset:
            # A lingering time of zero makes the close a TCP reset, as a broken path would.
            sock = transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            return
        extra = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        head = (
            f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}\r\n"
            f"content-type: {reply.content_type}\r\n"
            f"content-length: {len(reply.body) if reply.length is None else reply.length}\r\n{extra}"
            f"connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
        )
        transport.write(head.encode("latin-1", "replace") + reply.body)
        if not keep:
            transport.close()


class Server:
    """A listening socket and the thread that serves it. Only ever on 127.0.0.1."""

    def __init__(self, application: Application, port: int = 0) -> None:
        self._application = application
        self._connections: set[_Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", port))
            self._socket.listen(512)
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"local-aws-{self.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close the socket and every connection; returns when the thread has ended."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Connection(self._application, self._connections), sock=self._socket
        )
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            server.close()
            for connection in list(self._connections):
                connection.close()
            await asyncio.sleep(0)
