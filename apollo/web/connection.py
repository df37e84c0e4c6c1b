"""One client of the web server: it has some seconds to ask, and to take its answer. Who only holds on must
not keep out who asks for the health: that would end the operator."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connection"]

MOST = 200
"""Connections at a time. One more takes the place of the oldest that has not asked for anything yet, or else
of the oldest."""
SECONDS = 10.0
"""For a question to arrive, and for an answer to be taken. No answer here takes a tenth of that."""


class Connection(H11Protocol):
    """uvicorn's protocol, which waits for the end of a question for ever."""

    _since = 0.0
    _seen: object = None
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._since = self.loop.time()
        self._look = self.loop.call_later(SECONDS, self._again)
        others = [one for one in cast("set[Any]", self.connections) if isinstance(one, Connection)]
        if len(others) > MOST:
            oldest = min(others, key=lambda one: (one.cycle is not None, one._since))
            oldest._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _again(self) -> None:
        if self.cycle is self._seen:  # the same question as the last time, or still none
            self._end()
            return
        self._seen = self.cycle
        self._look = self.loop.call_later(SECONDS, self._again)

    def _end(self) -> None:
        self.connections.discard(self)  # it is not seen as lost before the loop's next turn
        self.transport.abort()
