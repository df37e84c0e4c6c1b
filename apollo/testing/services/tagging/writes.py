"""TagResources and UntagResources: carried out by the services themselves, resource by resource."""

from collections.abc import Callable

from apollo.testing.errors import ApiError
from apollo.testing.services.tagging.index import Index
from apollo.testing.world import Call, Json, Tags

Change = tuple[str, Json]
"""An operation of a service, and its request."""
Add = Callable[[str, Tags], Change]
Remove = Callable[[str, list[str]], Change]

SERVICES: dict[str, tuple[str, Add, Remove]] = {
    "application-autoscaling": (
        "application-autoscaling",
        lambda arn, tags: ("TagResource", {"ResourceARN": arn, "Tags": tags}),
        lambda arn, keys: ("UntagResource", {"ResourceARN": arn, "TagKeys": keys}),
    ),
    "ecs": (
        "ecs",
        lambda arn, tags: (
            "TagResource",
            {"resourceArn": arn, "tags": [{"key": k, "value": v} for k, v in tags.items()]},
        ),
        lambda arn, keys: ("UntagResource", {"resourceArn": arn, "tagKeys": keys}),
    ),
    "elasticloadbalancing": (
        "elbv2",
        lambda arn, tags: (
            "AddTags",
            {"ResourceArns": [arn], "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]},
        ),
        lambda arn, keys: ("RemoveTags", {"ResourceArns": [arn], "TagKeys": keys}),
    ),
}
"""By the service in an ARN: botocore's name of it, and its own requests to add and to remove tags."""


def tag_resources(index: Index, call: Call) -> Json:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html"""
    tags = call.params["Tags"]
    return _each(index, call, lambda add, remove, arn: add(arn, tags))


def untag_resources(index: Index, call: Call) -> Json:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_UntagResources.html"""
    keys = call.params["TagKeys"]
    return _each(index, call, lambda add, remove, arn: remove(arn, keys))


def _each(index: Index, call: Call, change: Callable[[Add, Remove, str], Change]) -> Json:
    """What one resource refuses does not keep the others from theirs; the call itself succeeds."""
    failed: Json = {}
    for arn in dict.fromkeys(call.params["ResourceARNList"]):
        try:
            service, add, remove = _service_of(index, arn)
            operation, params = change(add, remove, arn)
            backend = index.world.backend(service, index.account, index.region)
            own = Call(
                service,
                operation,
                params,
                call.account,
                call.region,
                call.identity,
                call.now,
                call.user_agent,
            )
            backend.operations[operation](backend, own)
        except ApiError as error:
            failed[arn] = {
                "StatusCode": error.status,
                # The model lists two codes. "and any valid error code returned by the … service"
                "ErrorCode": error.code,
                "ErrorMessage": error.message,
            }
    return {"FailedResourcesMap": failed}


def _service_of(index: Index, arn: str) -> tuple[str, Add, Remove]:
    """ "You can only tag resources that are located in the specified Region for the account." """
    parts = arn.split(":", 5)
    known = SERVICES.get(parts[2]) if len(parts) == 6 and parts[:2] == ["arn", "aws"] else None
    if known is None or parts[3:5] != [index.region, index.account]:
        raise ApiError("InvalidParameterException", f"The ARN {arn} cannot be tagged from here")
    return known
