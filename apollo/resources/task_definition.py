"""The spec of a TaskDefinition: every field of RegisterTaskDefinition."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from apollo.resources.shapes.task_definition import TaskDefinitionInput

if TYPE_CHECKING:
    from apollo.api import Env

__all__ = ["TaskDefinitionSpec"]


class TaskDefinitionSpec(TaskDefinitionInput):
    """AWS's RegisterTaskDefinition input. ``family`` defaults to the name of the manifest."""

    named_lists: ClassVar[Mapping[str, str]] = {
        "/containerDefinitions": "name",
        "/containerDefinitions/*/environment": "name",
        "/containerDefinitions/*/secrets": "name",
        "/containerDefinitions/*/logConfiguration/secretOptions": "name",
        "/containerDefinitions/*/ulimits": "name",
        "/containerDefinitions/*/mountPoints": "containerPath",
        "/containerDefinitions/*/volumesFrom": "sourceContainer",
        "/containerDefinitions/*/dependsOn": "containerName",
        "/containerDefinitions/*/systemControls": "namespace",
        "/proxyConfiguration/properties": "name",
        "/volumes": "name",
        "/tags": "key",
    }

    def completed(self, name: str, env: "Env") -> Self:
        return self if self.family is not None else self.model_copy(update={"family": name})
