"""What is read from the answers about scaling."""

from __future__ import annotations

from apollo.compare.scaling_policy import instant, live_spec


def test_moments_without_a_zone_are_utc_and_nonsense_is_left_to_aws() -> None:
    assert instant("2031-01-01T00:00:00") == instant("2031-01-01T00:00:00Z")
    assert instant("soon") == "soon"


def test_what_aws_computes_is_left_out() -> None:
    policy = {"PolicyName": "cpu", "PolicyARN": "arn", "Alarms": [{"AlarmName": "a"}], "CreationTime": 1}
    scheduled = {"ScheduledActionName": "n", "ScheduledActionARN": "arn", "Schedule": "rate(1 hour)"}
    target = {"MinCapacity": 1, "MaxCapacity": 2, "ScalableTargetARN": "arn", "PredictedCapacity": 7}
    assert live_spec(target, [policy], [scheduled]) == {
        "minCapacity": 1,
        "maxCapacity": 2,
        "policies": [{"name": "cpu"}],
        "scheduledActions": [{"name": "n", "schedule": "rate(1 hour)"}],
    }
