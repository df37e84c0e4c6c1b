"""Answers of which something is missing."""

import random
from typing import Any

_TOKENS = ("nextToken", "NextToken", "NextMarker", "PaginationToken")


def without_next_page(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that looks like the last page."""
    return {name: value for name, value in answer.items() if name not in _TOKENS}


def without_one(answer: dict[str, Any], reason: str, rng: random.Random) -> dict[str, Any]:
    """One of the resources that were found is among the `failures` instead; other answers stay as they are.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Failure.html
    """
    if "failures" not in answer:
        return answer
    for name, items in answer.items():
        key = f"{name.removesuffix('s')}Arn"
        if isinstance(items, list) and items and isinstance(items[0], dict) and key in items[0]:
            lost = rng.randrange(len(items))
            failure = {"arn": items[lost][key], "reason": reason}
            return {
                **answer,
                name: items[:lost] + items[lost + 1 :],
                "failures": [*answer["failures"], failure],
            }
    return answer
