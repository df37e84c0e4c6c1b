"""What the Lambda functions behind deployment lifecycle hooks answer: nothing really runs here.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
"""

from collections import deque
from typing import Any

STATUSES = frozenset({"SUCCEEDED", "FAILED", "IN_PROGRESS"})
_MOST = 1000


class LambdaHooks:
    """The answers in force; a function that nobody spoke for answers SUCCEEDED."""

    def __init__(self) -> None:
        self._answers: dict[str, list[tuple[str, int | None]]] = {}
        self.calls: deque[dict[str, Any]] = deque(maxlen=_MOST)
        """The last thousand payloads with which ECS called, oldest first, with `hookTargetArn` added."""

    def answer(self, arn: str, status: str, *, times: int | None = None) -> None:
        """From now on the function returns this hookStatus: SUCCEEDED, FAILED or IN_PROGRESS.

        times: only so often; then what was said before counts again. ValueError: another status.
        """
        if status not in STATUSES:
            raise ValueError(f"unknown hook status {status!r}; one of {', '.join(sorted(STATUSES))}")
        known = self._answers.setdefault(arn, [])
        if times is None:
            known.clear()
        known.append((status, times))

    def call(self, arn: str, payload: dict[str, Any]) -> str:
        """ECS calls the function."""
        self.calls.append({"hookTargetArn": arn, **payload})
        known = self._answers.get(arn)
        if not known:
            return "SUCCEEDED"
        status, times = known.pop()
        if times is None:
            known.append((status, None))
        elif times > 1:
            known.append((status, times - 1))
        return status

    def clear(self) -> None:
        self._answers.clear()
        self.calls.clear()
