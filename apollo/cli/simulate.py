"""``apollo simulate``: the local AWS of the demo and the tests, for your own hands."""

from __future__ import annotations

import signal
import threading

import click

from apollo.cli.boundary import INTERRUPTED
from apollo.cli.options import debug_option
from apollo.cli.text import say, tell

__all__ = ["simulate"]

STRAY = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_ENDPOINT_URL_STS",
)
"""What a shell may have set that would lead an SDK elsewhere, or to a profile that is not there."""


@click.command(
    epilog="Example: apollo simulate --port 4600   then, in another shell: the lines that it prints, and "
    "aws ecs list-clusters or apollo plan …"
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1.  [default: a free one]"
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How much faster than real time rollouts run.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Equal seeds and requests give equal answers."
)
@debug_option
def simulate(port: int, speed: float, seed: int) -> int:
    """Run a local AWS on this machine's loopback until it is interrupted.

    Prints lines for a shell to evaluate, so that any AWS SDK, the aws command and Apollo come here. An image
    whose tag starts with crash, unhealthy, nopull or slow behaves so. Other services than ECS, Elastic Load
    Balancing, Application Auto Scaling and STS need: pip install 'apollo-ecs[testing]'.

    Time, faults, scenarios and the rest are steered by HTTP under /_apollo/, which lists what there is.
    """
    import shlex

    from apollo.errors import ApolloError
    from apollo.testing import LocalAws

    try:
        aws = LocalAws(seed=seed, speed=speed, port=port)
    except OSError as error:
        raise ApolloError(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror}",
            code="APO-CLI-020",
            hint="another --port, or none for a free one",
        ) from None
    stop = threading.Event()
    received: list[int] = []

    def hear(number: int, _frame: object) -> None:
        received.append(number)
        stop.set()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, hear)
    with aws:
        for name, value in aws.env().items():
            say(f"export {name}={shlex.quote(value)}")
        say(f"unset {' '.join(STRAY)}")
        tell(f"A local AWS listens on {aws.endpoint}, {speed:g} times as fast as time. Ctrl-C stops it.")
        stop.wait()
    return INTERRUPTED if received[0] == signal.SIGINT else 0
