"""Container instances, said instead of registered: how many a cluster has decides where EC2 tasks run."""

from apollo.testing.services.ecs import text
from apollo.testing.services.ecs.lifecycle import stop_task
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.scheduler import wake
from apollo.testing.services.ecs.state import Cluster


def set_instances(ecs: Region, cluster: Cluster, count: int, now: float) -> None:
    """From now on the cluster has so many container instances; those that go take their tasks with them.

    A daemon service "deploys exactly one task on each active container instance"
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service-options.html).
    """
    ecs.step_cluster(cluster)
    ecs.step_standalone()
    known = cluster.instances or []
    gone = set(known[count:])
    cluster.instances = known[:count] + [ecs.world.ids.hex(32) for _ in range(count - len(known))]
    for task in ecs.tasks.values() if gone else ():
        if task.live and task.cluster is cluster and task.instance in gone:
            stop_task(ecs, task, now, "TerminationNotice", text.terminated(task.instance))
            if task.service is not None:
                task.service.steady = False
    for service in cluster.services.values():
        if service.status != "ACTIVE":
            continue
        if service.fields["schedulingStrategy"] == "DAEMON":
            service.desired = service.primary.desired = count
        service.blocked_until = 0.0
        wake(ecs, service, now)
