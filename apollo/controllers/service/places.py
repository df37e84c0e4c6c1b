"""Where services live in AWS."""

from __future__ import annotations

from apollo.api import Identity, is_unknown

__all__ = ["cluster_name", "identity_of"]


def cluster_name(cluster: str) -> str:
    """The short name of a cluster that is named by name or ARN. One that is not known yet stays as it is."""
    return cluster if is_unknown(cluster) else cluster.rsplit("/", 1)[-1]


def identity_of(cluster: str, name: str) -> Identity:
    return Identity("ecs:service", f"{cluster_name(cluster)}/{name}")
