"""Actions of rules and listeners: what is refused, the form in which they are kept, and how they are shown.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

from collections.abc import Sequence

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region, bad_action, forwards_to, invalid
from apollo.testing.services.elbv2.state import Json, Listener, LoadBalancer

_CONFIG = {
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
}
_ROUTING = frozenset({"forward", "redirect", "fixed-response"})
GROUPS_PER_ACTION = 5
GROUPS_PER_BALANCER = 100
_REDIRECT = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
_SESSION = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}
_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_FAMILIES = {
    "application": frozenset({"HTTP", "HTTPS"}),
    "network": frozenset({"TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"}),
    "gateway": frozenset({"GENEVE"}),
}


def checked(
    elb: Region,
    given: list[Json],
    balancer: LoadBalancer,
    protocol: str | None,
    before: Sequence[Json] = (),
) -> list[Json]:
    """The actions of a request in the form in which they are kept; `before` are those they replace."""
    if not given:
        raise invalid("An action must be specified")
    if len(given) > 1 and any("Order" not in action for action in given):
        raise invalid("The order of every action must be specified when there is more than one")
    orders = [action.get("Order", 1) for action in given]
    if len(set(orders)) < len(orders):
        raise bad_action("Two actions of a rule cannot have the same order")
    ordered = sorted(given, key=lambda action: action.get("Order", 1))
    kinds = [action["Type"] for action in ordered]
    if kinds[-1] not in _ROUTING or any(kind in _ROUTING for kind in kinds[:-1]):
        raise bad_action(
            "Exactly one action of type 'forward', 'redirect' or 'fixed-response' must be given, and be last"
        )
    if len(kinds) > 2:
        raise ApiError("TooManyActions", "A rule can have one authentication action and one routing action")
    if balancer.type != "application" and kinds != ["forward"]:
        raise bad_action("Only actions of type 'forward' are supported by this load balancer")
    if kinds[0] not in _ROUTING and protocol != "HTTPS":
        raise bad_action(f"Actions of type '{kinds[0]}' are supported only on HTTPS listeners")
    kept = [_action(elb, action, balancer, before) for action in ordered]
    _check_association(elb, kept, balancer)
    return kept


def _action(elb: Region, given: Json, balancer: LoadBalancer, before: Sequence[Json]) -> Json:
    kind = given["Type"]
    name = _CONFIG[kind]
    for other in (*_CONFIG.values(), "TargetGroupArn"):
        if other in given and other != name and not (kind == "forward" and other == "TargetGroupArn"):
            raise bad_action(f"'{other}' cannot be given for an action of type '{kind}'")
    config: Json = given.get(name, {})
    if name not in given and kind != "forward":
        raise bad_action(f"'{name}' must be given for an action of type '{kind}'")
    match kind:
        case "forward":
            config = _forward(elb, given, balancer)
        case "redirect":
            config = _redirect(config)
        case "fixed-response":
            _check_fixed(config)
        case "authenticate-oidc":
            config = _oidc(config, before)
        case "authenticate-cognito":
            config = _SESSION | config
        case "jwt-validation":
            _check_jwt(config)
    kept: Json = {"Type": kind, name: config}
    if "Order" in given:
        kept["Order"] = given["Order"]
    return kept


def _forward(elb: Region, given: Json, balancer: LoadBalancer) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ForwardActionConfig.html"""
    simple = given.get("TargetGroupArn")
    config: Json = given.get("ForwardConfig", {})
    groups: list[Json] = config.get("TargetGroups", [])
    if simple is not None and groups and [item.get("TargetGroupArn") for item in groups] != [simple]:
        raise bad_action(
            "You can specify only one target group in 'ForwardConfig' together with 'TargetGroupArn', "
            "and it must be the same"
        )
    if not groups:
        if simple is None:
            raise bad_action("A target group ARN must be specified")
        groups = [{"TargetGroupArn": simple}]
    if len(groups) > GROUPS_PER_ACTION:
        raise bad_action(f"A forward action can have at most {GROUPS_PER_ACTION} target groups")
    arns = [item.get("TargetGroupArn", "") for item in groups]
    if len(set(arns)) < len(arns):
        raise bad_action("A target group can be named only once in a forward action")
    kept = []
    for item in groups:
        weight = item.get("Weight", 1 if len(groups) == 1 else None)
        if weight is None or not 0 <= weight <= 999:
            raise invalid("The weight for each target group must be between 0 and 999, inclusive")
        if item.get("TargetGroupArn") not in elb.groups:
            raise ApiError("TargetGroupNotFound", "One or more target groups not found")
        group = elb.groups[item["TargetGroupArn"]]
        wanted = group.fields.get("Protocol")
        if wanted is not None and wanted not in _FAMILIES[balancer.type]:
            raise ApiError(
                "IncompatibleProtocols",
                f"The protocol '{wanted}' of target group '{group.arn}' does not fit the load balancer",
            )
        kept.append({"TargetGroupArn": group.arn, "Weight": weight})
    sticky = dict(config.get("TargetGroupStickinessConfig", {}))
    sticky.setdefault("Enabled", False)
    duration = sticky.get("DurationSeconds")
    if sticky["Enabled"] and duration is None:
        raise invalid("The target group stickiness duration must be specified when stickiness is enabled")
    if duration is not None and not 1 <= duration <= 604800:
        raise invalid("The target group stickiness duration must be between 1 and 604800 seconds")
    return {"TargetGroups": kept, "TargetGroupStickinessConfig": sticky}


def _redirect(config: Json) -> Json:
    """Components that are left out keep the value of the request.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
    """
    kept = _REDIRECT | config
    if all(kept[name] == _REDIRECT[name] for name in ("Protocol", "Port", "Host", "Path")):
        raise bad_action(
            "The redirect configuration must change at least one of: protocol, host, port or path"
        )
    if not kept["Path"].startswith("/"):
        raise invalid("The path of a redirect must start with '/'")
    if kept["Protocol"] not in ("HTTP", "HTTPS", "#{protocol}"):
        raise invalid("The protocol of a redirect must be 'HTTP', 'HTTPS' or '#{protocol}'")
    port = kept["Port"]
    if port != "#{port}" and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise invalid("The port of a redirect must be between 1 and 65535, or '#{port}'")
    return kept


def _check_fixed(config: Json) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html"""
    code = config["StatusCode"]
    if not (len(code) == 3 and code.isdigit() and code[0] in "245"):
        raise invalid("The status code of a fixed response must be 2XX, 4XX or 5XX")
    if config.get("ContentType") not in (None, *_CONTENT_TYPES):
        raise invalid(f"The content type must be one of {', '.join(_CONTENT_TYPES)}")


def _oidc(config: Json, before: Sequence[Json]) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AuthenticateOidcActionConfig.html"""
    for name in ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"):
        if not config[name].startswith("https://"):
            raise bad_action(f"'{name}' must be a full URL with the HTTPS protocol")
    if len(config.get("AuthenticationRequestExtraParams", {})) > 10:
        raise bad_action("Up to 10 extra parameters can be given")
    kept = _SESSION | {k: v for k, v in config.items() if k != "UseExistingClientSecret"}
    if "ClientSecret" in kept:
        return kept
    existing = [a["AuthenticateOidcConfig"] for a in before if a["Type"] == "authenticate-oidc"]
    if not (config.get("UseExistingClientSecret") and existing):
        raise bad_action("A client secret must be specified")
    return kept | {"ClientSecret": existing[0]["ClientSecret"]}


def _check_jwt(config: Json) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_JwtValidationActionConfig.html"""
    if not config["JwksEndpoint"].startswith("https://"):
        raise bad_action("'JwksEndpoint' must be a full URL with the HTTPS protocol")
    claims = config.get("AdditionalClaims", [])
    if len(claims) > 10 or any(len(claim["Values"]) > 10 for claim in claims):
        raise bad_action("Up to 10 additional claims, with up to 10 values each, can be given")
    for claim in claims:
        if claim["Name"] in ("exp", "iss", "nbf", "iat"):
            raise bad_action(f"The claim '{claim['Name']}' is always validated and cannot be given")


def _check_association(elb: Region, kept: list[Json], balancer: LoadBalancer) -> None:
    """ "You can use each target group with only one load balancer" (API_TargetGroup)."""
    arns = forwards_to(kept)
    for arn in arns:
        if any(other is not balancer for other in elb.balancers_of(elb.groups[arn])):
            raise ApiError(
                "TargetGroupAssociationLimit",
                f"The following target groups cannot be associated with more than one load balancer: {arn}",
            )
    used = {
        arn
        for listener in balancer.listeners.values()
        for rule in listener.ordered()
        for arn in forwards_to(rule.actions)
    }
    if len(used | set(arns)) > GROUPS_PER_BALANCER:
        raise ApiError(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            f"The limit of {GROUPS_PER_BALANCER} target groups per load balancer was reached",
        )


def shown(kept: list[Json]) -> list[Json]:
    """As Describe answers: a forward to one target group in both forms, and never a client secret."""
    result = []
    for action in kept:
        view = dict(action)
        if action["Type"] == "forward":
            groups = action["ForwardConfig"]["TargetGroups"]
            if len(groups) == 1:
                view["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        elif action["Type"] == "authenticate-oidc":
            config = action["AuthenticateOidcConfig"]
            view["AuthenticateOidcConfig"] = {k: v for k, v in config.items() if k != "ClientSecret"}
        result.append(view)
    return result


def protocol_of(listener: Listener) -> str | None:
    found: str | None = listener.fields.get("Protocol")
    return found
