"""What depends on what, and the Merkle generation of every resource. Kept up to date change by change."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from attrs import define, evolve, field

from apollo.api import Key, Kinds, Resource

__all__ = ["Graph"]

_log = logging.getLogger("apollo.engine")


@define
class Graph:
    """The resources of one environment with their edges.

    An edge goes from a resource to what it refers to or names in ``dependsOn``.
    """

    kinds: Kinds
    resources: dict[Key, Resource[Any]] = field(factory=dict, init=False)
    cycles: dict[Key, tuple[Key, ...]] = field(factory=dict, init=False)
    """Members of a dependency cycle, each with the whole cycle. Only they are blocked."""
    groups: dict[str, dict[Key, None]] = field(factory=dict, init=False)
    group_of: dict[Key, str] = field(factory=dict, init=False)
    last: frozenset[Key] = field(default=frozenset(), init=False)
    """What comes after everything that does not need it: the service that this very process is a task of."""
    _needs: dict[Key, frozenset[Key]] = field(factory=dict, init=False)
    _users: dict[Key, set[Key]] = field(factory=dict, init=False)
    _requires: dict[Key, frozenset[str]] = field(factory=dict, init=False)
    _provides: dict[Key, frozenset[str]] = field(factory=dict, init=False)
    _providers: dict[str, set[Key]] = field(factory=dict, init=False)
    _requirers: dict[str, set[Key]] = field(factory=dict, init=False)

    def update(self, resources: Mapping[Key, Resource[Any]], changed: Iterable[Key]) -> frozenset[Key]:
        """Take the new state of the changed keys; absent ones are removed.

        :return: every key whose generation, edges or existence changed: the changed ones and their
            dependants. Costs what they cost, not what the environment holds.
        """
        touched = set(changed)
        for key in touched:
            self._remove(key)
        for key in touched:
            resource = resources.get(key)
            if resource is not None:
                self._insert(key, resource)
        affected = self._with_users(touched)
        self._generations([key for key in affected if key in self.resources])
        return frozenset(affected)

    def needs(self, key: Key) -> frozenset[Key]:
        """What a resource waits for."""
        return self._needs.get(key, frozenset())

    def users(self, key: Key) -> frozenset[Key]:
        """What waits for a resource."""
        return frozenset(self._users.get(key, ()))

    def after(self, key: Key) -> frozenset[Key]:
        """What a resource comes after without referring to it: who provides what it requires."""
        names = self._requires.get(key, ())
        return frozenset(one for name in names for one in self._providers.get(name, ()) if one != key)

    def providers(self, name: str) -> frozenset[Key]:
        """What brings about what others require by this name."""
        return frozenset(self._providers.get(name, ()))

    def before(self, key: Key) -> frozenset[Key]:
        """What comes after a resource without referring to it."""
        names = self._provides.get(key, ())
        return frozenset(one for name in names for one in self._requirers.get(name, ()) if one != key)

    def order(self, keys: Collection[Key] | None = None) -> list[list[Key]]:
        """Levels: every key stands in a later level than all it needs. Members of a cycle and what hangs on
        them come last. Within a level by kind and name, so that plans are stable."""
        todo = set(self.resources if keys is None else keys)
        left = {key: sum(1 for need in self.needs(key) if need in todo) for key in todo}
        level = sorted(key for key, count in left.items() if not count)
        levels = []
        while level:
            levels.append(level)
            following = []
            for key in level:
                for user in self._users.get(key, ()):
                    if user in left:
                        left[user] -= 1
                        if not left[user]:
                            following.append(user)
            for key in level:
                del left[key]
            level = sorted(following)
        if left:
            levels.append(sorted(left))
        return levels

    def group_order(self) -> list[list[str]]:
        """Levels of groups: a group stands after every group that one of its members needs. Groups that
        need each other through different members come last, in the order of their members."""
        needs: dict[str, set[str]] = {group: set() for group in self.groups}
        users: dict[str, set[str]] = {group: set() for group in self.groups}
        for key, group in self.group_of.items():
            for need in self.needs(key) | self.after(key):
                other = self.group_of.get(need)
                if other is not None and other != group:
                    needs[group].add(other)
                    users[other].add(group)
        left = {group: len(others) for group, others in needs.items()}
        first = {group: next(iter(members)) for group, members in self.groups.items()}
        level = [group for group, count in left.items() if not count]
        levels = []
        while level:
            level.sort(key=lambda group: (first[group], group))
            levels.append(level)
            following = []
            for group in level:
                del left[group]
                for user in users[group]:
                    left[user] -= 1
                    if not left[user]:
                        following.append(user)
            level = following
        levels.extend([group] for group in sorted(left, key=lambda group: (first[group], group)))
        late = {self.group_of[key] for key in self._with_users(self.last) if key in self.group_of}
        if late:
            parts = ([[one for one in level if (one in late) == now] for level in levels] for now in (0, 1))
            levels = [level for part in parts for level in part if level]
        return levels

    # ── upkeep ───────────────────────────────────────────────────────────────────────────────────────────

    def _remove(self, key: Key) -> None:
        if self.resources.pop(key, None) is None:
            return
        for need in self._needs.pop(key, ()):
            users = self._users.get(need)
            if users is not None:
                users.discard(key)
                if not users:
                    del self._users[need]
        for mine, index in ((self._requires, self._requirers), (self._provides, self._providers)):
            for name in mine.pop(key, ()):
                index[name].discard(key)
                if not index[name]:
                    del index[name]
        self.cycles.pop(key, None)
        group = self.group_of.pop(key, None)
        if group is not None and (members := self.groups.get(group)) is not None:
            members.pop(key, None)
            if not members:
                del self.groups[group]

    def _insert(self, key: Key, resource: Resource[Any]) -> None:
        self.resources[key] = resource
        named = (*resource.references, *resource.lifecycle.depends_on)
        needs = frozenset(ref.key(key.environment) for ref in named)
        if needs:  # of thousands of resources most have none of these, and an empty set takes 200 bytes
            self._needs[key] = needs
        for need in needs:
            self._users.setdefault(need, set()).add(key)
        group = str(key)
        try:
            controller = self.kinds.get(key.kind)
            named_group = controller.group(resource.spec, resource.env)
            if named_group is not None:
                group = f"{key.kind}:{named_group}"
            if requires := frozenset(controller.requires(resource.spec)):
                self._requires[key] = requires
            if provides := frozenset(controller.provides(resource.spec)):
                self._provides[key] = provides
        except Exception:  # the look at it will say what is wrong
            _log.debug("placing %s failed", key, exc_info=True)
        for name in self._requires.get(key, ()):
            self._requirers.setdefault(name, set()).add(key)
        for name in self._provides.get(key, ()):
            self._providers.setdefault(name, set()).add(key)
        self.group_of[key] = group
        self.groups.setdefault(group, {})[key] = None

    def _with_users(self, keys: Iterable[Key]) -> set[Key]:
        found = set(keys)
        todo = list(found)
        while todo:
            for user in self._users.get(todo.pop(), ()):
                if user not in found:
                    found.add(user)
                    todo.append(user)
        return found

    def _generations(self, keys: Collection[Key]) -> None:
        for key in keys:
            self.cycles.pop(key, None)
        for level in self.order(keys):
            for key in level:
                self._generation(key)
        for cycle in self._find_cycles(keys):
            for key in cycle:
                self.cycles[key] = cycle

    def _generation(self, key: Key) -> None:
        resource = self.resources[key]
        parts = [resource.digest]
        for need in sorted(self.needs(key)):
            target = self.resources.get(need)
            parts.append(f"{need}={target.generation if target is not None else ''}")
        generation = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        if generation != resource.generation:
            self.resources[key] = evolve(resource, generation=generation)

    def _find_cycles(self, keys: Collection[Key]) -> list[tuple[Key, ...]]:
        """Strongly connected components of more than one member, and self-references (Tarjan, iterative)."""
        index: dict[Key, int] = {}
        low: dict[Key, int] = {}
        stack: list[Key] = []
        on_stack: set[Key] = set()
        cycles: list[tuple[Key, ...]] = []
        for root in keys:
            if root in index:
                continue
            index[root] = low[root] = len(index)
            stack.append(root)
            on_stack.add(root)
            path = [(root, iter(sorted(self.needs(root))))]
            while path:
                key, needs = path[-1]
                for need in needs:
                    if need not in self.resources:
                        continue
                    if need not in index:
                        index[need] = low[need] = len(index)
                        stack.append(need)
                        on_stack.add(need)
                        path.append((need, iter(sorted(self.needs(need)))))
                        break
                    if need in on_stack:
                        low[key] = min(low[key], index[need])
                else:
                    path.pop()
                    if path:
                        low[path[-1][0]] = min(low[path[-1][0]], low[key])
                    if low[key] == index[key]:
                        cycle = []
                        while True:
                            member = stack.pop()
                            on_stack.discard(member)
                            cycle.append(member)
                            if member == key:
                                break
                        if len(cycle) > 1 or key in self.needs(key):
                            cycles.append(tuple(reversed(cycle)))
        return cycles
