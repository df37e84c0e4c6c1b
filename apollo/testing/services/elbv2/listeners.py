"""Listeners, with their default rule. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html"""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2 import actions
from apollo.testing.services.elbv2.attributes import of_listener
from apollo.testing.services.elbv2.paging import page
from apollo.testing.services.elbv2.region import Region, invalid
from apollo.testing.services.elbv2.rules import new_arn
from apollo.testing.services.elbv2.state import Json, Listener, LoadBalancer, Rule
from apollo.testing.services.elbv2.tags import checked
from apollo.testing.world import Call

LISTENERS_PER_BALANCER = 50
_PROTOCOLS = {
    "application": frozenset({"HTTP", "HTTPS"}),
    "network": frozenset({"TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"}),
}
_SECURE = frozenset({"HTTPS", "TLS"})
_POLICY = "ELBSecurityPolicy-2016-08"
"""The default of the API. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""
_MEMBERS = ("Port", "Protocol", "SslPolicy", "Certificates", "AlpnPolicy", "MutualAuthentication")


def view(listener: Listener) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Listener.html"""
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.balancer.arn,
        **listener.fields,
        "DefaultActions": actions.shown(listener.default.actions),
    }


def _fields(given: Json, before: Json, balancer: LoadBalancer) -> Json:
    """The members of a listener after a request, checked and completed."""
    fields = {**before, **{name: given[name] for name in _MEMBERS if name in given}}
    if balancer.type == "gateway":
        if "Port" in fields or "Protocol" in fields:
            raise invalid("A port or protocol cannot be specified for a Gateway Load Balancer listener")
        return fields
    if "Port" not in fields or "Protocol" not in fields:
        raise invalid("A listener port and protocol must be specified")
    if fields["Protocol"] not in _PROTOCOLS[balancer.type]:
        raise ApiError(
            "UnsupportedProtocol",
            f"Listener protocol '{fields['Protocol']}' is not supported by this load balancer",
        )
    if fields["Protocol"] in _SECURE:
        if not fields.get("Certificates"):
            raise ApiError("ValidationError", "A certificate must be specified for HTTPS listeners")
        if len(fields["Certificates"]) != 1:
            raise invalid("Exactly one default certificate must be specified")
        fields.setdefault("SslPolicy", _POLICY)
        if fields["Protocol"] == "HTTPS":
            fields["MutualAuthentication"] = {"Mode": "off", **fields.get("MutualAuthentication", {})}
    else:
        if given.get("Certificates") or given.get("SslPolicy"):
            raise invalid(
                f"Certificates and SSL policies are not supported on {fields['Protocol']} listeners"
            )
        # "Changing the protocol from HTTPS to HTTP … removes the security policy and default certificate."
        for name in ("Certificates", "SslPolicy", "MutualAuthentication"):
            fields.pop(name, None)
    return fields


def create(elb: Region, call: Call) -> Json:
    """Idempotent for equal settings.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
    """
    p = call.params
    balancer = elb.balancer(p["LoadBalancerArn"])
    fields = _fields(p, {}, balancer)
    kept = actions.checked(elb, p["DefaultActions"], balancer, fields.get("Protocol"))
    tags = checked(p.get("Tags"))
    same = _on_port(balancer, fields.get("Port"))
    if same is not None:
        if same.fields == fields and same.default.actions == kept:
            return {"Listeners": [view(same)]}
        raise _duplicate(balancer)
    if len(balancer.listeners) >= LISTENERS_PER_BALANCER:
        raise ApiError("TooManyListeners", f"The maximum number of listeners on '{balancer.arn}' is reached")
    listener = Listener(
        elb.arn(f"listener/{balancer.path}/{elb.world.ids.hex(16)}"),
        balancer,
        fields,
        tags,
        attributes=of_listener(balancer.type),
    )
    listener.default = Rule(new_arn(elb, listener), listener, 0, [], [], [], {})
    balancer.listeners[listener.arn] = elb.listeners[listener.arn] = listener
    elb.act(listener.default, kept)
    return {"Listeners": [view(listener)]}


def _on_port(balancer: LoadBalancer, port: int | None) -> Listener | None:
    return next((one for one in balancer.listeners.values() if one.fields.get("Port") == port), None)


def _duplicate(balancer: LoadBalancer) -> ApiError:
    return ApiError(
        "DuplicateListener", f"A listener already exists on this port for this load balancer '{balancer.arn}'"
    )


def modify(elb: Region, call: Call) -> Json:
    """The default rule is changed here and nowhere else.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html
    """
    p = call.params
    listener = elb.listener(p["ListenerArn"])
    fields = _fields(p, listener.fields, listener.balancer)
    same = _on_port(listener.balancer, fields.get("Port"))
    if same is not None and same is not listener:
        raise _duplicate(listener.balancer)
    kept = listener.default.actions
    if "DefaultActions" in p:
        kept = actions.checked(
            elb, p["DefaultActions"], listener.balancer, fields.get("Protocol"), listener.default.actions
        )
    listener.fields = fields
    if "SslPolicy" not in fields:
        listener.certificates.clear()
    elb.act(listener.default, kept)
    return {"Listeners": [view(listener)]}


def delete(elb: Region, call: Call) -> Json:
    """Its rules go with it.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html
    """
    remove(elb, elb.listener(call.params["ListenerArn"]))
    return {}


def remove(elb: Region, listener: Listener) -> None:
    for rule in listener.ordered():
        elb.drop(rule)
    del elb.listeners[listener.arn], listener.balancer.listeners[listener.arn]


def describe(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html"""
    p = call.params
    arns = p.get("ListenerArns", [])
    if bool(arns) == ("LoadBalancerArn" in p):
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    if arns:
        found = [elb.listener(arn) for arn in dict.fromkeys(arns)]
    else:
        found = list(elb.balancer(p["LoadBalancerArn"]).listeners.values())
    chunk, more = page(found, p)
    return {"Listeners": [view(listener) for listener in chunk], **more}
