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
from tests.cli.plans import SHA, created, failed, held, key, resource, rollout, step

ABOUT = About("123456789012", "eu-west-1", "green")


def stable(plan: Plan) -> str:
    return plan_markdown(plan, ABOUT).replace(plan.digest, "DIGEST")


def test_a_rollout() -> None:
    assert stable(rollout()) == snapshot("""\
<!-- apollo-plan env=stage -->

### Apollo plan for `stage`: 1 to create, 1 to update, **restarts tasks**

account `123456789012` · `eu-west-1` · cluster `green` · commit `0123456` · config `c0ffee` · plan `DIGEST` · 1 unchanged

| resource | action | what changes | forecast |
|---|---|---|---|
| `TaskDefinition/web` | + create | `/containerDefinitions/app/image` `repo/web:1.8.0` → `repo/web:1.9.0` |  |
| `Service/web` | ~ update, **restarts tasks** | `/taskDefinition` `web:41` → `(known after apply)` |  |

**Tasks are replaced or stopped**
- `Service/web`

<details><summary>Calls (2), in this order</summary>

1. `ecs RegisterTaskDefinition` `TaskDefinition/web`
2. `ecs UpdateService` `Service/web`

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

</details>

<details><summary>Left alone (1)</summary>

- `Service/web` `/desiredCount`: `owned by ScalingPolicy/web`

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


HOSTILE = st.lists(
    st.sampled_from(
        [
            "`",
            "```",
            "|",
            "\\",
            "\n",
            "\r",
            "<",
            ">",
            "</details>",
            "<!--",
            "-->",
            "@team",
            "#1",
            "[x](y)",
            "a",
        ]
    ),
    min_size=1,
    max_size=12,
).map("".join)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_foreign_text_can_format(name: str, field: str, value: str, why: str) -> None:
    def tame(text: str) -> str:
        # A long value stands among the fields only.
        return outside_of_code(text).replace("CODE CODE → CODE", "CODE")

    assert tame(comment(f"n{name}", f"f{field}", f"v{value}", f"w{why}")) == tame(comment("n", "f", "v", "w"))


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


def many(number: int, size: int = 300) -> Plan:
    changes = [Change(f"/f{i}", "x" * size, "y" * size) for i in range(4)]
    steps = (step("update", key(f"s{n}"), *changes, disruptive=True, why="w" * 50) for n in range(number))
    return Plan("stage", SHA, "c", tuple(map(resource, steps)))


@pytest.mark.parametrize("number", [1, 40, 3000])
def test_a_comment_fits_where_comments_go(number: int) -> None:
    text = plan_markdown(many(number), ABOUT)
    assert len(text) <= 65_536
    assert text.count("<details>") == text.count("</details>")
    assert ("left out here" in text) == (number > 1)


def test_what_is_left_out_goes_by_whole_resources_and_is_counted() -> None:
    text = plan_markdown(many(40), ABOUT)
    shown = [n for n in range(40) if f"# Service/s{n}\n" in text]
    assert shown == list(range(len(shown)))
    assert f"{40 - len(shown)} more resources are left out here" in text
    assert text.count("\n+ /f3: ") == len(shown)


def test_another_host_takes_more() -> None:
    text = plan_markdown(many(300), ABOUT, 1_000_000)
    assert 65_536 < len(text) <= 1_000_000
    assert "left out here" not in text


@given(st.integers(1, 60), st.integers(0, 500), st.integers(2_000, 20_000))
def test_no_limit_is_ever_passed(number: int, size: int, limit: int) -> None:
    text = plan_markdown(many(number, size), ABOUT, limit)
    assert len(text) <= limit
    assert outside_of_code(text).count("<details>") == outside_of_code(text).count("</details>")


def test_what_is_created_is_folded_in_by_name() -> None:
    text = stable(created(DB_PASSWORD="hunter2"))
    assert "+ /containerDefinitions/app/environment: DB_PASSWORD" in text
    assert "hunter2" not in text


def test_secrets_do_not_show() -> None:
    change = Change("/containerDefinitions/app/environment/KEY/value", "hunter2", "hunter3")
    assert "hunter" not in stable(Plan("stage", SHA, "c", (resource(step("update", key(), change)),)))
