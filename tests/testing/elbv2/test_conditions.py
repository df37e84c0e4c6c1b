"""Conditions of rules: what is accepted, and how it comes back.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from typing import Any

import pytest

from tests.testing.conftest import Json, Refused
from tests.testing.elbv2.conftest import Balancing


def canonical(conditions: list[Json]) -> list[Any]:
    def inner(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: inner(v) for k, v in sorted(value.items())}
        if isinstance(value, list):
            return sorted((inner(v) for v in value), key=repr)
        return value

    return list(inner(conditions))


EVERY: list[Json] = [
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}},
    {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Env", "Values": ["blue"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "beta"}]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "POST"]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8", "2001:db8::/32"]}},
    {"Field": "host-header", "HostHeaderConfig": {"RegexValues": ["^(a|b)\\.example\\.com$"]}},
    {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/v[0-9]+/"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Id", "RegexValues": ["^[0-9]+$"]}},
]


@pytest.mark.parametrize("condition", EVERY, ids=lambda item: item["Field"])
def test_every_condition_round_trips(lb: Balancing, condition: Json) -> None:
    """API_RuleCondition."""
    [seen] = lb.look(lb.rule(1, Conditions=[condition]))["Conditions"]
    [name] = [key for key in condition if key.endswith("Config")]
    assert seen["Field"] == condition["Field"]
    assert canonical([seen[name]]) == canonical([condition[name]])


@pytest.mark.parametrize(
    ("field", "config", "value"),
    [
        ("host-header", "HostHeaderConfig", "a.example.com"),
        ("path-pattern", "PathPatternConfig", "/a"),
    ],
)
def test_both_forms_read_back_the_same(lb: Balancing, field: str, config: str, value: str) -> None:
    """API_RuleCondition: Values, or *Config "to specify multiple"; DescribeRules shows both."""
    expected = [{"Field": field, "Values": [value], config: {"Values": [value]}}]
    assert lb.look(lb.rule(1, Conditions=[{"Field": field, "Values": [value]}]))["Conditions"] == expected
    given = [{"Field": field, config: {"Values": [value]}}]
    assert lb.look(lb.rule(2, Conditions=given))["Conditions"] == expected


def test_sets_come_back_in_another_order(lb: Balancing) -> None:
    """Conditions and their values are sets to AWS; host names keep their order."""
    conditions = [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["b.example.com", "a.example.com"]}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/1", "/2", "/3"]}},
    ]
    arn = lb.rule(1, Conditions=conditions)
    fields, paths, hosts = set(), set(), set()
    for _ in range(20):
        seen = lb.look(arn)["Conditions"]
        fields.add(tuple(item["Field"] for item in seen))
        for item in seen:
            if item["Field"] == "path-pattern":
                paths.add(tuple(item["PathPatternConfig"]["Values"]))
                assert item["Values"] == item["PathPatternConfig"]["Values"]
            else:
                hosts.add(tuple(item["HostHeaderConfig"]["Values"]))
    assert len(fields) == 2
    assert len(paths) > 2
    assert hosts == {("b.example.com", "a.example.com")}


def test_an_empty_member_is_no_member(lb: Balancing) -> None:
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"], "RegexValues": []}}
    [seen] = lb.look(lb.rule(1, Conditions=[condition]))["Conditions"]
    assert "RegexValues" not in seen["PathPatternConfig"]


def header(name: str = "X-Env", values: tuple[str, ...] = ("a",)) -> Json:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values)}}


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([], "A condition must be specified"),
        ([{"Values": ["/a"]}], "A condition field must be specified"),
        ([{"Field": "cookie", "Values": ["a"]}], "Condition field 'cookie' must be one of"),
        ([{"Field": "path-pattern"}], "A condition value must be specified"),
        ([{"Field": "path-pattern", "Values": ["/a", "/b"]}], "the limit is '1'"),
        (
            [{"Field": "host-header", "Values": ["a.b"], "HostHeaderConfig": {"Values": ["a.b"]}}],
            "You cannot provide both Values and 'HostHeaderConfig' for a condition of type 'host-header'",
        ),
        ([{"Field": "path-pattern", "HostHeaderConfig": {"Values": ["a.b"]}}], "You cannot provide"),
        ([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a b"]}}], "not valid"),
        ([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/" + "a" * 128]}}], "not valid"),
        ([{"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["("]}}], "regular expression"),
        ([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}], "not valid"),
        ([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}}], "CIDR"),
        ([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1/8"]}}], "CIDR"),
        ([header("Host")], "host-header"),
        ([header("X Env")], "header name"),
        ([{"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "a"}]}}], "must be specified"),
        ([{"Field": "path-pattern", "Values": ["/a"]}] * 2, "one 'path-pattern' condition"),
        ([header(values=("a", "b", "c")), header(values=("d", "e", "f"))], "'5' condition values"),
        ([header(values=("*a*", "*b*", "*c*"))], "'5' condition wildcards"),
    ],
)
def test_refused_conditions(lb: Balancing, refused: Refused, conditions: list[Json], message: str) -> None:
    """API_RuleCondition, and load-balancer-limits: 5 condition values and wildcards per rule."""
    with refused("ValidationError", message):
        lb.rule(1, Conditions=conditions)


def test_headers_and_queries_may_repeat(lb: Balancing) -> None:
    """API_RuleCondition: "Each rule can also optionally include one or more of each of … http-header and
    query-string"."""
    arn = lb.rule(1, Conditions=[header("X-A"), header("X-B")])
    assert len(lb.look(arn)["Conditions"]) == 2
