"""Attributes of load balancers, listeners and target groups: their defaults, and the operations on them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
"""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.region import Region
from apollo.testing.services.elbv2.state import Json
from apollo.testing.world import Call

_EVERY_BALANCER = {
    "deletion_protection.enabled": "false",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "ipv6.deny_all_igw_traffic": "false",
    "zonal_shift.config.enabled": "false",
}
_APPLICATION = {
    "load_balancing.cross_zone.enabled": "true",
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}
_NETWORK = {
    "load_balancing.cross_zone.enabled": "false",
    "dns_record.client_routing_policy": "any_availability_zone",
    "secondary_ips.auto_assigned.per_subnet": "0",
}
_EVERY_GROUP = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "false",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_HTTP_GROUP = {
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "slow_start.duration_seconds": "0",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
}
_TCP_GROUP = {
    "stickiness.type": "source_ip",
    "deregistration_delay.connection_termination.enabled": "false",
    "preserve_client_ip.enabled": "true",
    "proxy_protocol_v2.enabled": "false",
    "target_health_state.unhealthy.connection_termination.enabled": "true",
    "target_health_state.unhealthy.draining_interval_seconds": "0",
}
_LAMBDA_GROUP = {"lambda.multi_value_headers.enabled": "false"}
_RESPONSE = "routing.http.response."
_REQUEST = "routing.http.request."
_HTTP_LISTENER = frozenset(
    {
        f"{_RESPONSE}server.enabled",
        *(
            f"{_RESPONSE}{name}.header_value"
            for name in (
                "strict_transport_security",
                "access_control_allow_origin",
                "access_control_allow_methods",
                "access_control_allow_headers",
                "access_control_allow_credentials",
                "access_control_expose_headers",
                "access_control_max_age",
                "content_security_policy",
                "x_content_type_options",
                "x_frame_options",
            )
        ),
        *(
            f"{_REQUEST}{name}.header_name"
            for name in (
                "x_amzn_mtls_clientcert_serial_number",
                "x_amzn_mtls_clientcert_issuer",
                "x_amzn_mtls_clientcert_subject",
                "x_amzn_mtls_clientcert_validity",
                "x_amzn_mtls_clientcert_leaf",
                "x_amzn_mtls_clientcert",
                "x_amzn_tls_version",
                "x_amzn_tls_cipher_suite",
            )
        ),
    }
)


def of_balancer(kind: str) -> dict[str, str]:
    """The attributes of a new load balancer."""
    return _EVERY_BALANCER | (_APPLICATION if kind == "application" else _NETWORK)


def of_listener(kind: str) -> dict[str, str]:
    """The attributes of a new listener."""
    if kind == "application":
        return dict.fromkeys(sorted(_HTTP_LISTENER), "") | {f"{_RESPONSE}server.enabled": "true"}
    return {"tcp.idle_timeout.seconds": "350"}


def of_group(fields: Json) -> dict[str, str]:
    """The attributes of a new target group."""
    if fields["TargetType"] == "lambda":
        rest = {k: v for k, v in _EVERY_GROUP.items() if not k.startswith("deregistration")}
        return rest | _LAMBDA_GROUP
    return _EVERY_GROUP | (_HTTP_GROUP if fields["Protocol"] in ("HTTP", "HTTPS") else _TCP_GROUP)


def _listed(attributes: dict[str, str]) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


def _change(attributes: dict[str, str], given: list[Json]) -> Json:
    for item in given:
        key, value = item.get("Key"), item.get("Value", "")
        if key not in attributes:
            raise ApiError("ValidationError", f"Attribute key '{key}' is not recognized")
        wanted = {"true", "false"} if attributes[key] in ("true", "false") else None
        if wanted and value not in wanted:
            raise ApiError("InvalidConfigurationRequest", f"'{value}' is not a valid value of '{key}'")
        number = value.isdigit() or not (attributes[key].isdigit() and key.endswith("_seconds"))
        delay = key == "deregistration_delay.timeout_seconds"
        if not number or (delay and int(value) > 3600):
            raise ApiError("InvalidConfigurationRequest", f"'{value}' is not a valid value of '{key}'")
    attributes.update({item["Key"]: item.get("Value", "") for item in given})
    return {"Attributes": _listed(attributes)}


def describe_balancer(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancerAttributes.html"""
    return {"Attributes": _listed(elb.balancer(call.params["LoadBalancerArn"]).attributes)}


def modify_balancer(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyLoadBalancerAttributes.html"""
    return _change(elb.balancer(call.params["LoadBalancerArn"]).attributes, call.params["Attributes"])


def describe_listener(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerAttributes.html"""
    return {"Attributes": _listed(elb.listener(call.params["ListenerArn"]).attributes)}


def modify_listener(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListenerAttributes.html"""
    return _change(elb.listener(call.params["ListenerArn"]).attributes, call.params["Attributes"])


def describe_group(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroupAttributes.html"""
    return {"Attributes": _listed(elb.group(call.params["TargetGroupArn"]).attributes)}


def modify_group(elb: Region, call: Call) -> Json:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyTargetGroupAttributes.html"""
    return _change(elb.group(call.params["TargetGroupArn"]).attributes, call.params["Attributes"])
