"""The spec of a Service: every field of CreateService and UpdateService that is not Apollo's own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from apollo.api import marker
from apollo.resources.shapes.service import ServiceInput

if TYPE_CHECKING:
    from apollo.api import Env

__all__ = ["ServiceSpec"]


class ServiceSpec(ServiceInput):
    """AWS's CreateService and UpdateService inputs joined.

    Not fields of a spec: ``clientToken`` (Apollo derives it from what it creates), ``forceNewDeployment``
    (an act, not a state) and ``service`` (UpdateService's name for ``serviceName``).
    """

    named_lists: ClassVar[Mapping[str, str]] = {
        "/capacityProviderStrategy": "capacityProvider",
        "/serviceConnectConfiguration/services": "portName",
        "/serviceConnectConfiguration/logConfiguration/secretOptions": "name",
        "/volumeConfigurations": "name",
        "/gatewayConnectors": "portName",
        "/tags": "key",
    }

    def completed(self, name: str, env: "Env") -> Self:
        """``serviceName`` from the manifest, ``cluster`` from the environment (else ``default``), and the
        TaskDefinition that ``taskDefinition`` means: a bare name is one of this environment, and leaving it
        out means the one of the service's own name. A service whose tasks somebody else's controller starts
        (``EXTERNAL``) has none."""
        update: dict[str, Any] = {}
        if self.serviceName is None:
            update["serviceName"] = name
        if self.cluster is None:
            update["cluster"] = env.cluster or "default"
        task = self.taskDefinition
        if task is None:
            controller = self.deploymentController
            if controller is None or controller.type != "EXTERNAL":
                update["taskDefinition"] = marker("TaskDefinition", name, "arn")
        elif task and ":" not in task and "/" not in task:
            update["taskDefinition"] = marker("TaskDefinition", task, "arn")
        return self.model_copy(update=update) if update else self
