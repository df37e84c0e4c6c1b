"""AWS as a table of answers, for what the local AWS never says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apollo.api import Call, Env, Loader

Answer = Mapping[str, Any] | Exception | Callable[[Mapping[str, Any]], Mapping[str, Any]]


class FakeContext:
    """Implements `apollo.api.Context`; every load is a batch of one."""

    def __init__(self, **answers: Answer) -> None:
        self.env = Env("stage", region="eu-west-1", cluster="green")
        nothing = {"ResourceTagMappingList": []}  # so far the index knows
        self.answers: Mapping[str, Answer] = {"GetResources": nothing, **answers}
        self.calls: list[str] = []
        self._memory: dict[tuple[str, Any], Any] = {}

    async def read(self, service: str, operation: str, /, **params: Any) -> Mapping[str, Any]:
        self.calls.append(operation)
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        return answer(params) if callable(answer) else answer

    async def load(self, loader: Loader[Any, Any], key: Any, /) -> Any:
        if (loader.name, key) not in self._memory:
            found = await loader.fetch(self, [key])
            for one, value in found.items():
                self.remember(loader, one, value)
            return found.get(key)
        return self._memory[loader.name, key]

    thorough = True

    def remember(self, loader: Loader[Any, Any], key: Any, value: Any, /) -> None:
        if loader.immutable(key, value):
            self._memory[loader.name, key] = value

    async def write(self, call: Call, /) -> Mapping[str, Any]:
        raise AssertionError(f"{call.operation} was sent while looking")
