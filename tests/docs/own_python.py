"""A Python of a page's own, for pages that install something: what they install stays theirs."""

from __future__ import annotations

import os
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

__all__ = ["own_python"]

_COMMANDS: Mapping[str, str] = {
    "apollo": "apollo.__main__",
    "pip": "pip._internal.cli.main",
    "pytest": "pytest",
}


def own_python(folder: Path) -> dict[str, str]:
    """Make it; the environment variables under which commands run in it.

    It sees all that is installed here. pip works as for everybody, but for the network: it takes neither
    dependencies nor build tools from an index, since both are here.
    """
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    here = sysconfig.get_paths()["purelib"]
    (site / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    for name, module in _COMMANDS.items():
        script = folder / "bin" / name
        main = f"#!{folder / 'bin/python'}\nimport sys\nfrom {module} import main\nsys.exit(main())\n"
        script.write_text(main)
        script.chmod(0o755)
    own = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    off = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    return {"PATH": own, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **off}
