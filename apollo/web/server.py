"""The web server as a service of an operator: its loop, its end, its signals."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import anyio
import uvicorn

from apollo.errors import ApolloError
from apollo.operator import Operator
from apollo.telemetry import escape
from apollo.web.connection import Connection
from apollo.web.pages import app

__all__ = ["bind", "serve"]

_log = logging.getLogger("apollo.web")

_CLOSING: Final = 1
"""Seconds that open requests have at the end. No answer here takes longer; who does not read it is left."""
_LAST: Final = 3.0


class _Server(uvicorn.Server):
    """Leaves signals to the program, ends when it is told to, and does not wake ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        while not self.ending.is_set():
            await self.on_tick(0)
            with anyio.move_on_after(1.0):
                await self.ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()  # a client that neither reads nor goes away


def bind(listen: str) -> socket.socket:
    """A listening socket at ``HOST:PORT``; port 0 takes a free one.

    :raises ApolloError: ``APO-WEB-002`` when it cannot be had.
    """
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        if not host or not 0 <= int(port) <= 65535:
            raise ValueError
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, int(port)))
            made.listen(128)
        except OSError:
            made.close()
            raise
    except ValueError:
        why = "HOST:PORT is expected"
    except OSError as error:
        why = error.strerror or str(error)
    else:
        made.setblocking(False)
        return made
    raise ApolloError(
        f"cannot listen on {escape(listen)}: {why}",
        code="APO-WEB-002",
        hint="write an address of this machine and a free port, such as 127.0.0.1:8080",
    )


def serve(listen: str | socket.socket) -> Callable[[Operator], Awaitable[None]]:
    """A service for `Operator`: answers ``/livez``, ``/readyz`` and ``/metrics`` until it is cancelled.

    :param listen: ``HOST:PORT``, or a socket that listens already. Runs on asyncio.
    :raises ApolloError: ``APO-WEB-002`` when the address cannot be had.
    """
    listening = bind(listen) if isinstance(listen, str) else listen

    async def service(operator: Operator) -> None:
        config = uvicorn.Config(
            app(operator),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            http=Connection,
            server_header=False,
            timeout_graceful_shutdown=_CLOSING,
        )
        server = _Server(config)
        host, port = listening.getsockname()[:2]
        _log.info("answering on http://%s:%s", f"[{host}]" if ":" in host else host, port)
        done = anyio.Event()
        shield = anyio.CancelScope(shield=True)

        async def answer() -> None:
            with shield:
                await server.serve(sockets=[listening])
            done.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(answer)
            try:
                await anyio.sleep_forever()
            finally:
                server.ending.set()
                with anyio.move_on_after(_LAST, shield=True):
                    await done.wait()
                shield.cancel()

    return service
