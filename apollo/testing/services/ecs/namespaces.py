"""The services of a Cloud Map namespace, as Service Connect has them."""

from apollo.testing.errors import ApiError
from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region
from apollo.testing.services.ecs.state import Json, Service
from apollo.testing.world import Call


def list_services(ecs: Region, call: Call) -> Json:
    """In every cluster; ten by default. The namespace is known by the name or ARN that services give.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServicesByNamespace.html
    """
    wanted = call.params["namespace"]
    arns = []
    known = _in_cloud_map(ecs, wanted)
    for cluster in ecs.clusters.values():
        ecs.step_cluster(cluster)
        default = (cluster.service_connect_defaults or {}).get("namespace")
        known |= default == wanted
        arns += [s.arn for s in cluster.services.values() if wanted == _namespace(s, default)]
    if not arns and not known:
        raise ApiError("NamespaceNotFoundException", "The specified namespace was not found.")
    chunk, more = page(arns, call.params, default=10)
    return {"serviceArns": chunk, **more}


def _namespace(service: Service, default: str | None) -> str | None:
    if service.status == "INACTIVE" or service.serving is None:
        return None
    connect: Json = service.serving.revision.config.get("serviceConnectConfiguration") or {}
    return connect.get("namespace", default) if connect.get("enabled") else None


def _in_cloud_map(ecs: Region, wanted: str) -> bool:
    if "servicediscovery" not in ecs.world.moto.used:
        return False
    with ecs.world.moto.inside():
        found = ecs.world.moto.backend("servicediscovery", ecs.account, ecs.region).namespaces.values()
        return any(wanted in (one.name, one.arn) for one in found)
