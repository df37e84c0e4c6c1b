"""Conditions, actions and transforms of listener rules."""

from typing import Any

from tests.conformance.registry import check, elb, elb_guide
from tests.conformance.stage import FIXED, Stage

AREA = "ELB listener rules"
NEEDS = ("balancer",)
LIMITS = elb_guide("load-balancer-limits")


def _one(s: Stage, *conditions: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = s.rule_of(s.rule(1, Conditions=list(conditions)))["Conditions"]
    return found


def _refused(s: Stage, *codes: str, **extra: Any) -> None:
    with s.refused(*(codes or ("ValidationError", "InvalidConfigurationRequest"))):
        s.rule(1, **extra)
    assert len(s.rules()) == 1, "refused, but made"


@check(
    "elb.condition.legacy",
    source=elb("RuleCondition"),
    says=(
        "Alternatively, to specify multiple host names or multiple path patterns, use "
        "HostHeaderConfig or PathPatternConfig"
    ),
    needs=NEEDS,
)
def legacy(s: Stage) -> None:
    """A path given as Values is described with Values and with PathPatternConfig."""
    [found] = _one(s, {"Field": "path-pattern", "Values": ["/api/*"]})
    assert found["Values"] == ["/api/*"]
    assert found["PathPatternConfig"]["Values"] == ["/api/*"]


@check("elb.condition.host", source=elb("HostHeaderConditionConfig"), needs=NEEDS)
def host(s: Stage) -> None:
    """A host condition keeps all its names."""
    names = ["a.example.com", "*.example.org"]
    [found] = _one(s, {"Field": "host-header", "HostHeaderConfig": {"Values": names}})
    assert sorted(found["HostHeaderConfig"]["Values"]) == sorted(names)


@check("elb.condition.header", source=elb("HttpHeaderConditionConfig"), needs=NEEDS)
def header(s: Stage) -> None:
    """A header condition keeps name and values."""
    config = {"HttpHeaderName": "X-Team", "Values": ["green"]}
    [found] = _one(s, {"Field": "http-header", "HttpHeaderConfig": config})
    assert found["HttpHeaderConfig"] == config


@check("elb.condition.query", source=elb("QueryStringConditionConfig"), needs=NEEDS)
def query(s: Stage) -> None:
    """A query condition keeps pairs, and values without a key."""
    values = [{"Key": "version", "Value": "2"}, {"Value": "beta"}]
    [found] = _one(s, {"Field": "query-string", "QueryStringConfig": {"Values": values}})
    shown = found["QueryStringConfig"]["Values"]
    assert sorted(shown, key=lambda pair: pair["Value"]) == values


@check("elb.condition.source-ip", source=elb("SourceIpConditionConfig"), needs=NEEDS)
def source_ip(s: Stage) -> None:
    """A source condition keeps its CIDR blocks; what is none is refused."""
    [found] = _one(s, {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}})
    assert found["SourceIpConfig"]["Values"] == ["10.0.0.0/8"]
    bad = {"Field": "source-ip", "SourceIpConfig": {"Values": ["nonsense"]}}
    with s.refused("ValidationError"):
        s.rule(2, Conditions=[bad])


@check(
    "elb.condition.regex",
    source=elb("PathPatternConditionConfig"),
    says="The regular expressions to compare against the request URL.",
    needs=NEEDS,
)
def regex(s: Stage) -> None:
    """A path condition can be a regular expression."""
    config = {"RegexValues": ["^/api/v[0-9]+$"]}
    [found] = _one(s, {"Field": "path-pattern", "PathPatternConfig": config})
    assert found["PathPatternConfig"]["RegexValues"] == config["RegexValues"]


@check(
    "elb.condition.once",
    source=elb("Rule"),
    says=(
        "Each rule can include zero or one of the following conditions: http-request-method , "
        "host-header , path-pattern , and source-ip"
    ),
    needs=NEEDS,
)
def once(s: Stage) -> None:
    """Two path conditions in one rule are refused, two header conditions are not."""
    paths = [{"Field": "path-pattern", "Values": [path]} for path in ("/a", "/b")]
    _refused(s, Conditions=paths)
    headers = [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": ["1"]}}
        for name in ("X-A", "X-B")
    ]
    assert len(_one(s, *headers)) == 2


@check("elb.condition.five", source=LIMITS, needs=NEEDS)
def five(s: Stage) -> None:
    """A rule has at most five condition values."""
    values = [f"/{n}" for n in range(6)]
    _refused(s, Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": values}}])


@check("elb.condition.wildcards", source=LIMITS, needs=NEEDS)
def wildcards(s: Stage) -> None:
    """A rule has at most five wildcards."""
    _refused(s, Conditions=[{"Field": "path-pattern", "Values": ["/*/*/*/*/*/*"]}])


@check("elb.condition.none", source=elb("CreateRule"), needs=NEEDS)
def no_condition(s: Stage) -> None:
    """A rule needs a condition, of a field that is known."""
    _refused(s, Conditions=[])
    _refused(s, Conditions=[{"Field": "nonsense", "Values": ["/x"]}])


@check(
    "elb.condition.long",
    source=elb("PathPatternConditionConfig"),
    says="The maximum length of each string is 128 characters.",
    needs=NEEDS,
)
def long(s: Stage) -> None:
    """A path of 129 characters is refused."""
    _refused(s, Conditions=[{"Field": "path-pattern", "Values": [f"/{'x' * 128}"]}])


@check(
    "elb.condition.method",
    source=elb("HttpRequestMethodConditionConfig"),
    says="The allowed characters are A-Z, hyphen (-), and underscore (_).",
    needs=NEEDS,
)
def method(s: Stage) -> None:
    """A method in lower case is refused."""
    config = {"Values": ["get"]}
    _refused(s, Conditions=[{"Field": "http-request-method", "HttpRequestMethodConfig": config}])


@check("elb.action.forward-both-forms", source=elb("Action"), needs=NEEDS)
def both_forms(s: Stage) -> None:
    """A forward to one target group is described in both forms."""
    arn = s.group()
    [found] = s.rule_of(s.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": arn}]))["Actions"]
    assert found["TargetGroupArn"] == arn
    assert found["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": arn, "Weight": 1}]
    assert found["ForwardConfig"]["TargetGroupStickinessConfig"] == {"Enabled": False}


@check("elb.action.weights", source=elb("TargetGroupTuple"), says="The range is 0 to 999.", needs=NEEDS)
def weights(s: Stage) -> None:
    """Weights of several target groups are kept and modified; 1000 is refused."""
    one, two = s.group("a"), s.group("b")

    def forward(first: int, second: int) -> list[dict[str, Any]]:
        groups = [
            {"TargetGroupArn": one, "Weight": first},
            {"TargetGroupArn": two, "Weight": second},
        ]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]

    arn = s.rule(1, Actions=forward(90, 10))
    for first, second in ((90, 10), (50, 50), (0, 100)):
        s.elb.modify_rule(RuleArn=arn, Actions=forward(first, second))
        found = s.rule_of(arn)["Actions"][0]["ForwardConfig"]["TargetGroups"]
        assert {one["TargetGroupArn"]: one["Weight"] for one in found} == {one: first, two: second}
    with s.refused("ValidationError", "InvalidLoadBalancerAction"):
        s.elb.modify_rule(RuleArn=arn, Actions=forward(1000, 0))


@check("elb.action.five-groups", source=LIMITS, needs=NEEDS)
def five_groups(s: Stage) -> None:
    """A forward has at most five target groups."""
    groups = [{"TargetGroupArn": s.group(f"g{n}"), "Weight": 1} for n in range(6)]
    with s.refused(
        "ValidationError", "InvalidLoadBalancerAction", "TooManyTargetGroups", "InvalidConfigurationRequest"
    ):
        s.rule(1, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])


@check(
    "elb.action.sticky",
    source=elb("TargetGroupStickinessConfig"),
    says="You must specify this value when enabling target group stickiness.",
    needs=NEEDS,
)
def sticky(s: Stage) -> None:
    """Stickiness is kept, and needs its duration."""
    groups = [{"TargetGroupArn": s.group(name), "Weight": 1} for name in ("a", "b")]

    def forward(**stickiness: Any) -> list[dict[str, Any]]:
        config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
        return [{"Type": "forward", "ForwardConfig": config}]

    _refused(s, "ValidationError", "InvalidLoadBalancerAction", Actions=forward(Enabled=True))
    found = s.rule_of(s.rule(1, Actions=forward(Enabled=True, DurationSeconds=60)))["Actions"][0]
    assert found["ForwardConfig"]["TargetGroupStickinessConfig"] == {"Enabled": True, "DurationSeconds": 60}


@check("elb.action.group-missing", source=elb("CreateRule"), needs=NEEDS)
def group_missing(s: Stage) -> None:
    """A forward to a target group that is not there is TargetGroupNotFound."""
    arn = s.group()
    s.elb.delete_target_group(TargetGroupArn=arn)
    _refused(s, "TargetGroupNotFound", Actions=[{"Type": "forward", "TargetGroupArn": arn}])


@check("elb.action.redirect", source=elb("RedirectActionConfig"), needs=NEEDS)
def redirect(s: Stage) -> None:
    """A redirect keeps what it names, and shows the request's own for the rest."""
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    [found] = s.rule_of(s.rule(1, Actions=[{"Type": "redirect", "RedirectConfig": config}]))["Actions"]
    rest = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
    assert found["RedirectConfig"] == config | rest


@check(
    "elb.action.redirect-loop",
    source=elb("RedirectActionConfig"),
    says=(
        "You must modify at least one of the following components to avoid a redirect loop: "
        "protocol, hostname, port, or path."
    ),
    needs=NEEDS,
)
def redirect_loop(s: Stage) -> None:
    """A redirect that changes nothing is refused."""
    config = {"StatusCode": "HTTP_301"}
    _refused(
        s,
        "InvalidLoadBalancerAction",
        "ValidationError",
        Actions=[{"Type": "redirect", "RedirectConfig": config}],
    )


@check(
    "elb.action.fixed-code",
    source=elb("FixedResponseActionConfig"),
    says="The HTTP response code (2XX, 4XX, or 5XX).",
    needs=NEEDS,
)
def fixed_code(s: Stage) -> None:
    """A fixed response of 301 is refused."""
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "301"}}
    _refused(s, "ValidationError", "InvalidLoadBalancerAction", Actions=[action])


@check(
    "elb.action.one",
    source=elb("Rule"),
    says=(
        "Each rule must include exactly one of the following types of actions: forward , redirect"
        " , or fixed-response , and it must be the last action to be performed."
    ),
    needs=NEEDS,
)
def one_action(s: Stage) -> None:
    """Two routing actions in one rule are refused."""
    both = [FIXED | {"Order": n} for n in (1, 2)]
    codes = ("InvalidLoadBalancerAction", "TooManyActions", "ValidationError")
    _refused(s, *codes, Actions=both)


@check(
    "elb.action.https-only",
    source=elb("Action"),
    says="[HTTPS listeners] Information for using Amazon Cognito to authenticate users.",
    needs=NEEDS,
)
def https_only(s: Stage) -> None:
    """Authentication is for HTTPS listeners only."""
    pool = {
        "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a",
        "UserPoolClientId": "client",
        "UserPoolDomain": "domain",
    }
    actions = [
        {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": pool},
        FIXED | {"Order": 2},
    ]
    codes = ("InvalidLoadBalancerAction", "InvalidConfigurationRequest", "ValidationError")
    _refused(s, *codes, Actions=actions)


@check(
    "elb.transform.kept",
    source=elb("CreateRule"),
    says="You can add one host header rewrite transform and one URL rewrite transform.",
    needs=NEEDS,
)
def transforms(s: Stage) -> None:
    """Rewrites are kept until they are reset; two of one type are refused."""
    rewrite = {
        "Type": "url-rewrite",
        "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/old/(.*)$", "Replace": "/new/$1"}]},
    }
    _refused(s, "ValidationError", "InvalidConfigurationRequest", Transforms=[rewrite, rewrite])
    arn = s.rule(1, Transforms=[rewrite])
    s.elb.modify_rule(RuleArn=arn, Actions=[FIXED])
    assert s.rule_of(arn)["Transforms"] == [rewrite]
    s.elb.modify_rule(RuleArn=arn, ResetTransforms=True)
    assert not s.rule_of(arn).get("Transforms")
