"""Rules of the listener rule."""

from __future__ import annotations

import copy
from typing import Any

from tests.compare.cases import Case, Data

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/"


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


def sign_in(kind: str = "authenticate-oidc", **config: Any) -> Data:
    return {"type": kind, CONFIGS[kind]: {"issuer": "i", "clientId": "c", **config}}


def answer(**config: Any) -> Data:
    return {"type": "fixed-response", "fixedResponseConfig": {"statusCode": "200", **config}}


def token(*claims: tuple[str, ...]) -> Data:
    told = [{"name": name, "format": "string-array", "values": values} for name, *values in claims]
    return {"type": "jwt-validation", "jwtValidationConfig": {"issuer": "i", "additionalClaims": told}}


STICKY = {"enabled": True, "durationSeconds": 60}
REWRITE = {"type": "url-rewrite", "urlRewriteConfig": {"rewrites": [{"regex": "a", "replace": "b"}]}}
SESSION: list[tuple[str, Any, Any]] = [
    ("scope", "openid", "email"),
    ("sessionCookieName", "AWSELBAuthSessionCookie", "mine"),
    ("sessionTimeout", 604800, 60),
    ("onUnauthenticatedRequest", "authenticate", "deny"),
]
CONFIGS = {"authenticate-oidc": "authenticateOidcConfig", "authenticate-cognito": "authenticateCognitoConfig"}
CONDITIONS = {
    "host-header": "hostHeaderConfig",
    "path-pattern": "pathPatternConfig",
    "http-header": "httpHeaderConfig",
    "query-string": "queryStringConfig",
    "http-request-method": "httpRequestMethodConfig",
    "source-ip": "sourceIpConfig",
}

GROUPS = "/actions/forward/forwardConfig/targetGroups"

CASES: list[Case] = [
    (
        "/conditions",
        conditions(host("a"), path("/")),
        conditions(path("/"), host("a")),
        conditions(host("a")),
        "/conditions/path-pattern",
    ),
    (
        "/conditions/*/pathPatternConfig/values",
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
        "/conditions/*/hostHeaderConfig/values/*",
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
        "/conditions/*/httpHeaderConfig/values/*",
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
        "/conditions/*/queryStringConfig/values",
        conditions(query(("A", "B"), ("c", "d"))),
        conditions(query(("c", "d"), ("a", "b"))),
        conditions(query(("a", "b"))),
        "/conditions/query-string/queryStringConfig/values",
    ),
    (
        "/conditions/*/sourceIpConfig/values/*",
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
        "/actions/*/forwardConfig/targetGroups",
        actions(forward(("a", 1), ("b", 2))),
        actions(forward(("b", 2), ("a", 1))),
        actions(forward(("a", 1), ("b", 3))),
        f"{GROUPS}/{GROUP.replace('/', '~1')}b/weight",
    ),
    (
        "stickiness that is off",
        actions(forward(("a", 1))),
        actions(forward(("a", 1), targetGroupStickinessConfig={"enabled": False, "durationSeconds": 9})),
        actions(forward(("a", 1), targetGroupStickinessConfig=STICKY)),
        "/targetGroupStickinessConfig",
    ),
    (
        "/actions",
        actions({**sign_in(), "order": 1}, {**plain("a"), "order": 2}),
        actions({**plain("a"), "order": 9}, {**sign_in(scope="openid"), "order": 3}),
        actions({**plain("a"), "order": 1}),
        "/actions/authenticate-oidc",
    ),
    ("/transforms", {}, {"transforms": []}, {"transforms": [REWRITE]}, "/transforms"),
    (
        "/transforms",
        {"transforms": [REWRITE]},
        {"transforms": [copy.deepcopy(REWRITE)]},
        {"transforms": []},
        "/transforms/url-rewrite",
    ),
    *(
        (
            f"/actions/*/redirectConfig/{name}",
            actions(redirect()),
            actions(redirect(**{name: "#{" + name + "}" if name != "path" else "/#{path}"})),
            actions(redirect(**{name: "x"})),
            f"/actions/redirect/redirectConfig/{name}",
        )
        for name in ("host", "path", "port", "protocol", "query")
    ),
    *(
        (
            f"/actions/*/{CONFIGS[kind]}/{name}",
            actions(sign_in(kind)),
            actions(sign_in(kind, **{name: default})),
            actions(sign_in(kind, **{name: other})),
            f"/actions/{kind}/{CONFIGS[kind]}/{name}",
        )
        for kind in CONFIGS
        for name, default, other in SESSION
    ),
    *(
        (
            f"/conditions/*/{config}/{values}",
            conditions({"field": field, config: {values: ["a", "b"]}}),
            conditions({"field": field, config: {values: ["b", "a"]}}),
            conditions({"field": field, config: {values: ["a"]}}),
            f"/conditions/{field}/{config}/{values}",
        )
        for field, config in CONDITIONS.items()
        for values in ("values", "regexValues")
        if values == "values" or field in ("host-header", "path-pattern", "http-header")
        if field != "query-string"
    ),
    (
        "/conditions/*/httpHeaderConfig/httpHeaderName",
        conditions(header("X-Team", "a")),
        conditions(header("x-team", "a")),
        conditions(header("x-other", "a")),
        "/conditions/http-header:x-team",
    ),
    *(
        (
            f"/conditions/*/queryStringConfig/values/*/{part}",
            conditions(query(("A", "B"))),
            conditions(query(("a", "b"))),
            conditions(query(other)),
            "/conditions/query-string/queryStringConfig/values",
        )
        for part, other in (("key", ("c", "b")), ("value", ("a", "c")))
    ),
    (
        "/actions/*/fixedResponseConfig/contentType",
        actions(answer()),
        actions(answer(contentType="text/plain")),
        actions(answer(contentType="text/html")),
        "/actions/fixed-response/fixedResponseConfig/contentType",
    ),
    (
        "/actions/*/fixedResponseConfig/messageBody",
        actions(answer(messageBody="")),
        actions(answer()),
        actions(answer(messageBody="x")),
        "/actions/fixed-response/fixedResponseConfig/messageBody",
    ),
    (
        "/actions/*/jwtValidationConfig/additionalClaims",
        actions(token(("a", "1"), ("b", "2"))),
        actions(token(("b", "2"), ("a", "1"))),
        actions(token(("b", "2"))),
        "/actions/jwt-validation/jwtValidationConfig/additionalClaims/a",
    ),
    (
        "/actions/*/jwtValidationConfig/additionalClaims/*/values",
        actions(token(("a", "1", "2"))),
        actions(token(("a", "2", "1"))),
        actions(token(("a", "1"))),
        "/actions/jwt-validation/jwtValidationConfig/additionalClaims/a/values",
    ),
]
