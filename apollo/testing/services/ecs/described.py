"""Services as they are described, kept until something happens to them: who waits asks again and again."""

from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.service_view import view
from apollo.testing.services.ecs.state import Service
from apollo.testing.wire.json_rpc import Rendered

_MOST = 256
"""Answers that are kept: enough for whoever waits, and little memory in a world of many thousands."""


def described(ecs: Region, service: Service, *, tags: bool) -> Rendered:
    """As `view` shows a service that was brought up to now; what has no order to AWS comes in up to four."""
    state = (ecs.world.version, service.version)
    found = ecs.described.get((service, tags))
    if found is None or found[0] != state:
        if found is None and len(ecs.described) >= _MOST:
            ecs.described.clear()
        found = ecs.described[service, tags] = (state, [])
    orders = found[1]
    chosen = ecs.world.shuffle.getrandbits(2)
    if chosen >= len(orders):
        orders.append(Rendered(view(ecs, service, tags=tags)))
        return orders[-1]
    return orders[chosen]
