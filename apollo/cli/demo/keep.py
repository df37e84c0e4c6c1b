"""How to use what ``--keep`` leaves running."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from apollo.cli.demo.files import LOG, MANIFEST, image
from apollo.cli.demo.world import World

__all__ = ["instructions"]


def instructions(world: World) -> Iterator[str]:
    """Lines for the reader; those for a shell can be copied as they are. Also writes ``env.sh``."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in world.aws.env().items()]
    script = world.folder / "env.sh"
    script.write_text("\n".join(exports) + "\n", encoding="utf-8")
    folder = shlex.quote(str(world.folder))
    prod = world.prod.target
    yield ""
    yield "It goes on running. In another shell:"
    yield ""
    yield f"  cd {folder}"
    yield "  . ./env.sh        # the same as:"
    yield from (f"  {line}" for line in exports)
    yield ""
    yield "  apollo status -f apollo.yaml"
    yield ""
    yield "  # deploy on stage; a tag that starts with crash, unhealthy, nopull or slow behaves so"
    yield f"  apollo set image config/{MANIFEST} app={image('1.3')}"
    yield '  git -C config commit -am "Web 1.3"'
    yield "  apollo history -f apollo.yaml -e stage"
    yield ""
    yield "  # deploy on production"
    yield "  git -C config switch prod && git -C config merge --no-ff --no-edit stage"
    yield "  git -C config switch stage"
    yield ""
    yield "  # change something behind Apollo's back"
    yield f"  AWS_ACCESS_KEY_ID={prod.account} aws --region {prod.region} elbv2 modify-rule \\"
    yield f"    --rule-arn {world.prod.rule()} \\"
    yield "    --conditions Field=host-header,Values=elsewhere.example.com"
    yield ""
    yield f"What the operator does is told here; its log is {world.folder / LOG}."
    yield "Ctrl-C stops all of it and removes the folder."
    yield ""
