"""``apollo.yaml``, and environments that flags describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from apollo.errors import ConfigError
from apollo.manifest import Tree, environment_from_flags, load_settings
from apollo.settings import Settings
from tests.manifest.kinds import KINDS
from tests.manifest.loading import box, errors, key

TEXT = """\
apiVersion: apollo/v1
kind: Installation
metadata: {name: acme}
spec: {store: "sqlite:state.db"}
---
apiVersion: apollo/v1
kind: Environment
metadata: {name: stage}
spec:
  source: {repo: /srv/config.git, branch: stage, path: apps, interval: 30s, auth: {env: TOKEN}}
  aws: {region: eu-west-1, accountId: 012345678901}
  cluster: green
  variables: {domain: stage.example.com, subnets: [subnet-a, subnet-b], version: 3.10, count: 2, mac: 22:30}
  defaults: {Box: {count: 7, title: 010}}
  allow: {kinds: [Box, "acme.*"]}
  sync: {automated: true, prune: no-such, selfHeal: warn, resync: auto, maxPrune: 20%, progressDeadline: 15m}
"""
GOOD = TEXT.replace("no-such", "false")


def load(folder: Path, text: str) -> Settings:
    path = folder / "apollo.yaml"
    path.write_text(text)
    return load_settings(path)


def wrong(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return caught.value


def test_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.installation.name == "acme" and settings.installation.spec.store == "sqlite:state.db"
    (stage,) = settings.environments
    assert settings.directory == str(tmp_path)
    assert stage.spec.source is not None and stage.spec.source.interval == 30.0
    assert stage.spec.aws.accountId == "012345678901"
    assert (stage.spec.sync.selfHeal, stage.spec.sync.maxPrune, stage.spec.sync.progressDeadline) == (
        "warn",
        0.2,
        900.0,
    )
    assert stage.spec.allow.kinds == ("Box", "acme.*")


def test_variables_and_defaults_are_typed_by_the_field_that_takes_them(tmp_path: Path) -> None:
    (stage,) = load(tmp_path, GOOD).environments
    spec = "{words: ['${{ var.version }}', '${{ var.mac }}'], priority: '${{ var.count }}'}"
    found = Tree(stage, "acme", KINDS).update("c", {"a/a.yaml": box(spec).encode()})
    assert errors(found) == []
    assert found.resources[key("one")].spec.declared() == {
        "title": "010",
        "count": 7,
        "words": ["3.10", "22:30"],
        "priority": 2,
    }


def test_the_digest_follows_the_configuration(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        return load(tmp_path, text).environments[0].digest()

    assert digest(GOOD) == digest("# a comment\n" + GOOD)
    assert digest(GOOD) == digest(GOOD.replace("TOKEN", "OTHER"))
    assert digest(GOOD) != digest(GOOD.replace("3.10", "3.1"))
    assert digest(GOOD) != digest(GOOD.replace("count: 7", "count: 8"))


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "path", "part"),
    [
        ("", "", "APO-LOAD-015", 16, "/spec/sync/prune", "true or false is expected"),
        ("region: eu", "regoin: eu", "APO-LOAD-013", 11, "/spec/aws/regoin", "unknown key"),
        ("012345678901", "12345", "APO-LOAD-015", 11, "/spec/aws/accountId", "does not match"),
        ("interval: 30s", "interval: 30", "APO-LOAD-015", 10, "/spec/source/interval", "a duration such as"),
        ("{env: TOKEN}", "{env: A, file: B}", "APO-LOAD-062", 10, "/spec/source/auth", "exactly one"),
        ("kind: Environment", "kind: Enviroment", "APO-LOAD-060", 7, "/kind", "is none of"),
        ("{name: stage}", "{}", "APO-LOAD-014", 8, "/metadata", "'name' is missing"),
        ("{name: stage}", "{name: a b}", "APO-LOAD-016", 8, "/metadata/name", "a name has"),
        ("apiVersion: apollo/v1\nkind: Env", "kind: Env", "APO-LOAD-010", 6, "", "not a manifest"),
        ("spec:\n  source", "scep: 1\nspec:\n  source", "APO-LOAD-013", 9, "/scep", "unknown key"),
        ("cluster: green", "cluster: [", "APO-YAML-001", 14, "", "did not find"),
        (
            "maxPrune: 20%",
            "maxPrune: 200%",
            "APO-LOAD-015",
            16,
            "/spec/sync/maxPrune",
            "a share lies between",
        ),
        ("maxPrune: 20%", "maxPrune: 20.0", "APO-LOAD-015", 16, "/spec/sync/maxPrune", "write 20% or"),
        ("maxPrune: 20%", "maxPrune: -1", "APO-LOAD-015", 16, "/spec/sync/maxPrune", "write 20% or"),
        ("interval: 30s", "interval: 0s", "APO-LOAD-015", 10, "/spec/source/interval", "at least 1s"),
    ],
)
def test_findings(tmp_path: Path, old: str, new: str, code: str, line: int, path: str, part: str) -> None:
    text = (GOOD if old else TEXT).replace(old, new, 1)
    found = wrong(tmp_path, text).problems
    assert [(one.code, one.line, one.path) for one in found] == [(code, line, path)], "\n".join(
        map(str, found)
    )
    assert part in found[0].message and found[0].file == str(tmp_path / "apollo.yaml")


def test_names_are_unique_and_the_file_exists(tmp_path: Path) -> None:
    again = GOOD + "---\napiVersion: apollo/v1\nkind: Environment\nmetadata: {name: stage}\n"
    assert wrong(tmp_path, again).problems[0].code == "APO-LOAD-061"
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "nope.yaml")


def test_flags_describe_an_environment() -> None:
    made = environment_from_flags(
        cluster="green", region="eu-west-1", variables=["count=3", "v=3.10", "e=a=b"]
    )
    assert (made.name, made.spec.cluster, made.spec.aws.region) == ("default", "green", "eu-west-1")
    spec = "{count: '${{ var.count }}', title: '${{ var.v }}', words: ['${{ var.e }}', '${{ env.region }}']}"
    found = Tree(made, "apollo", KINDS).update("c", {"a.yaml": box(spec).encode()})
    assert errors(found) == []
    (resource,) = found.resources.values()
    assert resource.spec.declared() == {"count": 3, "title": "3.10", "words": ["a=b", "eu-west-1"]}


def test_flags_replace_what_the_configuration_says(tmp_path: Path) -> None:
    (stage,) = load(tmp_path, GOOD).environments
    made = environment_from_flags(base=stage, cluster="blue", variables=["count=9"])
    assert (made.name, made.spec.cluster, made.spec.aws.region) == ("stage", "blue", "eu-west-1")
    assert made.spec.variables["count"] == "9" and made.spec.variables["version"] == "3.10"
    assert made.digest() != stage.digest()


@pytest.mark.parametrize("flag", ["x", "=x", "a=\ue000"])
def test_bad_flags(flag: str) -> None:
    with pytest.raises(ConfigError, match="K=V is expected"):
        environment_from_flags(variables=[flag])
    with pytest.raises(ConfigError, match="no name of an environment"):
        environment_from_flags("a b")


def test_a_configuration_among_the_manifests_is_checked_and_is_no_resource() -> None:
    made = environment_from_flags()
    found = Tree(made, "apollo", KINDS).update(
        "c", {"apollo.yaml": GOOD.encode(), "a/x.yaml": box("{}").encode()}
    )
    assert errors(found) == [] and len(found.resources) == 1 and set(found.apps) == {"a"}
    found = Tree(made, "apollo", KINDS).update(
        "c", {"apollo.yaml": TEXT.encode(), "a/x.yaml": box("{}").encode()}
    )
    assert [one.path for one in errors(found)] == ["/spec/sync/prune"]


def test_a_list_by_flag_is_written_as_one() -> None:
    environment = environment_from_flags(variables=["subnets=[subnet-a, subnet-b]", "domain=a.example.com"])
    assert environment.spec.variables == {"subnets": ["subnet-a", "subnet-b"], "domain": "a.example.com"}
    with pytest.raises(ConfigError, match="--var subnets"):
        environment_from_flags(variables=["subnets=[subnet-a"])
