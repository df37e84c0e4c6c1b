"""Plan, apply and looking, against the local AWS."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from apollo.testing import LocalAws
from tests.cli.conftest import Checkout
from tests.cli.running import apollo, process


def data(*args: str, code: int = 0) -> Any:
    answer = apollo(*args, "-o", "json")
    assert answer.exit_code == code, answer.output
    return json.loads(answer.stdout)


@pytest.fixture
def deployed(checkout: Checkout, aws: LocalAws) -> Checkout:
    answer = apollo("apply", "--yes")
    assert answer.exit_code == 0, answer.output
    aws.clear()
    return checkout


def test_the_plan_is_what_apply_does(checkout: Checkout, aws: LocalAws) -> None:
    plan = data("plan", "-e", "stage")
    assert plan["commit"] == checkout.git("rev-parse", "HEAD")
    assert plan["summary"]["create"] == 2
    assert aws.mutations() == []
    result = data("apply", "-e", "stage", "--yes")
    assert result["kind"] == "Result"
    assert [row["outcome"] for row in result["resources"]] == ["Succeeded", "Succeeded"]
    assert [call["operation"] for call in plan["calls"]] == [one.operation for one in aws.mutations()]


def test_the_plan_names_account_region_and_cluster(checkout: Checkout, aws: LocalAws) -> None:
    text = apollo("plan").stdout
    assert text.startswith("Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit ")
    assert "+ create Service/web" in text


def test_exit_codes_of_plan(checkout: Checkout, aws: LocalAws) -> None:
    assert apollo("plan").exit_code == 0
    assert apollo("plan", "--exit-code").exit_code == 2
    assert apollo("apply", "--yes").exit_code == 0
    assert apollo("plan", "--exit-code").exit_code == 0


def test_nothing_is_written_where_nobody_can_be_asked(checkout: Checkout, aws: LocalAws) -> None:
    answer = apollo("apply")
    assert answer.exit_code == 1
    assert "--yes" in answer.stderr
    assert "+ create Service/web" in answer.stderr
    assert aws.mutations() == []


def test_progress_goes_to_stderr_and_data_to_stdout(checkout: Checkout, aws: LocalAws) -> None:
    answer = apollo("apply", "--yes", "-o", "json")
    json.loads(answer.stdout)
    assert "Service/web  ecs CreateService" in answer.stderr
    assert "running" in answer.stderr


def test_a_second_apply_has_nothing_to_do(deployed: Checkout, aws: LocalAws) -> None:
    answer = apollo("apply")  # no --yes is needed for nothing
    assert answer.exit_code == 0
    assert answer.stdout == "Nothing to do: AWS equals git.\n"
    assert aws.mutations() == []


def test_a_checkout_takes_the_place_of_the_source(deployed: Checkout) -> None:
    deployed.manifest.write_text(deployed.manifest.read_text().replace("web:1", "web:2"))
    plan = data("plan", ".", "-f", "apollo.yaml", "-e", "stage")
    assert plan["commit"].endswith("-dirty")
    assert plan["summary"]["update"] == 1
    assert data("plan", "-e", "stage")["summary"]["update"] == 0


def test_a_path_and_flags_describe_an_environment_without_configuration(
    checkout: Checkout, aws: LocalAws
) -> None:
    (checkout.folder / "apollo.yaml").unlink()
    checkout.manifest.write_text(checkout.manifest.read_text().replace('"${{ var.subnets }}"', "[subnet-a]"))
    plan = data("plan", "apps", "--cluster", "green", "--region", "eu-west-1", "--var", "domain=x.example")
    assert plan["environment"] == "default"
    assert plan["summary"]["create"] == 2


def test_a_revision_of_the_source(deployed: Checkout) -> None:
    first = deployed.git("rev-parse", "HEAD")
    deployed.commit("web:1", "web:2")
    assert data("plan")["summary"]["update"] == 1
    old = data("plan", "--rev", first)
    assert (old["commit"], old["summary"]["update"]) == (first, 0)


def test_a_rolled_back_deployment_is_5_and_says_why(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("web:1", "web:crash")
    result = data("apply", "--yes", code=5)
    service = next(row for row in result["resources"] if row["key"] == "Service/web")
    assert service["outcome"] == "RolledBack"
    assert "exited" in service["message"]
    told = data("history", "Service/web", "--limit", "1")["events"]
    assert [(row["type"], row["message"]) for row in told] == [("RolledBack", service["message"])]
    aws.clear()
    again = apollo("apply", "--yes")
    assert again.exit_code in (3, 5)
    assert aws.mutations() == []


def test_an_error_of_aws_is_1_with_its_remedy(checkout: Checkout, aws: LocalAws) -> None:
    aws.faults.add("ecs:DescribeServices", "error", code="AccessDeniedException", status=400)
    answer = apollo("plan")
    assert answer.exit_code == 1
    assert "Not analysed" in answer.stdout
    assert "DescribeServices" in answer.stdout


def test_the_wrong_account_stops_everything(checkout: Checkout, aws: LocalAws) -> None:
    config = checkout.folder / "apollo.yaml"
    config.write_text(config.read_text().replace("123456789012", "999999999999"))
    answer = apollo("apply", "--yes")
    assert answer.exit_code == 1
    assert "999999999999" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert aws.mutations() == []


# ── plan files ───────────────────────────────────────────────────────────────────────────────────────────


def planned(*args: str) -> Path:
    answer = apollo("plan", *args, "--out", "plan.json")
    assert answer.exit_code == 0, answer.output
    return Path("plan.json")


def test_a_plan_file_is_private_and_complete(checkout: Checkout, aws: LocalAws) -> None:
    file = planned("-e", "stage")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = json.loads(file.read_text())
    assert content["kind"] == "Plan"
    assert content["planFile"]["environment"] == "stage"
    assert content["planFile"]["apollo"]


def test_a_reviewed_plan_is_done_once(checkout: Checkout, aws: LocalAws) -> None:
    planned()
    assert apollo("apply", "--plan", "plan.json", "--yes").exit_code == 0
    assert len(aws.mutations()) == 2
    again = apollo("apply", "--plan", "plan.json", "--yes")
    assert again.exit_code == 1
    assert "does not hold any more" in again.stderr
    assert len(aws.mutations()) == 2


def test_a_plan_file_of_a_path_needs_nothing_said_again(
    checkout: Checkout, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(".", "-f", "apollo.yaml", "-e", "stage", "--cluster", "green", "--var", "team=green")
    other = checkout.folder / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    assert apollo("apply", "--plan", "../plan.json", "--yes").exit_code == 0


def test_a_secret_variable_is_not_kept(checkout: Checkout, aws: LocalAws) -> None:
    variables = ("--var", "db_password=hunter2hunter2")
    planned(".", "-f", "apollo.yaml", "-e", "stage", *variables)
    assert "hunter2" not in Path("plan.json").read_text()
    asked = apollo("apply", "--plan", "plan.json", "--yes")
    assert asked.exit_code == 1
    assert "--var db_password=" in asked.stderr
    assert apollo("apply", "--plan", "plan.json", "--yes", *variables).exit_code == 0


def test_a_variable_that_goes_where_a_plan_masks_is_not_kept_either(
    checkout: Checkout, aws: LocalAws
) -> None:
    given = ("--var", "domain=other.example")  # the value of an environment variable
    planned(".", "-f", "apollo.yaml", "-e", "stage", *given)
    assert "other.example" not in Path("plan.json").read_text()
    assert "--var domain=" in apollo("apply", "--plan", "plan.json", "--yes").stderr
    assert apollo("apply", "--plan", "plan.json", "--yes", *given).exit_code == 0


@pytest.mark.parametrize(
    ("moved", "named"),
    [
        ("commit", "the commit moved from"),
        ("configuration", "the configuration moved from"),
        ("aws", "Service/web now differs in /desiredCount"),
    ],
)
def test_what_moved_since_the_review_is_refused(
    deployed: Checkout, aws: LocalAws, moved: str, named: str
) -> None:
    deployed.commit("web:1", "web:2")
    planned()
    if moved == "commit":
        deployed.commit("DOMAIN", "HOST")
    elif moved == "configuration":
        config = deployed.folder / "apollo.yaml"
        config.write_text(config.read_text().replace("stage.example.com", "new.example.com"))
    else:
        aws.client("ecs").update_service(cluster="green", service="web", desiredCount=7)
        aws.clear()
    answer = apollo("apply", "--plan", "plan.json", "--yes")
    assert answer.exit_code == 1
    assert "does not hold any more" in answer.stderr
    assert named in answer.stderr
    assert aws.mutations() == []


@pytest.mark.parametrize(
    "spoil",
    [
        {"environment": None},
        {"config": 5},
        {"paths": "abc"},
        {"paths": [5]},
        {"variables": [1]},
        {"rev": {"a": 1}},
        {"region": 7},
        {"prune": "yes"},
        {"variablesLeftOut": 1},
    ],
    ids=str,
)
def test_a_spoiled_plan_file_is_none(checkout: Checkout, aws: LocalAws, spoil: dict[str, Any]) -> None:
    file = planned()
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"planFile": content["planFile"] | spoil}))
    answer = apollo("apply", "--plan", "plan.json", "--yes")
    assert answer.exit_code == 1 and "is not a plan file" in answer.stderr
    file.write_text("[" * 100_000)
    assert "is not a plan file" in apollo("apply", "--plan", "plan.json", "--yes").stderr
    assert aws.mutations() == []


def test_what_a_reviewer_was_shown_is_what_is_done(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("web:1", "web:2")
    file = planned()
    content = json.loads(file.read_text())
    for shown in ({"calls": []}, {"resources": content["resources"][:1]}, {"summary": {}}):
        file.write_text(json.dumps(content | shown))
        answer = apollo("apply", "--plan", "plan.json", "--yes")
        assert answer.exit_code == 1 and "does not hold any more" in answer.stderr
    assert aws.mutations() == []


def test_a_plan_file_that_was_edited_is_refused(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("web:1", "web:2")
    file = planned()
    content = json.loads(file.read_text())
    content["resources"][0]["why"] = "nothing to see here"
    file.write_text(json.dumps(content))
    answer = apollo("apply", "--plan", "plan.json", "--yes")
    assert answer.exit_code == 1
    assert "was changed after it was written" in answer.stderr
    assert aws.mutations() == []


def test_a_plan_file_may_be_formatted_anew(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("web:1", "web:2")
    file = planned()
    file.write_text(json.dumps(json.loads(file.read_text()), sort_keys=True))
    assert apollo("apply", "--plan", "plan.json", "--yes").exit_code == 0


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_plan_file_of_another_version_is_refused(
    checkout: Checkout, aws: LocalAws, version: object
) -> None:
    file = planned()
    content = json.loads(file.read_text())
    content["planFile"] |= {"version": version, "apollo": "9.9.9"}
    file.write_text(json.dumps(content))
    answer = apollo("apply", "--plan", "plan.json", "--yes")
    assert answer.exit_code == 1 and "written by Apollo 9.9.9" in answer.stderr
    assert aws.mutations() == []


def test_plan_files_are_checked(checkout: Checkout, aws: LocalAws) -> None:
    planned()
    assert "is a plan for stage" in apollo("apply", "--plan", "plan.json", "-e", "prod").stderr
    assert apollo("apply", "--plan", "plan.json", ".").exit_code == 1
    Path("plan.json").write_text("{}")
    assert "not a plan file" in apollo("apply", "--plan", "plan.json", "--yes").stderr


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────


def test_status(deployed: Checkout) -> None:
    text = apollo("status").stdout
    assert text.startswith("stage · Synced · Healthy · commit ")
    assert "Service/web" in text
    found = data("status", "-e", "stage")
    assert found["source"] == "live+store"
    assert found["environments"][0]["name"] == "stage"
    assert {row["key"] for row in found["environments"][0]["resources"]} == {
        "Service/web",
        "TaskDefinition/web",
    }


def test_get(deployed: Checkout) -> None:
    assert apollo("get", "-o", "name").stdout.split() == ["TaskDefinition/web", "Service/web"]
    assert [row["key"] for row in data("get", "services")["resources"]] == ["Service/web"]
    assert "arn:aws:ecs:" in apollo("get", "Service/web", "-o", "wide").stdout
    assert apollo("get", "Service/nope").exit_code == 1
    assert "there is no kind 'Srvice'" in apollo("get", "Srvice").stderr


def test_describe(deployed: Checkout, aws: LocalAws) -> None:
    aws.client("ecs").update_service(cluster="green", service="web", desiredCount=7)
    text = apollo("describe", "Service/web").stdout
    assert "OutOfSync" in text
    assert "/desiredCount: 7 → 2" in text
    assert "apps/web/web.yaml:15" in text
    found = data("describe", "Service/web")
    assert found["plan"]["changes"] == [{"path": "/desiredCount", "before": 7, "after": 2}]
    assert found["events"]
    assert apollo("describe", "web").exit_code == 1


def test_the_journal_tells_how_an_apply_ended(deployed: Checkout, aws: LocalAws) -> None:
    (synced,) = data("events", "Service/web", "--limit", "1")["events"]
    assert (synced["type"], synced["message"]) == ("Synced", "2/2 running")
    deployed.commit("desiredCount: 2", "desiredCount: 3")
    aws.faults.add("ecs:UpdateService", "access_denied")
    assert apollo("apply", "--yes").exit_code == 1
    (failed,) = data("events", "Service/web", "--limit", "1")["events"]
    assert failed["type"] == "Failed"
    assert failed["commit"] == deployed.git("rev-parse", "HEAD")
    assert "ecs:UpdateService" in failed["message"]


def test_status_names_apps_in_order_and_none_for_what_left_git(deployed: Checkout, aws: LocalAws) -> None:
    for app in ("b", "a-long-name"):
        other = deployed.folder / "apps" / app / "task.yaml"
        other.parent.mkdir()
        other.write_text(
            deployed.manifest.read_text().split("---")[0].replace("name: web}", f"name: {app}}}")
        )
    deployed.git("add", "-A")
    service = "kind: Service\nmetadata: {name: web}\nspec:\n"
    deployed.commit(service, service.replace("web", "site") + "  taskDefinition: web\n")
    lines = apollo("status").stdout.splitlines()
    assert lines[1:4] == [
        "  a-long-name  OutOfSync · Missing",
        "  b            OutOfSync · Missing",
        "  web          OutOfSync · Missing",
    ]
    assert lines[4] == ""


def test_a_part_of_the_source_given_as_path_prunes_nothing_else(deployed: Checkout, aws: LocalAws) -> None:
    other = deployed.folder / "apps/api/api.yaml"
    other.parent.mkdir()
    other.write_text(deployed.manifest.read_text().replace("name: web}", "name: api}"))
    deployed.git("add", "-A")
    deployed.git("commit", "-qm", "api")
    assert apollo("apply", "--yes").exit_code == 0
    aws.clear()
    for part in ("apps/api", "apps/api/api.yaml"):
        plan = data("plan", part, "-f", "apollo.yaml", "--prune")
        assert plan["calls"] == []
        assert "only apps/api" in next(row["why"] for row in plan["resources"] if row["key"] == "Service/web")
    assert apollo("apply", "apps/api", "-f", "apollo.yaml", "--prune", "--yes").exit_code == 3
    assert aws.mutations() == []
    other.unlink()
    plan = data("plan", ".", "-f", "apollo.yaml", "--prune")
    assert [call["operation"] for call in plan["calls"]] == ["DeleteService"], "all of it, as it lies there"


def test_a_single_apply_prints_no_log(deployed: Checkout, aws: LocalAws) -> None:
    aws.client("ecs").update_service(cluster="green", service="web", desiredCount=5)
    answer = process("apply", "--yes", cwd=deployed.folder, **aws.env())
    assert answer.returncode == 0, answer.stderr
    assert "drifted Service/web" not in answer.stderr


def test_history_and_events(deployed: Checkout) -> None:
    rows = data("history")["events"]
    assert {row["key"] for row in rows} == {"Service/web", "TaskDefinition/web"}
    assert {row["commit"] for row in rows} == {deployed.git("rev-parse", "HEAD")}
    assert [row["key"] for row in data("events", "Service/web", "--limit", "1")["events"]] == ["Service/web"]
    assert data("events", "no-such-app")["events"] == []
    rolled = next(row for row in rows if row["type"] == "RolledOut")
    assert (rolled["key"], rolled["duration"] > 0) == ("Service/web", True)
    for form in ("text", "markdown"):
        lines = apollo("history", "-o", form).stdout.splitlines()
        assert re.search(r"2/2 running, after \d+[smh]", next(line for line in lines if "RolledOut" in line))


@pytest.mark.parametrize("whole", [True, False], ids=["the plan", "one resource"])
def test_approve_lets_a_held_plan_through_once(checkout: Checkout, aws: LocalAws, whole: bool) -> None:
    other = checkout.folder / "apps/api/api.yaml"
    other.parent.mkdir()
    text = checkout.manifest.read_text().replace("name: web}", "name: api}\nlifecycle: {prune: confirm}")
    other.write_text(text)
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "api")
    assert apollo("apply", "--yes").exit_code == 0
    checkout.git("rm", "-q", "apps/api/api.yaml")
    checkout.git("commit", "-qm", "no api")
    aws.clear()
    assert apollo("apply", "--yes", "--prune").exit_code == 3
    assert aws.mutations() == []
    plan = data("plan", "--prune")
    digests = {row["key"]: row["digest"] for row in plan["resources"] if row.get("blocked")}
    assert "Service/api" in digests
    digest = plan["digest"] if whole else digests["Service/api"]
    said = apollo("approve", digest, "-e", "stage", "--by", "me")
    assert said.stdout.startswith("approved:")
    assert [call["operation"] for call in data("plan", "--prune")["calls"]] == ["DeleteService"]
    apollo("apply", "--yes", "--prune", "--no-wait")
    assert [one.operation for one in aws.mutations()] == ["DeleteService"]
    assert "there was no approval" in apollo("approve", digest, "--withdraw").stdout, "it was used up"


def test_approve_wants_a_digest(checkout: Checkout) -> None:
    assert apollo("approve", "yes").exit_code == 1


def test_nothing_of_a_suspended_app_is_deleted_by_whoever_forgot_what_is_of_it(
    deployed: Checkout, aws: LocalAws
) -> None:
    apollo("suspend", "app/web", "--by", "me")
    deployed.manifest.write_text(deployed.manifest.read_text().split("---")[0])
    deployed.git("commit", "-qam", "the service goes")
    result = data("apply", "--yes", "--prune", code=3)
    assert [(one["key"], one["reason"]) for one in result["gates"]] == [("Service/web", "Suspended")]
    assert "app/web" in result["gates"][0]["message"] and not aws.mutations()
    apollo("resume", "app/web")
    assert apollo("apply", "--yes", "--prune").exit_code == 0
    assert [one.operation for one in aws.mutations()] == ["DeleteService"]


def test_a_suspension_that_would_hold_nothing_is_an_error(deployed: Checkout) -> None:
    assert apollo("suspend", "service/web").stdout == "suspended: Service/web in stage\n"
    assert apollo("resume", "SERVICE/web").stdout == "resumed: Service/web in stage\n"
    answer = apollo("suspend", "Servce/web")
    assert answer.exit_code == 1
    assert "there is no kind 'Servce'" in answer.stderr and "did you mean Service?" in answer.stderr
    assert apollo("suspend", "acme.Queue/q").exit_code == 0, "its package may be where the operator is"


def test_apply_says_what_lets_the_held_through(deployed: Checkout) -> None:
    apollo("suspend", "Service/web", "--by", "me", "--reason", "incident 42")
    deployed.commit("web:1", "web:2")
    answer = apollo("apply", "--yes")
    assert answer.exit_code == 3
    held = answer.stdout.index("Service/web is suspended: by me: incident 42")
    assert answer.stdout[held:].splitlines()[1] == "      to let it through: apollo resume Service/web"


def test_a_pass_tells_a_mistake_once(deployed: Checkout) -> None:
    deployed.commit("kind: Service", "kind: Servcie")
    assert apollo("run", "--once").stdout.count("unknown kind 'Servcie'") == 1


def test_kind_and_name_may_be_two_words(deployed: Checkout) -> None:
    assert apollo("describe", "service", "web").stdout == apollo("describe", "Service/web").stdout
    assert apollo("get", "service", "web", "-o", "name").stdout == "Service/web\n"
    for answer in (apollo("describe", "a", "b", "c"), apollo("get", "Service/web", "Service/api")):
        assert answer.exit_code == 1 and "one KIND/NAME, such as Service/web" in answer.stderr


def test_nothing_that_is_known_is_not_healthy(checkout: Checkout, aws: LocalAws) -> None:
    checkout.git("rm", "-rq", "apps")
    checkout.git("commit", "-qm", "all gone")
    first, second, *_ = apollo("status").stdout.splitlines()
    assert first.startswith("stage · Unknown · Unknown · commit ")
    assert second.startswith("  there is no folder apps at this commit (correct source.path, ")
    (checkout.folder / "apollo.yaml").write_text(
        (checkout.folder / "apollo.yaml").read_text().replace("branch: main", "branch: mian")
    )
    assert 'there is no branch "mian" (did you mean' in apollo("status").stdout


def test_suspend_and_resume(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("desiredCount: 2", "desiredCount: 3")
    said = apollo("suspend", "Service/web", "--reason", "incident 42", "--for", "2h", "--by", "me")
    assert said.stdout.startswith("suspended: Service/web in stage until ")
    assert "incident 42" in apollo("plan").stdout
    assert apollo("apply", "--yes").exit_code == 3
    assert aws.mutations() == []
    assert apollo("resume", "Service/web").stdout == "resumed: Service/web in stage\n"
    assert apollo("resume", "Service/web").stdout == "was not suspended: Service/web in stage\n"
    told = {row["type"]: row["message"] for row in data("events", "Service/web")["events"]}
    assert told["Suspended"] == "Service/web in stage, by me: incident 42"
    assert "Resumed" in told
    assert apollo("apply", "--yes").exit_code == 0


def test_what_needs_the_store_says_so(checkout: Checkout) -> None:
    config = checkout.folder / "apollo.yaml"
    config.write_text(config.read_text().replace("sqlite:.apollo/state.db", "none"))
    answer = apollo("history")
    assert answer.exit_code == 1
    assert "needs a store" in answer.stderr


# ── run ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_run_once(checkout: Checkout, aws: LocalAws) -> None:
    dry = apollo("run", "--once", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "+ create Service/web" in dry.stdout
    assert aws.mutations() == []
    assert apollo("run", "--once").exit_code == 0
    assert len(aws.mutations()) == 2
    assert apollo("run", "--once").exit_code == 0
    assert len(aws.mutations()) == 2


def test_run_once_has_the_codes_of_apply(deployed: Checkout) -> None:
    deployed.commit("web:1", "web:crash")
    answer = apollo("run", "--once", "-o", "json")
    assert answer.exit_code == 5
    report = json.loads(answer.stdout)
    assert report["results"][0]["environment"] == "stage"


def test_apply_says_what_is_wrong_with_the_files(deployed: Checkout, aws: LocalAws) -> None:
    deployed.commit("kind: Service", "kind: Servcie")
    answer = apollo("apply", "--yes")
    assert answer.exit_code == 1
    assert "apps/web/web.yaml:" in answer.stdout and "unknown kind 'Servcie'" in answer.stdout
    assert "did you mean 'Service'?" in answer.stdout
    assert answer.stdout.endswith("Failed.\n")


def test_a_failure_of_apply_has_its_code_and_remedy(checkout: Checkout, aws: LocalAws) -> None:
    answer = apollo("apply", "--yes", "--cluster", "gren")
    assert answer.exit_code == 1
    (line,) = [line for line in answer.stdout.splitlines() if "Service/web" in line and "Failed" in line]
    assert line.endswith("there is no ECS cluster gren in this account and region [APO-ECS-001]")
    assert "      hint: create the cluster" in answer.stdout


def test_a_plan_of_a_branch_says_that_files_are_not_committed(checkout: Checkout, aws: LocalAws) -> None:
    checkout.manifest.write_text(checkout.manifest.read_text() + "# an edit\n")
    for answer in (apollo("plan"), apollo("apply", "--yes")):
        assert answer.exit_code == 0
        assert "apps holds changes that are not committed" in answer.stderr
        assert "apollo plan apps -e stage" in answer.stderr
    assert "not committed" not in apollo("plan", "apps", "-e", "stage").stderr
    assert "not committed" not in apollo("plan", "--rev", "HEAD").stderr
    checkout.git("commit", "-qam", "an edit")
    assert "not committed" not in apollo("plan").stderr
