"""Which rule a request matches.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.testing.conftest import Json
from tests.testing.elbv2.conftest import Balancing
from tests.testing.elbv2.test_conditions import header


def host(*values: str) -> Json:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": list(values)}}


def path(*values: str) -> Json:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


def query(**pair: str) -> Json:
    return {"Field": "query-string", "QueryStringConfig": {"Values": [pair]}}


def regex(field: str, config: str, value: str) -> Json:
    return {"Field": field, config: {"RegexValues": [value]}}


METHOD: Json = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}}
SOURCE: Json = {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "2001:db8::/32"]}}


@pytest.mark.parametrize(
    ("condition", "probe", "matches"),
    [
        (host("a.example.com"), {"host": "A.Example.Com"}, True),  # not case-sensitive
        (host("a.example.com"), {"host": "a.example.com:8080"}, True),
        (host("*.example.com"), {"host": "example.com"}, False),
        (host("*.example.com"), {"host": "b.a.example.com"}, True),
        (host("?.example.com"), {"host": "ab.example.com"}, False),
        (host("x.y", "a.example.com"), {"host": "a.example.com"}, True),
        (path("/img/*"), {"path": "/img/a/b.png"}, True),
        (path("/img/*"), {"path": "/img"}, False),
        (path("/img/*"), {"path": "/IMG/a"}, False),  # case-sensitive
        (path("/a?"), {"path": "/ab"}, True),
        (path("/a"), {"path": "/a?x=1"}, True),  # the path alone
        (path("/a.b"), {"path": "/axb"}, False),
        (header("X-Env", ("blue*",)), {"headers": {"x-env": "BLUE-1"}}, True),
        (header("X-Env", ("blue",)), {"headers": {"X-Env": ["red", "blue"]}}, True),
        (header("X-Env", ("blue",)), {}, False),
        (query(Key="v", Value="2"), {"query": {"V": "2"}}, True),
        (query(Key="v", Value="2"), {"path": "/?a=1&v=2"}, True),
        (query(Key="v", Value="2"), {"query": {"w": "2"}}, False),
        (query(Value="b*"), {"query": {"any": "beta"}}, True),
        (query(Value="b\\*"), {"query": {"any": "beta"}}, False),
        (query(Value="b\\*"), {"query": {"any": "b*"}}, True),
        (METHOD, {"method": "PUT"}, True),
        (METHOD, {"method": "GET"}, False),
        (SOURCE, {"source_ip": "10.1.2.3"}, True),
        (SOURCE, {"source_ip": "11.1.2.3"}, False),
        (SOURCE, {"source_ip": "2001:db8::1"}, True),
        (regex("path-pattern", "PathPatternConfig", "^/v[0-9]+/"), {"path": "/v12/x"}, True),
        (regex("path-pattern", "PathPatternConfig", "^/v[0-9]+/"), {"path": "/va/x"}, False),
        (regex("host-header", "HostHeaderConfig", "^(a|b)\\.example$"), {"host": "B.example"}, True),
    ],
)
def test_a_condition_holds_or_not(lb: Balancing, condition: Json, probe: Json, matches: bool) -> None:
    arn = lb.rule(1, Conditions=[condition])
    found = lb.aws.route(lb.listener, **probe)
    assert (found["RuleArn"] == arn) is matches
    assert found["IsDefault"] is not matches


def test_the_lowest_priority_wins_and_all_conditions_must_hold(lb: Balancing) -> None:
    """listener-rules: "Rules are evaluated in priority order, from the lowest … to the highest value." """
    broad = lb.rule(10, Conditions=[path("/*")])
    narrow = lb.rule(5, Conditions=[path("/api/*"), host("a.example.com")])
    assert lb.aws.route(lb.listener, path="/api/x", host="a.example.com")["RuleArn"] == narrow
    assert lb.aws.route(lb.listener, path="/api/x", host="b.example.com")["RuleArn"] == broad
    lb.client.set_rule_priorities(RulePriorities=[{"RuleArn": narrow, "Priority": 20}])
    assert lb.aws.route(lb.listener, path="/api/x", host="a.example.com")["RuleArn"] == broad


def test_a_probe_leaves_no_trace(lb: Balancing) -> None:
    """Two runs, one of which probes, see the same answers afterwards."""
    values = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/1", "/2", "/3", "/4"]}}
    arn = lb.rule(1, Conditions=[values])
    state = lb.aws.world.shuffle.getstate()
    requests = len(lb.aws.requests)
    plain = [lb.look(arn) for _ in range(5)]
    lb.aws.world.shuffle.setstate(state)
    probed = []
    for _ in range(5):
        lb.aws.route(lb.listener, path="/3")
        probed.append(lb.look(arn))
    assert probed == plain
    assert len(lb.aws.requests) == requests + 10


moves = st.lists(
    st.tuples(
        st.sampled_from(["add", "delete", "permute"]), st.integers(0, 5), st.randoms(use_true_random=False)
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_routing_follows_a_model_of_the_listener(lb: Balancing, story: list[tuple[str, int, Any]]) -> None:
    """Whatever is added, removed and permuted: rule `/n/*` is matched by `/n/x` while it is there."""
    for rule in lb.client.describe_rules(ListenerArn=lb.listener)["Rules"]:
        if not rule["IsDefault"]:
            lb.client.delete_rule(RuleArn=rule["RuleArn"])
    model: dict[int, tuple[str, int]] = {}
    for kind, number, random in story:
        if kind == "add" and number not in model:
            priority = max((p for _, p in model.values()), default=0) + 1
            model[number] = (lb.rule(priority, f"/{number}/*"), priority)
        elif kind == "delete" and number in model:
            lb.client.delete_rule(RuleArn=model.pop(number)[0])
        elif kind == "permute" and model:
            order = [p for _, p in model.values()]
            random.shuffle(order)
            model = {n: (arn, p) for (n, (arn, _)), p in zip(model.items(), order, strict=True)}
            lb.client.set_rule_priorities(
                RulePriorities=[{"RuleArn": arn, "Priority": p} for arn, p in model.values()]
            )
        for probe in range(6):
            found = lb.aws.route(lb.listener, path=f"/{probe}/x")
            assert found["IsDefault"] is (probe not in model)
            if probe in model:
                assert (found["RuleArn"], found["Priority"]) == (model[probe][0], str(model[probe][1]))


def test_two_runs_with_one_seed_are_alike() -> None:
    """The same calls give the same ARNs, the same orders, the same state."""
    from apollo.testing import LocalAws

    def run() -> list[Any]:
        with LocalAws(seed=7) as aws:
            lb = Balancing(aws)
            arn = lb.rule(1, Conditions=[path("/1", "/2", "/3"), METHOD])
            return [[lb.look(arn) for _ in range(8)], aws.snapshot()]

    assert run() == run()
