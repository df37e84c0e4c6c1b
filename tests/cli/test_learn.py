"""schema, explain, plugins, iam-policy, simulate: what there is, told offline."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from apollo.cli.iam import policy
from apollo.settings import Allow, Aws, Environment, EnvironmentSpec
from tests.cli.conftest import Checkout
from tests.cli.running import apollo

# ── schema ───────────────────────────────────────────────────────────────────────────────────────────────


def schema(*args: str) -> Any:
    answer = apollo("schema", *args)
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for item in value.values() for ref in references(item)]
    if isinstance(value, list):
        return [ref for item in value for ref in references(item)]
    return []


@pytest.mark.parametrize("args", [(), ("Service",), ("TaskDefinition",), ("Environment",), ("Installation",)])
def test_every_reference_leads_somewhere(args: tuple[str, ...]) -> None:
    made = schema(*args)
    assert {ref.removeprefix("#/$defs/") for ref in references(made)} <= made["$defs"].keys()


def test_a_whole_manifest_is_described() -> None:
    made = schema("service")
    assert made["properties"].keys() == {"apiVersion", "kind", "metadata", "specFrom", "lifecycle", "spec"}
    assert made["properties"]["kind"] == {"const": "Service"}
    assert not made["additionalProperties"]
    launch = made["properties"]["spec"]["properties"]["launchType"]["anyOf"]
    assert {"enum": ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"], "type": "string"} in launch


def test_expressions_stand_where_other_types_are_wanted_and_text_takes_plain_scalars() -> None:
    made = schema("TaskDefinition")
    expression = {"$ref": "#/$defs/interpolation"}
    container = made["$defs"]["TaskDefinition.ContainerDefinition"]["properties"]
    assert expression in container["cpu"]["anyOf"]
    assert expression in container["portMappings"]["anyOf"]
    assert container["image"]["anyOf"][0] == {"type": ["string", "number", "boolean"]}
    pattern = made["$defs"]["interpolation"]["pattern"]
    assert re.search(pattern, "${{ var.count }}")
    assert not re.search(pattern, "x ${{ var.count }}")


def test_kind_chooses_in_the_combined_schema() -> None:
    made = schema()
    kinds = made["properties"]["kind"]["enum"]
    assert {"Service", "TaskDefinition", "Installation", "Environment"} <= set(kinds)
    assert [rule["if"]["properties"]["kind"]["const"] for rule in made["allOf"]] == kinds


def test_settings_are_written_as_people_write_them() -> None:
    sync = schema("Environment")["$defs"]["Environment.Sync"]["properties"]
    assert sync["progressDeadline"]["default"] == "15m"
    assert sync["maxPrune"]["default"] == "20%"
    assert re.search(sync["progressDeadline"]["pattern"], "1h30m")


def test_schemas_as_files(tmp_path: Path) -> None:
    answer = apollo("schema", "--out", str(tmp_path / "s"))
    assert answer.exit_code == 0
    assert {"apollo.json", "Service.json", "TaskDefinition.json"} <= {
        p.name for p in (tmp_path / "s").iterdir()
    }
    assert json.loads((tmp_path / "s/Service.json").read_text()) == schema("Service")


def test_an_unknown_kind_gets_a_suggestion() -> None:
    answer = apollo("schema", "Servce")
    assert answer.exit_code == 1
    assert "did you mean Service?" in answer.stderr


# ── explain ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("Service", "spec.taskDefinition"),
        ("service.launchType", "VALUES     EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES"),
        ("Service.spec.desiredCount", "TYPE       integer"),
        ("TaskDefinition.containerDefinitions", "REQUIRED   yes"),
        ("TaskDefinition.containerDefinitions.portMappings.containerPort", "TYPE       integer"),
        ("Service.lifecycle.prune", "LEFT OUT   auto"),
        ("Service.capacityProviderStrategy.weight", "BOUNDS     0 to 1000"),
        ("Environment.sync.progressDeadline", "LEFT OUT   15m"),
        ("Service.metadata.labels", "map of string"),
        ("APO-LOAD-021", "not set"),
        ("apo-aws-002", "throttles"),
    ],
)
def test_explain(what: str, said: str) -> None:
    answer = apollo("explain", what)
    assert answer.exit_code == 0, answer.output
    assert said in answer.stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("Service.desierdCount", "did you mean desiredCount"),
        ("Servce", "did you mean Service?"),
        ("APO-NOPE-001", "there is no error code"),
    ],
)
def test_explain_suggests(what: str, said: str) -> None:
    answer = apollo("explain", what)
    assert answer.exit_code == 1
    assert said in answer.stderr


# ── plugins ──────────────────────────────────────────────────────────────────────────────────────────────


def test_plugins_list() -> None:
    text = apollo("plugins", "list").stdout
    assert re.search(r"^Service +apollo-ecs +\S+ +loaded", text, re.MULTILINE)
    found = json.loads(apollo("plugins", "list", "-o", "json").stdout)
    assert {"Service", "TaskDefinition"} <= {one["kind"] for one in found["kinds"]}
    assert "prune" in {one["name"] for one in found["gates"]}


# ── iam-policy ───────────────────────────────────────────────────────────────────────────────────────────


def environment(**spec: Any) -> Environment:
    return Environment(name="stage", spec=EnvironmentSpec(**spec))


def allowed(document: dict[str, Any]) -> dict[str, Any]:
    return {action: one for one in document["Statement"] for action in one["Action"]}


def test_a_policy_is_limited_as_far_as_aws_allows() -> None:
    place = environment(aws=Aws(region="eu-west-1", accountId="123456789012"), cluster="green")
    found = allowed(policy({"ecs:UpdateService", "ecs:ListServices", "ecs:RegisterTaskDefinition"}, [place]))
    assert found["ecs:UpdateService"]["Resource"] == "arn:aws:ecs:eu-west-1:123456789012:service/green/*"
    assert found["ecs:RegisterTaskDefinition"]["Resource"] == "*"
    assert found["ecs:ListServices"]["Condition"] == {
        "ArnLike": {"ecs:cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/green"}
    }
    assert found["iam:PassRole"]["Resource"] == "arn:aws:iam::123456789012:role/*"
    assert found["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }


def test_a_policy_passes_only_the_roles_that_are_allowed() -> None:
    role = "arn:aws:iam::123456789012:role/web"
    place = environment(allow=Allow(roles=(role, "api-*")), aws=Aws(accountId="123456789012"))
    found = allowed(policy({"ecs:RegisterTaskDefinition"}, [place]))
    assert found["iam:PassRole"]["Resource"] == ["arn:aws:iam::123456789012:role/api-*", role]
    nothing = policy({"ecs:RegisterTaskDefinition"}, [environment(allow=Allow(roles=()))])
    assert "iam:PassRole" not in allowed(nothing)


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_a_policy_knows_its_partition(region: str, partition: str) -> None:
    found = allowed(policy({"ecs:UpdateService"}, [environment(aws=Aws(region=region))]))
    assert found["ecs:UpdateService"]["Resource"].startswith(f"arn:{partition}:ecs:{region}:*:")


def test_a_policy_covers_several_environments() -> None:
    places = [environment(cluster="green"), environment(cluster="blue")]
    found = allowed(policy({"ecs:UpdateService"}, places))
    assert found["ecs:UpdateService"]["Resource"] == [
        "arn:aws:ecs:*:*:service/blue/*",
        "arn:aws:ecs:*:*:service/green/*",
    ]


def test_the_command_prints_valid_iam(checkout: Checkout) -> None:
    deploy = json.loads(apollo("iam-policy", "-e", "stage").stdout)
    read = json.loads(apollo("iam-policy", "-e", "stage", "--mode", "read").stdout)
    assert deploy["Version"] == "2012-10-17"
    sids = [one["Sid"] for one in deploy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert all(one["Effect"] == "Allow" and one["Resource"] for one in deploy["Statement"])
    changing = re.compile(":(Create|Update|Delete|Register|Tag|Untag|Pass|Put|Set|Modify)")
    assert any(changing.search(action) for action in allowed(deploy))
    assert not any(changing.search(action) for action in allowed(read))
    assert allowed(read).keys() < allowed(deploy).keys()


def test_a_policy_covers_the_secrets_topics_and_buses_that_the_configuration_names(tmp_path: Path) -> None:
    config = tmp_path / "apollo.yaml"
    config.write_text(
        """
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  source: {repo: "https://example.com/c.git", branch: stage, auth: {secretsManager: git-token}}
  aws: {region: eu-west-1, accountId: "123456789012"}
---
apiVersion: apollo/v1
kind: Notification
metadata: {name: topic}
spec: {sns: {topicArn: "arn:aws:sns:eu-west-1:123456789012:told"}}
---
apiVersion: apollo/v1
kind: Notification
metadata: {name: bus}
spec: {eventBridge: {bus: deployments}}
"""
    )
    deploy = allowed(json.loads(apollo("iam-policy", "-f", str(config)).stdout))
    assert deploy["sns:Publish"]["Resource"] == "arn:aws:sns:eu-west-1:123456789012:told"
    assert (
        deploy["events:PutEvents"]["Resource"]
        == "arn:aws:events:eu-west-1:123456789012:event-bus/deployments"
    )
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:git-token-??????"
    assert deploy["secretsmanager:GetSecretValue"]["Resource"] == secret
    read = allowed(json.loads(apollo("iam-policy", "-f", str(config), "--mode", "read").stdout))
    assert "sns:Publish" not in read and "secretsmanager:GetSecretValue" in read


# ── simulate ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_simulate_says_how_to_come_here_and_stops_when_told(number: signal.Signals, code: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "apollo", "simulate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        first = server.stdout.readline()
        assert re.fullmatch(r"export AWS_ENDPOINT_URL=http://127\.0\.0\.1:\d+\n", first)
        server.stderr.readline()
        stray = next(line for line in server.stdout if line.startswith("unset "))
        assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_ECS"} <= set(stray.split())
        endpoint = first.strip().partition("=")[2]
        request = urllib.request.Request(endpoint, method="POST", data=b"{}")
        with pytest.raises(urllib.error.HTTPError):  # an answer, though not to a question of AWS's
            urllib.request.urlopen(request, timeout=10)
        server.send_signal(number)
        assert server.wait(10) == code


def test_a_taken_port_is_told() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = apollo("simulate", "--port", str(taken.getsockname()[1]))
    assert answer.exit_code == 1
    assert "cannot be used" in answer.stderr
