"""The state of ECS without what AWS draws: for comparing where two runs ended."""

from collections import Counter

from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.service_config import canonical
from apollo.testing.services.ecs.state import Json, Service, Task


def snapshot(ecs: Region) -> Json:
    now = ecs.now
    return {
        "clusters": {
            cluster.name: {
                "status": cluster.status,
                "tags": dict(sorted(cluster.tags.items())),
                "capacityProviders": sorted(cluster.capacity_providers),
                "settings": sorted(cluster.settings, key=lambda item: str(item.get("name"))),
                "containerInstances": len(cluster.instances),
                "draining": len(cluster.draining()),
                "defaultCapacityProviderStrategy": cluster.default_strategy,
                "services": {name: _service(s, now) for name, s in sorted(cluster.services.items())},
            }
            for cluster in sorted(ecs.clusters.values(), key=lambda c: c.name)
        },
        "taskDefinitions": {
            f"{family}:{number}": {
                "status": definition.status,
                "content": definition.content,
                "tags": dict(sorted(definition.tags.items())),
            }
            for family, revisions in sorted(ecs.families.items())
            for number, definition in sorted(revisions.items())
        },
        "settings": {who: dict(sorted(said.items())) for who, said in sorted(ecs.settings.items()) if said},
        "tasks": _tally(list(ecs.standalone.values()), now),
    }


def _service(service: Service, now: float) -> Json:
    body: Json = {"status": service.status, "tags": dict(sorted(service.tags.items()))}
    if service.status == "INACTIVE":
        return body
    if service.external:
        body["taskSets"] = [
            {
                "status": known.deployment.status,
                "scale": known.scale,
                "taskDefinition": known.deployment.revision.task_definition.arn,
                "tasks": _tally([t for t in service.tasks if t.deployment is known.deployment], now),
            }
            for known in service.task_sets
        ]
    return body | {
        "desiredCount": service.desired,
        **service.fields,
        **(canonical(service.serving.revision.config) if service.serving is not None else {}),
        "deployments": [
            {
                "status": d.status,
                "rolloutState": d.rollout_state,
                "taskDefinition": d.revision.task_definition.arn,
                "tasks": _tally([t for t in service.tasks if t.deployment is d], now),
            }
            for d in service.deployments
        ],
        "lastServiceDeployment": service.current.status if service.history else None,
    }


def _tally(tasks: list[Task], now: float) -> dict[str, int]:
    return dict(sorted(Counter(f"{t.definition.family}:{t.status(now)}" for t in tasks).items()))
