# ruff: noqa: E501 - Markdown tables are as wide as they are
"""A plan as a comment: verdict first, found again by its marker, and no foreign text that formats."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from apollo.api import Change
from apollo.cli.plan_markdown import code, plan_markdown
from apollo.cli.plan_words import About
from apollo.engine.plan import Plan
from tests.cli.plans import SHA, failed, held, key, resource, rollout, step

ABOUT = About("123456789012", "eu-west-1", "green")


def stable(plan: Plan) -> str:
    return plan_markdown(plan, ABOUT).replace(plan.digest, "DIGEST")


def test_a_rollout() -> None:
    assert stable(rollout()) == snapshot("""\
<!-- apollo-plan env=stage -->

### Apollo plan for `stage`: 1 to create, 1 to update

account `123456789012` · `eu-west-1` · cluster `green` · commit `0123456` · config `c0ffee` · plan `DIGEST` · 1 unchanged

| resource | action | what changes | why |
|---|---|---|---|
| `TaskDefinition/web` | + create | `/containerDefinitions/app/image` | `new revision of family web` |
| `Service/web` | ~ update, **restarts tasks** | `/taskDefinition` | `taskDefinition changes: tasks are replaced` |

**Tasks are replaced or stopped in** `Service/web`

<details><summary>Calls (2), in this order</summary>

1. `ecs RegisterTaskDefinition` `TaskDefinition/web`
2. `ecs UpdateService` `Service/web`

</details>

<details><summary>Left alone (1)</summary>

- `Service/web` `/desiredCount`: `owned by ScalingPolicy/web`

</details>

<details><summary>Field changes</summary>

```diff
# TaskDefinition/web
- /containerDefinitions/app/image: repo/web:1.8.0
+ /containerDefinitions/app/image: repo/web:1.9.0
# Service/web
- /taskDefinition: web:41
+ /taskDefinition: (known after apply)
```

</details>\
""")


def test_the_marker_is_the_first_line_and_names_the_environment() -> None:
    assert stable(rollout()).splitlines()[0] == "<!-- apollo-plan env=stage -->"


def test_errors_and_holds_are_in_the_verdict() -> None:
    assert "**with errors**" in stable(failed()).splitlines()[2]
    assert "the role lacks ecs:DescribeServices" in stable(failed())
    assert "waits for Service/web" in stable(failed())
    assert "**held**" in stable(held()).splitlines()[2]


ATTACKS = [
    "@everyone",
    "</details><h1>x</h1>",
    "``` \n# merged",
    "`` `@me` ``",
    "| a | b |",
    "a\\|b",
    "![x](https://evil.example/x.png)",
    "<!-- apollo-plan env=prod -->",
    "-->",
    "#123",
    "\n\n- [x] approved",
]


def outside_of_code(text: str) -> str:
    """What a Markdown reader would format: everything but fences and code spans."""
    text = re.sub(r"(?ms)^(`{3,})\w*\n.*?\n\1$", "", text)
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "CODE", text)


def comment(name: str, field: str, value: str, why: str) -> str:
    change = Change(f"/{field}", value, value + "!")
    one = resource(step("update", key(name), change, why=why, disruptive=True))
    return plan_markdown(Plan("stage", SHA, "c", (one,)), ABOUT)


@pytest.mark.parametrize("attack", ATTACKS)
def test_foreign_text_cannot_format(attack: str) -> None:
    assert outside_of_code(comment(attack, attack, attack, attack)) == outside_of_code(
        comment("n", "f", "v", "w")
    )


@given(st.text(alphabet=st.sampled_from("`a|\\ \n<@"), min_size=1))
def test_a_code_span_holds_its_text(text: str) -> None:
    span = code(text)
    if not span:
        assert not text.strip()
        return
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence.group()) : -len(fence.group())]
    runs = [len(run) for run in re.findall("`+", inner)]
    assert len(fence.group()) not in runs
    assert "\n" not in span


def test_a_comment_fits_where_comments_go() -> None:
    many = tuple(
        resource(step("update", key(f"s{n}"), *(Change(f"/f{i}", "x" * 300, "y" * 300) for i in range(4))))
        for n in range(40)
    )
    text = plan_markdown(Plan("stage", SHA, "c", many), ABOUT)
    assert len(text) < 65_536
    assert "more resources are left out here" in text
    assert text.count("<details>") == text.count("</details>")


def test_secrets_do_not_show() -> None:
    change = Change("/containerDefinitions/app/environment/KEY/value", "hunter2", "hunter3")
    assert "hunter" not in stable(Plan("stage", SHA, "c", (resource(step("update", key(), change)),)))
