"""Cleaning up a real account: whatever bears a check's prefix goes, found by name and not by memory."""

import contextlib
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.conformance.targets import Target


def sweep(target: Target, prefix: str) -> None:
    """Delete scalable targets, services, tasks, clusters, load balancers, task definitions, target groups.

    What goes wrong on the way is left for `leftovers` to tell.
    """
    ecs, elb, scaling = (target.client(name) for name in ("ecs", "elbv2", "application-autoscaling"))
    for one in _pages(scaling, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs"):
        if one["ResourceId"].startswith(f"service/{prefix}"):
            names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
            _try(scaling.deregister_scalable_target, **{name: one[name] for name in names})
    for cluster in _clusters(ecs, prefix):
        for service in _pages(ecs, "list_services", "serviceArns", cluster=cluster):
            _try(ecs.delete_service, cluster=cluster, service=service, force=True)
        for task in _pages(ecs, "list_tasks", "taskArns", cluster=cluster):
            _try(ecs.stop_task, cluster=cluster, task=task)
    for balancer in _pages(elb, "describe_load_balancers", "LoadBalancers"):
        if balancer["LoadBalancerName"].startswith(prefix):
            _try(elb.delete_load_balancer, LoadBalancerArn=balancer["LoadBalancerArn"])
    for cluster in _clusters(ecs, prefix):
        _until_done(target, ecs.delete_cluster, cluster=cluster)
    for group in _pages(elb, "describe_target_groups", "TargetGroups"):
        if group["TargetGroupName"].startswith(prefix):
            _until_done(target, elb.delete_target_group, TargetGroupArn=group["TargetGroupArn"])
    for definition in _definitions(ecs, prefix, "ACTIVE"):
        _try(ecs.deregister_task_definition, taskDefinition=definition)
    for definition in _definitions(ecs, prefix, "INACTIVE"):
        _try(ecs.delete_task_definitions, taskDefinitions=[definition])


def leftovers(target: Target, prefix: str) -> list[str]:
    """The ARNs of what is still there and may cost money."""
    ecs, elb = target.client("ecs"), target.client("elbv2")
    balancers = _pages(elb, "describe_load_balancers", "LoadBalancers")
    groups = _pages(elb, "describe_target_groups", "TargetGroups")
    return [
        *_clusters(ecs, prefix),
        *(b["LoadBalancerArn"] for b in balancers if b["LoadBalancerName"].startswith(prefix)),
        *(g["TargetGroupArn"] for g in groups if g["TargetGroupName"].startswith(prefix)),
    ]


def _clusters(ecs: Any, prefix: str) -> list[str]:
    arns = _pages(ecs, "list_clusters", "clusterArns")
    return [arn for arn in arns if arn.rpartition("/")[2].startswith(prefix)]


def _definitions(ecs: Any, prefix: str, status: str) -> list[str]:
    arns = _pages(ecs, "list_task_definitions", "taskDefinitionArns", status=status)
    return [arn for arn in arns if arn.rpartition("/")[2].startswith(prefix)]


def _pages(client: Any, operation: str, member: str, **params: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**params)
    return [item for page in pages for item in page[member]]


def _until_done(target: Target, call: Callable[..., object], **params: Any) -> None:
    """Tasks and load balancers take their time to go."""
    for _ in target.watch(600.0, 5.0):
        if _try(call, **params):
            break


def _try(call: Callable[..., object], **params: Any) -> bool:
    with contextlib.suppress(ClientError):
        call(**params)
        return True
    return False
