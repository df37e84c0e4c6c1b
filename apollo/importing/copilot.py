"""AWS Copilot: manifests of services as far as ECS itself has what they say.

https://aws.github.io/copilot-cli/docs/manifest/overview/
"""

from __future__ import annotations

from typing import Any, Final

from apollo.importing.model import Draft
from apollo.importing.names import manifest_name
from apollo.importing.placeholders import replaced
from apollo.importing.reader import Reader, Work, mapping, named_after, scalar
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode, node_of

__all__ = ["Copilot"]

_TYPES: Final = ("Load Balanced Web Service", "Backend Service")
_OTHERS: Final = ("Request-Driven Web Service", "Scheduled Job", "Static Site", "Worker Service")
_METRICS: Final = {
    "cpu_percentage": "ECSServiceAverageCPUUtilization",
    "memory_percentage": "ECSServiceAverageMemoryUtilization",
}
_READ: Final = frozenset(
    {
        "name",
        "type",
        "image",
        "cpu",
        "memory",
        "count",
        "variables",
        "secrets",
        "exec",
        "command",
        "entrypoint",
        "platform",
        "network",
    }
)


class Copilot(Reader):
    """A service of Copilot: image, size, count with its range, variables, secrets, commands."""

    name = "copilot"
    project = False

    def takes(self, document: Node) -> bool:
        return isinstance(document, MapNode) and document.text("type") in (*_TYPES, *_OTHERS)

    def read(self, document: Node, work: Work) -> list[Draft]:
        manifest = replaced(document, work.report, document.source.file)
        if not isinstance(manifest, MapNode) or manifest.text("type") not in _TYPES:
            kind = manifest.text("type") if isinstance(manifest, MapNode) else None
            work.report.note(
                "refused",
                f"a {kind or 'document'} of Copilot has no service that Apollo could make",
                document,
                code="APO-IMP-002",
            )
            return []
        return _Service(manifest, work).drafts()


class _Service:
    def __init__(self, manifest: MapNode, work: Work) -> None:
        self.manifest = manifest
        self.report = work.report
        self.name = manifest_name(manifest.text("name") or named_after(manifest))

    def drafts(self) -> list[Draft]:
        file = self.manifest.source.file
        for name, item in self.manifest.items.items():
            if name not in _READ:
                self.report.note(
                    "dropped", f"'{name}' of Copilot has no counterpart that this file tells", item
                )
        scaling = self._scaling()
        return [
            Draft("TaskDefinition", self.name, self._task(), file, group=self.name),
            Draft("Service", self.name, self._service(), file, group=self.name),
            *([Draft("ScalingPolicy", self.name, scaling, file, group=self.name)] if scaling else []),
        ]

    def _made(self, value: Any, at: Node | None = None) -> Node:
        return node_of(value, at or self.manifest, "")

    def _put(self, into: MapNode, name: str, value: Node | None) -> None:
        if value is not None:
            into.put(scalar(value, name), value)

    def _task(self) -> MapNode:
        manifest = self.manifest
        spec = self._made({"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]})
        assert isinstance(spec, MapNode)
        for size, default in (("cpu", "256"), ("memory", "512")):
            self._put(spec, size, self._scalar(size) or self._made(default))
        for role in ("executionRoleArn", "taskRoleArn"):
            value = self.report.variable(role, "a role that Copilot makes", f"{manifest.source.file}/{role}")
            self._put(spec, role, self._made(value))
        container = MapNode(manifest.source, manifest.line, manifest.column)
        self._put(container, "name", self._made(self.name))
        image = mapping(manifest, "image")
        location = image.items.get("location") if image is not None else None
        if location is None:
            self.report.note(
                "asks", "Copilot builds the image: give its place to the environment", image or manifest
            )
            location = self._made(self.report.variable("image", "image.build", manifest.source.file))
        self._put(container, "image", location)
        port = image.items.get("port") if image is not None else None
        if port is not None:
            self._put(container, "portMappings", self._one({"containerPort": port}))
        for ours, theirs in (("command", "command"), ("entryPoint", "entrypoint")):
            self._put(container, ours, self._words(theirs))
        self._put(container, "environment", self._pairs("variables", "value"))
        self._put(container, "secrets", self._pairs("secrets", "valueFrom"))
        containers = ListNode(manifest.source, manifest.line, manifest.column)
        containers.items = [container]
        self._put(spec, "containerDefinitions", containers)
        self._platform(spec)
        return spec

    def _one(self, members: dict[str, Node]) -> ListNode:
        entry = MapNode(self.manifest.source, self.manifest.line, self.manifest.column)
        for name, value in members.items():
            self._put(entry, name, value)
        whole = ListNode(entry.source, entry.line, entry.column)
        whole.items = [entry]
        return whole

    def _scalar(self, name: str) -> TextNode | None:
        found = self.manifest.items.get(name)
        return found if isinstance(found, TextNode) and not found.absent else None

    def _words(self, name: str) -> Node | None:
        found = self.manifest.items.get(name)
        if isinstance(found, TextNode) and not found.absent:
            self.report.note("asks", f"'{name}' is one text: it is run by a shell here", found)
            return self._made(["sh", "-c", found.text], found)
        return found if isinstance(found, ListNode) else None

    def _pairs(self, name: str, field: str) -> Node | None:
        members = mapping(self.manifest, name)
        if members is None or not members.items:
            return None
        pairs = ListNode(members.source, members.line, members.column)
        for key, value in members.items.items():
            if not isinstance(value, TextNode):
                self.report.note("dropped", f"{name}.{key}: only plain values are taken over", value)
                continue
            pair = MapNode(value.source, value.line, value.column)
            self._put(pair, "name", scalar(value, key))
            self._put(pair, field, value)
            pairs.items.append(pair)
        return pairs if pairs.items else None

    def _platform(self, spec: MapNode) -> None:
        platform = self._scalar("platform")
        if platform is None:
            return
        system, _, machine = platform.text.partition("/")
        if system == "linux" and machine in ("arm64", "amd64", "x86_64"):
            architecture = "ARM64" if machine == "arm64" else "X86_64"
            runtime = {"operatingSystemFamily": "LINUX", "cpuArchitecture": architecture}
            self._put(spec, "runtimePlatform", self._made(runtime, platform))
        else:
            self.report.note("asks", "a platform that has to be written as runtimePlatform", platform)

    def _service(self) -> MapNode:
        manifest = self.manifest
        where = manifest.source.file
        subnets = self.report.variable("subnets", "the network that Copilot makes", f"{where}/subnets")
        groups = self.report.variable(
            "securityGroups", "the network that Copilot makes", f"{where}/securityGroups"
        )
        vpc = {"subnets": subnets, "securityGroups": groups}
        network = mapping(manifest, "network")
        placement = mapping(network, "vpc")
        if placement is None or placement.text("placement") in (None, "public"):
            vpc["assignPublicIp"] = "ENABLED"
        spec = self._made({"launchType": "FARGATE", "networkConfiguration": {"awsvpcConfiguration": vpc}})
        assert isinstance(spec, MapNode)
        self._put(spec, "taskDefinition", self._made(self.name))
        self._put(spec, "desiredCount", self._scalar("count"))
        self._put(spec, "enableExecuteCommand", self._scalar("exec"))
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        self._put(spec, "deploymentConfiguration", self._made(breaker))
        port = mapping(manifest, "image")
        port_node = port.items.get("port") if port is not None else None
        if manifest.text("type") == _TYPES[0] and port_node is not None:
            group = self.report.variable("targetGroupArn", "the target group that Copilot makes", where)
            members = {
                "targetGroupArn": self._made(group),
                "containerName": self._made(self.name),
                "containerPort": port_node,
            }
            self._put(spec, "loadBalancers", self._one(members))
        self.report.note(
            "asks",
            f"Copilot names the service and its roles by itself: to take over Service/{self.name} as it "
            "runs, import it from AWS",
            manifest,
            hint="apollo import --cluster CLUSTER",
        )
        return spec

    def _scaling(self) -> MapNode | None:
        count = mapping(self.manifest, "count")
        if count is None:
            return None
        least, most = self._range(count.items.get("range"))
        if least is None or most is None:
            self.report.note("dropped", "'count' without a range", count)
            return None
        policies = []
        for name, metric in _METRICS.items():
            goal = count.items.get(name)
            if isinstance(goal, MapNode):
                goal = goal.items.get("value")
            if isinstance(goal, TextNode) and goal.text.replace(".", "", 1).isdigit():
                target = {
                    "targetValue": float(goal.text),
                    "predefinedMetricSpecification": {"predefinedMetricType": metric},
                }
                policies.append(
                    {
                        "name": name.partition("_")[0],
                        "policyType": "TargetTrackingScaling",
                        "targetTrackingScalingPolicyConfiguration": target,
                    }
                )
        for name, item in count.items.items():
            if name not in (*_METRICS, "range"):
                self.report.note("dropped", f"'count.{name}' has no counterpart that this file tells", item)
        spec = self._made(
            {"service": self.name, "minCapacity": least, "maxCapacity": most, "policies": policies}, count
        )
        assert isinstance(spec, MapNode)
        return spec

    def _range(self, node: Node | None) -> tuple[int | None, int | None]:
        low: str | None = None
        high: str | None = None
        if isinstance(node, TextNode):
            low, _, high = node.text.partition("-")
        elif isinstance(node, MapNode):
            low, high = node.text("min"), node.text("max")
        numbers = [int(one) if one is not None and one.isdigit() else None for one in (low, high)]
        return numbers[0], numbers[1]
