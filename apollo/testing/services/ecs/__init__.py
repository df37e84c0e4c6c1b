"""Amazon ECS: clusters, task definitions, services with their deployments, tasks, tags."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from apollo.testing.services.ecs import (
    account,
    attributes,
    clusters,
    deployments,
    execute,
    instances,
    namespaces,
    protection,
    providers,
    services,
    start_task,
    tags,
    task_definitions,
    task_sets,
    tasks,
)
from apollo.testing.services.ecs.lifecycle import fail_due
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.scheduler import step
from apollo.testing.services.ecs.snapshot import snapshot
from apollo.testing.services.ecs.state import Json, Service, Tags
from apollo.testing.world import Handler


class Ecs(Region):
    """ECS in one account and region."""

    model: ClassVar[str] = "ecs"
    validation_code: ClassVar[str] = "InvalidParameterException"
    operations: ClassVar[Mapping[str, Handler]] = {
        "CreateCluster": clusters.create_cluster,
        "DescribeClusters": clusters.describe_clusters,
        "ListClusters": clusters.list_clusters,
        "DeleteCluster": clusters.delete_cluster,
        "UpdateCluster": clusters.update,
        "UpdateClusterSettings": clusters.update_settings,
        "CreateCapacityProvider": providers.create,
        "UpdateCapacityProvider": providers.update,
        "DeleteCapacityProvider": providers.delete,
        "DescribeCapacityProviders": providers.describe,
        "PutClusterCapacityProviders": providers.put_for_cluster,
        "RegisterContainerInstance": instances.register,
        "DeregisterContainerInstance": instances.deregister,
        "ListContainerInstances": instances.list_instances,
        "DescribeContainerInstances": instances.describe,
        "UpdateContainerInstancesState": instances.update_state,
        "PutAttributes": attributes.put,
        "DeleteAttributes": attributes.delete,
        "ListAttributes": attributes.list_attributes,
        "PutAccountSetting": account.put,
        "PutAccountSettingDefault": account.put_default,
        "DeleteAccountSetting": account.delete,
        "ListAccountSettings": account.list_settings,
        "RegisterTaskDefinition": task_definitions.register,
        "DescribeTaskDefinition": task_definitions.describe,
        "DeregisterTaskDefinition": task_definitions.deregister,
        "DeleteTaskDefinitions": task_definitions.delete,
        "ListTaskDefinitions": task_definitions.list_definitions,
        "ListTaskDefinitionFamilies": task_definitions.list_families,
        "CreateService": services.create,
        "UpdateService": services.update,
        "DeleteService": services.delete,
        "DescribeServices": services.describe,
        "ListServicesByNamespace": namespaces.list_services,
        "ListServices": services.list_services,
        "ListServiceDeployments": deployments.list_deployments,
        "DescribeServiceDeployments": deployments.describe_deployments,
        "DescribeServiceRevisions": deployments.describe_revisions,
        "StopServiceDeployment": deployments.stop,
        "ContinueServiceDeployment": deployments.continue_deployment,
        "CreateTaskSet": task_sets.create,
        "UpdateTaskSet": task_sets.update,
        "DeleteTaskSet": task_sets.delete,
        "DescribeTaskSets": task_sets.describe,
        "UpdateServicePrimaryTaskSet": task_sets.set_primary,
        "RunTask": tasks.run,
        "StartTask": start_task.start,
        "StopTask": tasks.stop,
        "DescribeTasks": tasks.describe,
        "ListTasks": tasks.list_tasks,
        "ExecuteCommand": execute.execute,
        "UpdateTaskProtection": protection.update,
        "GetTaskProtection": protection.get,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
        "ListTagsForResource": tags.list_tags,
    }

    def step_service(self, service: Service, until: float | None = None) -> None:
        now = self.now if until is None else until
        if service.next_at <= now:
            step(self, service, now)

    def step_standalone(self) -> None:
        now = self.now
        for task in list(self.standalone.values()):
            if task.live and task.fail_at <= now:
                fail_due(self, task, task.fail_at)
            if task.stopped_at <= now:
                del self.standalone[task.id]
                self.retire(task)

    def snapshot(self) -> Json:
        return snapshot(self)

    def tagged_resources(self) -> Iterator[tuple[str, str, Tags]]:
        return tags.resources(self)
