"""What an engineer reads at three in the morning."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from apollo.api import Change, Forecast, Wait
from apollo.cli.plan_text import plan_text
from apollo.cli.plan_words import About
from apollo.cli.text import PLAIN, Paint
from apollo.engine.plan import Plan, ResourcePlan
from tests.cli.plans import SHA, created, failed, held, key, resource, rollout, step

ABOUT = About("123456789012", "eu-west-1", "green")


def stable(plan: Plan) -> str:
    text = plan_text(plan, ABOUT, PLAIN).replace(plan.digest, "DIGEST")
    for item in plan.resources:
        text = text.replace(item.digest, "RESOURCE-DIGEST")
    return text


def test_a_rollout() -> None:
    assert stable(rollout()) == snapshot("""\
Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit 0123456

  + create TaskDefinition/web
      new revision of family web
      /containerDefinitions/app/image  repo/web:1.8.0 → repo/web:1.9.0

  ~ update Service/web  restarts tasks
      taskDefinition changes: tasks are replaced
      /taskDefinition  web:41 → (known after apply)

Left alone
  Service/web  /desiredCount  owned by ScalingPolicy/web

Calls (2), in this order
  1.  ecs RegisterTaskDefinition  TaskDefinition/web
  2.  ecs UpdateService           Service/web

Plan: 1 to create, 1 to update, 1 unchanged.
Tasks are replaced or stopped in: Service/web
digest DIGEST  config c0ffee\
""")


def test_nothing_to_do() -> None:
    plan = Plan("stage", SHA, "c0ffee", (ResourcePlan(key(), "web"),))
    assert stable(plan) == snapshot("""\
Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit 0123456

No changes: AWS equals git at 0123456 (1 unchanged).
digest DIGEST  config c0ffee\
""")


def test_held_plans_say_by_whom() -> None:
    assert stable(held()) == snapshot("""\
Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit 0123456

  ~ update Service/web  held
      /desiredCount  2 → 3

Held
  Service/web  held by window: closed until Monday

Plan: 1 to update, 0 unchanged.
Not done before that is settled: Service/web
digest DIGEST  config c0ffee\
""")


def test_what_lets_it_pass_is_told() -> None:
    assert "\n      to let it through: apollo approve abc" in stable(held(until="apollo approve abc"))
    assert "\n      until: a commit that changes it" in stable(held(until="a commit that changes it"))


def test_denied_is_not_called_held() -> None:
    text = stable(held("deny", hint="restore the owner tag"))
    assert "Service/web  denied" in text
    assert "denied by window: closed until Monday\n      hint: restore the owner tag" in text


def test_what_configuration_leaves_alone_is_quiet() -> None:
    text = stable(held("skip"))
    assert "left alone: closed until Monday" in text
    assert "Nothing to do: what differs is left alone as configured" in text
    assert "Held" not in text


def test_what_could_not_be_looked_at_is_never_left_out() -> None:
    assert stable(failed()) == snapshot("""\
Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit 0123456

Not analysed
  Service/web  the role lacks ecs:DescribeServices [APO-AWS-011]
      hint: allow it
  Service/api  waits for Service/web

Plan: nothing can be done.
digest DIGEST  config c0ffee\
""")


def test_long_values_stand_below_each_other_and_are_cut() -> None:
    change = Change("/containerDefinitions/app/image", "a" * 60, "b" * 1000)
    text = stable(Plan("stage", "", "c", (resource(step("update", key(), change)),)))
    assert "\n        - " + "a" * 60 + "\n        + bbb" in text
    assert "b" * 401 not in text
    assert "(1000 characters)" in text


def test_deletions_and_replacements_are_in_words() -> None:
    gone = resource(step("delete", key(), disruptive=True), absent=True)
    text = stable(Plan("stage", SHA, "c", (gone,)))
    assert "  - delete Service/web  stops tasks" in text
    assert "1 to delete" in text


def test_drift_says_so() -> None:
    one = resource(step("update", key(), Change("/desiredCount", 9, 2)), reason="Drifted")
    assert "drifted: changed outside git" in stable(Plan("stage", SHA, "c", (one,)))


def test_a_wait_is_told() -> None:
    one = resource(step(), wait=Wait("Draining", "tasks of the old service are stopping"))
    assert "AWS is still busy: tasks of the old service are stopping" in stable(
        Plan("stage", SHA, "c", (one,))
    )


def test_secrets_do_not_show() -> None:
    change = Change("/containerDefinitions/app/environment/DB_PASSWORD/value", "hunter2", "hunter3")
    text = stable(Plan("stage", SHA, "c", (resource(step("update", key(), change)),)))
    assert "hunter" not in text
    assert "(sensitive)" in text


@given(st.text(), st.text(), st.text())
def test_foreign_text_stays_on_its_line(name: str, value: str, why: str) -> None:
    def lines(*texts: str) -> int:
        target = key(texts[0])
        one = resource(step("update", target, Change(f"/{texts[0]}", "x", texts[1]), why=texts[2] or "x"))
        plan = Plan("stage", SHA, "c", (evolve(one, key=target),))
        text = plan_text(plan, ABOUT, PLAIN)
        assert "\x1b" not in text
        return len([line for line in text.splitlines() if not line.startswith(("      ", "        "))])

    assert lines(name, value, why) == lines("name", "value", "why")


def test_colour_changes_nothing_but_colour() -> None:
    import re

    coloured = plan_text(rollout(), ABOUT, Paint(True))
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plan_text(rollout(), ABOUT, PLAIN)
    assert coloured != plan_text(rollout(), ABOUT, PLAIN)


# ── what is made ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_created_is_told_with_secrets_by_name_only() -> None:
    text = stable(created(DB_PASSWORD="hunter2", LOG="debug"))
    assert text == snapshot("""\
Plan for stage · account 123456789012 · eu-west-1 · cluster green · commit 0123456

  + create TaskDefinition/web
      there is none
      /family                                 + web
      /containerDefinitions/app/image         + repo/web:1
      /containerDefinitions/app/portMappings  + [{"containerPort": 8080}]
      /containerDefinitions/app/environment   + DB_PASSWORD, LOG
      /containerDefinitions/app/secrets       + DB
      /cpu                                    + 256
      /memory                                 + 512

Calls (1), in this order
  1.  ecs RegisterTaskDefinition  TaskDefinition/web

Plan: 1 to create, 0 unchanged.
digest DIGEST  config c0ffee\
""")


def test_full_shows_every_field() -> None:
    plan = created(DB_PASSWORD="hunter2")
    text = plan_text(plan, ABOUT, PLAIN, full=True)
    assert "/containerDefinitions/app/environment/DB_PASSWORD/value" in text
    assert "(sensitive)" in text
    assert "hunter2" not in text


def test_machines_get_what_is_created_too() -> None:
    (row,) = created(DB_PASSWORD="hunter2").to_dict()["resources"]
    told = {change["path"]: (change["before"], change["after"]) for change in row["changes"]}
    assert told["/containerDefinitions/app/image"] == (None, "repo/web:1")
    assert told["/containerDefinitions/app/environment/DB_PASSWORD/value"] == (None, "(sensitive)")


def test_the_content_is_commentary_and_not_in_the_digest() -> None:
    plan = created()
    (item,) = plan.resources
    assert evolve(plan, resources=(evolve(item, spec=None),)).digest == plan.digest


# ── why, and what is foreseen ────────────────────────────────────────────────────────────────────────────

FORECAST = Forecast(
    4,
    "ROLLING",
    "4 tasks replaced at once, rolling 100/200%",
    ("at least 4 run at any time, at most 8",),
    took=(200.0, 190.0, 900.0),
)


def foreseen(forecast: Forecast = FORECAST) -> Plan:
    plan = rollout()
    first, service, rest = plan.resources
    steps = tuple(evolve(one, restarts=("/taskDefinition",)) for one in service.steps)
    return evolve(plan, resources=(first, evolve(service, steps=steps, forecast=forecast), rest))


def test_the_field_that_restarts_tasks_is_traced_to_where_it_changes() -> None:
    text = stable(foreseen())
    assert "because of /containerDefinitions/app/image of TaskDefinition/web" in text
    assert "/taskDefinition  web:41 → (known after apply)  # restarts tasks" in text
    service = foreseen().to_dict()["resources"][1]
    assert service["causes"] == [{"key": "TaskDefinition/web", "path": "/containerDefinitions/app/image"}]
    assert service["restarts"] == ["/taskDefinition"]


def test_the_forecast_tells_how_and_how_long() -> None:
    text = stable(foreseen())
    assert "forecast: 4 tasks replaced at once, rolling 100/200%; took 3m 20s (median of the last 3)" in text
    assert "at least 4 run at any time, at most 8" in text
    told = foreseen().to_dict()["resources"][1]["forecast"]
    assert told["duration"] == {"medianSeconds": 200.0, "rollouts": 3}
    assert (told["tasks"], told["strategy"]) == (4, "ROLLING")


def test_the_forecast_is_not_in_the_digest() -> None:
    assert foreseen().digest == foreseen(Forecast(9)).digest


def test_a_warning_is_repeated_at_the_end() -> None:
    text = stable(foreseen(evolve(FORECAST, warnings=("this rollout cannot begin",))))
    assert "warning: this rollout cannot begin" in text
    assert text.splitlines()[-2] == "Read the warning above before this is done."


def test_drift_stands_apart_from_what_changed_in_git() -> None:
    drift = resource(step("update", key("a"), Change("/desiredCount", 9, 2)), reason="Drifted")
    pending = resource(step("update", key("b"), Change("/desiredCount", 9, 2)))
    plan = Plan("stage", SHA, "c", (drift, pending))
    text = stable(plan)
    assert "update Service/a  drifted: changed outside git" in text
    assert "update Service/b  changed in git" in text
    assert "Drift, set back to git: Service/a" in text


# ── the width of a terminal ──────────────────────────────────────────────────────────────────────────────


@given(st.integers(min_value=60, max_value=160))
def test_explanations_fit_the_terminal(width: int) -> None:
    words = " ".join(["because"] * 60)
    one = resource(step("update", key(), Change("/a" * 40, "x" * 30, "y" * 30), why=words))
    for line in plan_text(Plan("stage", SHA, "c", (one,)), About(), PLAIN, width=width).splitlines():
        assert len(line) <= max(width, 6 + 80)  # a pointer is not broken


def test_a_long_pointer_does_not_move_the_other_columns() -> None:
    changes = (Change("/cpu", "256", "512"), Change("/" + "x" * 120, "a", "b"))
    text = stable(Plan("stage", SHA, "c", (resource(step("update", key(), *changes)),)))
    assert "      /cpu  256 → 512\n" in text
