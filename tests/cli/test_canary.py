"""No output of any command, in any format, shows a secret, wherever a manifest may hold one.

Taken for secret are: every value of an environment variable, log and router option, OIDC client secret; what
stands under a name that looks like a secret's in labels, tags and the like; what a command or a health check
is given as a password, a token or a key; passwords in URLs; and variables that go to such a place. References
to secrets (``secrets``, ``secretOptions``, ``repositoryCredentials``) name a secret, and are shown.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import CONFIG, Checkout
from tests.cli.running import apollo

CANARY = "c4n4ry"
"""Begins every secret here; a number behind it tells which one got out."""

MANIFEST = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  cpu: 256
  memory: 512
  networkMode: awsvpc
  requiresCompatibilities: [FARGATE]
  executionRoleArn: arn:aws:iam::123456789012:role/ecsTaskExecution
  tags: [{key: api-token, value: c4n4ry-tag}]
  containerDefinitions:
    - name: app
      image: repo/web:1
      environment:
        - {name: LOG_LEVEL, value: c4n4ry-plain}
        - {name: DB_PASSWORD, value: c4n4ry-name}
        - {name: FROM_VARIABLE, value: "${{ var.hidden }}"}
        - {name: DSN, value: "postgres://u:c4n4ry-dsn@db/web"}
      secrets: [{name: API_KEY, valueFrom: "arn:aws:ssm:eu-west-1:123456789012:parameter/key"}]
      command: [serve, --db-password=c4n4ry-flag, --api-token, c4n4ry-argument, "https://u:c4n4ry-url@h/"]
      entryPoint: [sh, -c, "export SECRET_KEY=c4n4ry-export; exec \\"$@\\""]
      healthCheck: {command: [CMD-SHELL, "curl -f http://u:c4n4ry-health@localhost/ || exit 1"]}
      dockerLabels: {db-password: c4n4ry-label}
      repositoryCredentials: {credentialsParameter: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:h"}
      logConfiguration:
        logDriver: splunk
        options: {splunk-url: "https://splunk.example", splunk-token: c4n4ry-log}
        secretOptions: [{name: splunk-caname, valueFrom: "arn:aws:ssm:eu-west-1:123456789012:parameter/ca"}]
---
apiVersion: apollo/v1
kind: Service
metadata: {name: web, labels: {deploy-token: c4n4ry-metadata}}
spec:
  launchType: FARGATE
  desiredCount: 1
  tags: [{key: db-password, value: c4n4ry-service}]
  networkConfiguration: {awsvpcConfiguration: {subnets: [subnet-a], securityGroups: [sg-a]}}
---
apiVersion: apollo/v1
kind: ListenerRule
metadata: {name: web}
spec:
  listenerArn: LISTENER
  priority: 10
  conditions: [{field: path-pattern, pathPatternConfig: {values: ["/*"]}}]
  actions:
    - type: authenticate-oidc
      order: 1
      authenticateOidcConfig:
        issuer: https://id.example
        authorizationEndpoint: https://id.example/a
        tokenEndpoint: https://id.example/t
        userInfoEndpoint: https://id.example/u
        clientId: web
        clientSecret: c4n4ry-oidc
    - type: fixed-response
      order: 2
      fixedResponseConfig: {statusCode: "200"}
"""

FORMS = ("text", "json", "yaml", "markdown", "wide", "name")
COMMANDS = {
    "validate": ("validate", "apps", "-f", "apollo.yaml", "-e", "stage"),
    "render": ("render", "-e", "stage"),
    "render of files": ("render", "apps", "-f", "apollo.yaml", "-e", "stage"),
    "plan": ("plan", "-e", "stage"),
    "plan in full": ("plan", "-e", "stage", "--full"),
    "status": ("status", "-e", "stage"),
    "get": ("get", "-e", "stage"),
    "describe a task": ("describe", "TaskDefinition/web"),
    "describe a service": ("describe", "Service/web"),
    "describe a rule": ("describe", "ListenerRule/web"),
    "history": ("history",),
    "events": ("events",),
    "run": ("run", "--once", "--dry-run"),
}


def leaks(text: str) -> set[str]:
    return set(re.findall(rf"{CANARY}[\w-]*", text))


def told(*args: str) -> tuple[str, str]:
    """Everything a command wrote, and its result; a form that it does not have is no output."""
    answer = apollo(*args)
    assert "Traceback" not in answer.output
    return answer.stdout + answer.stderr, f"exit {answer.exit_code}"


def forms(args: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for form in FORMS:
        text, _ = told(*args, "-o", form)
        if "Invalid value for '-o'" not in text:
            yield form, text


@pytest.fixture
def secret(checkout: Checkout, aws: LocalAws) -> Checkout:
    """A repository with a secret in every place that can hold one."""
    elb = aws.client("elbv2", region="eu-west-1")
    balancer = elb.create_load_balancer(Name="web", Subnets=["subnet-a", "subnet-b"])
    arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    listener = elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[fixed],
    )["Listeners"][0]["ListenerArn"]
    checkout.manifest.write_text(MANIFEST.replace("LISTENER", listener))
    config = checkout.folder / "apollo.yaml"
    config.write_text(CONFIG.replace("domain: stage.example.com", "hidden: c4n4ry-variable"))
    checkout.git("commit", "-qam", "secrets")
    return checkout


def next_generation(checkout: Checkout) -> None:
    """Every secret becomes another one, so that a plan compares two of each."""
    for file in (checkout.manifest, checkout.folder / "apollo.yaml"):
        file.write_text(file.read_text().replace(f"{CANARY}-", f"{CANARY}-x"))
    checkout.git("commit", "-qam", "other secrets")


def everything(checkout: Checkout, commands: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in commands:
        for form, text in forms(COMMANDS[name]):
            yield f"{name} -o {form}", text
    out = checkout.folder / "plan.json"
    yield "plan --out", told("plan", "--out", str(out))[0] + out.read_text()


def test_no_command_shows_a_secret(secret: Checkout) -> None:
    found = {f"new: {name}": leaks(text) for name, text in everything(secret, ("plan", "describe a task"))}
    text, code = told("apply", "--yes", "-o", "json")
    assert code == "exit 0", text
    found["apply"] = leaks(text)
    next_generation(secret)
    found |= {name: leaks(text) for name, text in everything(secret, COMMANDS)}
    assert not {name: out for name, out in found.items() if out}


def test_what_is_remembered_holds_none(secret: Checkout) -> None:
    assert told("apply", "--yes")[1] == "exit 0"
    next_generation(secret)
    assert told("run", "--once")[1] == "exit 0"
    kept = [file for file in Path(secret.folder, ".apollo").rglob("*") if file.is_file()]
    memory = [file for file in kept if "git" not in file.relative_to(secret.folder / ".apollo").parts]
    assert memory
    assert not [file for file in memory if CANARY.encode() in file.read_bytes()]


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_plan_that_apply_asks_about_and_a_plan_file_show_none(secret: Checkout, form: str) -> None:
    assert not leaks(told("apply", "-o", form)[0])  # nobody can be asked here
    told("plan", "--out", "plan.json")
    text, code = told("apply", "--plan", "plan.json", "--yes", "-o", form)
    assert code == "exit 0", text
    assert not leaks(text)


QUOTED = {
    "ecs:RegisterTaskDefinition": [
        "c4n4ry-tag",
        "c4n4ry-plain",
        "c4n4ry-name",
        "c4n4ry-variable",
        "postgres://u:c4n4ry-dsn@db/web",
        "--db-password=c4n4ry-flag",
        "c4n4ry-argument",
        "https://u:c4n4ry-url@h/",
        "export SECRET_KEY=c4n4ry-export; exec",
        "curl -f http://u:c4n4ry-health@localhost/",
        "c4n4ry-label",
        "c4n4ry-log",
    ],
    "ecs:CreateService": ["c4n4ry-service"],
    "elbv2:CreateRule": ["c4n4ry-oidc"],
}


@pytest.mark.parametrize("operation", QUOTED)
def test_an_error_of_aws_that_quotes_what_it_was_sent(
    secret: Checkout, aws: LocalAws, operation: str
) -> None:
    quoted = "; ".join(QUOTED[operation])
    aws.faults.add(operation, "error", code="ClientException", status=400, message=f"will not: {quoted}")
    for form in ("text", "json", "markdown"):
        text, _ = told("apply", "--yes", "-o", form)
        assert "will not: " in text
        assert not leaks(text)
    for command in (("events",), ("history",), ("status",), ("describe", "TaskDefinition/web")):
        assert not leaks(told(*command, "-o", "json")[0])


@pytest.mark.parametrize(
    ("place", "instead"),
    [
        ("value: c4n4ry-plain}", "value: [c4n4ry-plain]}"),
        ("clientSecret: c4n4ry-oidc", "clientSecret: [c4n4ry-oidc]"),
        ("splunk-token: c4n4ry-log", "splunk-token: [c4n4ry-log]"),
        ("value: c4n4ry-name}", "valeu: c4n4ry-name}"),
    ],
)
def test_an_error_in_a_file_does_not_quote_the_secret_beside_it(
    secret: Checkout, place: str, instead: str
) -> None:
    text = secret.manifest.read_text()
    assert place in text
    secret.manifest.write_text(text.replace(place, instead))
    for form in ("text", "json", "markdown"):
        shown, code = told("validate", "apps", "-f", "apollo.yaml", "-e", "stage", "-o", form)
        assert code == "exit 1"
        assert not leaks(shown)


def test_a_password_of_the_repository_is_not_shown(secret: Checkout) -> None:
    config = secret.folder / "apollo.yaml"
    config.write_text(config.read_text().replace("repo: .", "repo: https://u:c4n4ry-git@127.0.0.1:9/x.git"))
    for form, command in itertools.product(("text", "json"), ("plan", "status", "render")):
        assert not leaks(told(command, "-o", form)[0])


def test_a_variable_of_the_command_line_is_not_shown(secret: Checkout) -> None:
    out = secret.folder / "plan.json"
    shown, _ = told("plan", "--var", "hidden=c4n4ry-given", "--out", str(out))
    assert not leaks(shown + out.read_text())
    kept = json.loads(out.read_text())["planFile"]
    assert (kept["variables"], kept["variablesLeftOut"]) == ([], ["hidden"])
