"""What is told, to whom, how often, and in which form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.notify import (
    BAD,
    CommitStatus,
    Filter,
    Github,
    Gitlab,
    Notice,
    Outbox,
    Rejected,
    Slack,
    Transitions,
    Unsent,
    Webhook,
    repository_of,
)
from apollo.notify.http import StdHttp
from apollo.notify.webhook import signature
from tests.notify.receiver import Receiver, receiver
from tests.virtual import VirtualClock

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ALL = frozenset(
    {
        "RolloutStarted",
        "RolloutFinished",
        "RolloutFailed",
        "Degraded",
        "Failed",
        "Held",
        "Drifted",
        "Deleted",
        "SourceFailed",
        "Recovered",
    }
)

pytestmark = pytest.mark.anyio


def notice(event: str, generation: str = "g1", name: str = "web", **more: object) -> Notice:
    return Notice(event, "stage", AT, kind="Service", name=name, app="web", generation=generation, **more)  # type: ignore[arg-type]


def told(its: Transitions, notices: Sequence[Notice]) -> list[str]:
    found = [its.news(one) for one in notices]
    return [one.event for one in found if one is not None]


def test_a_condition_is_told_once_and_its_end_once() -> None:
    its = Transitions(Filter(ALL))
    events = ["Failed", "Failed", "Synced", "Synced", "Failed", "Synced"]
    assert told(its, [notice(one) for one in events]) == ["Failed", "Recovered", "Failed", "Recovered"]


def test_what_is_good_from_the_start_is_no_news() -> None:
    assert told(Transitions(Filter(ALL)), [notice("Synced"), notice("Recovered")]) == []


def test_another_generation_of_the_same_fault_is_news() -> None:
    its = Transitions(Filter(ALL))
    assert told(its, [notice("RolloutFailed", "g1"), notice("RolloutFailed", "g2")]) == ["RolloutFailed"] * 2


def test_a_fault_that_comes_back_is_news_also_where_its_end_is_not_told() -> None:
    its = Transitions(Filter(frozenset({"Drifted"})))
    events = ["Drifted", "Synced", "Drifted", "Drifted"]
    assert told(its, [notice(one) for one in events]) == ["Drifted", "Drifted"]


def test_a_restart_repeats_nothing_that_was_sent_and_everything_that_was_not() -> None:
    first = Transitions(Filter(ALL))
    sent, unsent = notice("Failed"), notice("Failed", name="api")
    assert first.news(sent) and first.news(unsent)
    first.keep(sent)
    again = Transitions.load(Filter(ALL), first.known)
    assert again.news(sent) is None and again.news(unsent) == unsent


@given(st.lists(st.sampled_from([*sorted(ALL - {"Recovered"}), "Synced"]), max_size=30))
def test_nothing_is_told_twice_in_a_row_and_recovery_follows_something_bad(events: list[str]) -> None:
    heard = told(Transitions(Filter(ALL)), [notice(one) for one in events])
    for before, now in zip(["", *heard], heard, strict=False):
        assert before != now
        assert now != "Recovered" or before in BAD


def test_only_what_was_asked_for_is_told() -> None:
    its = Transitions(Filter(frozenset({"Failed"}), apps=frozenset({"web"}), kinds=frozenset({"Service"})))
    assert told(its, [notice("Failed")]) == ["Failed"]
    other = Notice("Failed", "stage", AT, kind="ListenerRule", name="web", app="web")
    assert its.news(other) is None
    assert its.news(Notice("Failed", "stage", AT, kind="Service", name="x", app="api")) is None


def test_a_notice_carries_no_secret() -> None:
    one = notice("Failed", message="cannot connect with password=hunter22222")
    assert "hunter22222" not in one.text() and "hunter22222" not in str(one.to_dict())


def test_a_template_is_filled_in_and_evaluates_nothing() -> None:
    one = notice("RolloutFinished", seconds=41.6, commit="a" * 40)
    assert (
        one.text("$environment/$name took $seconds s, $$5, $unknown") == "stage/web took 42 s, $5, $unknown"
    )
    assert one.text() == "stage: Service/web is rolled out and healthy (aaaaaaa, 42 s)"


# ── receivers ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def there():  # type: ignore[no-untyped-def]
    with receiver() as one:
        yield one


async def test_slack_can_be_made_to_mention_nobody(there: Receiver) -> None:
    await Slack(StdHttp(), there.url).send(notice("Failed", message="<!channel> <https://evil|ok> &amp;"))
    (posted,) = there.posted
    text = posted.json["blocks"][0]["text"]
    assert text["type"] == "mrkdwn" and "<" not in text["text"] and "&lt;!channel&gt;" in text["text"]
    await Slack(StdHttp(), there.url).send(notice("Failed", message="x" * 9000))
    assert len(there.posted[-1].json["text"]) < 3000


async def test_a_webhook_is_signed_so_that_others_can_check_it(there: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    # The example of the specification.
    known = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert known == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    one = notice("Drifted")
    await Webhook(StdHttp(), there.url + "/hook", lambda: AT, secret).send(one)
    (posted,) = there.posted
    stamp = int(posted.headers["webhook-timestamp"])
    assert posted.path == "/hook" and stamp == int(AT.timestamp())
    assert posted.headers["webhook-id"] == one.id
    assert posted.headers["webhook-signature"] == signature(secret, one.id, stamp, posted.content)
    assert posted.json["event"] == "Drifted" and posted.json["key"] == "Service/web"


async def test_the_same_transition_has_the_same_id() -> None:
    assert notice("Drifted").id == notice("Drifted", message="other words").id
    assert notice("Drifted").id != notice("Drifted", "g2").id


async def test_commit_states_reach_their_hosts(there: Receiver) -> None:
    status = CommitStatus("stage", "a" * 40, "failure", "Service/web: " + "x" * 300)
    await Github(StdHttp(), there.url, "acme/config", "ghs_0000000000000000").send(status)
    await Gitlab(StdHttp(), there.url + "/api/v4/", "acme/sub/config", "glpat-00000000000").send(status)
    github, gitlab = there.posted
    assert github.path == f"/repos/acme/config/statuses/{'a' * 40}"
    assert github.headers["authorization"] == "Bearer ghs_0000000000000000"
    assert github.json["state"] == "failure" and github.json["context"] == "apollo/stage"
    assert len(github.json["description"]) == 140
    assert gitlab.path == f"/api/v4/projects/acme%2Fsub%2Fconfig/statuses/{'a' * 40}"
    assert gitlab.json["state"] == "failed" and gitlab.json["name"] == "apollo/stage"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/config.git", "acme/config"),
        ("https://x-access-token@github.com/acme/config", "acme/config"),
        ("git@gitlab.com:acme/sub/config.git", "acme/sub/config"),
        ("ssh://git@host:2222/acme/config.git/", "acme/config"),
        ("/srv/config.git", None),
        ("config", None),
        ("https://host/one", None),
    ],
)
def test_the_repository_is_read_from_its_url(url: str, name: str | None) -> None:
    assert repository_of(url) == name


async def test_answers_say_whether_another_try_helps(there: Receiver) -> None:
    there.answers = [(503, {}), (429, {"Retry-After": "7"}), (404, {}), (302, {"Location": there.url})]
    http = StdHttp()
    with pytest.raises(Unsent):
        await http.post(there.url, b"{}", {})
    with pytest.raises(Unsent) as raised:
        await http.post(there.url, b"{}", {})
    assert raised.value.after == 7
    for _ in range(2):
        with pytest.raises(Rejected):
            await http.post(there.url, b"{}", {})
    with pytest.raises(Unsent) as refused:
        await http.post("http://127.0.0.1:9/T000/secret-path", b"{}", {})
    assert "secret-path" not in str(refused.value)


async def test_messages_go_out_in_order_through_faults_and_refusals() -> None:
    clock, sent, over = VirtualClock(auto=True), list[str](), list[str]()
    faults: list[Exception | None] = [Unsent("not now"), Unsent("slow down", after=60), None, Rejected("no")]

    class Far:
        async def send(self, message: str, /) -> None:
            fault = faults.pop(0) if faults else None
            if fault is not None:
                raise fault
            sent.append(message)

    async def done(message: str) -> None:
        over.append(message)

    box = Outbox("far", Far(), clock, done)
    for message in ("a", "b", "c"):
        box.put(message)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(box.run)
        with anyio.fail_after(10):
            await box.empty()
        tasks.cancel_scope.cancel()
    assert sent == ["a", "c"] and over == ["a", "b", "c"]
    assert clock.monotonic() - VirtualClock().monotonic() == 62, "as long as was asked for"
