"""What AWS answers, written as a person would: shorter, and meaning the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apollo.compare import canonical, trimmed
from apollo.compare.service import RULES as SERVICE
from apollo.compare.task_definition import RULES as TASK

TEXT = st.text("abc", min_size=1, max_size=3)
PORT = st.fixed_dictionaries(
    {"containerPort": st.integers(1, 3)},
    optional={"hostPort": st.integers(0, 3), "protocol": st.sampled_from(["tcp", "udp"]), "name": TEXT},
)
CONTAINER = st.fixed_dictionaries(
    {"name": TEXT, "image": TEXT},
    optional={
        "cpu": st.integers(0, 2),
        "essential": st.booleans(),
        "environment": st.lists(
            st.fixed_dictionaries({"name": TEXT, "value": st.just("") | TEXT}), max_size=3
        ),
        "portMappings": st.lists(PORT, max_size=2),
        "volumesFrom": st.just([]),
        "healthCheck": st.fixed_dictionaries(
            {"command": st.just(["CMD", "true"])}, optional={"interval": st.sampled_from([30, 31])}
        ),
        "newField": st.fixed_dictionaries({"x": st.none() | TEXT}),
    },
)
TASKS = st.fixed_dictionaries(
    {"family": TEXT, "containerDefinitions": st.lists(CONTAINER, min_size=1, max_size=2)},
    optional={
        "cpu": st.sampled_from(["256", ".25 vcpu"]),
        "networkMode": st.sampled_from(["bridge", "awsvpc", "host"]),
        "requiresCompatibilities": st.lists(st.sampled_from(["EC2", "FARGATE"]), unique=True),
        "runtimePlatform": st.just({"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}),
        "revision": st.just(3),
    },
)


@given(TASKS)
def test_what_is_left_means_the_same_and_stays_so(live: dict[str, Any]) -> None:
    short = trimmed(live, TASK)
    assert canonical(short, TASK) == canonical(live, TASK)
    assert trimmed(short, TASK) == short


def test_values_and_orders_stay_as_they_are_written() -> None:
    environment = [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]
    live = {
        "family": "web",
        "cpu": ".25 vcpu",
        "networkMode": "awsvpc",
        "status": "ACTIVE",
        "volumes": [],
        "containerDefinitions": [
            {
                "name": "app",
                "image": "i",
                "cpu": 0,
                "essential": True,
                "environment": environment,
                "mountPoints": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            }
        ],
    }
    assert trimmed(live, TASK) == {
        "family": "web",
        "cpu": ".25 vcpu",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            {"name": "app", "image": "i", "environment": environment, "portMappings": [{"containerPort": 80}]}
        ],
    }


def test_what_is_awss_stays_since_nobody_knows_its_default() -> None:
    live = {
        "availabilityZoneRebalancing": "ENABLED",
        "schedulingStrategy": "REPLICA",
        "propagateTags": "NONE",
    }
    assert trimmed(live, SERVICE) == {"availabilityZoneRebalancing": "ENABLED"}
