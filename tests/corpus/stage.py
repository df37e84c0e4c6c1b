"""What the corpus needs around it to be applied: variables, target groups, listeners, clusters.

Only what says *where* something is is written anew: names, so that many files stand beside each other, and
the ARNs of what belongs to other accounts. The rest goes to the local AWS as the files have it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from apollo.importing.model import Imported
from apollo.manifest import emit
from apollo.testing import LocalAws
from tests.corpus.loading import entries, imported
from tests.integration.world import ACCOUNT

__all__ = ["Stage"]

_VARIABLE = re.compile(r"\$\{\{ var\.([\w.-]+) \}\}")
_LISTS = re.compile(r"^(?:Public|Private)?SubnetIds$|Subnets|Split___Command")


class Stage:
    """The whole corpus as manifests of one environment.

    :ivar manifests: key → document. :ivar variables: what the environment sets. :ivar files: key → file.
    """

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.manifests: dict[str, dict[str, Any]] = {}
        self.files: dict[str, str] = {}
        self.variables: dict[str, Any] = {}
        self._groups = 0
        self._priority = 0
        self._listener = aws.listener("corpus", account=ACCOUNT)
        ecs = aws.client("ecs", account=ACCOUNT)
        group = f"arn:aws:autoscaling:eu-west-1:{ACCOUNT}:autoScalingGroup:1:autoScalingGroupName/instances"
        ecs.create_capacity_provider(
            name="instances", autoScalingGroupProvider={"autoScalingGroupArn": group}
        )
        ecs.put_cluster_capacity_providers(
            cluster="green",
            capacityProviders=["FARGATE", "FARGATE_SPOT", "instances"],
            defaultCapacityProviderStrategy=[],
        )
        for number, entry in enumerate(entries()):
            found, report = imported(entry)
            mark = f"f{number}"
            names = {one.key for one in found}
            for one in found:
                document = self._document(one, mark, names)
                key = f"{one.kind}/{document['metadata']['name']}"
                self.manifests[key] = document
                self.files[key] = entry.file
            for name, variable in report.variables.items():
                self.variables[f"{mark}_{name}"] = self._value(name, variable.default)

    def texts(self) -> dict[str, str]:
        """One file for all manifests of one file of the corpus."""
        by_file: dict[str, list[Any]] = {}
        for key, document in self.manifests.items():
            by_file.setdefault(self.files[key], []).append(document)
        return {
            f"{file.replace('/', '-').rpartition('.')[0]}/all.yaml": emit(documents)
            for file, documents in by_file.items()
        }

    def _value(self, name: str, default: Any) -> Any:
        if default not in (None, ""):
            return default
        if _LISTS.search(name):
            return ["subnet-a", "subnet-b"]
        if re.search("TargetGroup", name):
            return self._group()
        if "Listener" in name:
            return self._listener
        if re.search(r"Registry|DiscoveryRecord|DiscoveryService", name):
            return f"arn:aws:servicediscovery:eu-west-1:{ACCOUNT}:service/srv-{name.lower()[:20]}"
        if name == "CPUSHARE":
            return 128
        known = {
            "NETWORK_MODE": "bridge",
            "CapacityProvider": "instances",
            "Ec2CapacityProvider": "instances",
        }
        return known.get(name, "filled")

    def _group(self, balanced: bool = True) -> str:
        self._groups += 1
        return self.aws.target_group(f"group-{self._groups}", balanced=balanced, account=ACCOUNT)

    def _instances(self) -> str:
        """A target group for tasks on instances, with a rule that forwards to it."""
        self._groups += 1
        self._priority += 1
        elb = self.aws.client("elbv2", account=ACCOUNT)
        group = elb.create_target_group(
            Name=f"group-{self._groups}", Protocol="HTTP", Port=80, VpcId="vpc-0", TargetType="instance"
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.create_rule(
            ListenerArn=self._listener,
            Priority=self._priority,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{self._groups}"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        return str(group)

    def _document(self, one: Imported, mark: str, names: set[str]) -> dict[str, Any]:
        spec = _marked(one.spec, mark)
        make = {
            "TaskDefinition": self._task,
            "Service": self._service,
            "ListenerRule": self._rule,
            "ScalingPolicy": self._scaling,
        }
        make[one.kind](one, spec, mark, names)
        name = f"{mark}-{one.name}"
        return {"apiVersion": "apollo/v1", "kind": one.kind, "metadata": {"name": name}, "spec": spec}

    def _task(self, one: Imported, spec: dict[str, Any], mark: str, names: set[str]) -> None:
        family = spec.get("family", one.name)
        spec["family"] = f"{mark}-{family if '${{' in family else one.name}"

    def _service(self, one: Imported, spec: dict[str, Any], mark: str, names: set[str]) -> None:
        spec["serviceName"] = f"{mark}-{spec.get('serviceName', one.name)}"
        spec.pop("cluster", None)
        for entry in spec.get("loadBalancers", ()):
            if "targetGroupArn" in entry:
                entry["targetGroupArn"] = (
                    self._group() if "networkConfiguration" in spec else self._instances()
                )
        if spec.get("deploymentController", {}).get("type") == "EXTERNAL":
            del spec["deploymentController"]  # as the import says that a person has to
            spec.pop("role", None)  # was for the other tool's load balancer
        task = spec.get("taskDefinition", one.name)
        if f"TaskDefinition/{task}" in names:
            spec["taskDefinition"] = f"{mark}-{task}"
        else:
            self._stand_in(one, spec, mark)

    def _stand_in(self, one: Imported, spec: dict[str, Any], mark: str) -> None:
        """A task definition for a service whose own is another file of its project."""
        containers: dict[str, dict[str, Any]] = {}
        for entry in spec.get("loadBalancers", ()):
            container = containers.setdefault(entry["containerName"], {"name": entry["containerName"]})
            container["portMappings"] = [{"containerPort": entry["containerPort"]}]
        containers = containers or {"app": {"name": "app"}}
        for service in spec.get("serviceConnectConfiguration", {}).get("services", ()):
            next(iter(containers.values()))["portMappings"] = [
                {"containerPort": 80, "name": service["portName"]}
            ]
        for container in containers.values():
            container |= {"image": "repo/app:1", "memory": 128}
        size: dict[str, Any] = {"containerDefinitions": list(containers.values())}
        if "networkConfiguration" in spec:
            size |= {
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "cpu": "256",
                "memory": "512",
            }
        volumes = [
            {"name": one["name"], "configuredAtLaunch": True} for one in spec.get("volumeConfigurations", ())
        ]
        if volumes:
            size["volumes"] = volumes
        name = f"{mark}-{one.name}-task"
        self.manifests[f"TaskDefinition/{name}"] = {
            "apiVersion": "apollo/v1",
            "kind": "TaskDefinition",
            "metadata": {"name": name},
            "spec": size,
        }
        self.files[f"TaskDefinition/{name}"] = one.origin
        spec["taskDefinition"] = name

    def _rule(self, one: Imported, spec: dict[str, Any], mark: str, names: set[str]) -> None:
        self._priority += 1
        spec["listenerArn"] = self._listener
        spec["priority"] = self._priority
        for action in spec["actions"]:
            if "targetGroupArn" in action:
                action["targetGroupArn"] = self._group(balanced=False)

    def _scaling(self, one: Imported, spec: dict[str, Any], mark: str, names: set[str]) -> None:
        if f"Service/{spec.get('service')}" in names and "cluster" not in spec:
            spec["service"] = f"{mark}-{spec['service']}"


def _marked(value: Any, mark: str) -> Any:
    """Every file has variables of its own."""
    if isinstance(value, Mapping):
        return {name: _marked(item, mark) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked(item, mark) for item in value]
    if isinstance(value, str):
        text = _VARIABLE.sub(lambda found: "${{ var." + f"{mark}_{found[1]}" + " }}", value)
        return re.sub(r"\$\{\{ (\w+)/", lambda found: "${{ " + f"{found[1]}/{mark}-", text)
    return value
