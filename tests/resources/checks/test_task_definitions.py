"""Of a task definition, validation finds what AWS would refuse; what AWS takes is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from apollo.api import marker
from apollo.resources.checks.task_definition import problems

ROLE = "arn:aws:iam::123456789012:role/ecsTaskExecution"
APP: dict[str, Any] = {"name": "app", "image": "example/web:1.4.2", "portMappings": [{"containerPort": 8080}]}
TASK: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": ROLE,
    "containerDefinitions": [APP],
}
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
}
CHECK = {"command": ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]}
EC2 = {"requiresCompatibilities": ["EC2"], "networkMode": "bridge"}
WINDOWS = {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


def app(**more: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{**APP, **more}]}


def beside(other: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"containerDefinitions": [{**APP, **more}, {"name": "side", "image": "example/side:2", **other}]}


def of(**more: Any) -> list[tuple[str, str]]:
    return [(found.code.removeprefix("APO-"), found.path) for found in problems({**TASK, **more})]


IN_APP = "/containerDefinitions/app"

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"family": "a b"}, "TD-008", "/family"),
    ({"containerDefinitions": []}, "TD-001", "/containerDefinitions"),
    ({"containerDefinitions": [APP, {**APP, "portMappings": []}]}, "TD-002", "/containerDefinitions/1/name"),
    (app(essential=False), "TD-003", "/containerDefinitions"),
    ({"networkMode": "bridge"}, "TD-004", "/networkMode"),
    ({"cpu": None}, "TD-005", "/requiresCompatibilities"),
    ({"cpu": "300"}, "TD-006", "/cpu"),
    ({"cpu": "512", "memory": "4096", **WINDOWS}, "TD-006", "/cpu"),
    ({"memory": "4096"}, "TD-007", "/memory"),
    ({"cpu": "8192", "memory": "18432"}, "TD-007", "/memory"),
    ({"cpu": "16 vCPU", "memory": "36 GB"}, "TD-007", "/memory"),
    ({"cpu": "much"}, "TD-009", "/cpu"),
    (app(name=""), "TD-010", "/containerDefinitions/0/name"),
    (app(name="a.b"), "TD-010", "/containerDefinitions/a.b/name"),
    (app(image=None), "TD-010", f"{IN_APP}/image"),
    ({**EC2, "memory": None}, "TD-012", IN_APP),
    (app(memory=4), "TD-013", f"{IN_APP}/memory"),
    (app(memory=128, memoryReservation=256), "TD-013", f"{IN_APP}/memoryReservation"),
    (app(cpu=512), "TD-014", "/cpu"),
    (beside({"memory": 300}, memory=300), "TD-014", "/memory"),
    (app(command=["x" * 65536]), "TD-015", "/containerDefinitions"),
    ({"ephemeralStorage": {"sizeInGiB": 20}}, "TD-015", "/ephemeralStorage/sizeInGiB"),
    (
        app(dependsOn=[{"containerName": "ap", "condition": "START"}]),
        "TD-016",
        f"{IN_APP}/dependsOn/ap/containerName",
    ),
    (
        beside(
            {"dependsOn": [{"containerName": "app", "condition": "START"}]},
            dependsOn=[{"containerName": "side", "condition": "START"}],
        ),
        "TD-016",
        f"{IN_APP}/dependsOn",
    ),
    (
        beside({}, dependsOn=[{"containerName": "side", "condition": "HEALTHY"}]),
        "TD-017",
        f"{IN_APP}/dependsOn/side/condition",
    ),
    (
        beside({}, dependsOn=[{"containerName": "side", "condition": "SUCCESS"}]),
        "TD-017",
        f"{IN_APP}/dependsOn/side/condition",
    ),
    (
        app(environment=[{"name": "A", "value": "1"}], secrets=[{"name": "A", "valueFrom": "/a"}]),
        "TD-018",
        f"{IN_APP}/secrets/0/name",
    ),
    (app(environment=[{"name": "A"}, {"name": "A"}]), "TD-018", f"{IN_APP}/environment/1/name"),
    ({"proxyConfiguration": {"containerName": "envoy"}}, "TD-019", "/proxyConfiguration/containerName"),
    (app(healthCheck={**CHECK, "interval": 1}), "TD-020", f"{IN_APP}/healthCheck/interval"),
    (app(healthCheck={"command": []}), "TD-020", f"{IN_APP}/healthCheck/command"),
    (app(healthCheck={"command": ["curl", "x"]}), "TD-021", f"{IN_APP}/healthCheck/command/0"),
    (app(healthCheck={"command": ["CMD-SHELL", "curl", "x"]}), "TD-021", f"{IN_APP}/healthCheck/command/2"),
    (
        app(restartPolicy={"enabled": True, "restartAttemptPeriod": 5}),
        "TD-022",
        f"{IN_APP}/restartPolicy/restartAttemptPeriod",
    ),
    (
        app(portMappings=[{"containerPort": 80, "hostPort": 8080}]),
        "TD-023",
        f"{IN_APP}/portMappings/0/hostPort",
    ),
    (app(portMappings=[{"containerPort": 70000}]), "TD-023", f"{IN_APP}/portMappings/0/containerPort"),
    (app(portMappings=[{}]), "TD-023", f"{IN_APP}/portMappings/0"),
    (
        app(portMappings=[{"containerPortRange": "90-80"}]),
        "TD-023",
        f"{IN_APP}/portMappings/0/containerPortRange",
    ),
    (app(links=["side"]), "TD-024", f"{IN_APP}/links"),
    (app(portMappings=[{"containerPort": 80}] * 2), "TD-025", f"{IN_APP}/portMappings/1"),
    (
        beside({"portMappings": [{"containerPort": 8080}]}),
        "TD-026",
        "/containerDefinitions/side/portMappings/0",
    ),
    (
        app(portMappings=[{"containerPort": 80, "name": "Http"}]),
        "TD-027",
        f"{IN_APP}/portMappings/0/name",
    ),
    (
        app(mountPoints=[{"sourceVolume": "dta", "containerPath": "/data"}]),
        "TD-028",
        f"{IN_APP}/mountPoints/~1data/sourceVolume",
    ),
    (app(volumesFrom=[{"sourceContainer": "x"}]), "TD-028", f"{IN_APP}/volumesFrom/x/sourceContainer"),
    ({"volumes": [{"name": "a"}, {"name": "a"}]}, "TD-029", "/volumes/1/name"),
    (
        {"volumes": [{"name": "a", "efsVolumeConfiguration": {"authorizationConfig": {"iam": "ENABLED"}}}]},
        "TD-029",
        "/volumes/a/efsVolumeConfiguration",
    ),
    (
        app(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g"}}),
        "TD-030",
        f"{IN_APP}/logConfiguration/options",
    ),
    (app(logConfiguration={"logDriver": "awsfirelens"}), "TD-031", f"{IN_APP}/logConfiguration/logDriver"),
    (app(privileged=True), "TD-032", f"{IN_APP}/privileged"),
    (app(stopTimeout=121), "TD-032", f"{IN_APP}/stopTimeout"),
    (app(logConfiguration={"logDriver": "syslog"}), "TD-032", f"{IN_APP}/logConfiguration/logDriver"),
    (
        {"volumes": [{"name": "a", "host": {"sourcePath": "/x"}}]},
        "TD-032",
        "/volumes/a/host/sourcePath",
    ),
    ({"taskRoleArn": "arn:aws:iam::123456789012:user/x"}, "TD-033", "/taskRoleArn"),
    (
        {"executionRoleArn": None, **app(logConfiguration=LOGS)},
        "TD-034",
        f"{IN_APP}/logConfiguration/logDriver",
    ),
    (
        {"executionRoleArn": None, **app(secrets=[{"name": "A", "valueFrom": "/a"}])},
        "TD-034",
        f"{IN_APP}/secrets",
    ),
    (
        app(secrets=[{"name": "A", "valueFrom": f"{SECRET}:key"}]),
        "TD-035",
        f"{IN_APP}/secrets/A/valueFrom",
    ),
    (
        app(secrets=[{"name": "A", "valueFrom": "arn:aws:s3:::bucket/key"}]),
        "TD-035",
        f"{IN_APP}/secrets/A/valueFrom",
    ),
    (app(image="<IMAGE1_NAME>"), "TD-036", f"{IN_APP}/image"),
    (app(image="$REGISTRY/web:1"), "TD-036", f"{IN_APP}/image"),
    (app(image="example/web:latest"), "TD-040", f"{IN_APP}/image"),
    (app(image="registry:5000/web"), "TD-040", f"{IN_APP}/image"),
    (
        app(environment=[{"name": "DB_PASSWORD", "value": "xK9-qqZ2-vv81"}]),
        "TD-041",
        f"{IN_APP}/environment/DB_PASSWORD/value",
    ),
    ({"tags": [{"key": "aws:x", "value": "1"}]}, "TAG-002", "/tags/aws:x"),
    ({"tags": [{"key": "apollo:owner", "value": "1"}]}, "TAG-002", "/tags/apollo:owner"),
    ({"tags": [{"key": f"k{n}", "value": "1"} for n in range(49)]}, "TAG-001", "/tags"),
    ({"tags": [{"key": "a"}, {"key": "a"}]}, "TAG-001", "/tags/1/key"),
    ({"tags": [{"key": "a", "value": "b;c"}]}, "TAG-003", "/tags/a"),
]


@pytest.mark.parametrize(("more", "code", "path"), WRONG)
def test_what_is_wrong_is_found_where_it_is(more: dict[str, Any], code: str, path: str) -> None:
    assert of(**more) == [(code, path)]


def test_a_dozen_containers_are_too_many() -> None:
    many = [{"name": f"c{n}", "image": "x:1"} for n in range(11)]
    assert of(containerDefinitions=many) == [("TD-011", "/containerDefinitions/10")]


UNKNOWN = marker("acme.Thing", "web", "value")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"cpu": "16 vCPU", "memory": "120 GB"},
        {"cpu": "8192", "memory": "61440"},
        {"cpu": "4096", "memory": "30 GB", **WINDOWS},
        {"cpu": "32768", "memory": "65536"},  # a size newer than this version
        {**EC2, **app(memory=512, portMappings=[{"containerPort": 80, "hostPort": 0}] * 2)},
        {**EC2, **app(memory=512, links=["side"], privileged=True)},
        {**EC2, "networkMode": None, **app(memoryReservation=512)},
        beside({"portMappings": [{"containerPort": 8080, "protocol": "udp"}]}),
        beside({"healthCheck": CHECK}, dependsOn=[{"containerName": "side", "condition": "HEALTHY"}]),
        beside({"essential": False}, dependsOn=[{"containerName": "side", "condition": "SUCCESS"}]),
        app(healthCheck={"command": ["NONE"]}),
        app(image=f"example/web@sha256:{'a' * 64}"),
        app(image="example/web:latest-but-one"),
        app(logConfiguration=LOGS),
        app(logConfiguration={**LOGS, "options": {**LOGS["options"], "mode": "non-blocking"}}),  # type: ignore[dict-item]
        beside(
            {"firelensConfiguration": {"type": "fluentbit"}},
            logConfiguration={"logDriver": "awsfirelens"},
        ),
        app(secrets=[{"name": "A", "valueFrom": SECRET}, {"name": "B", "valueFrom": f"{SECRET}:key::"}]),
        app(secrets=[{"name": "A", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"}]),
        app(secrets=[{"name": "A", "valueFrom": "plain_Parameter.name"}]),
        {"taskRoleArn": "just-a-name"},
        {"volumes": [{"name": "data"}], **app(mountPoints=[{"sourceVolume": "data", "containerPath": "/d"}])},
        {"tags": [{"key": "Kostenstelle/größe", "value": "a b_c.d:e/f=g+h-i@j"}]},
        # What waits for an output of another resource is nobody's mistake.
        {"family": UNKNOWN, "cpu": UNKNOWN, "memory": UNKNOWN, "networkMode": UNKNOWN},
        {"executionRoleArn": UNKNOWN, "taskRoleArn": UNKNOWN, "tags": [{"key": "a", "value": UNKNOWN}]},
        app(image=UNKNOWN, secrets=[{"name": "A", "valueFrom": UNKNOWN}]),
        app(environment=[{"name": "DB_PASSWORD", "value": UNKNOWN}]),
        app(mountPoints=[{"sourceVolume": UNKNOWN, "containerPath": "/d"}]),
    ],
)
def test_what_aws_takes_is_no_mistake(more: dict[str, Any]) -> None:
    assert of(**more) == []


def test_the_nearest_name_is_offered() -> None:
    spec = {
        **TASK,
        "volumes": [{"name": "data"}],
        **app(mountPoints=[{"sourceVolume": "dta", "containerPath": "/d"}]),
    }
    assert [found.hint for found in problems(spec)] == ["did you mean 'data'?"]
