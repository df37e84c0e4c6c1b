"""Per rule of the listener rule: what is no difference, and that a real change still shows."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apollo.compare import canonical, differences
from apollo.compare.listener_rule import RULES, comparable, live_spec
from apollo.compare.names import aws_names, spec_names
from apollo.resources.listener_rule import ListenerRuleSpec

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"
Data = dict[str, Any]


def conditions(*items: Data) -> Data:
    return {"conditions": list(items)}


def host(*values: str) -> Data:
    return {"field": "host-header", "hostHeaderConfig": {"values": list(values)}}


def path(*values: str) -> Data:
    return {"field": "path-pattern", "pathPatternConfig": {"values": list(values)}}


def header(name: str, *values: str) -> Data:
    return {"field": "http-header", "httpHeaderConfig": {"httpHeaderName": name, "values": list(values)}}


def query(*pairs: tuple[str, str]) -> Data:
    values = [{"key": key, "value": value} for key, value in pairs]
    return {"field": "query-string", "queryStringConfig": {"values": values}}


def source(*values: str) -> Data:
    return {"field": "source-ip", "sourceIpConfig": {"values": list(values)}}


def actions(*items: Data) -> Data:
    return {"actions": list(items)}


def forward(*groups: tuple[str, int | None], **config: Any) -> Data:
    weighted = [
        {"targetGroupArn": GROUP + name} | ({} if weight is None else {"weight": weight})
        for name, weight in groups
    ]
    return {"type": "forward", "forwardConfig": {"targetGroups": weighted, **config}}


def plain(name: str) -> Data:
    return {"type": "forward", "targetGroupArn": GROUP + name}


def redirect(**config: str) -> Data:
    return {"type": "redirect", "redirectConfig": {"statusCode": "HTTP_301", **config}}


def sign_in(**config: Any) -> Data:
    base = {"issuer": "i", "authorizationEndpoint": "a", "tokenEndpoint": "t", "userInfoEndpoint": "u"}
    return {"type": "authenticate-oidc", "authenticateOidcConfig": {**base, "clientId": "c", **config}}


STICKY = {"enabled": True, "durationSeconds": 60}
REWRITE = {"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}}
SESSION = {
    "scope": "openid",
    "sessionCookieName": "AWSELBAuthSessionCookie",
    "sessionTimeout": 604800,
    "onUnauthenticatedRequest": "authenticate",
}

# (what it is about, declared, live that means the same, live that does not, where that shows)
CASES: list[tuple[str, Data, Data, Data, str]] = [
    (
        "order of conditions",
        conditions(host("a"), path("/")),
        conditions(path("/"), host("a")),
        conditions(host("a")),
        "/conditions/path-pattern",
    ),
    (
        "order of values",
        conditions(path("/a", "/b")),
        conditions(path("/b", "/a")),
        conditions(path("/a")),
        "/conditions/path-pattern/pathPatternConfig/values",
    ),
    (
        "short form",
        conditions({"field": "host-header", "values": ["a"]}),
        conditions(host("a")),
        conditions(host("b")),
        "/conditions/host-header/hostHeaderConfig/values",
    ),
    (
        "both forms at once",
        conditions(host("a")),
        conditions({**host("a"), "values": ["a"]}),
        conditions({**host("b"), "values": ["b"]}),
        "/conditions/host-header/hostHeaderConfig/values",
    ),
    (
        "case of hosts",
        conditions(host("A.Example.com")),
        conditions(host("a.example.com")),
        conditions(host("b.example.com")),
        "/conditions/host-header/hostHeaderConfig/values",
    ),
    (
        "case of paths",
        conditions(path("/A")),
        conditions(path("/A")),
        conditions(path("/a")),
        "/conditions/path-pattern/pathPatternConfig/values",
    ),
    (
        "case of headers",
        conditions(header("X-Team", "Green")),
        conditions(header("x-team", "green")),
        conditions(header("x-team", "blue")),
        "/conditions/http-header:x-team/httpHeaderConfig/values",
    ),
    (
        "two headers",
        conditions(header("A", "1"), header("B", "2")),
        conditions(header("b", "2"), header("a", "1")),
        conditions(header("a", "1"), header("b", "3")),
        "/conditions/http-header:b/httpHeaderConfig/values",
    ),
    (
        "queries",
        conditions(query(("A", "B"), ("c", "d"))),
        conditions(query(("c", "d"), ("a", "b"))),
        conditions(query(("a", "b"))),
        "/conditions/query-string/queryStringConfig/values",
    ),
    (
        "networks",
        conditions(source("10.0.0.0/8", "::1/128")),
        conditions(source("0:0:0:0:0:0:0:1/128", "10.0.0.0/8")),
        conditions(source("10.0.0.0/9")),
        "/conditions/source-ip/sourceIpConfig/values",
    ),
    (
        "a forward in short",
        actions(plain("a")),
        actions({**forward(("a", 1)), "targetGroupArn": GROUP + "a"}),
        actions(forward(("b", 1))),
        "/actions/forward/forwardConfig/targetGroups/",
    ),
    (
        "the weight of one",
        actions(forward(("a", 7))),
        actions(forward(("a", 1))),
        actions(forward(("a", 0))),
        "/actions/forward/forwardConfig/targetGroups/",
    ),
    (
        "weights of several",
        actions(forward(("a", 1), ("b", 2))),
        actions(forward(("b", 2), ("a", 1))),
        actions(forward(("a", 1), ("b", 3))),
        "/weight",
    ),
    (
        "stickiness that is off",
        actions(forward(("a", 1))),
        actions(forward(("a", 1), targetGroupStickinessConfig={"enabled": False, "durationSeconds": 9})),
        actions(forward(("a", 1), targetGroupStickinessConfig=STICKY)),
        "/targetGroupStickinessConfig",
    ),
    (
        "the order of actions",
        actions({**sign_in(), "order": 1}, {**plain("a"), "order": 2}),
        actions({**plain("a"), "order": 9}, {**sign_in(**SESSION), "order": 3}),
        actions({**plain("a"), "order": 1}),
        "/actions/authenticate-oidc",
    ),
    (
        "sign-in defaults",
        actions(sign_in()),
        actions(sign_in(**SESSION)),
        actions(sign_in(scope="x")),
        "/actions/authenticate-oidc/authenticateOidcConfig/scope",
    ),
    (
        "a client secret",
        actions(sign_in(clientSecret="s", useExistingClientSecret=False)),
        actions(sign_in()),
        actions(sign_in(clientId="d")),
        "/actions/authenticate-oidc/authenticateOidcConfig/clientId",
    ),
    (
        "redirect defaults",
        actions(redirect(host="b")),
        actions(
            redirect(host="b", path="/#{path}", port="#{port}", protocol="#{protocol}", query="#{query}")
        ),
        actions(redirect(host="b", path="/x")),
        "/actions/redirect/redirectConfig/path",
    ),
    ("no transforms", {}, {"transforms": []}, {"transforms": [REWRITE]}, "/transforms"),
    (
        "a transform",
        {"transforms": [REWRITE]},
        {"transforms": [copy.deepcopy(REWRITE)]},
        {"transforms": []},
        "/transforms/url-rewrite",
    ),
]


@pytest.mark.parametrize(
    ("declared", "same", "other", "where"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_rule(declared: Data, same: Data, other: Data, where: str) -> None:
    wanted = comparable(declared)
    assert differences(wanted, comparable(same), RULES) == []
    found = [change.path for change in differences(wanted, comparable(other), RULES)]
    assert found, "a real change shows"
    assert any(where in path for path in found), found


@pytest.mark.parametrize("case", CASES, ids=[c[0] for c in CASES])
def test_what_aws_answers_is_read_back_as_it_was_said(case: tuple[str, Data, Data, Data, str]) -> None:
    """Describe's spelling of a rule is the same rule; and one form is enough."""
    _, declared, *_ = case
    answer = aws_names(declared, ("authenticationRequestExtraParams",))
    assert differences(comparable(declared), live_spec(answer), RULES) == []
    once = comparable(declared)
    assert comparable(once) == once
    form = canonical(once, RULES)
    assert canonical(form, RULES) == form


def test_every_pointer_of_the_table_leads_to_a_field() -> None:
    assert [pointer for pointer in RULES.table if not RULES.knows(pointer)] == []


KEYS = st.text("abcXYZ", min_size=1, max_size=4).map(lambda text: text[:1].lower() + text[1:])


@given(
    st.recursive(
        st.integers() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)
    )
)
def test_names_go_there_and_back(value: Any) -> None:
    assert spec_names(aws_names(value)) == value


def test_keys_that_are_data_keep_their_case() -> None:
    assert spec_names({"Extra": {"Key": 1}}, ("Extra",)) == {"extra": {"Key": 1}}


def test_a_spec_takes_a_number_or_the_word_default() -> None:
    base = {"listenerArn": "arn", "actions": [plain("a")]}
    assert ListenerRuleSpec.model_validate({**base, "priority": "default"}).is_default
    assert not ListenerRuleSpec.model_validate({**base, "priority": 10}).is_default
    for wrong in (0, 50001, "10", "last", None):
        with pytest.raises(ValueError, match="priority"):
            ListenerRuleSpec.model_validate({**base, "priority": wrong})
