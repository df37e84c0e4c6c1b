"""A server in a process of its own that answers every DescribeServices with the same ten services.

``python -m benchmarks.canned`` prints its port and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.harness import ROOT

__all__ = ["canned"]

EVENTS = 100
"""As many as ECS tells of each service."""


@contextmanager
def canned() -> Iterator[str]:
    """The endpoint of the server, for the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.canned"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _body() -> bytes:
    services = [
        {
            "serviceArn": f"arn:aws:ecs:eu-west-1:123456789012:service/green/s{at}",
            "serviceName": f"s{at}",
            "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/green",
            "status": "ACTIVE",
            "desiredCount": 2,
            "runningCount": 2,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "taskDefinition": f"arn:aws:ecs:eu-west-1:123456789012:task-definition/s{at}:1",
            "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": 1.7e9, "updatedAt": 1.7e9}],
            "tags": [{"key": "apollo:owner", "value": f"apollo/stage/Service/s{at}"}],
            "createdAt": 1.7e9,
            "events": [
                {"id": f"{at}-{one}", "createdAt": 1.7e9 + one, "message": f"(service s{at}) steady state."}
                for one in range(EVENTS)
            ],
        }
        for at in range(10)
    ]
    return json.dumps({"services": services, "failures": []}).encode()


_WHO = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/green</Arn><UserId>green</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def _reply(type_: str, body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {type_}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


class _Answers(asyncio.Protocol):
    services = b""
    caller = _reply("text/xml", _WHO)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.data = b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, rest = self.data.partition(b"\r\n\r\n")
        if end:
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if len(rest) >= (int(lengths[0].split(b":")[1]) if lengths else 0):
                self.data = b""
                assert isinstance(self.transport, asyncio.Transport)
                self.transport.write(self.caller if b"GetCallerIdentity" in rest else self.services)


async def main() -> None:
    _Answers.services = _reply("application/x-amz-json-1.1", _body())
    server = await asyncio.get_running_loop().create_server(_Answers, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
