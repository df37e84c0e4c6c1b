"""Application Auto Scaling in one account and region: its state, and the lookups that operations share."""

from collections import deque
from typing import TYPE_CHECKING, cast

from apollo.testing.errors import ApiError, NotSimulated
from apollo.testing.services.autoscaling.state import DIMENSION, Activity, Json, Target
from apollo.testing.world import World

if TYPE_CHECKING:
    from apollo.testing.services.ecs import Ecs
    from apollo.testing.services.ecs.state import Service


def invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


class Region:
    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world
        self.account = account
        self.region = region
        self.targets: dict[str, Target] = {}
        """By resource id; the namespace is always ecs."""
        self.activities: deque[Activity] = deque(maxlen=10_000)
        """Oldest first."""

    @property
    def now(self) -> float:
        return self.world.clock.now()

    @property
    def role(self) -> str:
        """Services with a service-linked role always use it.
        https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html"""
        return (
            f"arn:aws:iam::{self.account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService"
        )

    @property
    def ecs(self) -> "Ecs":
        return cast("Ecs", self.world.backend("ecs", self.account, self.region))

    def find_service(self, resource_id: str) -> "Service | None":
        """The ACTIVE service behind `service/<cluster>/<service>`, brought up to now."""
        cluster_name, _, name = resource_id.removeprefix("service/").rpartition("/")
        try:
            found = self.ecs.find_service(self.ecs.cluster(cluster_name), name)
        except ApiError:
            return None
        return found if found is not None and found.status == "ACTIVE" else None

    def find(self, resource_id: str) -> Target | None:
        """A scalable target goes with its service, and its policies and scheduled actions with it.

        AWS does so when the service is deleted: https://github.com/eagletmt/hako/pull/69,
        https://github.com/hashicorp/terraform-provider-aws/issues/10432
        """
        found = self.targets.get(resource_id)
        if found is not None and found.service.status != "ACTIVE":
            del self.targets[resource_id]
            return None
        return found

    def all(self) -> list[Target]:
        return [target for name in list(self.targets) if (target := self.find(name)) is not None]

    def target(self, params: Json) -> Target:
        """The registered target that a request names."""
        resource_id = self.check(params)
        found = self.find(resource_id)
        if found is None:
            raise ApiError(
                "ObjectNotFoundException", f"No scalable target registered for {named(resource_id)}"
            )
        return found

    def check(self, params: Json) -> str:
        """The resource id of a request, if it is one of an ECS service."""
        self.check_namespace(params)
        resource_id = str(params["ResourceId"])
        parts = resource_id.split("/")
        if params["ScalableDimension"] != DIMENSION or parts[0] != "service" or len(parts) < 3:
            raise invalid("Unsupported service namespace, resource type or scalable dimension")
        return resource_id

    def check_namespace(self, params: Json) -> None:
        if params["ServiceNamespace"] != "ecs":
            raise NotSimulated(f"application-autoscaling of {params['ServiceNamespace']}")


def named(resource_id: str) -> str:
    return f"service namespace: ecs, resource ID: {resource_id}, scalable dimension: {DIMENSION}"
