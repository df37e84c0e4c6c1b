"""Tags, which only scalable targets have.

https://docs.aws.amazon.com/autoscaling/application/userguide/resource-tagging-support.html
"""

from collections.abc import Iterator

from apollo.testing.errors import ApiError
from apollo.testing.services.autoscaling.region import Region, invalid
from apollo.testing.services.autoscaling.state import Json, Tags
from apollo.testing.world import Call

MOST = 50
_SIGNS = frozenset("_.:/=+-@")


def checked(given: Tags, before: Tags, arn: str) -> Tags:
    """The tags after a request that adds to them."""
    for key, value in given.items():
        if not 1 <= len(key) <= 128 or len(value) > 256:
            raise invalid("A tag key has 1 to 128 characters, a tag value at most 256")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys that start with 'aws:' are reserved")
        if not all(c.isalnum() or c.isspace() or c in _SIGNS for c in key + value):
            raise invalid(f"The tag '{key}' contains characters that are not allowed")
    after = {**before, **given}
    if len(after) > MOST:
        raise ApiError("TooManyTagsException", f"A resource can have at most {MOST} tags", ResourceName=arn)
    return after


def _find(scaling: Region, arn: str) -> Tags:
    for target in scaling.all():
        if target.arn == arn:
            return target.tags
    raise ApiError("ResourceNotFoundException", f"The resource '{arn}' was not found", ResourceName=arn)


def tag(scaling: Region, call: Call) -> Json:
    """Merges. https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html"""
    arn = call.params["ResourceARN"]
    tags = _find(scaling, arn)
    tags.update(checked(call.params["Tags"], tags, arn))
    return {}


def untag(scaling: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_UntagResource.html"""
    tags = _find(scaling, call.params["ResourceARN"])
    for key in call.params["TagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags(scaling: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html"""
    return {"Tags": dict(_find(scaling, call.params["ResourceARN"]))}


def resources(scaling: Region) -> Iterator[tuple[str, str, Tags]]:
    """For the tagging API."""
    for target in scaling.all():
        yield target.arn, "application-autoscaling:scalable-target", target.tags
