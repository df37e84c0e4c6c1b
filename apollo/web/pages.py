"""The pages for machines, as an application that can be mounted in another one."""

from __future__ import annotations

from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apollo.operator import Operator
from apollo.web.health import Health, live, ready
from apollo.web.metrics import Metrics

__all__ = ["app"]


def app(operator: Operator) -> Starlette:
    """``/livez``, ``/readyz`` and ``/metrics`` of an operator. They hold no secret, and ask for none: let
    them be reached only from where they are wanted.

    Metrics count from now on: make it before `Operator.run`.
    """
    metrics = Metrics(operator)

    async def livez(request: Request) -> Response:
        return _answer(live(operator))

    async def readyz(request: Request) -> Response:
        return _answer(ready(operator))

    async def scrape(request: Request) -> Response:
        await metrics.gauges.refresh()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"content-type": content_type})

    made = Starlette(routes=[Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", scrape)])
    made.state.metrics = metrics
    return made


def _answer(health: Health) -> Response:
    return JSONResponse(
        health.to_dict(), status_code=200 if health.ok else 503, headers={"cache-control": "no-store"}
    )
