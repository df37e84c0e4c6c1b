"""Account settings: what each principal said, what the account says for all others, what AWS says.

They are kept and shown. Of what they change, only `containerInsights` has an effect: on new clusters.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
"""

from collections.abc import Mapping

from apollo.testing.services.ecs.paging import page
from apollo.testing.services.ecs.region import Region, invalid
from apollo.testing.services.ecs.state import Json
from apollo.testing.world import Call

_SWITCH = ("enabled", "disabled")
_VALUES: Mapping[str, tuple[str, ...]] = {
    "serviceLongArnFormat": _SWITCH,
    "taskLongArnFormat": _SWITCH,
    "containerInstanceLongArnFormat": _SWITCH,
    "awsvpcTrunking": _SWITCH,
    "containerInsights": ("enhanced", *_SWITCH),
    "fargateFIPSMode": _SWITCH,
    "tagResourceAuthorization": ("on", "off"),
    "fargateTaskRetirementWaitPeriod": ("0", "7", "14"),
    "defaultLogDriverMode": ("blocking", "non-blocking"),
    "fargateEventWindows": _SWITCH,
}
_DEFAULTS: Mapping[str, str] = {
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "fargateFIPSMode": "disabled",
    "tagResourceAuthorization": "off",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "defaultLogDriverMode": "non-blocking",
    "fargateEventWindows": "disabled",
}
_MANAGED = "guardDutyActivate"
""" "Currently, the guardDutyActivate account setting is the only one Amazon Web Services manages." """


def put(ecs: Region, call: Call) -> Json:
    """For one principal: the caller, unless it is said. The root user's are everybody's.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSetting.html
    """
    return _put(ecs, _principal(ecs, call), call.params)


def put_default(ecs: Region, call: Call) -> Json:
    """For all who said nothing themselves.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSettingDefault.html
    """
    return _put(ecs, _root(ecs), call.params)


def _put(ecs: Region, principal: str, params: Json) -> Json:
    name, value = params["name"], params["value"]
    if name == _MANAGED:
        raise invalid(f"The account setting {name} is managed by AWS and cannot be changed.")
    if value not in _VALUES[name]:
        raise invalid(
            f"Invalid value {value} for the account setting {name}. "
            f"Specify one of: {', '.join(_VALUES[name])}."
        )
    ecs.settings.setdefault(principal, {})[name] = value
    return {"setting": _view(name, value, principal)}


def delete(ecs: Region, call: Call) -> Json:
    """What holds then is what the account or AWS says.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteAccountSetting.html
    """
    name, principal = call.params["name"], _principal(ecs, call)
    if name == _MANAGED:
        raise invalid(f"The account setting {name} is managed by AWS and cannot be changed.")
    ecs.settings.get(principal, {}).pop(name, None)
    value, _ = effective(ecs, name, principal)
    return {"setting": _view(name, value, principal)}


def list_settings(ecs: Region, call: Call) -> Json:
    """What was said for the principal; with effectiveSettings, what holds for it.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html
    """
    p = call.params
    principal, wanted = _principal(ecs, call), p.get("name")
    if "value" in p and wanted is None:
        raise invalid("You must also specify an account setting name to filter by value.")
    found = []
    for name in _DEFAULTS:
        if wanted not in (None, name):
            continue
        if p.get("effectiveSettings"):
            value, whose = effective(ecs, name, principal)
        elif name in ecs.settings.get(principal, {}):
            value, whose = ecs.settings[principal][name], principal
        else:
            continue
        if p.get("value") in (None, value):
            found.append(_view(name, value, whose))
    chunk, more = page(found, p, default=10, most=10)
    return {"settings": chunk, **more}


def effective(ecs: Region, name: str, principal: str) -> tuple[str, str]:
    """What holds for a principal, and whose setting that is."""
    for whose in (principal, _root(ecs)):
        value = ecs.settings.get(whose, {}).get(name)
        if value is not None:
            return value, whose
    return _DEFAULTS[name], _root(ecs)


def _root(ecs: Region) -> str:
    return f"arn:aws:iam::{ecs.account}:root"


def _principal(ecs: Region, call: Call) -> str:
    given: str = call.params.get("principalArn") or call.identity.arn
    parts = given.split(":", 5)
    if len(parts) < 6 or parts[4] != ecs.account:
        raise invalid("The principalArn must be the ARN of a user, a role or the root user of this account.")
    return given


def _view(name: str, value: str, principal: str) -> Json:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Setting.html"""
    kind = "aws_managed" if name == _MANAGED else "user"
    return {"name": name, "value": value, "principalArn": principal, "type": kind}
