"""Transforms: rewrites of the request before it goes to a target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
"""

import re

from apollo.testing.services.elbv2.region import invalid
from apollo.testing.services.elbv2.state import Json

_CONFIG = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}


def checked(given: list[Json]) -> list[Json]:
    """ "You can add one host header rewrite transform and one URL rewrite transform."

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
    """
    kinds = [item["Type"] for item in given]
    if len(set(kinds)) < len(kinds):
        raise invalid("A rule can only have one transform of each type")
    for item in given:
        name = _CONFIG[item["Type"]]
        if set(item) - {"Type", name}:
            raise invalid(f"A transform of type '{item['Type']}' takes '{name}' only")
        rewrites = item.get(name, {}).get("Rewrites", [])
        if len(rewrites) != 1:
            raise invalid(f"'{name}' must have exactly one rewrite")
        for text in rewrites[0].values():
            if len(text) > 1024:
                raise invalid("A rewrite can have at most 1024 characters")
        try:
            re.compile(rewrites[0]["Regex"])
        except re.error:
            raise invalid(f"The regular expression '{rewrites[0]['Regex']}' is not valid") from None
    return given
