"""The contract between Apollo and a kind of resource; all that a plugin needs to import.

A controller says how one kind is observed in AWS, how it differs from what git asks for, and which single
calls would make it equal. The engine does the rest: order, retries, gates, ownership, status.
"""

from attrs import evolve

from apollo.api.controller import Controller, Kinds
from apollo.api.desired import AppState, Around, Lifecycle, Origin, Resource, Snapshot
from apollo.api.gates import Allowed, Denied, Gate, Held, Proposal, PruneScope, Verdict
from apollo.api.names import API_VERSION, HASH_TAG, OWNER_TAG, PRUNE_TAG, Env, Identity, Key
from apollo.api.plan import Call, Change, Forecast, Health, HealthStatus, Ignored, Owned, Step, Verb, Wait
from apollo.api.refs import Ref, is_unknown, marker, refs_in
from apollo.api.world import Context, Loader
from apollo.errors import AwsError, Problem, Terminal, Transient
from apollo.spec import Spec

__all__ = [
    "API_VERSION",
    "HASH_TAG",
    "OWNER_TAG",
    "PRUNE_TAG",
    "Allowed",
    "AppState",
    "Around",
    "AwsError",
    "Call",
    "Change",
    "Context",
    "Controller",
    "Denied",
    "Env",
    "Forecast",
    "Gate",
    "Health",
    "HealthStatus",
    "Held",
    "Identity",
    "Ignored",
    "Key",
    "Kinds",
    "Lifecycle",
    "Loader",
    "Origin",
    "Owned",
    "Problem",
    "Proposal",
    "PruneScope",
    "Ref",
    "Resource",
    "Snapshot",
    "Spec",
    "Step",
    "Terminal",
    "Transient",
    "Verb",
    "Verdict",
    "Wait",
    "evolve",
    "is_unknown",
    "marker",
    "refs_in",
]
