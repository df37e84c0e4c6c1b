"""A new plugin as a project that works as it is made."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from attrs import frozen

from apollo.errors import ApolloError

__all__ = ["Names", "create"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)+")
_FILES: Mapping[str, str] = {
    "pyproject.toml.tmpl": "pyproject.toml",
    "README.md.tmpl": "README.md",
    "gitignore.tmpl": ".gitignore",
    "examples/example.yaml.tmpl": "examples/$example.yaml",
    "src/__init__.py.tmpl": "src/$module/__init__.py",
    "src/spec.py.tmpl": "src/$module/spec.py",
    "src/controller.py.tmpl": "src/$module/controller.py",
    "tests/test_kind.py.tmpl": "tests/test_$example.py",
}


@frozen
class Names:
    """What things of a plugin are called: ``acme-queue`` brings the kind ``acme.Queue``."""

    package: str

    @property
    def namespace(self) -> str:
        return self.package.split("-", 1)[0]

    @property
    def cls(self) -> str:
        return "".join(part.capitalize() for part in self.package.split("-")[1:])

    @property
    def kind(self) -> str:
        return f"{self.namespace}.{self.cls}"

    @property
    def module(self) -> str:
        return self.package.replace("-", "_")

    @property
    def example(self) -> str:
        return self.package.rsplit("-", 1)[-1]

    @classmethod
    def of(cls, package: str) -> Names:
        """
        :raises ApolloError: the name has not the form NAMESPACE-NAME.
        """
        if not _NAME.fullmatch(package):
            raise ApolloError(
                f"{package!r} is no name for a plugin",
                code="APO-PLUGIN-020",
                hint="the namespace and what it is, such as acme-queue: it brings the kind acme.Queue",
            )
        return cls(package)


def create(package: str, folder: Path, version: str) -> tuple[Names, tuple[Path, ...]]:
    """Write the project into ``folder``, which must be empty or absent.

    :param version: of Apollo, the least that the plugin needs. :returns: the names, and the files written.
    :raises ApolloError: a bad name, or a folder that is in use.
    """
    names = Names.of(package)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ApolloError(
            f"{folder} is there already",
            code="APO-PLUGIN-021",
            hint="name another folder with --out, or empty this one",
        )
    values = {
        "package": names.package,
        "kind": names.kind,
        "Class": names.cls,
        "CODE": names.package.upper(),
        "module": names.module,
        "example": names.example,
        "version": version,
    }
    template = resources.files("apollo.plugins") / "template"
    written = []
    try:
        for source, target in _FILES.items():
            text = template.joinpath(source).read_text("utf-8")
            path = folder / string.Template(target).substitute(values)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(string.Template(text).substitute(values), "utf-8")
            written.append(path)
    except OSError as error:
        raise ApolloError(
            f"{error.filename or folder} cannot be written: {error.strerror}", code="APO-PLUGIN-021"
        ) from None
    return names, tuple(written)
