"""AWS's own JSON and YAML as manifests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apollo.importing.model import Imported, Report
from apollo.importing.output import file_texts, report_data, report_lines, whole_text
from apollo.importing.session import import_files
from apollo.plugins import Registry

CONTAINER = {"name": "app", "image": "repo/web:1"}


def read(files: dict[str, Any], **options: Any) -> tuple[dict[str, Imported], Report]:
    texts = {name: text if isinstance(text, str) else json.dumps(text) for name, text in files.items()}

    def sibling(naming: str, name: str) -> bytes | str:
        return texts[name].encode() if name in texts else "there is no such file"

    data = {name: text.encode() for name, text in texts.items()}
    found, report = import_files(data, Registry(), sibling=sibling, **options)
    return {one.key: one for one in found}, report


def levels(report: Report, level: str) -> list[str]:
    return [note.what for note in report.notes if note.level == level]


def test_describe_output_is_unwrapped_and_its_tags_are_kept() -> None:
    answer = {
        "taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:1:task-definition/web:4",
            "family": "web",
            "revision": 4,
            "status": "ACTIVE",
            "requiresAttributes": [{"name": "x"}],
            "containerDefinitions": [{**CONTAINER, "secrets": None}],
            "pidMode": "",
        },
        "tags": [{"key": "team", "value": "green"}],
    }
    found, report = read({"answer.json": answer})
    assert found["TaskDefinition/web"].spec == {
        "containerDefinitions": [CONTAINER],
        "tags": [{"key": "team", "value": "green"}],
    }
    assert not report.refused
    assert len(levels(report, "dropped")) == 4


def test_an_answer_of_many_services_is_many_manifests() -> None:
    connect = {"enabled": True, "namespace": "shop"}
    services = [
        {
            "serviceName": name,
            "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/green",
            "taskDefinition": "arn:aws:ecs:eu-west-1:1:task-definition/web:4",
            "desiredCount": 2,
            "runningCount": 2,
            "events": [],
            "deployments": [{"status": "PRIMARY", "serviceConnectConfiguration": connect}],
        }
        for name in ("a", "b")
    ]
    task = {"family": "web", "containerDefinitions": [CONTAINER]}
    found, _ = read({"s.json": {"services": services}, "t.json": task}, cluster="blue")
    assert sorted(found) == ["Service/a", "Service/b", "TaskDefinition/web"]
    assert found["Service/a"].spec == {
        "taskDefinition": "web",
        "desiredCount": 2,
        "serviceConnectConfiguration": connect,
        "cluster": "green",
    }
    ours, _ = read({"s.json": {"services": services}, "t.json": task}, cluster="green")
    assert "cluster" not in ours["Service/a"].spec


def test_pascal_case_and_texts_for_numbers_are_repaired() -> None:
    task = {
        "Family": "web",
        "Cpu": 256,
        "ContainerDefinitions": [{"Name": "app", "Image": "i", "PortMappings": [{"ContainerPort": "80"}]}],
    }
    found, report = read({"t.json": task})
    assert found["TaskDefinition/web"].spec == {
        "cpu": "256",
        "containerDefinitions": [{"name": "app", "image": "i", "portMappings": [{"containerPort": 80}]}],
    }
    assert levels(report, "repaired")


def test_a_service_in_pascal_case_runs_its_task_definition() -> None:
    task = {"Family": "shop", "ContainerDefinitions": [{"Name": "app", "Image": "i"}]}
    arn = "arn:aws:ecs:eu-west-1:1:task-definition/shop:4"
    service = {"ServiceName": "web", "TaskDefinition": arn, "DesiredCount": 1}
    found, report = read({"all.json": [task, service]})
    assert found["Service/web"].spec == {"taskDefinition": "shop", "desiredCount": 1}
    assert not levels(report, "asks") and not report.refused
    assert {one.group for one in found.values()} == {"web"}


def test_containers_alone_say_where_they_belong() -> None:
    found, report = read({"containers.json": [CONTAINER]})
    (note,) = report.notes
    assert not found and "containers" in note.what and "containerDefinitions" in note.hint


def test_alarms_that_are_off_are_absent() -> None:
    service = {
        "serviceName": "web",
        "taskDefinition": "web:1",
        "desiredCount": 1,
        "launchType": "",
        "deploymentConfiguration": {"alarms": {"enable": False, "rollback": False}, "maximumPercent": 200},
    }
    found, _ = read({"s.json": service})
    assert found["Service/web"].spec == {
        "taskDefinition": "web:1",
        "desiredCount": 1,
        "deploymentConfiguration": {"maximumPercent": 200},
    }


def test_rules_are_taken_from_describe_rules() -> None:
    rules = [
        {
            "RuleArn": f"arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/web/1/2/{number}",
            "Priority": str(number),
            "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
            "Actions": [{"Type": "forward", "TargetGroupArn": "arn:tg"}],
            "IsDefault": False,
        }
        for number in (1, 2)
    ]
    found, _ = read({"rules.json": {"Rules": rules}})
    assert found["ListenerRule/rules-1"].spec == {
        "priority": 1,
        "conditions": [{"field": "path-pattern", "values": ["/a"]}],
        "actions": [{"type": "forward", "targetGroupArn": "arn:tg"}],
        "listenerArn": "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/1/2",
    }


def test_update_services_form_is_a_service() -> None:
    service = {"service": "web", "desiredCount": 2, "taskDefinition": "web:3", "forceNewDeployment": True}
    found, report = read({"s.json": service})
    assert found["Service/web"].spec == {"desiredCount": 2, "taskDefinition": "web:3"}
    assert len(levels(report, "dropped")) == 1


def test_our_own_syntax_in_a_file_means_itself() -> None:
    task = {
        "family": "web",
        "containerDefinitions": [{**CONTAINER, "command": ["echo", "${{ var.x }}", "$A"]}],
    }
    found, _ = read({"t.json": task})
    assert found["TaskDefinition/web"].spec["containerDefinitions"][0]["command"] == [
        "echo",
        "$${{ var.x }}",
        "$A",
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{{ must_env `IMAGE` }}", "IMAGE"),
        ('{{ env "IMAGE" "x" }}', "IMAGE"),
        ("{{ image | tojson }}", "image"),
        ("<IMAGE1_NAME>", "IMAGE1_NAME"),
        ("$$$$IMAGE$$$$", "IMAGE"),
        ("${IMAGE}", "IMAGE"),
        ("$IMAGE", "IMAGE"),
    ],
)
def test_placeholders_of_every_dialect_are_variables(text: str, name: str) -> None:
    task = {"family": "web", "containerDefinitions": [{"name": "app", "image": text}]}
    found, report = read({"t.json": task})
    image = found["TaskDefinition/web"].spec["containerDefinitions"][0]["image"]
    assert image == "${{ var." + name + " }}"
    assert list(report.variables) == [name]


def test_dockers_own_templates_and_the_shells_variables_stay() -> None:
    options = {"tag": "ecs.{{.Name}}", "Header": "X ${TOKEN}"}
    container = {
        **CONTAINER,
        "logConfiguration": {"logDriver": "json-file", "options": options},
        "command": ["sh", "-c", "echo $HOME ${USER}"],
        "environment": [{"name": "A", "value": "$B"}],
    }
    found, report = read({"t.json": {"family": "web", "containerDefinitions": [container]}})
    assert found["TaskDefinition/web"].spec["containerDefinitions"] == [container]
    assert report.variables == {}


def test_a_placeholder_where_a_value_has_to_be_is_a_variable() -> None:
    container = '{"name": "app", "image": "i", "cpu": {{ must_env `CPU` }}}'
    text = f'{{"family": "web", "containerDefinitions": [{container}]}}'
    found, report = read({"t.json": text})
    assert found["TaskDefinition/web"].spec["containerDefinitions"][0]["cpu"] == "${{ var.CPU }}"
    assert not report.refused


def test_a_template_that_decides_is_for_its_own_tool() -> None:
    _, report = read({"t.yaml": "{{ if (env `A` ``) }}\nfamily: web\n{{ end }}\n"})
    (note,) = [note for note in report.notes if note.level == "refused"]
    assert (note.code, note.line) == ("APO-IMP-005", 1)


def test_what_nobody_marked_as_a_placeholder_needs_a_person() -> None:
    role = "arn:aws:iam::ACCOUNT_ID:role/x"
    task = {"family": "web", "taskRoleArn": role, "containerDefinitions": [CONTAINER]}
    _, report = read({"t.json": task})
    (note,) = [note for note in report.notes if note.level == "asks"]
    assert note.path == "/taskRoleArn"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"name": "app", "image": "i"}, "one container"),
        ({"cluster": "a", "taskDefinition": "web:1", "count": 1}, "run-task"),
        ({"apiVersion": "apollo/v1", "kind": "Service"}, "manifest of Apollo"),
        ({"apiVersion": "v1", "kind": "Pod"}, "a Pod of another tool"),
        ({"Version": "2012-10-17", "Statement": []}, "IAM policy"),
        ([], "a list"),
    ],
)
def test_what_is_something_else_is_called_by_its_name(document: Any, words: str) -> None:
    found, report = read({"x.json": document})
    (note,) = report.notes
    assert found == {}
    assert (note.level, note.code) == ("refused", "APO-IMP-002")
    assert words in note.what


def test_something_else_in_a_folder_is_no_error() -> None:
    task = {"family": "web", "containerDefinitions": [CONTAINER]}
    found, report = read({"t.json": task, "package.json": {"name": "shop"}}, named=set())
    assert list(found) == ["TaskDefinition/web"]
    assert not report.refused


def test_a_service_without_its_task_definition_says_so() -> None:
    found, report = read({"apps/web/service.json": {"desiredCount": 1, "launchType": "FARGATE", "role": "r"}})
    assert list(found) == ["Service/web"]
    assert any("which task definition" in what for what in levels(report, "asks"))


def test_what_needs_something_refused_is_refused() -> None:
    task = {"family": "web", "containerDefinitions": [{**CONTAINER, "portBindings": []}]}
    service = {"serviceName": "web", "taskDefinition": "web", "desiredCount": 1}
    found, report = read({"t.json": task, "s.json": service})
    assert found == {}
    assert levels(report, "refused") == [
        "unknown key 'portBindings'",
        "Service/web needs TaskDefinition/web, which was refused",
    ]


CANARY = "c4n4ry-7f3e"


def test_values_go_into_the_manifests_and_never_into_the_report() -> None:
    environment = [
        {"name": "DB_PASSWORD", "value": CANARY},
        {"name": "URL", "value": f"postgres://me:{CANARY}@db/x"},
        {"name": "PLAIN", "value": f"{CANARY} {{{{ odd {CANARY} }}}} ACCOUNT_PLACEHOLDER"},
        {"name": "TOKEN", "value": "{{ env `API_TOKEN` `" + CANARY + "` }}"},
        {"name": "NUMBER", "value": 7},
    ]
    container = {**CONTAINER, "environment": environment, "wrong": True}
    good = {key: value for key, value in container.items() if key != "wrong"}
    files = {
        "bad.json": {"family": "bad", "containerDefinitions": [container]},
        "good.json": {"family": "good", "containerDefinitions": [good]},
    }
    found, report = read(files)
    assert list(found) == ["TaskDefinition/good"]
    assert CANARY in whole_text(found.values())
    data = report_data(list(found.values()), report, file_texts(found.values()))
    assert CANARY not in "\n".join(report_lines(report))
    assert CANARY not in json.dumps(data)
    warned = [note.path.rpartition("/")[2] for note in report.notes if note.level == "warning"]
    assert warned == ["DB_PASSWORD", "URL"]


def test_the_order_is_stable_and_each_document_tells_its_origin() -> None:
    files = {
        f"{name}.json": {"family": name, "containerDefinitions": [CONTAINER]} for name in ("b", "a", "c")
    }
    found, _ = read(files)
    back, _ = read(dict(reversed(files.items())))
    assert whole_text(found.values()) == whole_text(back.values())
    assert list(file_texts(found.values())) == ["a/a.yaml", "b/b.yaml", "c/c.yaml"]
    assert whole_text(found.values()).startswith("# from a.json\napiVersion: apollo/v1\n")


def test_manifests_take_over_what_runs_where_that_is_asked_for() -> None:
    task = {"family": "web", "containerDefinitions": [CONTAINER]}
    found, _ = read({"t.json": task}, adopt=True)
    assert found["TaskDefinition/web"].manifest()["lifecycle"] == {"adopt": True}
