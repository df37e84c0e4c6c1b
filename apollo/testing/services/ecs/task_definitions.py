"""Task definitions: immutable revisions of a family."""

from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, client_error, invalid
from apollo.testing.services.ecs.state import Json, TaskDefinition
from apollo.testing.services.ecs.tags import checked, listed
from apollo.testing.services.ecs.td_defaults import (
    add_defaults,
    compatibilities,
    filled,
    reordered,
    requires_attributes,
)
from apollo.testing.services.ecs.td_rules import check
from apollo.testing.world import Call

UNDESCRIBABLE = "Unable to describe task definition."


def register(ecs: Region, call: Call) -> Json:
    """Every call makes a new revision, whatever its content: there is no idempotency token.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    p = call.params
    if p.get("tags") == []:
        # https://github.com/hashicorp/terraform-provider-aws: "Tags can not be empty."
        raise invalid("Tags can not be empty.")
    tags = checked(p.get("tags"))
    content = filled(p)
    check(content)
    content = add_defaults(content)
    family = content["family"]
    revision = ecs.last_revision.get(family, 0) + 1
    ecs.last_revision[family] = revision
    definition = TaskDefinition(
        ecs.arn("task-definition", f"{family}:{revision}"),
        family,
        revision,
        content,
        call.now,
        call.identity.arn,
        compatibilities(content),
        requires_attributes(content),
        tags=tags,
    )
    ecs.families.setdefault(family, {})[revision] = definition
    answer: Json = {"taskDefinition": view(ecs, definition)}
    if tags:
        answer["tags"] = listed(tags)
    return answer


def view(ecs: Region, definition: TaskDefinition) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html"""
    rng = ecs.world.shuffle
    compatible = definition.compatibilities
    body = reordered(definition.content, rng) | {
        "taskDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "requiresAttributes": definition.requires_attributes,
        "compatibilities": rng.sample(compatible, len(compatible)),
        "registeredAt": definition.registered_at,
        "registeredBy": definition.registered_by,
    }
    if definition.deregistered_at is not None:
        body["deregisteredAt"] = definition.deregistered_at
    if definition.delete_requested_at is not None:
        body["deleteRequestedAt"] = definition.delete_requested_at
    return body


def describe(ecs: Region, call: Call) -> Json:
    """A bare family is its newest ACTIVE revision; INACTIVE ones are found by revision or ARN.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
    """
    definition = ecs.find_definition(call.params["taskDefinition"])
    if definition is None:
        raise client_error(UNDESCRIBABLE)
    answer: Json = {"taskDefinition": view(ecs, definition)}
    if "TAGS" in call.params.get("include", []):
        answer["tags"] = listed(definition.tags)
    return answer


def deregister(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html"""
    given = call.params["taskDefinition"]
    if ":" not in given:
        raise client_error("Revision is required when deregistering a task definition.")
    definition = ecs.find_definition(given)
    if definition is None:
        raise client_error(UNDESCRIBABLE)
    if definition.status != "ACTIVE":
        raise client_error("The specified task definition is inactive. You can't deregister it.")
    definition.status = "INACTIVE"
    definition.deregistered_at = call.now
    return {"taskDefinition": view(ecs, definition)}


def delete(ecs: Region, call: Call) -> Json:
    """Only INACTIVE ones; they stay DELETE_IN_PROGRESS while something uses them.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html
    """
    given = call.params["taskDefinitions"]
    if not 1 <= len(given) <= 10:
        raise invalid("taskDefinitions must have between 1 and 10 items.")
    done, failures = [], []
    for name in given:
        if ":" not in name:
            raise invalid("Specify a full task definition ARN or family and revision.")
        definition = ecs.find_definition(name)
        if definition is None:
            failures.append({"arn": name, "reason": "TASK_DEFINITION_NOT_FOUND"})
        elif definition.status == "ACTIVE":
            reason = (
                "The specified task definition is still in ACTIVE status. "
                "Please deregister the target and try again."
            )
            failures.append({"arn": definition.arn, "reason": reason})
        else:
            definition.status = "DELETE_IN_PROGRESS"
            definition.delete_requested_at = call.now
            done.append(view(ecs, definition))
            if not _used(ecs, definition):
                del ecs.families[definition.family][definition.revision]
                if not ecs.families[definition.family]:
                    del ecs.families[definition.family]
    return {"taskDefinitions": done, "failures": failures}


def _used(ecs: Region, definition: TaskDefinition) -> bool:
    if any(task.definition is definition for task in ecs.tasks.values()):
        return True
    services = [s for c in ecs.clusters.values() for s in c.services.values() if s.status != "INACTIVE"]
    return any(d.revision.task_definition is definition for s in services for d in s.deployments)


def list_definitions(ecs: Region, call: Call) -> Json:
    """`familyPrefix` is the full name of a family, in spite of its name.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html
    """
    p = call.params
    status, family = p.get("status", "ACTIVE"), p.get("familyPrefix")
    families = [family] if family is not None else sorted(ecs.families)
    arns = [
        definition.arn
        for name in families
        for _, definition in sorted(ecs.families.get(name, {}).items())
        if definition.status == status
    ]
    if p.get("sort") == "DESC":
        arns.reverse()
    chunk, more = page(arns, p)
    return {"taskDefinitionArns": chunk, **more}


def list_families(ecs: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitionFamilies.html"""
    p = call.params
    status, prefix = p.get("status", "ALL"), p.get("familyPrefix", "")
    names = []
    for name, revisions in sorted(ecs.families.items()):
        active = any(definition.status == "ACTIVE" for definition in revisions.values())
        if name.startswith(prefix) and (status == "ALL" or active == (status == "ACTIVE")):
            names.append(name)
    chunk, more = page(names, p)
    return {"families": chunk, **more}
