"""Resources of a template as drafts."""

from __future__ import annotations

import re
from typing import Final

from apollo.importing.cloudformation import scaling
from apollo.importing.cloudformation.shapes import SPECS, spec_of
from apollo.importing.cloudformation.template import Template, Undecided
from apollo.importing.cloudformation.values import Values
from apollo.importing.model import Draft
from apollo.importing.names import manifest_name, unique
from apollo.importing.reader import Reader, Work, mapping, scalar
from apollo.manifest.nodes import MapNode, Node, TextNode

__all__ = ["CloudFormation"]

KINDS: Final = {
    "AWS::ECS::TaskDefinition": "TaskDefinition",
    "AWS::ECS::Service": "Service",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "ListenerRule",
    "AWS::ApplicationAutoScaling::ScalableTarget": "ScalingPolicy",
}
_NAMES = {"TaskDefinition": "Family", "Service": "ServiceName"}
_FUNCTIONS_OF = {
    "TaskDefinition": {"": "arn", "TaskDefinitionArn": "arn"},
    "Service": {"": "arn", "ServiceArn": "arn", "Name": "name"},
    "ListenerRule": {"": "arn", "RuleArn": "arn"},
}
_REFERENCE = re.compile(r"\$\{\{ (?P<kind>\w+)/(?P<name>[\w.-]+)\.(?P<output>\w+) \}\}")


class CloudFormation(Reader):
    """Services, task definitions, listener rules and scaling of a template; the rest stays where it is.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_ECS.html
    """

    name = "cloudformation"
    project = False

    def takes(self, document: Node) -> bool:
        if isinstance(document, MapNode) and document.text("AWSTemplateFormatVersion"):
            return True
        resources = mapping(document, "Resources")
        return resources is not None and any(
            isinstance(one, MapNode) and (one.text("Type") or "").startswith("AWS::")
            for one in resources.items.values()
        )

    def read(self, document: Node, work: Work) -> list[Draft]:
        assert isinstance(document, MapNode)
        return _Stack(document, work).drafts()


class _Stack:
    def __init__(self, document: MapNode, work: Work) -> None:
        self.template = Template(document, work.given)
        self.work = work
        self.report = work.report
        self.file = document.source.file
        self.document = document
        self.ids: dict[str, str] = {}
        """Logical id → manifest name, of what is imported."""
        self.kinds: dict[str, str] = {}

    def drafts(self) -> list[Draft]:
        resources = self.template.resources.items if self.template.resources is not None else {}
        present = {id_: node for id_, node in resources.items() if self._present(id_, node)}
        self._name_all(present)
        outputs = {
            id_: {
                attribute: f"${{{{ {kind}/{self.ids[id_]}.{output} }}}}"
                for attribute, output in _FUNCTIONS_OF.get(kind, {}).items()
            }
            for id_, kind in self.kinds.items()
        }
        for id_, node in present.items():
            if isinstance(node, MapNode) and node.text("Type") == "AWS::ECS::Cluster":
                outputs[id_] = {"": "${{ env.cluster }}"}
        values = Values(self.template, outputs, self.report, self.file)
        drafts: list[Draft] = []
        for id_, node in present.items():
            kind = self.kinds.get(id_)
            assert isinstance(node, MapNode)
            if kind is not None and kind != "ScalingPolicy":
                self._take(
                    id_,
                    node,
                    lambda id_=id_, node=node, kind=kind: self._draft(id_, node, kind, values),
                    drafts,
                )
        drafts += scaling.drafts(present, self.ids, values, self._take, self.file)
        self._say_the_rest(present)
        return drafts

    def _take(self, id_: str, node: Node, make: object, drafts: list[Draft]) -> None:
        """Add what ``make`` makes, or note why it cannot be told."""
        try:
            drafts.append(make())  # type: ignore[operator]
        except Undecided as error:
            if id_ in self.kinds:
                self.work.refused.add(f"{self.kinds[id_]}/{self.ids[id_]}")
            self.report.note(
                "refused",
                f"{id_}: {error.why}",
                error.at,
                code="APO-IMP-006",
                hint=error.hint,
                path=f"/Resources/{id_}",
            )
        for name in sorted(self.template.assumed):
            self.report.note("asks", f"the default of the parameter {name} decided what was taken", node)
        self.template.assumed.clear()

    def _present(self, id_: str, node: Node) -> bool:
        """Whether a resource's own condition lets it be."""
        if not isinstance(node, MapNode):
            return False
        condition = node.text("Condition")
        if condition is None or node.text("Type") not in {*KINDS, *scaling.TYPES}:
            return True
        try:
            holds = self.template.condition(condition, node)
        except Undecided as error:
            self.report.note(
                "refused",
                f"{id_}: {error.why}",
                node,
                code="APO-IMP-006",
                hint=error.hint,
                path=f"/Resources/{id_}",
            )
            return False
        if not holds:
            self.report.note("dropped", f"{id_}: its condition {condition} does not hold", node)
        return holds

    def _name_all(self, present: dict[str, Node]) -> None:
        taken: dict[str, set[str]] = {}
        for id_, node in present.items():
            assert isinstance(node, MapNode)
            kind = KINDS.get(node.text("Type") or "")
            if kind is None:
                continue
            properties = mapping(node, "Properties")
            own = properties.text(_NAMES[kind]) if properties is not None and kind in _NAMES else None
            name = unique(manifest_name(own or id_), taken.setdefault(kind, set()))
            taken[kind].add(name)
            self.ids[id_], self.kinds[id_] = name, kind

    def _draft(self, id_: str, node: MapNode, kind: str, values: Values) -> Draft:
        properties = mapping(node, "Properties") or MapNode(node.source, node.line, node.column)
        value = values.of(properties, f"/Resources/{id_}")
        if not isinstance(value, MapNode):
            raise Undecided("its properties are not written here", node)
        spec = spec_of(kind, value)
        if kind in _NAMES:
            field = SPECS[kind]
            if field not in spec.items:
                self.report.note(
                    "asks",
                    f"{id_}: CloudFormation made up its {field}",
                    node,
                    hint=f"to take over what runs, write the live name as spec.{field}",
                )
        if kind == "Service":
            self._service(id_, spec, node)
        return Draft(kind, self.ids[id_], spec, f"{self.file}, {id_}")

    def _service(self, id_: str, spec: MapNode, node: MapNode) -> None:
        task = spec.items.get("taskDefinition")
        found = _REFERENCE.fullmatch(task.text) if isinstance(task, TextNode) else None
        if found is not None and found["kind"] == "TaskDefinition" and task is not None:
            spec.put(scalar(task, "taskDefinition"), scalar(task, found["name"]))
        cluster = spec.items.get("cluster")
        if isinstance(cluster, TextNode) and "${{" in cluster.text:
            del spec.items["cluster"], spec.keys["cluster"]
            self.report.note("dropped", f"{id_}: the cluster is the environment's", node)
            found_variable = re.fullmatch(r"\$\{\{ var\.([\w.-]+) \}\}", cluster.text)
            if found_variable and (known := self.report.variables.get(found_variable[1])) is not None:
                here = f"{self.file}/Resources/{id_}"
                if known.used == [here] and not _named_elsewhere(spec, cluster.text):
                    del self.report.variables[known.name]

    def _say_the_rest(self, present: dict[str, Node]) -> None:
        rest: dict[str, int] = {}
        for node in present.values():
            assert isinstance(node, MapNode)
            type_ = node.text("Type") or "no Type"
            if type_ not in KINDS and type_ not in scaling.TYPES:
                rest[type_] = rest.get(type_, 0) + 1
        if rest:
            told = ", ".join(f"{count} {type_}" for type_, count in sorted(rest.items()))
            self.report.note("dropped", f"not Apollo's: {told}", self.document)


def _named_elsewhere(node: Node, text: str) -> bool:
    if isinstance(node, TextNode):
        return text in node.text
    items = node.items.values() if isinstance(node, MapNode) else getattr(node, "items", [])
    return any(_named_elsewhere(item, text) for item in items)
