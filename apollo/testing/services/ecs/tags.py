"""Tags: how they are checked, and the three tag operations.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-using-tags.html
"""

from collections.abc import Iterator

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Json, Tags
from apollo.testing.world import Call

MOST = 50
_SIGNS = frozenset("_.:/=+-@")


def checked(given: list[Json] | None) -> Tags:
    """Tags of a create request. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html"""
    tags: Tags = {}
    for tag in given or []:
        key, value = tag.get("key", ""), tag.get("value", "")
        if not key:
            raise invalid("Tag key must not be empty.")
        if key.lower().startswith("aws:"):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
        if key in tags:
            raise invalid(
                f"Duplicate tag keys found. Please note that tag keys are case insensitive. Key: {key}"
            )
        for what, text in (("key", key), ("value", value)):
            if not all(c.isalnum() or c.isspace() or c in _SIGNS for c in text):
                raise invalid(f"The tag {what} '{text}' contains characters that are not allowed.")
        tags[key] = value
    if len(tags) > MOST:
        raise invalid(f"The number of tags exceeds the limit of {MOST}.")
    return tags


def listed(tags: Tags) -> list[Json]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _tags_of(ecs: Region, arn: str) -> Tags:
    """The tags of what an ARN names, to be changed in place."""
    if not arn.startswith(f"arn:aws:ecs:{ecs.region}:{ecs.account}:"):
        raise invalid("The specified resource ARN is not valid. Specify a valid ARN and try again.")
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    parts = rest.split("/")
    if kind == "cluster":
        return ecs.cluster(arn).tags
    if kind == "task-definition":
        definition = ecs.find_definition(arn)
        if definition is None:
            raise invalid("The specified task definition is not found. Specify a valid task definition.")
        return definition.tags
    if kind == "service":
        if len(parts) == 1:
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html#ecs-resource-ids
            raise invalid(
                "Long arn format must be used for tagging operations. Update the service to use the long ARN."
            )
        service = ecs.find_service(ecs.cluster(parts[0]), arn)
        if service is None or service.status == "INACTIVE":
            raise invalid("The specified service is not found. Specify a valid service and try again.")
        return service.tags
    if kind == "task":
        task = ecs.tasks.get(parts[-1])
        if task is None or not ecs.remembered(task):
            raise invalid("The specified task is not found. Specify a valid task and try again.")
        return task.tags
    if kind == "container-instance":
        instance = ecs.cluster(parts[0]).instances.get(parts[-1])
        if instance is None:
            raise invalid(
                "The specified container instance is not found. Specify a valid container instance."
            )
        return instance.tags
    if kind == "capacity-provider":
        provider = ecs.providers.get(parts[-1])
        if provider is None:
            raise invalid("The specified capacity provider is not found. Specify a valid capacity provider.")
        return provider.tags
    raise invalid("The specified resource ARN is not valid. Specify a valid ARN and try again.")


def tag_resource(ecs: Region, call: Call) -> Json:
    """Merges: keys that are not named stay.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html"""
    tags = _tags_of(ecs, call.params["resourceArn"])
    if not call.params["tags"]:
        raise invalid("Tags can not be empty.")
    added = checked(call.params["tags"])
    own = [key for key in {**tags, **added} if not key.startswith("aws:")]
    if len(own) > MOST:
        raise ApiError("LimitExceededException", f"The number of tags exceeds the limit of {MOST}.")
    tags.update(added)
    return {}


def untag_resource(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UntagResource.html"""
    tags = _tags_of(ecs, call.params["resourceArn"])
    for key in call.params["tagKeys"]:
        if key.lower().startswith("aws:"):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
        tags.pop(key, None)
    return {}


def list_tags(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTagsForResource.html"""
    return {"tags": listed(_tags_of(ecs, call.params["resourceArn"]))}


def resources(ecs: Region) -> Iterator[tuple[str, str, Tags]]:
    """For the tagging API. It knows no tasks, and nothing of what is gone.

    Deregistered task definitions are not gone: "INACTIVE task definitions remain discoverable in your account
    indefinitely", by revision and with their tags.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html
    """
    for cluster in ecs.clusters.values():
        ecs.step_cluster(cluster)
        if cluster.status == "ACTIVE":
            yield cluster.arn, "ecs:cluster", cluster.tags
        for service in cluster.services.values():
            if service.status != "INACTIVE":
                yield service.arn, "ecs:service", service.tags
    for revisions in ecs.families.values():
        for definition in revisions.values():
            yield definition.arn, "ecs:task-definition", definition.tags
