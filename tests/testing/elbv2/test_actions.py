"""Actions: both forward forms, defaults, secrets, and what is refused.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

import pytest

from apollo.testing import LocalAws
from tests.testing.conftest import Json, Refused
from tests.testing.elbv2.conftest import FIXED, Balancing

REDIRECT: Json = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS"}}
OIDC: Json = {
    "Issuer": "https://id.example.com",
    "AuthorizationEndpoint": "https://id.example.com/authorize",
    "TokenEndpoint": "https://id.example.com/token",
    "UserInfoEndpoint": "https://id.example.com/user",
    "ClientId": "apollo",
    "ClientSecret": "hunter2",
}
COGNITO: Json = {
    "UserPoolArn": "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/1",
    "UserPoolClientId": "apollo",
    "UserPoolDomain": "id",
}
SESSION: Json = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}


def after(action: Json) -> list[Json]:
    """An authentication action in front of a routing one."""
    return [action | {"Order": 1}, FIXED | {"Order": 2}]


def test_a_simple_forward_reads_back_in_both_forms(lb: Balancing) -> None:
    """API_Action: TargetGroupArn or ForwardConfig; DescribeRules shows both for one target group."""
    config = {
        "TargetGroups": [{"TargetGroupArn": lb.group, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    expected = [{"Type": "forward", "TargetGroupArn": lb.group, "ForwardConfig": config}]
    plain = {"Type": "forward", "TargetGroupArn": lb.group}
    assert lb.look(lb.rule(1, Actions=[plain]))["Actions"] == expected
    groups = {"TargetGroups": [{"TargetGroupArn": lb.group}]}
    assert lb.look(lb.rule(2, Actions=[{"Type": "forward", "ForwardConfig": groups}]))["Actions"] == expected
    assert lb.look(lb.rule(3, Actions=[plain | {"ForwardConfig": groups}]))["Actions"] == expected


def test_weights_and_stickiness(lb: Balancing) -> None:
    """API_ForwardActionConfig; several target groups have no TargetGroupArn of the action."""
    green = lb.aws.target_group("green", balanced=False)
    config = {
        "TargetGroups": [
            {"TargetGroupArn": lb.group, "Weight": 0},
            {"TargetGroupArn": green, "Weight": 999},
        ],
        "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
    }
    [seen] = lb.look(lb.rule(1, Actions=[{"Type": "forward", "ForwardConfig": config}]))["Actions"]
    assert seen == {"Type": "forward", "ForwardConfig": config}


@pytest.mark.parametrize(
    ("first", "second", "sticky", "code", "message"),
    [
        (1000, 1, {}, "ValidationError", "between 0 and 999, inclusive"),
        (-1, 1, {}, "ValidationError", "between 0 and 999, inclusive"),
        (None, 1, {}, "ValidationError", "between 0 and 999, inclusive"),
        (1, 1, {"Enabled": True}, "ValidationError", "duration"),
        (1, 1, {"Enabled": True, "DurationSeconds": 604801}, "ValidationError", "duration"),
    ],
)
def test_refused_forwards(
    lb: Balancing,
    refused: Refused,
    first: int | None,
    second: int,
    sticky: Json,
    code: str,
    message: str,
) -> None:
    """API_TargetGroupTuple: "The range is 0 to 999"; needed with several target groups."""
    green = lb.aws.target_group("green", balanced=False)
    tuples: list[Json] = [{"TargetGroupArn": lb.group}, {"TargetGroupArn": green, "Weight": second}]
    if first is not None:
        tuples[0]["Weight"] = first
    config = {"TargetGroups": tuples, "TargetGroupStickinessConfig": sticky}
    with refused(code, message):
        lb.rule(1, Actions=[{"Type": "forward", "ForwardConfig": config}])


def test_five_target_groups_per_forward(lb: Balancing, refused: Refused) -> None:
    """load-balancer-limits: "Target Groups per Action per Application Load Balancer 5"."""
    arns = [lb.aws.target_group(f"tg{n}", balanced=False) for n in range(6)]
    tuples = [{"TargetGroupArn": arn, "Weight": 1} for arn in arns]
    lb.rule(1, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples[:5]}}])
    with refused("InvalidLoadBalancerAction"):
        lb.rule(2, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": tuples}}])


def test_a_forward_needs_an_existing_target_group(lb: Balancing, refused: Refused) -> None:
    with refused("TargetGroupNotFound"):
        lb.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": lb.group[:-4] + "0000"}])
    with refused("InvalidLoadBalancerAction"):
        lb.rule(1, Actions=[{"Type": "forward"}])
    other = {
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": lb.aws.target_group("o", balanced=False)}]}
    }
    with refused("InvalidLoadBalancerAction"):
        lb.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": lb.group} | other])


def test_a_target_group_has_one_load_balancer(lb: Balancing, refused: Refused) -> None:
    """API_TargetGroup: "You can use each target group with only one load balancer." """
    lb.rule(1, Actions=[{"Type": "forward", "TargetGroupArn": lb.group}])
    with refused("TargetGroupAssociationLimit"):
        lb.rule(
            1,
            ListenerArn=lb.aws.listener("other"),
            Actions=[{"Type": "forward", "TargetGroupArn": lb.group}],
        )


def test_redirects_keep_what_is_not_said(lb: Balancing) -> None:
    """API_RedirectActionConfig: "Any components that you do not modify retain their original values." """
    [seen] = lb.look(lb.rule(1, Actions=[REDIRECT]))["Actions"]
    assert seen["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "#{port}",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


def test_a_redirect_to_itself_is_refused(lb: Balancing, refused: Refused) -> None:
    """API_RedirectActionConfig: "You must modify at least one of … protocol, hostname, port, or path." """
    with refused("InvalidLoadBalancerAction"):
        lb.rule(1, Actions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", "Query": "a"}}])


@pytest.mark.parametrize("config", [{"StatusCode": "301"}, {"StatusCode": "200", "ContentType": "image/png"}])
def test_refused_fixed_responses(lb: Balancing, refused: Refused, config: Json) -> None:
    """API_FixedResponseActionConfig: 2XX, 4XX, or 5XX; five content types."""
    with refused("ValidationError"):
        lb.rule(1, Actions=[{"Type": "fixed-response", "FixedResponseConfig": config}])


def test_oidc_has_defaults_and_never_shows_its_secret(lb: Balancing, aws: LocalAws) -> None:
    """API_AuthenticateOidcActionConfig: defaults; the secret is not in any answer."""
    listener = lb.https()
    action = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": OIDC}
    answer = lb.client.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=after(action),
    )
    [rule] = answer["Rules"]
    shown = {k: v for k, v in OIDC.items() if k != "ClientSecret"} | SESSION
    for seen in (rule, lb.look(rule["RuleArn"])):
        assert seen["Actions"][0] == {
            "Type": "authenticate-oidc",
            "Order": 1,
            "AuthenticateOidcConfig": shown,
        }


def test_an_existing_client_secret_is_kept_on_request(lb: Balancing, refused: Refused) -> None:
    """API_AuthenticateOidcActionConfig: ClientSecret "is required if you are creating a rule. If you are
    modifying a rule, you can omit this parameter if you set UseExistingClientSecret to true"."""
    without = {k: v for k, v in OIDC.items() if k != "ClientSecret"}
    action = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": OIDC}
    arn = lb.rule(1, ListenerArn=lb.https(), Actions=after(action))
    before = lb.aws.snapshot()
    action["AuthenticateOidcConfig"] = without
    with refused("InvalidLoadBalancerAction", "client secret"):
        lb.client.modify_rule(RuleArn=arn, Actions=after(action))
    action["AuthenticateOidcConfig"] = without | {"UseExistingClientSecret": True}
    lb.client.modify_rule(RuleArn=arn, Actions=after(action))
    assert lb.aws.snapshot() == before
    action["AuthenticateOidcConfig"] = OIDC | {"ClientSecret": "changed"}
    lb.client.modify_rule(RuleArn=arn, Actions=after(action))
    assert lb.aws.snapshot() != before


def test_cognito_and_jwt(lb: Balancing) -> None:
    """API_AuthenticateCognitoActionConfig, API_JwtValidationActionConfig."""
    listener = lb.https()
    cognito = {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": COGNITO}
    seen = lb.look(lb.rule(1, ListenerArn=listener, Actions=after(cognito)))["Actions"][0]
    assert seen["AuthenticateCognitoConfig"] == COGNITO | SESSION
    config = {
        "JwksEndpoint": "https://id.example.com/keys",
        "Issuer": "https://id.example.com",
        "AdditionalClaims": [{"Format": "single-string", "Name": "aud", "Values": ["apollo"]}],
    }
    jwt = {"Type": "jwt-validation", "JwtValidationConfig": config}
    seen = lb.look(lb.rule(2, ListenerArn=listener, Actions=after(jwt)))["Actions"][0]
    assert seen["JwtValidationConfig"] == config


@pytest.mark.parametrize(
    ("actions", "code", "message"),
    [
        ([], "ValidationError", "An action must be specified"),
        ([FIXED, REDIRECT], "ValidationError", "order"),
        ([FIXED | {"Order": 1}, REDIRECT | {"Order": 2}], "InvalidLoadBalancerAction", "Exactly one"),
        (
            after({"Type": "authenticate-cognito", "AuthenticateCognitoConfig": COGNITO}),
            "InvalidLoadBalancerAction",
            "Actions of type 'authenticate-cognito' are supported only on HTTPS listeners",
        ),
        ([{"Type": "redirect"}], "InvalidLoadBalancerAction", "'RedirectConfig' must be given"),
        ([FIXED | {"RedirectConfig": REDIRECT["RedirectConfig"]}], "InvalidLoadBalancerAction", "cannot"),
    ],
)
def test_refused_actions(
    lb: Balancing, refused: Refused, actions: list[Json], code: str, message: str
) -> None:
    """API_Action: "exactly one of the following routing actions …, and it must be the last"."""
    with refused(code, message):
        lb.rule(1, Actions=actions)


def test_actions_come_back_in_their_order(lb: Balancing) -> None:
    """API_Action: "The action with the lowest value for order is performed first." """
    actions = after({"Type": "authenticate-cognito", "AuthenticateCognitoConfig": COGNITO})
    seen = lb.look(lb.rule(1, ListenerArn=lb.https(), Actions=actions[::-1]))["Actions"]
    assert [(a["Type"], a["Order"]) for a in seen] == [("authenticate-cognito", 1), ("fixed-response", 2)]
