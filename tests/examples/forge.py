"""As much of the API of GitHub and GitLab as comments need, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from attrs import define, field

__all__ = ["Forge", "forge"]

PATHS = (
    r"/repos/acme/config/issues/(?:7/comments|comments/(?P<id>\d+))",
    r"/projects/42/merge_requests/7/notes(?:/(?P<id>\d+))?",
)


@define
class Forge:
    """``comments`` of number 7; ``asked`` is every request."""

    url: str = ""
    comments: list[dict[str, Any]] = field(factory=list)
    asked: list[str] = field(factory=list)


@contextmanager
def forge() -> Iterator[Forge]:
    kept = Forge()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            self._answer(kept.comments[size * (page - 1) : size * page])

        def do_POST(self) -> None:
            comment = {"id": 1000 + len(kept.comments), "user": {"type": "Bot"}, **self._content()}
            kept.comments.append(comment)
            self._answer(comment)

        def do_PATCH(self) -> None:
            (comment,) = (one for one in kept.comments if one["id"] == int(self._id() or 0))
            comment.update(self._content())
            self._answer(comment)

        do_PUT = do_PATCH

        def _id(self) -> str | None:
            found = next(filter(None, (re.fullmatch(path, urlsplit(self.path).path) for path in PATHS)))
            return found["id"]

        def _content(self) -> Any:
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, content: Any) -> None:
            self._id()
            token = self.headers.get("Authorization") == "Bearer canary-token"
            assert token or self.headers.get("PRIVATE-TOKEN") == "canary-token"
            kept.asked.append(self.command)
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
