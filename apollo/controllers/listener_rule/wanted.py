"""What a manifest asks of a rule: compared with the live one, and as parameters of calls. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from apollo.api import HASH_TAG, Change, Ignored, Resource, is_unknown
from apollo.compare import canonical, differences, ignored, keeping, resetting
from apollo.compare.listener_rule import RULES, comparable
from apollo.compare.names import aws_names
from apollo.controllers.listener_rule.overlap import Condition, condition_of
from apollo.controllers.listener_rule.seen import LiveRule
from apollo.controllers.listener_rule.shifting import forward_of, shift_of
from apollo.controllers.tags import declared_tags, ignored_tags
from apollo.resources.listener_rule import ListenerRuleSpec
from apollo.resources.wire import wire

__all__ = [
    "changes_of",
    "condition_wanted",
    "content",
    "copy_of",
    "ignored_of",
    "mark_of_call",
    "priority_wanted",
    "secret_mark",
    "tags_wanted",
    "target_groups",
]

Want = Resource[ListenerRuleSpec]

_SECRET = "/actions/authenticate-oidc/authenticateOidcConfig/clientSecret"
_MAPS = ("authenticationRequestExtraParams", "AuthenticationRequestExtraParams")
_CONTENT = ("conditions", "actions", "transforms")


def priority_wanted(want: Want, rule: LiveRule | None) -> int:
    """The number of the priority. Where the manifest ignores it, the live one."""
    if rule is not None and rule.priority is not None and "/priority" in want.lifecycle.ignore:
        return rule.priority
    assert isinstance(want.spec.priority, int)
    return want.spec.priority


def condition_wanted(want: Want, rule: LiveRule | None) -> Condition:
    fields = canonical(comparable(_declared(want, rule)), RULES)
    return condition_of(fields.get("conditions") or ())


def _declared(want: Want, rule: LiveRule | None) -> dict[str, Any]:
    """The spec to compare: with the live values where the manifest ignores a field, and the live weights
    where ECS shifts them."""
    declared = comparable(want.spec.declared())
    if rule is None:
        return declared
    declared = keeping(declared, rule.fields, want.lifecycle.ignore, RULES)
    if (shift := shift_of(want, rule)) is not None and shift.may_stay(rule):
        declared["actions"] = [
            {**action, "forwardConfig": {**action["forwardConfig"], "targetGroups": shift.groups}}
            if action.get("type") == "forward"
            else action
            for action in declared["actions"]
        ]
    return declared


def changes_of(want: Want, rule: LiveRule) -> list[Change]:
    """What differs in a rule but its priority and its tags. That a client secret was changed in git is known
    by its hash; AWS never gives it back."""
    found = differences(_declared(want, rule), rule.fields, RULES, want.lifecycle.ignore)
    mark = secret_mark(want)
    if mark not in ("", rule.tags.get(HASH_TAG, mark), rule.secret_set):
        found.append(Change(_SECRET, "(not readable)", "(not readable)"))
    return found


def ignored_of(want: Want, rule: LiveRule) -> list[Ignored]:
    """The differences that are left alone, each with the reason."""
    plain = comparable(want.spec.declared())
    found = [*ignored(plain, rule.fields, RULES, want.lifecycle.ignore), *ignored_tags(want, rule.tags)]
    if rule.priority not in (None, want.spec.priority) and "/priority" in want.lifecycle.ignore:
        found.append(Ignored("/priority", "lifecycle.ignore"))
    if (shift := shift_of(want, rule)) is not None:
        left = {change.path for change in changes_of(want, rule)} | {one.path for one in found}
        found += [
            Ignored(one.path, shift.reason(rule))
            for one in differences(plain, rule.fields, RULES, want.lifecycle.ignore)
            if one.path not in left
        ]
    return found


def content(want: Want, rule: LiveRule | None = None, changes: Sequence[Change] = ()) -> dict[str, Any]:
    """Parameters of CreateRule, or of ModifyRule for what ``changes`` are in: lists are sent whole."""
    if rule is None:
        return _complete({name: wire(value) for name in _CONTENT if (value := getattr(want.spec, name))})
    touched = {change.path.split("/", 2)[1] for change in changes}
    as_declared, kept = comparable(want.spec.declared()), resetting(_declared(want, rule), changes, RULES)
    params: dict[str, Any] = {}
    for name in _CONTENT:
        if name not in touched:
            continue
        # It goes out as the manifest says it, unless a part of it is left to somebody else.
        params[name] = kept.get(name) or []
        if params[name] == as_declared.get(name):
            params[name] = wire(getattr(want.spec, name))
    fields = _complete(params, modifying=True)
    if fields.get("Transforms") == []:
        del fields["Transforms"]
        fields["ResetTransforms"] = True
    return fields


def _complete(fields: Mapping[str, Any], *, modifying: bool = False) -> dict[str, Any]:
    """In AWS's spelling, and with what AWS wants besides: the order of several actions, and word that the
    secret it has is to be kept."""
    params: dict[str, Any] = aws_names(fields, _MAPS)
    actions = params.get("Actions") or []
    for number, action in enumerate(actions, 1):
        if len(actions) > 1:
            action.setdefault("Order", number)
        config = action.get("AuthenticateOidcConfig")
        if modifying and config is not None and "ClientSecret" not in config:
            config.setdefault("UseExistingClientSecret", True)
    return params


def copy_of(want: Want, rule: LiveRule) -> dict[str, Any]:
    """The content of a live rule as parameters of CreateRule. A client secret, which AWS does not give back,
    is taken from the manifest."""
    fields = _complete({name: rule.fields[name] for name in _CONTENT if rule.fields.get(name)})
    for action in fields.get("Actions", ()):
        config = action.get("AuthenticateOidcConfig")
        for declared in want.spec.actions:
            mine = declared.authenticateOidcConfig
            if config is not None and mine is not None and mine.clientSecret is not None:
                config["ClientSecret"] = mine.clientSecret
    return fields


def tags_wanted(want: Want) -> dict[str, str]:
    mark = secret_mark(want)
    return declared_tags(want) | ({HASH_TAG: mark} if mark else {})


def target_groups(spec: ListenerRuleSpec) -> Iterator[str]:
    """The ARNs that a rule forwards to."""
    config = forward_of(comparable(spec.declared()).get("actions"))
    for group in (config or {}).get("targetGroups") or ():
        if group.get("targetGroupArn"):
            yield str(group["targetGroupArn"])


def secret_mark(want: Want) -> str:
    """Tells one client secret from another, for the content tag: slow to compute, so that nobody who can read
    tags finds the secret by trying. Empty when there is none, or it is not known yet."""
    secrets = [
        str(config["clientSecret"])
        for action in want.spec.declared().get("actions") or ()
        if (config := action.get("authenticateOidcConfig") or {}).get("clientSecret")
    ]
    if not secrets or is_unknown(secrets) or _SECRET in want.lifecycle.ignore:
        return ""
    return _mark(tuple(secrets), want.owner)


def mark_of_call(params: Mapping[str, Any], owner: str) -> str:
    """The mark of the client secrets that a call has set; empty when there are none in it."""
    secrets = [
        str(config["ClientSecret"])
        for action in (*params.get("Actions", ()), *params.get("DefaultActions", ()))
        if (config := action.get("AuthenticateOidcConfig") or {}).get("ClientSecret")
    ]
    return _mark(tuple(secrets), owner) if secrets else ""


@lru_cache(maxsize=1000)
def _mark(secrets: tuple[str, ...], owner: str) -> str:
    key = hashlib.scrypt("\0".join(secrets).encode(), salt=owner.encode(), n=2**14, r=8, p=1, dklen=16)
    return f"1:{key.hex()}"
