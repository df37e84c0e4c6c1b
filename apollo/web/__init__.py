"""What a running operator shows over HTTP: ``/livez``, ``/readyz`` and ``/metrics``. Needs the extra ``web``.

By itself, `serve` is a service of an operator; inside another program, `app` is mounted where one likes::

    async with Operator(settings, services=[apollo.web.serve("127.0.0.1:8080")]) as operator: ...

    Starlette(routes=[Mount("/apollo", apollo.web.app(operator))])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apollo.web.health import Health as Health
    from apollo.web.health import live as live
    from apollo.web.health import ready as ready
    from apollo.web.pages import app as app
    from apollo.web.server import bind as bind
    from apollo.web.server import serve as serve

__all__ = ["Health", "app", "bind", "live", "ready", "serve"]

_HOMES = {
    "Health": "health",
    "app": "pages",
    "bind": "server",
    "live": "health",
    "ready": "health",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "prometheus_client"):
            raise
        missing = error.name
    from apollo.errors import ApolloError

    raise ApolloError(
        f"answering HTTP needs the package {missing}, which is not installed",
        code="APO-WEB-001",
        hint='pip install "apollo-ecs[web]", or leave --listen, APOLLO_LISTEN and spec.http away',
    )
