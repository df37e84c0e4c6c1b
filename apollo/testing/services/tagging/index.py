"""What the API knows of the services' tags: at once, or some time after the fact."""

from collections import deque

from apollo.testing.world import Tags, World

Tagged = dict[str, tuple[str, Tags]]
"""By ARN: the resource type and the tags, of everything that has any."""


class Index:
    """Every tagged resource of one account and region, as of `Timings.tagging_lag` seconds ago.

    AWS fills its index behind the services' backs, so that a change shows late, and what was deleted is
    still listed for a while: https://github.com/boto/boto3/issues/3341, https://github.com/aws/aws-sdk/issues/302
    """

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world
        self.account = account
        self.region = region
        self._lag = world.timings.tagging_lag
        self._shown: Tagged = {}
        self._coming: deque[tuple[float, Tagged]] = deque()

    def tagged(self) -> Tagged:
        """What the API shows now."""
        if not self._lag:
            return self._collect()
        self.step()
        return self._shown

    def step(self) -> None:
        """Take note of what changed, and show what is old enough."""
        if not self._lag:
            return
        now = self.world.clock.now()
        found = self._collect()
        if found != (self._coming[-1][1] if self._coming else self._shown):
            self._coming.append((now + self._lag, found))
        while self._coming and self._coming[0][0] <= now:
            self._shown = self._coming.popleft()[1]

    def next_event(self) -> float | None:
        return self._coming[0][0] if self._coming else None

    def _collect(self) -> Tagged:
        found = [
            resource
            for (_, account, region), backend in list(self.world.backends.items())
            if (account, region) == (self.account, self.region)
            for resource in backend.tagged_resources()
        ]
        found += self.world.moto.tagged(self.account, self.region)
        return {arn: (kind, dict(tags)) for arn, kind, tags in found if tags}
