"""Gitmoxi: AWS's own JSON in ``X_svcdef.json`` and ``X_taskdef.json`` with Jinja placeholders, beside a
deployment definition and a file of inputs. The first two are read as what they are."""

from __future__ import annotations

from apollo.importing.model import Draft
from apollo.importing.reader import Reader, Work
from apollo.manifest.nodes import MapNode, Node, TextNode

__all__ = ["Gitmoxi"]

_DEPLOYMENT = {"trafficShiftingConfig", "gmDeploymentCircuitBreaker", "targetGroupArnPairs", "stabilityCheck"}


class Gitmoxi(Reader):
    """The files that only Gitmoxi has."""

    name = "gitmoxi"
    project = False

    def takes(self, document: Node) -> bool:
        if not isinstance(document, MapNode):
            return False
        return bool(_DEPLOYMENT & document.items.keys()) or _inputs(document)

    def read(self, document: Node, work: Work) -> list[Draft]:
        if not isinstance(document, MapNode):
            work.report.note("refused", "a mapping is expected", document, code="APO-IMP-002")
        elif _inputs(document):
            for name, item in document.items.items():
                if name != "ref" and isinstance(item, TextNode):
                    work.report.variable(name, "Gitmoxi's inputs", "", item.text)
            work.report.note(
                "dropped",
                "inputs of Gitmoxi: its values are variables of the Environment; what it takes from "
                "Terraform has to be given to the Environment, too",
                document,
            )
        else:
            work.report.note(
                "dropped",
                "a deployment definition of Gitmoxi: traffic shifting, circuit breaker and checks are "
                "deploymentConfiguration of the Service here",
                document,
            )
        return []


def _inputs(document: MapNode) -> bool:
    ref = document.items.get("ref")
    return isinstance(ref, MapNode) and {"file", "type"} <= ref.items.keys()
