"""What an engineer reads at three in the morning."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from apollo.api import Change, Wait
from apollo.cli.plan_text import plan_text
from apollo.cli.plan_words import About
from apollo.cli.text import PLAIN, Paint
from apollo.engine.plan import Plan, ResourcePlan
from tests.cli.plans import SHA, failed, held, key, resource, rollout, step

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

Calls (2), in this order
  1.  ecs RegisterTaskDefinition  TaskDefinition/web
  2.  ecs UpdateService           Service/web

Left alone
  Service/web  /desiredCount  owned by ScalingPolicy/web

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
    assert "\n      until: apollo approve abc" in stable(held(until="apollo approve abc"))


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
    text = stable(Plan("stage", SHA, "c", (resource(step("delete", key(), disruptive=True)),)))
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
