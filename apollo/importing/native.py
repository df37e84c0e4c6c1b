"""AWS's own JSON and YAML: what register-task-definition and create-service take, and describe-* answers."""

from __future__ import annotations

from apollo.importing.model import Draft
from apollo.importing.names import manifest_name
from apollo.importing.placeholders import replaced
from apollo.importing.reader import Reader, Work, named_after, scalar
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode
from apollo.manifest.specfrom import ENVELOPES, unwrapped
from apollo.resources.service import ServiceSpec

__all__ = ["Native", "kind_of", "service", "task_definition"]

_SERVICE = frozenset(ServiceSpec.model_fields) - {"tags", "cluster", "role", "volumeConfigurations"}
_OF_RUN_TASK = frozenset(
    {
        "capacityProviderStrategy",
        "cluster",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "launchType",
        "networkConfiguration",
        "placementConstraints",
        "placementStrategy",
        "platformVersion",
        "propagateTags",
        "taskDefinition",
    }
)
_ON_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")


class Native(Reader):
    """Task definitions, services and rules as AWS's own interface has them."""

    name = "aws"
    project = False

    def takes(self, document: Node) -> bool:
        return any(kind_of(one) for one in _parts(document))

    def read(self, document: Node, work: Work) -> list[Draft]:
        drafts = []
        for part in _parts(document):
            kind = kind_of(part)
            if kind == "TaskDefinition":
                drafts.append(task_definition(part, work))
            elif kind == "Service":
                drafts.append(service(part, work))
            elif kind == "ListenerRule":
                drafts.append(_rule(part, work))
        return drafts


def task_definition(node: Node, work: Work, name: str = "") -> Draft:
    """A task definition, called as its family says."""
    node = replaced(node, work.report, node.source.file)
    return _draft("TaskDefinition", node, "family", name)


def service(node: Node, work: Work, name: str = "") -> Draft:
    """A service, called as it is in AWS."""
    node = replaced(node, work.report, node.source.file)
    inner = unwrapped(node)
    if isinstance(inner, MapNode):
        node = _whole(inner, work) if "deployments" in inner.items else node
        if inner.text("service") and not inner.text("serviceName"):
            node = _renamed(inner, work)
    return _draft("Service", node, "serviceName", name)


def _draft(kind: str, node: Node, field: str, name: str) -> Draft:
    inner = unwrapped(node)
    own = None
    if isinstance(inner, MapNode):
        own = inner.text(field) or inner.text(field[:1].upper() + field[1:])
    if own is not None and "${{" not in own:
        name = manifest_name(own, name or named_after(node))
    return Draft(kind, name or named_after(node), node, node.source.file)


def _parts(document: Node) -> list[Node]:
    """A document as the things it holds: an answer may hold many."""
    if isinstance(document, MapNode):
        for name in ENVELOPES:
            inner = document.items.get(name)
            if isinstance(inner, ListNode) and inner.items:
                if len(inner.items) == 1:
                    return [document]
                return [item for item in inner.items if isinstance(item, MapNode)]
    if isinstance(document, ListNode) and document.items:
        return [item for item in document.items if isinstance(item, MapNode)]
    return [document]


def kind_of(node: Node) -> str:
    """The kind that one mapping says, whatever its file is called; empty when it says none."""
    inner = unwrapped(node)
    if not isinstance(inner, MapNode):
        return ""
    names = {name[:1].lower() + name[1:] for name in inner.items}
    if names & {"apiVersion", "overrides", "startedBy"} or {"image", "name"} <= names:
        return ""
    if "containerDefinitions" in names:
        return "TaskDefinition"
    if "actions" in names and names & {"ruleArn", "listenerArn"}:
        return "ListenerRule"
    if "count" in names and "serviceName" not in names:
        return ""  # run-task
    known = names & _SERVICE
    if not known - _OF_RUN_TASK:
        return ""
    if names & {"serviceName", "service"} or len(known) >= 2 or known == names:
        return "Service"
    return ""


def _whole(node: MapNode, work: Work) -> MapNode:
    """A described service with what AWS tells of its newest deployment only."""
    deployments = node.items["deployments"]
    newest = None
    if isinstance(deployments, ListNode):
        newest = next((one for one in deployments.items if _is_primary(one)), None)
    copy = MapNode(node.source, node.line, node.column)
    copy.items, copy.keys = dict(node.items), dict(node.keys)
    for name in _ON_DEPLOYMENT:
        found = newest.items.get(name) if isinstance(newest, MapNode) else None
        if found is not None and name not in copy.items and (not isinstance(found, ListNode) or found.items):
            copy.put(scalar(found, name), found)
    if "role" not in copy.items and "roleArn" in copy.items:
        work.report.note("dropped", "'roleArn' of the service is AWS's own role", copy.items["roleArn"])
    return copy


def _is_primary(node: Node) -> bool:
    return isinstance(node, MapNode) and node.text("status") == "PRIMARY"


def _renamed(node: MapNode, work: Work) -> MapNode:
    """UpdateService's form: ``service`` for ``serviceName``, and ``forceNewDeployment``, which is an act."""
    copy = MapNode(node.source, node.line, node.column)
    for name, item in node.items.items():
        if name == "service":
            copy.put(scalar(item, "serviceName"), item)
            work.report.note("repaired", "'service' is what UpdateService calls serviceName", item)
        elif name == "forceNewDeployment":
            work.report.note("dropped", "'forceNewDeployment' is an act, not a state", item)
        else:
            copy.put(node.keys[name], item)
    return copy


def _rule(node: Node, work: Work) -> Draft:
    """A rule as elbv2 describe-rules answers it."""
    node = replaced(node, work.report, node.source.file)
    inner = unwrapped(node)
    assert isinstance(inner, MapNode)
    copy = MapNode(inner.source, inner.line, inner.column)
    for name, item in inner.items.items():
        if name in ("RuleArn", "IsDefault", "ruleArn", "isDefault"):
            work.report.note("dropped", f"'{name}' is read-only", item)
        else:
            copy.put(inner.keys[name], item)
    arn = inner.text("RuleArn") or inner.text("ruleArn") or ""
    if "ListenerArn" not in copy.items and "listenerArn" not in copy.items and arn:
        listener = arn.replace(":listener-rule/", ":listener/", 1).rpartition("/")[0]
        copy.put(scalar(inner, "listenerArn"), scalar(inner, listener))
    priority = copy.items.get("Priority") or copy.items.get("priority")
    if isinstance(priority, TextNode) and priority.text.isdigit():
        priority.plain = True
    where = priority.text if isinstance(priority, TextNode) else "rule"
    return Draft("ListenerRule", manifest_name(f"{named_after(node)}-{where}"), copy, node.source.file)
