"""PipeCD: ``app.pipecd.yaml`` names a service definition, a task definition and target groups.

https://pipecd.dev/docs/user-guide/managing-application/defining-app-configuration/ecs/
"""

from __future__ import annotations

from apollo.importing.model import Draft
from apollo.importing.names import manifest_name
from apollo.importing.projects import definitions, spec_of
from apollo.importing.reader import Reader, Work, mapping, named_after, scalar
from apollo.manifest.nodes import ListNode, MapNode, Node, TextNode

__all__ = ["PipeCd"]

_OWN = {
    "pipeline": "stages of PipeCD; see deploymentConfiguration.strategy for ECS's own blue/green and canary",
    "quickSync": "PipeCD's own",
    "encryption": "secrets that PipeCD decrypts: keep them in Secrets Manager or SSM",
    "attachment": "files that PipeCD pastes in",
    "trigger": "Apollo follows the branch",
    "notification": "PipeCD's own",
}
_RUN = ("launchType", "clusterArn", "awsvpcConfiguration")


class PipeCd(Reader):
    """An application of PipeCD's ECS platform."""

    name = "pipecd"
    project = True

    def takes(self, document: Node) -> bool:
        return isinstance(document, MapNode) and (document.text("apiVersion") or "").startswith("pipecd.dev/")

    def read(self, document: Node, work: Work) -> list[Draft]:
        assert isinstance(document, MapNode)
        report = work.report
        spec = mapping(document, "spec")
        entry = mapping(spec, "input")
        if document.text("kind") not in ("ECSApp", "Application") or spec is None or entry is None:
            what = document.text("kind") or "document"
            why = "" if entry is not None else ", and names no service or task definition"
            report.note("refused", f"a {what} of PipeCD{why}", document, code="APO-IMP-002")
            return []
        name = manifest_name(spec.text("name") or named_after(document))
        files = [entry.items.get(one) for one in ("serviceDefinitionFile", "taskDefinitionFile")]
        named = [file if isinstance(file, TextNode) and not file.absent else None for file in files]
        if named[1] is None:
            report.note(
                "refused",
                "spec.input.taskDefinitionFile is missing",
                entry,
                code="APO-IMP-002",
                path="/spec/input",
            )
            return []
        service, task = definitions(document, named[0], named[1], work, name)
        if service is not None:
            self._targets(service, mapping(entry, "targetGroups"), work)
        elif named[0] is None and task is not None:
            report.note(
                "dropped", "a standalone task: its task definition is imported, and nothing runs it", entry
            )
            for one in _RUN:
                if one in entry.items:
                    report.note("dropped", f"'{one}' of a standalone task", entry.items[one])
        for own, why in _OWN.items():
            if own in spec.items:
                report.note("dropped", f"'{own}': {why}", spec.items[own])
        return [draft for draft in (task, service) if draft is not None]

    def _targets(self, draft: Draft, groups: MapNode | None, work: Work) -> None:
        spec = spec_of(draft)
        primary = mapping(groups, "primary")
        if spec is None:
            return
        if primary is not None and "loadBalancers" not in spec.items:
            balancers = ListNode(primary.source, primary.line, primary.column)
            balancers.items = [primary]
            spec.put(scalar(primary, "loadBalancers"), balancers)
        if (canary := mapping(groups, "canary")) is not None:
            work.report.note(
                "asks",
                "a second target group, for PipeCD's own canary or blue/green",
                canary,
                hint="ECS shifts it itself: loadBalancers[].advancedConfiguration.alternateTargetGroupArn"
                " and deploymentConfiguration.strategy",
            )
