"""SQS's long polling: the wait is ours, since moto would sleep in it and keep everybody else waiting."""

import json
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from apollo.testing.http import Reply

if TYPE_CHECKING:
    from apollo.testing.world import Call, World


class LongPoll:
    """One ReceiveMessage that waits for a message.

    It waits as long as the clock says: in virtual seconds, or in real ones while the clock stands.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
    """

    def __init__(self, world: "World", payload: dict[str, Any], seconds: float) -> None:
        self._world = world
        self._payload = payload
        self._virtual = world.clock.now() + seconds
        self._real = time.monotonic() + seconds / (world.clock.speed or 1.0)

    def without_waiting(self, body: bytes) -> bytes:
        """The request as one that does not wait."""
        asked = {**self._payload, "WaitTimeSeconds": 0}
        if body.startswith(b"{"):
            return json.dumps(asked).encode()
        return urlencode({"Action": "ReceiveMessage", "Version": "2012-11-05", **asked}).encode()

    def empty(self, body: bytes) -> bool:
        """Whether an answer brings no message."""
        if body.startswith(b"{"):
            return not json.loads(body).get("Messages")
        return b"<Message>" not in body

    def again(self, ask: Callable[[], Reply]) -> Callable[[], Reply] | None:
        """How to look once more; None when the time is over."""

        def look() -> Reply:
            try:
                with self._world.lock:
                    self._world.catch_up()
                    self._world.news.look()
                    return ask()
            except Exception:  # nobody else would answer the connection any more
                body = json.dumps({"__type": "SimInternalError", "message": traceback.format_exc()})
                return Reply(400, body.encode(), "application/x-amz-json-1.0")

        over = time.monotonic() >= self._real or self._world.clock.now() >= self._virtual
        return None if over else look


def long_poll(world: "World", call: "Call", payload: Any) -> LongPoll | None:
    """What a request wants to wait for; None when it wants no waiting."""
    if (call.service, call.operation) != ("sqs", "ReceiveMessage") or not isinstance(payload, dict):
        return None
    seconds = payload.get("WaitTimeSeconds")
    if seconds is None:
        seconds = _of_the_queue(world, call, str(payload.get("QueueUrl", "")))
    try:
        wait = float(seconds)
    except (TypeError, ValueError):
        return None
    return LongPoll(world, payload, wait) if 0 < wait <= 20 else None


def _of_the_queue(world: "World", call: "Call", url: str) -> float:
    """The queue's own ReceiveMessageWaitTimeSeconds."""
    with world.moto.inside():
        queues = world.moto.backend("sqs", call.account, call.region).queues
        queue = queues.get(url.rpartition("/")[2])
        return float(queue.receive_message_wait_time_seconds or 0) if queue is not None else 0.0
