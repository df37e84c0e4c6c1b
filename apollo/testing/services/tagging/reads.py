"""GetResources, GetTagKeys and GetTagValues."""

from apollo.testing.errors import ApiError
from apollo.testing.services.tagging.index import Index
from apollo.testing.services.tagging.paging import page
from apollo.testing.world import Call, Json, Tags

_TYPES = 100


def invalid(message: str) -> ApiError:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html#API_GetResources_Errors"""
    return ApiError("InvalidParameterException", message)


def get_resources(index: Index, call: Call) -> Json:
    """By tags and types, or by ARN. All filters have to hold, of each filter's values any one.

    What lost its last tag is not listed; AWS may show it with an empty list of tags.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    p = call.params
    if p.get("ExcludeCompliantResources") and not p.get("IncludeComplianceDetails"):
        raise invalid("ExcludeCompliantResources can only be used together with IncludeComplianceDetails")
    if "ResourceARNList" in p:
        for other in (
            "TagFilters",
            "ResourceTypeFilters",
            "ResourcesPerPage",
            "TagsPerPage",
            "PaginationToken",
        ):
            if p.get(other):
                raise invalid(f"You can't specify both ResourceARNList and {other} in the same request")
        tagged = index.tagged()
        named = dict.fromkeys(p["ResourceARNList"])
        found = {arn: tagged[arn][1] for arn in named if arn in tagged}
        return {"PaginationToken": "", "ResourceTagMappingList": _listed(found, list(found))}
    filters, kinds = _filters(p), p.get("ResourceTypeFilters", [])
    if len(kinds) > _TYPES:
        raise invalid(f"ResourceTypeFilters can have at most {_TYPES} items")
    found = {
        arn: tags
        for arn, (kind, tags) in index.tagged().items()
        if (not kinds or _is_one_of(arn, kind, kinds))
        and all(key in tags and (not values or tags[key] in values) for key, values in filters)
    }
    weights = {arn: len(tags) for arn, tags in found.items()}
    arns, token = page(weights, p, call.now, size=p.get("ResourcesPerPage"), weight=p.get("TagsPerPage"))
    return {"PaginationToken": token, "ResourceTagMappingList": _listed(found, arns)}


def _filters(params: Json) -> list[tuple[str, list[str]]]:
    filters = []
    for item in params.get("TagFilters", []):
        if "Key" not in item:
            raise invalid("Each TagFilter must contain a Key")
        filters.append((item["Key"], item.get("Values", [])))
    return filters


def _is_one_of(arn: str, kind: str, wanted: list[str]) -> bool:
    """A filter is a service, a type, or the beginning of the ARN's own path such as `…:loadbalancer/app`."""
    _, _, service, _, _, resource = arn.split(":", 5)
    path = f"{service}:{resource}"
    return any(given in (service, kind) or path.startswith(f"{given}/") for given in wanted)


def _listed(found: dict[str, Tags], arns: list[str]) -> list[Json]:
    return [
        {"ResourceARN": arn, "Tags": [{"Key": k, "Value": v} for k, v in found[arn].items()]} for arn in arns
    ]


def get_tag_keys(index: Index, call: Call) -> Json:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_getTagKeys.html"""
    keys = {key for _, tags in index.tagged().values() for key in tags}
    chunk, token = page(dict.fromkeys(keys, 1), call.params, call.now)
    return {"PaginationToken": token, "TagKeys": chunk}


def get_tag_values(index: Index, call: Call) -> Json:
    """https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_getTagValues.html"""
    key = call.params["Key"]
    values = {tags[key] for _, tags in index.tagged().values() if key in tags}
    chunk, token = page(dict.fromkeys(values, 1), call.params, call.now)
    return {"PaginationToken": token, "TagValues": chunk}
