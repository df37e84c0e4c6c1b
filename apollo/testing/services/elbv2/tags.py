"""Tags of load balancers, listeners, rules and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html
"""

from collections.abc import Iterator

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.state import Json, Tags
from apollo.testing.world import Call

MOST = 50
_SIGNS = frozenset("_.:/=+-@")


def checked(given: list[Json] | None, duplicate: str = "ValidationError") -> Tags:
    """The tags of a request; not every operation has a code of its own for a key that is there twice.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html
    """
    tags: Tags = {}
    for tag in given or []:
        key, value = tag["Key"], tag.get("Value", "")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys that start with 'aws:' are reserved for system use")
        if key in tags:
            raise ApiError(duplicate, f"A tag key was specified more than once: '{key}'")
        for what, text in (("key", key), ("value", value)):
            if not all(c.isalnum() or c.isspace() or c in _SIGNS for c in text):
                raise invalid(f"The tag {what} '{text}' contains characters that are not allowed")
        tags[key] = value
    if len(tags) > MOST:
        raise ApiError("TooManyTags", f"The limit of {MOST} tags per resource was reached")
    return tags


def _tags_of(elb: Region, arn: str) -> Tags:
    resource = arn.split(":", 5)[-1]
    match resource.partition("/")[0]:
        case "loadbalancer":
            return elb.balancer(arn).tags
        case "listener":
            return elb.listener(arn).tags
        case "listener-rule":
            return elb.rule(arn).tags
        case "targetgroup":
            return elb.group(arn).tags
    raise invalid(f"'{arn}' is not a valid resource ARN")


def _all(elb: Region, arns: list[str]) -> list[Tags]:
    """Of every resource, before anything is changed."""
    if len(arns) > 20:
        raise invalid("Up to 20 resources can be named in one call")
    return [_tags_of(elb, arn) for arn in dict.fromkeys(arns)]


def add(elb: Region, call: Call) -> Json:
    """Merges: "If a resource already has a tag with the same key, AddTags updates its value."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html
    """
    added = checked(call.params["Tags"], "DuplicateTagKeys")
    found = _all(elb, call.params["ResourceArns"])
    if any(len({**tags, **added}) > MOST for tags in found):
        raise ApiError("TooManyTags", f"The limit of {MOST} tags per resource was reached")
    for tags in found:
        tags.update(added)
    return {}


def remove(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveTags.html"""
    for tags in _all(elb, call.params["ResourceArns"]):
        for key in call.params["TagKeys"]:
            tags.pop(key, None)
    return {}


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html"""
    arns = list(dict.fromkeys(call.params["ResourceArns"]))
    return {
        "TagDescriptions": [
            {"ResourceArn": arn, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
            for arn, tags in zip(arns, _all(elb, arns), strict=True)
        ]
    }


def resources(elb: Region) -> Iterator[tuple[str, str, Tags]]:
    """For the tagging API."""
    kinds = (
        ("loadbalancer", elb.balancers),
        ("listener", elb.listeners),
        ("listener-rule", elb.rules),
        ("targetgroup", elb.groups),
    )
    for kind, found in kinds:
        for arn, item in found.items():
            yield arn, f"elasticloadbalancing:{kind}", item.tags
