"""ecspresso: ``ecspresso.yml`` names a cluster, a service, and two files of AWS's own JSON.

https://github.com/kayac/ecspresso
"""

from __future__ import annotations

from apollo.importing.model import Draft
from apollo.importing.names import manifest_name
from apollo.importing.placeholders import replaced
from apollo.importing.projects import definitions, spec_of
from apollo.importing.reader import Reader, Work, named_after, scalar
from apollo.manifest.nodes import MapNode, Node, TextNode

__all__ = ["Ecspresso"]

_OWN = ("codedeploy", "appspec", "filter_command")


class Ecspresso(Reader):
    """A project of ecspresso."""

    name = "ecspresso"
    project = True

    def takes(self, document: Node) -> bool:
        return isinstance(document, MapNode) and bool(
            {"service_definition", "task_definition"} & document.items.keys()
        )

    def read(self, document: Node, work: Work) -> list[Draft]:
        config = replaced(document, work.report, document.source.file)
        if not isinstance(config, MapNode):
            work.report.note("refused", "a mapping is expected", document, code="APO-IMP-002")
            return []
        files = [config.items.get(name) for name in ("service_definition", "task_definition")]
        for file in files:
            if file is not None and not isinstance(file, TextNode):
                work.report.note("refused", "the name of a file is expected", file, code="APO-IMP-002")
        if all(isinstance(file, TextNode) and file.absent for file in files if file is not None):
            work.report.note("refused", "it names no definition", document, code="APO-IMP-002")
        named = [file if isinstance(file, TextNode) and not file.absent else None for file in files]
        called = config.text("service")
        name = manifest_name(called) if called and "${{" not in called else named_after(config)
        service, task = definitions(config, named[0], named[1], work, name)
        spec = spec_of(service) if service is not None else None
        if service is not None and spec is not None:
            if called and "serviceName" not in spec.items:
                service.name = name
                if called != name:
                    spec.put(scalar(spec, "serviceName"), scalar(config, called))
            cluster = config.items.get("cluster")
            if isinstance(cluster, TextNode) and "cluster" not in spec.items:
                spec.put(scalar(cluster, "cluster"), cluster)
        for own in _OWN:
            if own in config.items:
                work.report.note("dropped", f"'{own}' is ecspresso's own", config.items[own])
        if (region := config.items.get("region")) is not None:
            work.report.note("dropped", "the region is the Environment's: set spec.aws.region", region)
        return [draft for draft in (task, service) if draft is not None]
