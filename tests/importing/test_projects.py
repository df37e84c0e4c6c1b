"""Projects of other tools: ecspresso, PipeCD, Gitmoxi, Copilot."""

from __future__ import annotations

import pytest

from tests.importing.test_files import CONTAINER, levels, read

TASK = {"family": "web", "containerDefinitions": [CONTAINER]}


def test_ecspresso_binds_a_service_to_its_task_definition() -> None:
    config = (
        "region: '{{ must_env `AWS_REGION` }}'\ncluster: green\nservice: shop\n"
        "service_definition: service.json\ntask_definition: task.json\ncodedeploy: {application_name: a}\n"
    )
    files = {
        "ecspresso.yml": config,
        "service.json": {"desiredCount": 1, "loadBalancers": []},
        "task.json": TASK,
    }
    found, report = read(files)
    assert sorted(found) == ["Service/shop", "TaskDefinition/web"]
    assert found["Service/shop"].spec["taskDefinition"] == "web"
    assert found["Service/shop"].spec["cluster"] == "green"
    assert {one.group for one in found.values()} == {"shop"}
    assert any("codedeploy" in what for what in levels(report, "dropped"))


def test_a_service_of_a_project_keeps_its_own_name() -> None:
    config = "service: shop\nservice_definition: service.json\n"
    found, _ = read({"ecspresso.yml": config, "service.json": {"serviceName": "other", "desiredCount": 1}})
    assert list(found) == ["Service/other"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("gone.json", None, "APO-IMP-011"),
        ("../out.json", "{}", "APO-IMP-011"),
        ("/etc/out.json", "{}", "APO-IMP-011"),
        ("task.jsonnet", "{ family: 'web' }", "APO-IMP-003"),
        ("task.json", "{", "APO-YAML-001"),
        ("[task.json]", None, "APO-IMP-002"),
        ("", None, "APO-IMP-002"),
    ],
)
def test_what_a_project_names_and_cannot_be_read_is_refused(name: str, text: str | None, code: str) -> None:
    files = {"ecspresso.yml": f"service: a\ntask_definition: {name}\n", **({name: text} if text else {})}
    found, report = read(files)
    assert found == {}
    assert code in {note.code for note in report.notes if note.level == "refused"}


PIPECD = """
apiVersion: pipecd.dev/v1beta1
kind: ECSApp
spec:
  name: simple
  input:
    serviceDefinitionFile: servicedef.yaml
    taskDefinitionFile: taskdef.yaml
    targetGroups:
      primary: {targetGroupArn: "arn:tg", containerName: app, containerPort: 80}
      canary: {targetGroupArn: "arn:tg2", containerName: app, containerPort: 80}
  pipeline: {stages: []}
"""


def test_pipecds_target_group_is_the_services() -> None:
    service = {"serviceName": "web", "desiredCount": 2, "deploymentController": {"type": "EXTERNAL"}}
    found, report = read({"app.pipecd.yaml": PIPECD, "servicedef.yaml": service, "taskdef.yaml": TASK})
    assert found["Service/web"].spec["loadBalancers"] == [
        {"targetGroupArn": "arn:tg", "containerName": "app", "containerPort": 80}
    ]
    assert len(levels(report, "asks")) == 2
    assert any("pipeline" in what for what in levels(report, "dropped"))


def test_a_standalone_task_of_pipecd_is_its_task_definition() -> None:
    text = PIPECD.replace("    serviceDefinitionFile: servicedef.yaml\n", "")
    found, report = read({"app.pipecd.yaml": text, "taskdef.yaml": TASK})
    assert list(found) == ["TaskDefinition/web"]
    assert any("standalone" in what for what in levels(report, "dropped"))


def test_gitmoxis_files_are_what_they_are() -> None:
    task = '{"family": "web", "containerDefinitions": [{"name": "app", "image": "{{ image }}"}]}'
    network = '{"awsvpcConfiguration": {"subnets": {{ nets | tojson }}}}'
    service = f'{{"serviceName": "web", "networkConfiguration": {network}}}'
    files = {
        "web_taskdef.json": task,
        "web_svcdef.json": service.replace('"serviceName"', '"desiredCount": 1, "serviceName"'),
        "web_depdef.json": {"trafficShiftingConfig": {"type": "CANARY"}},
        "web_input.json": {"ref": {"file": ["tf.json"], "type": "TERRAFORM"}, "image": "repo/web:3"},
    }
    found, report = read(files)
    assert sorted(found) == ["Service/web", "TaskDefinition/web"]
    subnets = found["Service/web"].spec["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert subnets == "${{ var.nets }}"
    assert report.variables["image"].default == "repo/web:3"
    assert len(levels(report, "dropped")) == 2


COPILOT = """
name: api
type: Load Balanced Web Service
image: {location: repo/api:1, port: 8080}
cpu: 512
memory: 1024
platform: linux/arm64
count:
  range: 1-10
  cpu_percentage: 70
  requests: 100
exec: true
variables: {LOG: info}
secrets: {KEY: /api/key}
http: {path: /}
"""


def test_copilots_service_is_three_manifests() -> None:
    found, report = read({"copilot/api/manifest.yml": COPILOT})
    assert sorted(found) == ["ScalingPolicy/api", "Service/api", "TaskDefinition/api"]
    task = found["TaskDefinition/api"].spec
    assert (task["cpu"], task["memory"]) == ("512", "1024")
    assert task["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"}
    assert task["containerDefinitions"] == [
        {
            "name": "api",
            "image": "repo/api:1",
            "portMappings": [{"containerPort": 8080}],
            "environment": [{"name": "LOG", "value": "info"}],
            "secrets": [{"name": "KEY", "valueFrom": "/api/key"}],
        }
    ]
    assert found["Service/api"].spec["enableExecuteCommand"] is True
    policies = found["ScalingPolicy/api"].spec["policies"]
    assert [policy["name"] for policy in policies] == ["cpu"]
    dropped = " ".join(levels(report, "dropped"))
    assert "'http'" in dropped
    assert "'count.requests'" in dropped


def test_other_types_of_copilot_are_refused() -> None:
    found, report = read({"m.yml": "name: j\ntype: Scheduled Job\n"})
    assert found == {}
    assert report.refused
