"""What the task definition's rules say together, and the content hash."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import Change, marker
from apollo.compare import differences
from apollo.compare.task_definition import RULES, content_digest
from apollo.resources.task_definition import TaskDefinitionSpec
from tests.compare.cases.task_definition import (
    AWSVPC,
    CASES,
    FARGATE,
    container,
    health,
    linux,
    ports,
    task,
    volume,
)

COMPUTED = [path for path, rule in RULES.table.items() if rule.never is True]


@pytest.mark.parametrize(("rule", "declared", "same", "other", "path"), CASES)
def test_equal_content_has_one_hash_and_other_content_another(
    rule: str, declared: dict[str, Any], same: dict[str, Any], other: dict[str, Any], path: str
) -> None:
    assert [change.path for change in differences(declared, other, RULES)][:1] == [path]
    assert differences(same, declared, RULES) == [] or "dockerVolume" in rule
    assert content_digest(declared) == content_digest(same) or "dockerVolume" in rule
    assert content_digest(declared) != content_digest(other)


def test_a_declared_field_that_aws_would_fill_in_is_compared() -> None:
    declared = volume(dockerVolumeConfiguration={"driver": "rexray"})
    (change,) = differences(declared, volume(dockerVolumeConfiguration={"driver": "local"}), RULES)
    assert change == Change("/volumes/data/dockerVolumeConfiguration/driver", "local", "rexray")


@pytest.mark.parametrize("path", COMPUTED)
def test_what_aws_computes_and_tags_are_no_content(path: str) -> None:
    live = task(**{path[1:]: ["something"]})
    assert differences(task(), live, RULES) == []
    assert content_digest(live) == content_digest(task())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("command", ["a", "b"]),
        ("entryPoint", ["a", "b"]),
        ("dnsServers", ["1", "2"]),
        ("dnsSearchDomains", ["a", "b"]),
        ("environmentFiles", [{"value": "a", "type": "s3"}, {"value": "b", "type": "s3"}]),
    ],
)
def test_order_counts_where_it_means_something(field: str, value: list[Any]) -> None:
    (change,) = differences(container(**{field: value}), container(**{field: value[::-1]}), RULES)
    assert change == Change(f"/containerDefinitions/app/{field}", value[::-1], value)


@pytest.mark.parametrize("field", ["user", "stopTimeout", "startTimeout", "workingDirectory", "memory"])
def test_what_is_not_declared_any_more_is_removed(field: str) -> None:
    value: Any = "0" if field in ("user", "workingDirectory") else 30
    assert differences(container(), container(**{field: value}), RULES) == [
        Change(f"/containerDefinitions/app/{field}", value, None)
    ]


def test_a_block_that_is_not_declared_any_more_is_one_difference() -> None:
    (change,) = differences(container(), health(interval=30), RULES)
    assert change == Change("/containerDefinitions/app/healthCheck", {"command": ["CMD", "true"]}, None)


def test_swappiness_means_nothing_without_swap() -> None:
    assert differences(linux(swappiness=5), container(), RULES) == []


def test_a_default_of_fargate_is_none_elsewhere() -> None:
    declared = task(runtimePlatform={"cpuArchitecture": "X86_64"})
    assert [c.path for c in differences(declared, task(), RULES)] == ["/runtimePlatform"]


def test_a_default_that_depends_on_an_ignored_field_stays_one() -> None:
    live = task(runtimePlatform={"cpuArchitecture": "X86_64"}, **FARGATE)
    assert differences(task(**AWSVPC), live, RULES, ["/requiresCompatibilities"]) == []


def test_one_container_port_on_two_host_ports_is_compared_as_a_whole() -> None:
    two = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 80, "hostPort": 8081}]
    assert differences(ports(*two), ports(*two[::-1]), RULES) == []
    (change,) = differences(ports(*two), ports(two[0], {"containerPort": 80, "hostPort": 9}), RULES)
    assert change.path == "/containerDefinitions/app/portMappings"


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("1 vCPU", "1024"),
        (".5 VCPU", "512"),
        ("0.25vcpu", "256"),
        ("256", "256"),
        (" 2  vcpu ", "2048"),
        ("0.3333 vcpu", "0.3333 vcpu"),
        ("many", "many"),
        ("1 GB", "1 GB"),
    ],
)
def test_cpu_is_read_as_ecs_reads_it(text: str, units: str) -> None:
    assert differences(task(cpu=text), task(cpu=units), RULES) == []


def test_what_is_not_known_yet_differs_from_everything() -> None:
    image = marker("Image", "web", "digest")
    declared = container(image=image, cpu=1)
    assert differences(declared, container(image="web:1", cpu=1), RULES) == [
        Change("/containerDefinitions/app/image", "web:1", image)
    ]
    memory = marker("Size", "web", "memory")
    assert differences(task(memory=memory), task(memory="512"), RULES) == [Change("/memory", "512", memory)]


def test_the_content_hash_is_the_same_in_every_release() -> None:
    declared = ports({"containerPort": 80, "hostPort": 80}, cpu="1 vCPU", tags=[{"key": "a"}], **AWSVPC)
    expected = "1:888b47fc01a245df97b171b931ef36b6e010e82028346e96b3e7629158cd137e"
    assert content_digest(declared) == expected
    same = TaskDefinitionSpec.model_validate(ports({"containerPort": 80}, cpu="1024", **AWSVPC))
    assert content_digest(same.declared()) == expected
