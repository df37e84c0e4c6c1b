"""Findings about specs, as a user meets them: with their place, across files, as strict as the environment
says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apollo.errors import Problem
from apollo.manifest import Tree, load_path
from apollo.manifest.placeholders import unfilled
from apollo.plugins import Registry
from apollo.settings import Environment, EnvironmentSpec, Policy

TASK = """apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  networkMode: awsvpc
  containerDefinitions:
    - name: app
      image: example/web:1.4.2
      memory: 128
      portMappings: [{containerPort: 8080}]
"""
SERVICE = """apiVersion: apollo/v1
kind: Service
metadata: {name: web}
spec:
  taskDefinition: web
  networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-a]}}
  loadBalancers:
    - targetGroupArn: arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0a
      containerName: app
      containerPort: 8080
"""
RULE = """apiVersion: apollo/v1
kind: ListenerRule
metadata: {name: %s}
spec:
  listenerArn: ${{ ListenerRule/root.listenerArn }}
  priority: 10
  conditions: [{field: host-header, hostHeaderConfig: {values: [%s.example.com]}}]
  actions: [{type: fixed-response, fixedResponseConfig: {statusCode: "404"}}]
"""


def environment(**policy: Any) -> Environment:
    return Environment(name="stage", spec=EnvironmentSpec(cluster="green", policy=Policy(**policy)))


def found(folder: Path, text: str, **policy: Any) -> list[Problem]:
    (folder / "web.yaml").write_text(text)
    loaded = load_path(folder, environment(**policy), "acme", Registry())
    return [*loaded.problems, *loaded.warnings]


def test_a_service_that_does_not_fit_is_found_at_the_offending_value(tmp_path: Path) -> None:
    text = TASK + "---\n" + SERVICE.replace("containerName: app", "containerName: ap")
    (problem,) = found(tmp_path, text)
    assert (problem.code, problem.line, problem.column) == ("APO-SVC-032", 20, 22)
    assert problem.path == "/spec/loadBalancers/0/containerName"
    assert problem.hint == "did you mean 'app'?"
    assert "containerName: ap" in problem.excerpt


def test_the_place_may_be_in_the_native_file(tmp_path: Path) -> None:
    (tmp_path / "td.yaml").write_text(TASK)
    native = """{"loadBalancers": [{"targetGroupArn": "arn:x:targetgroup/a",
"containerName": "app", "containerPort": 80}],
"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}}"""
    (tmp_path / "native.json").write_text(native)
    (problem,) = found(
        tmp_path,
        "apiVersion: apollo/v1\nkind: Service\nmetadata: {name: web}\nspecFrom: {file: native.json}\n",
    )
    assert (problem.code, Path(problem.file).name, problem.line) == ("APO-SVC-032", "native.json", 2)


def test_a_change_of_the_task_definition_alone_is_seen_and_mended_again() -> None:
    tree = Tree(environment(), "acme", Registry())
    whole = {"apps/td.yaml": TASK.encode(), "other/svc.yaml": SERVICE.encode()}
    first = tree.update("1", whole)
    assert [app.problems for app in first.apps.values()] == [(), ()]
    second = tree.update("2", {"apps/td.yaml": TASK.replace("8080", "9090").encode()})
    # The app of the service is held; that of the task definition goes on.
    assert [one.code for one in second.apps["other"].problems] == ["APO-SVC-032"]
    assert second.apps["apps"].problems == ()
    third = tree.update("3", {"apps/td.yaml": TASK.encode()})
    assert third.apps["other"].problems == ()


def test_two_rules_of_one_listener_cannot_have_one_priority(tmp_path: Path) -> None:
    root = (RULE % ("root", "root")).replace("${{ ListenerRule/root.listenerArn }}", "arn:l")
    text = "---\n".join([root, RULE % ("a", "a"), RULE % ("b", "b")])
    problems = found(tmp_path, text)
    assert {one.code for one in problems} == {"APO-LOAD-041"}
    assert all("${{ ListenerRule/root.listenerArn }}#10" in one.message for one in problems)


@pytest.mark.parametrize(
    ("setting", "change", "code"),
    [
        ("mutableTags", ("web:1.4.2", "web:latest"), "APO-TD-040"),
        (
            "plainSecrets",
            ("      memory", "      environment: [{name: DB_PASSWORD, value: xK9qqZ2vv81w}]\n      memory"),
            "APO-TD-041",
        ),
        ("placeholders", ("      memory", "      command: [<APP_COMMAND>]\n      memory"), "APO-LOAD-044"),
    ],
)
def test_the_environment_says_how_strict_to_be(
    tmp_path: Path, setting: str, change: tuple[str, str], code: str
) -> None:
    text = TASK.replace(*change)
    assert [(one.code, one.severity) for one in found(tmp_path, text)] == [(code, "warning")]
    assert [(one.code, one.severity) for one in found(tmp_path, text, **{setting: "deny"})] == [
        (code, "error")
    ]
    assert found(tmp_path, text, **{setting: "allow"}) == []


def test_the_value_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    text = TASK.replace(
        "      memory", "      environment: [{name: DB_PASSWORD, value: xK9qqZ2vv81w}]\n      memory"
    )
    (problem,) = found(tmp_path, text)
    assert "xK9qqZ2vv81w" not in str(problem)


def test_a_variable_that_is_not_set_is_shown_also_where_secrets_are_masked(tmp_path: Path) -> None:
    text = TASK.replace(
        "      memory", "      environment: [{name: A, value: 'x${{ var.typo }}y'}]\n      memory"
    )
    (problem,) = found(tmp_path, text)
    assert "${{ var.typo }}" in problem.excerpt
    assert "'x$" not in problem.excerpt


def test_an_output_may_stand_where_text_has_bounds(tmp_path: Path) -> None:
    more = '  tags:\n    - {key: rule, value: "' + "${{ ListenerRule/root.arn }}" * 20 + '"}\n'
    text = (
        TASK
        + more
        + "---\n"
        + (RULE % ("root", "x")).replace("${{ ListenerRule/root.listenerArn }}", "arn:l")
    )
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("value", "field", "mark"),
    [
        ("<IMAGE1_NAME>", "image", "<IMAGE1_NAME>"),
        ("{{ must_env `AWS_ACCOUNT_ID` }}.dkr.ecr.x", "image", "{{ must_env `AWS_ACCOUNT_ID` }}"),
        ("{{ .encryptedSecrets.x }}", "value", "{{ .encryptedSecrets.x }}"),
        ("web:$TAG", "image", "$TAG"),
        ("web:${TAG}", "image", "${TAG}"),
        ("web:%(tag)s", "image", "%(tag)s"),
        ("$$$TEST_REGION$$$", "awslogs-region", "$$$TEST_REGION$$$"),
        ("arn:aws:iam::ACCOUNT_ID:role/x", "executionRoleArn", "ACCOUNT_ID"),
        ("arn:aws:iam::XXXXXXXXXXXX:role/x", "executionRoleArn", "XXXXXXXXXXXX"),
        ("${AWS::Region}", "value", "${AWS::Region}"),
        ("REPLACE_ME", "value", "REPLACE_ME"),
        ("REPLACE_WITH_SES_SMTP_USERNAME", "value", "REPLACE_WITH_SES_SMTP_USERNAME"),
        # What shells, log drivers, formats and pages write with right.
        ("echo $HOME ${PATH} && awk '{print $4}'", "command", ""),
        ("ecs.{{.Name}}.{{.FullID}}", "fluentd-tag", ""),
        ("%(asctime)s %(message)s", "value", ""),
        ("<html><body>hello</body></html>", "command", ""),
        ("{{ range .Items }}{{ end }}", "value", ""),
        ("^/api/.*$", "value", ""),
        ("if [ 1 < 2 ]; then echo 3 > 4; fi", "command", ""),
        ("replace me not", "value", ""),
    ],
)
def test_placeholders_of_other_tools(value: str, field: str, mark: str) -> None:
    assert unfilled(value, field) == mark
