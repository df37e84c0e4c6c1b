"""What surrounds a spec: apiVersion, kind, metadata, lifecycle; variables, defaults and specFrom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apollo.api import Lifecycle, Ref, marker
from apollo.manifest.nodes import Leaf, Source, TextNode
from tests.manifest.loading import box, errors, key, load, only, problem, tree


@pytest.mark.parametrize(
    ("text", "code", "line", "part", "hint"),
    [
        ("on: push\n", "APO-LOAD-010", 1, "not a manifest", "put apiVersion: apollo/v1 at its top, or list"),
        ("apiVersion: v1\nkind: Pod\n", "APO-LOAD-010", 1, "not a manifest", "another tool"),
        ("containerDefinitions: []\n", "APO-LOAD-010", 1, "not a manifest", "specFrom"),
        ("Resources: {}\n", "APO-LOAD-010", 1, "not a manifest", "CloudFormation"),
        ("kind: Box\nmetadata: {name: a}\n", "APO-LOAD-010", 1, "not a manifest", "put apiVersion"),
        ("[1, 2]\n", "APO-LOAD-012", 1, "is a list", ""),
        (
            "apiVersion: apollo/v2\nkind: Box\n",
            "APO-LOAD-011",
            1,
            "reads apollo/v1, not apollo/v2",
            "upgrade",
        ),
        (
            "apiVersion: apollo/v1\nkind: Bxo\nmetadata: {name: a}\nspec: {}\n",
            "APO-LOAD-018",
            2,
            "'Bxo'",
            "'Box'",
        ),
        (
            "apiVersion: apollo/v1\nkind: Broken\nmetadata: {name: a}\nspec: {}\n",
            "APO-LOAD-019",
            2,
            "cannot be imported",
            "reinstall",
        ),
        (
            "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: a}\n",
            "APO-LOAD-014",
            1,
            "'spec' is missing",
            "spec:",
        ),
        (
            "apiVersion: apollo/v1\nkind: Box\nmetadata: {nmae: a}\nspec: {}\n",
            "APO-LOAD-014",
            3,
            "'name' is missing",
            "'nmae'",
        ),
        (
            "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: a b}\nspec: {}\n",
            "APO-LOAD-016",
            3,
            "a name has",
            "",
        ),
        (
            "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: a}\nspec: [a]\n",
            "APO-LOAD-015",
            4,
            "a mapping",
            "",
        ),
        (
            "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: a}\nspec: {}\nlifecylce: {}\n",
            "APO-LOAD-013",
            5,
            "'lifecylce'",
            "'lifecycle'",
        ),
    ],
)
def test_the_envelope(text: str, code: str, line: int, part: str, hint: str) -> None:
    found = errors(load(text))
    assert any(
        (one.code, one.line) == (code, line) and part in one.message and hint in one.hint for one in found
    ), "\n".join(map(str, found))


def test_a_controller_that_fails_is_a_finding() -> None:
    text = "apiVersion: apollo/v1\nkind: acme.Queue\nmetadata: {name: q}\nspec: {title: explode}\n"
    (found,) = errors(load(text))
    assert found.code == "APO-LOAD-043" and "boom" in found.message and found.line == 1


def test_a_controllers_own_findings_get_their_place() -> None:
    found = problem("\n  parts:\n  - name: a\n  - name: b\n    image: bad\n")
    assert (found.code, found.line, found.column, found.path) == ("BOX-1", 8, 12, "/spec/parts/b/image")


def test_lifecycle() -> None:
    said = (
        "{prune: confirm, adopt: {from: i/e/Box/x}, replace: allow, suspend: true, "
        "ignore: [/count, /parts/a/env], dependsOn: [acme.Queue/q]}"
    )
    queue = "apiVersion: apollo/v1\nkind: acme.Queue\nmetadata: {name: q}\nspec: {}\n"
    found = load({"a/x.yaml": box("{}", "x", lifecycle=said), "a/q.yaml": queue})
    assert errors(found) == []
    assert found.resources[key("x")].lifecycle == Lifecycle(
        "confirm", "i/e/Box/x", "allow", True, ("/count", "/parts/a/env"), (Ref("acme.Queue", "q"),)
    )
    assert found.resources[key("x")].tags == {"apollo:owner": "acme/stage/Box/x", "apollo:prune": "confirm"}
    assert only(load(box("{}", lifecycle="{adopt: true}"))).lifecycle.adopt is True


def test_fields_that_stand_beside_an_empty_spec_are_told_to_stand_in_it() -> None:
    text = "apiVersion: apollo/v1\nkind: Box\nmetadata: {name: b}\nspec:\ncount: 1\n"
    (found,) = errors(load(text))
    assert (found.code, found.line, found.path) == ("APO-LOAD-013", 5, "/count")
    assert found.hint == "if it is a field of the spec, indent it: it stands below spec:"


@pytest.mark.parametrize(
    ("said", "path", "part"),
    [
        ("{prune: maybe}", "/lifecycle/prune", "'auto', 'confirm' or 'never' is expected, not 'maybe'"),
        ("{prnue: auto}", "/lifecycle/prnue", "unknown key"),
        ("{adopt: yes}", "/lifecycle/adopt", "true or false or a mapping is expected"),
        ("{adopt: {}}", "/lifecycle/adopt", "'from' is missing"),
        ("{adopt: {from: me}}", "/lifecycle/adopt/from", "installation/environment/Kind/name"),
        ("{ignore: [count]}", "/lifecycle/ignore/0", "a pointer into the spec"),
        ("{ignore: [/cuont]}", "/lifecycle/ignore/0", "no field 'cuont'"),
        ("{ignore: [/parts/a/imgae]}", "/lifecycle/ignore/0", "no field 'imgae'"),
        ("{dependsOn: [x]}", "/lifecycle/dependsOn/0", "Kind/name is expected"),
        ("{suspend: 1}", "/lifecycle/suspend", "true or false is expected"),
    ],
)
def test_a_wrong_lifecycle(said: str, path: str, part: str) -> None:
    (found,) = errors(load(box("{}", lifecycle=said)))
    assert found.path == path and part in found.message and found.line == 4


# ── expressions ──────────────────────────────────────────────────────────────────────────────────────────


def leaf(text: str) -> Leaf:
    return Leaf.of(TextNode(Source("apollo.yaml"), 1, 1, text, plain=True))


VARIABLES: dict[str, Any] = {
    "n": leaf("3"),
    "version": leaf("3.10"),
    "flag": leaf("no"),
    "text": "3",
    "list": ["a", leaf("010")],
    "env": {"A": leaf("1")},
    "number": 7,
    "yes": True,
    "evil": "${{ var.n }}",
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{count: '${{ var.n }}'}", {"count": 3}),
        ("{title: '${{var.n}}'}", {"title": "3"}),
        (
            "{title: '${{ var.version }}', words: ['v${{ var.version }}']}",
            {"title": "3.10", "words": ["v3.10"]},
        ),
        ("{title: '${{ var.flag }}'}", {"title": "no"}),
        ("{words: '${{ var.list }}'}", {"words": ["a", "010"]}),
        ("{parts: [{name: a, env: '${{ var.env }}'}]}", {"parts": [{"name": "a", "env": {"A": "1"}}]}),
        ("{count: '${{ var.number }}', on: '${{ var.yes }}'}", {"count": 7, "on": True}),
        ("{title: 'a ${{ var.number }} ${{ var.yes }}'}", {"title": "a 7 true"}),
        (
            "{title: '${{ var.evil }}', words: ['x${{ var.evil }}']}",
            {"title": "${{ var.n }}", "words": ["x${{ var.n }}"]},
        ),
        ("{count: '${{ var.nothing }}'}", {}),
        ("{title: 'at ${{ env.name }} in ${{ env.cluster }}'}", {"title": "at stage in green"}),
        ("{title: '$${{ var.n }} ${X} $X $$ {{ y }}'}", {"title": "${{ var.n }} ${X} $X $$ {{ y }}"}),
        ("{anything: {a: ['${{ var.n }}', 'x${{ var.n }}']}}", {"anything": {"a": [3, "x3"]}}),
        ("{title: 'q=${{ Box/other.url }}!'}", {"title": f"q={marker('Box', 'other', 'url')}!"}),
        ("{title: '${{ acme.Queue/q.v1.arn }}'}", {"title": marker("acme.Queue", "q.v1", "arn")}),
    ],
)
def test_expressions(text: str, wanted: dict[str, Any]) -> None:
    queue = "apiVersion: apollo/v1\nkind: acme.Queue\nmetadata: {name: q.v1}\nspec: {}\n"
    files = {"a/a.yaml": box(text), "a/o.yaml": box("{}", "other"), "a/q.yaml": queue}
    found = load(files, variables=VARIABLES, cluster="green")
    assert errors(found) == []
    declared = found.resources[key("one")].spec.declared()
    if "title" not in wanted:
        del declared["title"]
    assert declared == wanted


@pytest.mark.parametrize(
    ("text", "code", "part", "hint"),
    [
        ("{title: '${{ var.versoin }}'}", "APO-LOAD-021", "'versoin' is not set", "did you mean 'version'?"),
        ("{count: '${{ var.none }}'}", "APO-LOAD-021", "'none' is not set", "variables of this environment"),
        ("{title: '${{ env.region }}'}", "APO-LOAD-021", "says nothing of its region", "set it in"),
        ("{title: '${{ env.nmae }}'}", "APO-LOAD-021", "has no 'nmae'", "'name'"),
        ("{title: '${{ secrets.x }}'}", "APO-LOAD-020", "'secrets'", "write ${{ var.NAME }}"),
        ("{title: '${{ vars.x }}'}", "APO-LOAD-020", "'vars'", "did you mean 'var'?"),
        ("{title: '${{ 1 + 1 }}'}", "APO-LOAD-020", "'1'", "write"),
        ("{title: '${{ }}'}", "APO-LOAD-020", "empty", "write"),
        ("{title: '${{ var.n'}", "APO-LOAD-020", "not closed", "write"),
        ("{title: '${{ var.${{ var.n }} }}'}", "APO-LOAD-020", "another one", "write"),
        (
            "{title: 'a ${{ var.list }}'}",
            "APO-LOAD-022",
            "is a list",
            "let the whole value be ${{ var.list }}",
        ),
        ("{title: 'a ${{ var.nothing }}'}", "APO-LOAD-022", "is nothing", ""),
        ("{anything: {'${{ var.n }}': a}}", "APO-LOAD-023", "cannot be a key", ""),
        (
            "{count: '${{ var.text }}'}",
            "APO-LOAD-015",
            "a whole number is expected",
            "comes from var.text as text",
        ),
        ("{count: '${{ Box/one.arn }}'}", "APO-LOAD-015", "an output of another resource cannot", ""),
    ],
)
def test_expressions_that_mean_nothing(text: str, code: str, part: str, hint: str) -> None:
    found = problem(text, variables=VARIABLES)
    assert found.code == code and part in found.message and hint in found.hint, found
    assert found.line == 4 and found.column > 7


def test_an_unset_variable_does_not_hide_other_findings() -> None:
    found = errors(load(box("\n  count: ${{ var.x }}\n  tilte: a\n")))
    assert [(one.code, one.line) for one in found] == [("APO-LOAD-021", 5), ("APO-LOAD-013", 6)]


# ── defaults ─────────────────────────────────────────────────────────────────────────────────────────────

DEFAULTS = {
    "Box": {
        "count": 1,
        "words": ["a", "b"],
        "parts": [{"name": "log", "image": "log:1", "env": {"LEVEL": "info"}}],
        "title": "${{ env.name }}",
    }
}


def test_defaults_lie_under_every_spec() -> None:
    def of(text: str) -> dict[str, Any]:
        return only(load(box(text), defaults=DEFAULTS)).spec.declared()  # type: ignore[no-any-return]

    log = {"name": "log", "image": "log:1", "env": {"LEVEL": "info"}}
    assert of("{}") == {"count": 1, "words": ["a", "b"], "parts": [log], "title": "stage"}
    assert of("{count: 2, words: [c]}")["words"] == ["c"]
    assert of("{parts: [{name: app}]}")["parts"] == [log, {"name": "app"}]
    merged = of("{parts: [{name: app}, {name: log, env: {A: b}}]}")["parts"]
    assert merged == [{**log, "env": {"LEVEL": "info", "A": "b"}}, {"name": "app"}]
    assert of("{parts: []}")["parts"] == []
    assert "count" not in of("{count: null}")


def test_wrong_defaults() -> None:
    found = load(box("{}"), defaults={"Bxo": {"a": leaf("1")}})
    assert [(one.code, one.file, one.hint) for one in found.problems] == [
        ("APO-LOAD-018", "apollo.yaml", "did you mean 'Box'?")
    ]
    found = load(box("{}"), defaults={"Box": {"cuont": leaf("1")}})
    (wrong,) = errors(found)
    assert (wrong.file, wrong.code, wrong.path) == ("apollo.yaml", "APO-LOAD-013", "/spec/cuont")


# ── specFrom ─────────────────────────────────────────────────────────────────────────────────────────────

FROM = "apiVersion: apollo/v1\nkind: TaskDefinition\nmetadata: {name: web}\nspecFrom: {file: td.json}\n"
NATIVE = {
    "containerDefinitions": [
        {
            "name": "app",
            "image": "x:1",
            "cpu": 10,
            "secrets": None,
            "environment": [{"name": "A", "value": "1"}],
        },
        {"name": "side", "image": "y:1", "dependsOn": []},
    ],
    "family": "other",
    "cpu": "256",
    "pidMode": "",
}
READ_ONLY = {
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
    "revision": 3,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "a"}],
    "compatibilities": ["EC2"],
    "registeredAt": 1.5,
    "registeredBy": "me",
}


def declared(files: dict[str, str]) -> dict[str, Any]:
    return only(load(files)).spec.declared()  # type: ignore[no-any-return]


def test_the_json_of_another_tool_is_a_spec() -> None:
    wanted = {
        "containerDefinitions": [
            {"name": "app", "image": "x:1", "cpu": 10, "environment": [{"name": "A", "value": "1"}]},
            {"name": "side", "image": "y:1", "dependsOn": []},
        ],
        "family": "other",
        "cpu": "256",
    }
    assert declared({"a/web.yaml": FROM, "a/td.json": json.dumps(NATIVE)}) == wanted
    described = {"taskDefinition": {**NATIVE, **READ_ONLY}, "tags": [{"key": "a", "value": "b"}]}
    got = declared({"a/web.yaml": FROM, "a/td.json": json.dumps(described, indent=4)})
    assert got == {**wanted, "tags": [{"key": "a", "value": "b"}]}
    pascal = {"Family": "other", "Cpu": "256", "ContainerDefinitions": [{"Name": "app", "Image": "x:1"}]}
    got = declared({"a/web.yaml": FROM, "a/td.json": json.dumps(pascal)})
    assert got == {"family": "other", "cpu": "256", "containerDefinitions": [{"name": "app", "image": "x:1"}]}


def test_a_spec_beside_it_is_merged_over_it() -> None:
    container = "{name: app, image: 'x:2', environment: [{name: B, value: 2}]}"
    over = f"spec: {{family: web, containerDefinitions: [{container}]}}\n"
    got = declared({"a/web.yaml": FROM + over, "a/td.json": json.dumps(NATIVE)})
    assert got["family"] == "web"
    assert got["containerDefinitions"][0] == {
        "name": "app",
        "image": "x:2",
        "cpu": 10,
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    }
    assert got["containerDefinitions"][1]["name"] == "side"


def test_a_described_service() -> None:
    text = FROM.replace("TaskDefinition", "Service").replace("td.json", "svc.json")
    service = {
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/green/web",
        "serviceName": "web",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/green",
        "loadBalancers": [],
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "launchType": "FARGATE",
        "platformFamily": "Linux",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
        "deployments": [{"id": "ecs-svc/1"}],
        "events": [],
        "createdAt": "2026-01-01",
        "roleArn": "arn:aws:iam::123456789012:role/aws-service-role/x",
    }
    for envelope in (service, {"services": [service], "failures": []}, {"service": service}):
        got = declared({"a/web.yaml": text, "a/svc.json": json.dumps(envelope)})
        assert got == {
            "serviceName": "web",
            "cluster": "green",
            "loadBalancers": [],
            "desiredCount": 2,
            "launchType": "FARGATE",
            "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
        }


@pytest.mark.parametrize(
    ("file", "content", "code", "where"),
    [
        ("nope.json", "{}", "APO-LOAD-030", "a/web.yaml"),
        ("../../td.json", "{}", "APO-LOAD-031", "a/web.yaml"),
        ("/etc/passwd", "{}", "APO-LOAD-031", "a/web.yaml"),
        ("td.txt", "{}", "APO-LOAD-032", "a/web.yaml"),
        ("td.json", "[1]", "APO-LOAD-032", "a/web.yaml"),
        ("td.json", '{"containerDefinitions": [}', "APO-YAML-001", "a/td.json"),
        ("td.json", '{"containerDefinitions": [], "famly": "x"}', "APO-LOAD-013", "a/td.json"),
        (
            "td.json",
            '{"containerDefinitions": [{"name": "a", "image": "b", "portBindings": []}]}',
            "APO-LOAD-013",
            "a/td.json",
        ),
        ("web.yaml", "{}", "APO-LOAD-032", "a/web.yaml"),
    ],
)
def test_files_that_cannot_be_specs(file: str, content: str, code: str, where: str) -> None:
    text = FROM.replace("td.json", file)
    found = errors(
        load({"a/web.yaml": text, "a/td.json": content} if file == "td.json" else {"a/web.yaml": text})
    )
    assert [(one.code, one.file) for one in found] == [(code, where)], found


def test_a_native_file_is_followed() -> None:
    def files(**changed: str | None) -> dict[str, bytes | None]:
        return {
            f"a/{name.replace('_', '.')}": text.encode() if text else None for name, text in changed.items()
        }

    one = tree()
    first = one.update("c1", files(web_yaml=FROM, td_json=json.dumps(NATIVE)))
    assert errors(first) == []
    parsed = one.parsed
    again = one.update("c2", files(td_json=json.dumps({**NATIVE, "cpu": "512"})))
    web = key("web", "TaskDefinition")
    assert again.changed == {web} and again.resources[web].spec.cpu == "512" and one.parsed == parsed + 2
    gone = one.update("c3", files(td_json=None))
    assert [one.code for one in errors(gone)] == ["APO-LOAD-030"] and gone.resources[web].spec.cpu == "512"
    back = one.update("c4", files(td_json=json.dumps({**NATIVE, "cpu": "512"})))
    assert errors(back) == [] and back.changed == frozenset()
    unnamed = one.update("c5", files(web_yaml=None, x_yaml=box("{}", "x")))
    assert [(one.code, one.file) for one in errors(unnamed)] == [("APO-LOAD-010", "a/td.json")]


# ── the real kinds ───────────────────────────────────────────────────────────────────────────────────────

WEB = """\
apiVersion: apollo/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  cpu: 256
  memory: 0.5GB
  containerDefinitions:
    - name: app
      image: x/web:1.10
      command: [serve, 22:30, 010, no]
      portMappings: [{containerPort: 8080}]
      environment: [{name: DEBUG, value: true}, {name: RATE, value: 1e3}]
---
apiVersion: apollo/v1
kind: Service
metadata: {name: web}
spec:
  taskDefinition: web
  desiredCount: 2
  enableExecuteCommand: true
"""


def test_task_definitions_and_services() -> None:
    found = load(WEB, cluster="green")
    assert errors(found) == []
    task = found.resources[key("web", "TaskDefinition")].spec.declared()
    assert task["cpu"] == "256" and task["family"] == "web"
    assert task["containerDefinitions"][0]["command"] == ["serve", "22:30", "010", "no"]
    assert [one["value"] for one in task["containerDefinitions"][0]["environment"]] == ["true", "1e3"]
    service = found.resources[key("web", "Service")]
    assert service.references == (Ref("TaskDefinition", "web", "arn"),)
    assert service.spec.declared()["cluster"] == "green"


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "path", "part", "hint"),
    [
        (
            "taskDefinition: web",
            "taskDefinition: wbe",
            18,
            19,
            "/spec/taskDefinition",
            "no TaskDefinition named 'wbe'",
            "did you mean 'web'?",
        ),
        (
            "desiredCount: 2",
            "desiredCont: 2",
            19,
            3,
            "/spec/desiredCont",
            "unknown key 'desiredCont'",
            "'desiredCount'",
        ),
        (
            "containerPort: 8080",
            "containerPort: http",
            11,
            38,
            "/spec/containerDefinitions/app/portMappings/0/containerPort",
            "a whole number",
            "",
        ),
        (
            "image: x/web:1.10",
            "imgae: x",
            9,
            7,
            "/spec/containerDefinitions/app/imgae",
            "unknown key 'imgae'",
            "'image'",
        ),
        (
            "name: RATE, value",
            "name: RATE, vlaue",
            12,
            62,
            "/spec/containerDefinitions/app/environment/RATE/vlaue",
            "unknown key",
            "'value'",
        ),
    ],
)
def test_findings_in_the_real_kinds(
    old: str, new: str, line: int, column: int, path: str, part: str, hint: str
) -> None:
    found = errors(load(WEB.replace(old, new)))
    wanted = next(one for one in found if one.path == path)
    assert (wanted.line, wanted.column) == (line, column) and part in wanted.message and hint in wanted.hint


def test_a_service_that_names_no_task_definition_means_the_one_of_its_name() -> None:
    (found,) = errors(
        load("apiVersion: apollo/v1\nkind: Service\nmetadata: {name: web}\nspec: {desiredCount: 1}\n")
    )
    assert found.code == "APO-LOAD-024" and "nothing else is written" in found.message and found.line == 4


_PIECES = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "spec",
    "specFrom",
    "lifecycle",
    "labels",
    "ignore",
    "dependsOn",
]
_VALUES = [
    "{}",
    "[]",
    "x",
    "~",
    "3",
    "*a",
    "&a x",
    "'${{ var.x }}'",
    "[[a]]",
    "{a: b}",
    "/a/0/b",
    "Box/x",
    "''",
    "!!str x",
]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_manifest_however_broken_raises(given_data: st.DataObject) -> None:
    text = (
        WEB if given_data.draw(st.booleans()) else box("{parts: [{name: a}]}", lifecycle="{ignore: [/count]}")
    )
    for _ in range(given_data.draw(st.integers(1, 3))):
        lines = text.split("\n")
        at = given_data.draw(st.integers(0, len(lines) - 1))
        key_part, colon, _ = lines[at].partition(":")
        change = given_data.draw(st.sampled_from(["value", "drop", "double", "key", "cut"]))
        if change == "value" and colon:
            lines[at] = f"{key_part}: {given_data.draw(st.sampled_from(_VALUES))}"
        elif change == "drop":
            del lines[at]
        elif change == "double":
            lines.insert(at, lines[at])
        elif change == "key" and colon:
            indent = key_part[: len(key_part) - len(key_part.lstrip())]
            lines[at] = indent + given_data.draw(st.sampled_from(_PIECES)) + lines[at][len(key_part) :]
        else:
            lines[at] = lines[at][: given_data.draw(st.integers(0, len(lines[at])))]
        text = "\n".join(lines)
    found = load(text)
    for one in errors(found):
        assert one.message and str(one) and one.code != "APO-LOAD-043", one
    assert found.resources or errors(found)
