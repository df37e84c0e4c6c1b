"""Nothing that a running operator says, serves, sends, traces or keeps holds a secret.

One operator, with a secret wherever a manifest or the configuration may hold one, lives through refusals of
AWS that quote what was sent, a deployment, one that is rolled back, and repositories that cannot be read;
with web pages, traces, both forms of the log and all notifications. The commands: `tests/cli/test_canary.py`.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from apollo import telemetry
from apollo.engine.events import Event
from apollo.operator.otel import OtelTracer
from tests.cli.test_canary import CANARY, MANIFEST, QUOTED
from tests.integration.world import ACCOUNT, World
from tests.notify.receiver import Receiver, receiver
from tests.web.conftest import Site, healthy, serving, until, world

__all__ = ["world"]

pytestmark = pytest.mark.anyio

SECRETS = {
    "HOOK_URL": "{url}/hook/c4n4ry-hook",
    "SLACK_URL": "{url}/services/T0/B0/c4n4ry-slack",
    "HUB_TOKEN": "c4n4ry-hub-token",
    "LAB_TOKEN": "c4n4ry-lab-token",
    "GIT_TOKEN": "c4n4ry-git-token",
}
CONFIG = """
apiVersion: apollo/v1
kind: Environment
metadata: {{name: stage}}
spec:
  source: {{repo: config, branch: stage, path: apps}}
  aws: {{region: eu-west-1, accountId: "{account}"}}
  cluster: green
  variables: {{hidden: c4n4ry-variable}}
---
apiVersion: apollo/v1
kind: Environment
metadata: {{name: far}}
spec:
  source: {{repo: "https://127.0.0.1:9/c.git", branch: far, auth: {{env: GIT_TOKEN}}}}
  aws: {{region: eu-west-1}}
---
apiVersion: apollo/v1
kind: Environment
metadata: {{name: farther}}
spec:
  source: {{repo: "https://u:c4n4ry-git-url@127.0.0.1:9/c.git", branch: far}}
  aws: {{region: eu-west-1}}
"""
TARGETS = {
    "hook": "webhook: {{urlFrom: {{env: HOOK_URL}}, secret: {{secretsManager: signing}}}}",
    "slack": "slack: {{webhook: {{env: SLACK_URL}}}}",
    "hub": 'github: {{repo: acme/config, token: {{env: HUB_TOKEN}}, api: "{url}"}}',
    "lab": 'gitlab: {{project: acme/config, token: {{env: LAB_TOKEN}}, api: "{url}/api/v4"}}',
    "topic": "sns: {{topicArn: 'arn:aws:sns:eu-west-1:{account}:told'}}",
    "bus": "eventBridge: {{bus: default}}",
}


def leaks(text: str | bytes) -> set[str]:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return set(re.findall(rf"{CANARY}[\w-]*", plain))


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@contextmanager
def logs() -> Iterator[Mapping[str, io.StringIO]]:
    """All that is logged, down to the least, in both forms."""
    kept = {"json": io.StringIO(), "text": io.StringIO()}
    forms = {"json": telemetry.JsonFormatter(), "text": telemetry.TextFormatter(traces=True)}
    root, ours = logging.getLogger(), logging.getLogger("apollo")
    before = ours.level
    handlers = []
    for name, stream in kept.items():
        handler = logging.StreamHandler(stream)
        handler.setFormatter(forms[name])
        handlers.append(handler)
        root.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield kept
    finally:
        ours.setLevel(before)
        for handler in handlers:
            root.removeHandler(handler)


def configure(world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value.format(url=there.url))
    parts = [CONFIG] + [
        f"\napiVersion: apollo/v1\nkind: Notification\nmetadata: {{{{name: {name}}}}}\nspec:\n  {target}\n"
        for name, target in TARGETS.items()
    ]
    text = "---".join(parts).format(account=ACCOUNT, url=there.url)
    (world.folder / "apollo.yaml").write_text(text)
    world.aws.client("sns", account=ACCOUNT).create_topic(Name="told")
    keeper = world.aws.client("secretsmanager", account=ACCOUNT)
    keeper.create_secret(Name="signing", SecretString="c4n4ry-signing-key")


def listener(world: World) -> str:
    elb = world.aws.client("elbv2", account=ACCOUNT)
    balancer = elb.create_load_balancer(Name="web", Subnets=["subnet-a", "subnet-b"])
    certificate = f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555"
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    return str(made["Listeners"][0]["ListenerArn"])


async def test_what_an_operator_says_serves_sends_traces_and_keeps(
    world: World, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(world, there, monkeypatch)
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    events: list[Event] = []
    breaker = "deploymentConfiguration: {deploymentCircuitBreaker: {enable: true, rollback: true}}"
    manifest = MANIFEST.replace("LISTENER", listener(world))
    manifest = manifest.replace("launchType: FARGATE", f"launchType: FARGATE\n  {breaker}")
    pages: dict[str, str] = {}
    for operation, quoted in QUOTED.items():
        said = f"will not: {'; '.join(quoted)}"
        world.aws.faults.add(operation, "error", times=1, code="ClientException", status=400, message=said)
    world.write({"web/web.yaml": manifest})
    options = {"tracer": OtelTracer(provider), "listen": events.append}
    with logs() as logged:
        async with serving(world, **options) as site:
            for generation in range(1, 5):
                await until(lambda: well(site) or any(one.type == "Failed" for one in events), 40)
                await look(site, f"after {generation}", pages)
                if well(site):
                    break
                # What is refused is tried again when it is another one.
                events.clear()
                manifest = manifest.replace("memory: 512", "memory: 1024").replace(
                    f"priority: {9 + generation}", f"priority: {10 + generation}"
                )
                world.write({"web/web.yaml": manifest.replace("API_KEY", f"API_KEY_{generation}")})
            await until(lambda: well(site), 40)
            await look(site, "healthy", pages)
            world.write({"web/web.yaml": manifest.replace("repo/web:1", "repo/web:crash-2")})
            await until(lambda: any(one.type == "RolloutFailed" for one in events), 60)
            await until(
                lambda: len(sent(world)) >= 4 and told(there) >= {"hook", "services", "repos", "api"}, 60
            )
            await look(site, "rolled back", pages)
            states = repr([status.to_dict() for status in site.operator.live().values()])
    found = {
        **{f"page {name}": leaks(text) for name, text in pages.items()},
        **{f"log as {form}": leaks(stream.getvalue()) for form, stream in logged.items()},
        **{f"post to {one.path[:4]}": leaks(one.content) for one in there.posted},
        **{f"message {number}": leaks(text) for number, text in enumerate(sent(world))},
        "spans": leaks("".join(span.to_json() for span in exporter.get_finished_spans())),
        "events": leaks(repr(events)),
        "status": leaks(states),
        "User-Agents": leaks("".join(one.user_agent for one in world.aws.requests)),
        **{f"file {path.name}": leaks(path.read_bytes()) for path in kept(world)},
    }
    assert not {name: out for name, out in found.items() if out}
    # They were there to be found.
    assert "will not: " in logged["json"].getvalue() and "will not: " in logged["text"].getvalue()
    assert leaks(
        repr([one.params for one in world.aws.requests if one.operation == "RegisterTaskDefinition"])
    )
    assert len(exporter.get_finished_spans()) > 10 and kept(world)
    assert all(pages.values()) and "apollo_aws_requests_total" in pages["/metrics, healthy"]


def well(site: Site) -> bool:
    return healthy(site.operator) and healthy(site.operator, "ListenerRule/web")


async def look(site: Site, when: str, pages: dict[str, str]) -> None:
    for path in ("/livez", "/readyz", "/metrics", "/none"):
        status, text = await site.get(path)
        pages[f"{path}, {when}"] = f"{status} {text}"


def sent(world: World) -> list[str]:
    """What reached SNS and EventBridge."""
    return [repr(one.params) for one in world.aws.requests if one.operation in ("Publish", "PutEvents")]


def told(there: Receiver) -> set[str]:
    """Who was told over HTTP, by the first part of the path."""
    return {one.path.split("/")[1] for one in there.posted}


def kept(world: World) -> list[Path]:
    """What is remembered on disk, but for the copy of the repository."""
    home = world.folder / ".apollo"
    files = [path for path in home.rglob("*") if path.is_file()]
    return [path for path in files if path.relative_to(home).parts[0] != "git"]
