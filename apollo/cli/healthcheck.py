"""``apollo healthcheck``: for the HEALTHCHECK of a container."""

from __future__ import annotations

import click

from apollo.cli.probe import DEFAULT, VARIABLE, ask, url_of
from apollo.cli.text import clean, say, tell

__all__ = ["healthcheck"]


@click.command(epilog="Example: apollo healthcheck --ready")
@click.option("--ready", is_flag=True, help="Ask whether git was read and AWS answers.")
@click.option("--url", help=f"Where the operator answers.  [default: {VARIABLE}, or http://{DEFAULT}]")
@click.option(
    "--timeout",
    type=click.IntRange(1, 60),
    default=5,
    show_default=True,
    help="Seconds to wait.",
)
@click.option("--listen", envvar=VARIABLE, default=DEFAULT, hidden=True)
def healthcheck(ready: bool, url: str | None, timeout: int, listen: str) -> int:
    """Whether an operator on this machine is alive: 0 if its loops move, else 1.

    The operator must answer HTTP: apollo run --listen, APOLLO_LISTEN, or http of the Installation.
    """
    if url is not None and not url.startswith("http://"):
        raise click.UsageError("--url: an address such as http://127.0.0.1:8080 is expected")
    well, said = ask(url or url_of(listen), "/readyz" if ready else "/livez", timeout)
    (say if well else tell)(clean(said))
    return 0 if well else 1
