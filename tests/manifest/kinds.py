"""Kinds for the tests of loading: the real ones, and small ones that show what a plugin may bring."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from apollo.api import Controller, Env, Identity, Problem, Ref, Resource, Spec, Terminal, marker


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    image: str = ""
    ports: tuple[int, ...] = ()
    env: dict[str, str] = {}


class BoxSpec(Spec):
    """Something with a bit of everything."""

    named_lists: ClassVar = {"/parts": "name"}

    title: str | None = None
    count: int | None = None
    ratio: float | None = None
    on: bool | None = None
    mode: Literal["fast", "slow"] | None = None
    priority: Annotated[int, Field(ge=1, le=100)] | Literal["default"] | None = None
    parts: list[Part] | None = None
    words: list[str] | None = None
    anything: Any = None
    uses: str | None = None
    place: str | None = None

    def completed(self, name: str, env: Env) -> BoxSpec:
        update: dict[str, Any] = {}
        if self.title is None:
            update["title"] = name
        if self.uses is not None and "/" not in self.uses and "\ue000" not in self.uses:
            update["uses"] = marker("Box", self.uses, "arn")
        return self.model_copy(update=update) if update else self


class Box(Controller[BoxSpec, Any]):
    kind = "Box"
    spec_type = BoxSpec
    output_names = frozenset({"arn", "url"})

    def identity(self, spec: BoxSpec, env: Env) -> Identity | None:
        return Identity("box", spec.place) if spec.place else None

    def check(self, want: Resource[BoxSpec]) -> Iterable[Problem]:
        for part in want.spec.parts or ():
            if part.image == "bad":
                yield Problem("BOX-1", "this image is bad", path=f"/parts/{part.name}/image")


class Queue(Controller[BoxSpec, Any]):
    kind = "acme.Queue"
    spec_type = BoxSpec
    output_names = frozenset({"arn"})

    def identity(self, spec: BoxSpec, env: Env) -> Identity | None:
        return None

    def references(self, spec: BoxSpec) -> Iterable[Ref]:
        return [Ref("Box", spec.title)] if spec.title and spec.title.startswith("after-") else ()

    def check(self, want: Resource[BoxSpec]) -> Iterable[Problem]:
        if want.spec.title == "explode":
            raise RuntimeError("boom")
        return ()


class Aws(Controller[Any, Any]):
    output_names = frozenset({"arn"})

    def __init__(self, kind: str, spec_type: type[Spec]) -> None:
        self.kind, self.spec_type = kind, spec_type

    def identity(self, spec: Any, env: Env) -> Identity | None:
        if self.kind == "Service":
            return Identity("ecs:service", f"{spec.cluster}/{spec.serviceName}")
        return Identity("ecs:task-definition", spec.family)


class TestKinds:
    __test__ = False

    def names(self) -> Collection[str]:
        return ["Box", "acme.Queue", "TaskDefinition", "Service", "Broken"]

    def get(self, kind: str) -> Controller[Any, Any]:
        if kind == "Box":
            return Box()
        if kind == "acme.Queue":
            return Queue()
        if kind == "TaskDefinition":
            from apollo.resources.task_definition import TaskDefinitionSpec

            return Aws(kind, TaskDefinitionSpec)
        if kind == "Service":
            from apollo.resources.service import ServiceSpec

            return Aws(kind, ServiceSpec)
        raise Terminal("the plugin of Broken cannot be imported", reason="NoController", hint="reinstall it")


KINDS = TestKinds()
