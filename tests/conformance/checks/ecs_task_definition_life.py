"""Task definitions: deregistering, deleting and listing them."""

from tests.conformance.registry import check, ecs
from tests.conformance.stage import Stage

AREA = "ECS task definitions"


@check(
    "ecs.td.deregister.inactive",
    source=ecs("DeregisterTaskDefinition"),
    says="Upon deregistration, the task definition is marked as INACTIVE",
)
def deregister(s: Stage) -> None:
    """Deregistering makes a revision INACTIVE and tells when."""
    arn = s.register()["taskDefinitionArn"]
    gone = s.ecs.deregister_task_definition(taskDefinition=arn)["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert gone["deregisteredAt"]


@check(
    "ecs.td.deregister.still-described",
    source=ecs("DeregisterTaskDefinition"),
    says="INACTIVE task definitions remain discoverable in your account indefinitely",
)
def still_described(s: Stage) -> None:
    """An INACTIVE revision can be described by its ARN."""
    arn = s.register()["taskDefinitionArn"]
    s.ecs.deregister_task_definition(taskDefinition=arn)
    found = s.ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
    assert (found["status"], found["revision"]) == ("INACTIVE", 1)


@check(
    "ecs.td.deregister.needs-revision",
    source=ecs("DeregisterTaskDefinition"),
    says="You must specify a revision",
)
def deregister_needs_revision(s: Stage) -> None:
    """A family without a revision cannot be deregistered."""
    s.register()
    with s.refused("ClientException", "InvalidParameterException"):
        s.ecs.deregister_task_definition(taskDefinition=s.name("web"))


@check("ecs.td.deregister.numbers-go-on", source=ecs("RegisterTaskDefinition"))
def numbers_go_on(s: Stage) -> None:
    """After all revisions are deregistered the next one still gets the next number."""
    for _ in range(2):
        s.ecs.deregister_task_definition(taskDefinition=s.register()["taskDefinitionArn"])
    assert s.register()["revision"] == 3


@check(
    "ecs.td.delete.needs-deregistration",
    source=ecs("DeleteTaskDefinitions"),
    says="You must deregister a task definition revision before you delete it.",
)
def delete_active(s: Stage) -> None:
    """Deleting an ACTIVE revision fails, and it stays ACTIVE."""
    arn = s.register()["taskDefinitionArn"]
    answer = s.ecs.delete_task_definitions(taskDefinitions=[arn])
    assert [failure["arn"] for failure in answer["failures"]] == [arn]
    assert s.definition("web:1")["status"] == "ACTIVE"


@check(
    "ecs.td.delete.in-progress",
    source=ecs("DeleteTaskDefinitions"),
    says="it is immediately transitions from the INACTIVE to DELETE_IN_PROGRESS",
)
def delete_in_progress(s: Stage) -> None:
    """Deleting an INACTIVE revision makes it DELETE_IN_PROGRESS."""
    arn = s.register()["taskDefinitionArn"]
    s.ecs.deregister_task_definition(taskDefinition=arn)
    answer = s.ecs.delete_task_definitions(taskDefinitions=[arn])
    assert answer["failures"] == []
    assert [td["status"] for td in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]


@check(
    "ecs.td.delete.limit",
    source=ecs("DeleteTaskDefinitions"),
    says=(
        "You must specify a revision. You can specify up to 10 task definitions as a comma separated list."
    ),
)
def delete_limit(s: Stage) -> None:
    """More than ten revisions in one call are refused."""
    with s.refused("ClientException", "InvalidParameterException"):
        s.ecs.delete_task_definitions(taskDefinitions=[f"{s.name('web')}:{n}" for n in range(1, 12)])


@check(
    "ecs.td.delete.numbers-go-on",
    source=ecs("DeleteTaskDefinitions"),
    says="the revision is incremented the next time you create a task definition with that name",
)
def delete_numbers(s: Stage) -> None:
    """After deletion the family's next revision gets the next number."""
    arn = s.register()["taskDefinitionArn"]
    s.ecs.deregister_task_definition(taskDefinition=arn)
    s.ecs.delete_task_definitions(taskDefinitions=[arn])
    assert s.register()["revision"] == 2


@check(
    "ecs.td.list.active-by-default",
    source=ecs("ListTaskDefinitions"),
    says="By default, only ACTIVE task definitions are listed.",
)
def list_active(s: Stage) -> None:
    """Without a status only ACTIVE revisions are listed; INACTIVE ones on request."""
    arns = [s.register()["taskDefinitionArn"] for _ in range(2)]
    s.ecs.deregister_task_definition(taskDefinition=arns[0])
    listed = s.ecs.list_task_definitions(familyPrefix=s.name("web"))["taskDefinitionArns"]
    assert listed == arns[1:]
    inactive = s.ecs.list_task_definitions(familyPrefix=s.name("web"), status="INACTIVE")
    assert inactive["taskDefinitionArns"] == arns[:1]


@check("ecs.td.list.order", source=ecs("ListTaskDefinitions"), says="Valid values are ASC and DESC .")
def list_order(s: Stage) -> None:
    """Revisions are listed in their order, and backwards on request."""
    arns = [s.register()["taskDefinitionArn"] for _ in range(12)]
    up = s.ecs.list_task_definitions(familyPrefix=s.name("web"))["taskDefinitionArns"]
    down = s.ecs.list_task_definitions(familyPrefix=s.name("web"), sort="DESC")["taskDefinitionArns"]
    assert (up, down) == (arns, arns[::-1])


@check("ecs.td.list.pages", source=ecs("ListTaskDefinitions"))
def list_pages(s: Stage) -> None:
    """maxResults and nextToken lead through all revisions."""
    arns = [s.register()["taskDefinitionArn"] for _ in range(5)]
    first = s.ecs.list_task_definitions(familyPrefix=s.name("web"), maxResults=3)
    assert first["taskDefinitionArns"] == arns[:3]
    rest = s.ecs.list_task_definitions(familyPrefix=s.name("web"), maxResults=3, nextToken=first["nextToken"])
    assert rest["taskDefinitionArns"] == arns[3:]
    assert not rest.get("nextToken")


@check("ecs.td.list.whole-family", source=ecs("ListTaskDefinitions"), says="The full family name to filter")
def list_whole_family(s: Stage) -> None:
    """familyPrefix of ListTaskDefinitions is a whole family, not a prefix."""
    s.register("web")
    s.register("web-other")
    assert len(s.ecs.list_task_definitions(familyPrefix=s.name("web"))["taskDefinitionArns"]) == 1


@check("ecs.td.families.prefix", source=ecs("ListTaskDefinitionFamilies"))
def families(s: Stage) -> None:
    """Families are listed by prefix, once each."""
    for family in ("a", "a", "b"):
        s.register(family)
    found = s.ecs.list_task_definition_families(familyPrefix=s.prefix)["families"]
    assert sorted(found) == [s.name("a"), s.name("b")]


@check("ecs.td.families.status", source=ecs("ListTaskDefinitionFamilies"))
def families_status(s: Stage) -> None:
    """A family without ACTIVE revisions is INACTIVE."""
    s.ecs.deregister_task_definition(taskDefinition=s.register("a")["taskDefinitionArn"])
    s.register("b")
    active = s.ecs.list_task_definition_families(familyPrefix=s.prefix, status="ACTIVE")["families"]
    inactive = s.ecs.list_task_definition_families(familyPrefix=s.prefix, status="INACTIVE")["families"]
    assert (active, inactive) == ([s.name("b")], [s.name("a")])
