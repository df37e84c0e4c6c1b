"""Elastic Load Balancing in one account and region: its state, and how ARNs find their way into it."""

from apollo.testing.errors import ApiError
from apollo.testing.services.elbv2.state import Json, Listener, LoadBalancer, Rule, TargetGroup
from apollo.testing.world import World


def invalid(message: str) -> ApiError:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/CommonErrors.html"""
    return ApiError("ValidationError", message)


def bad_action(message: str) -> ApiError:
    return ApiError("InvalidLoadBalancerAction", message)


class Region:
    """The state, with the lookups that every operation shares."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self.world = world
        self.account = account
        self.region = region
        self.balancers: dict[str, LoadBalancer] = {}
        self.listeners: dict[str, Listener] = {}
        self.rules: dict[str, Rule] = {}
        """Every rule by ARN, the default ones too."""
        self.groups: dict[str, TargetGroup] = {}
        self._users: dict[str, dict[Rule, None]] = {}
        """The rules that forward to a target group, by its ARN."""

    @property
    def now(self) -> float:
        return self.world.clock.now()

    def arn(self, resource: str) -> str:
        return f"arn:aws:elasticloadbalancing:{self.region}:{self.account}:{resource}"

    # lookups; the codes are those of the operations' error lists

    def balancer(self, arn: str) -> LoadBalancer:
        self._check_arn(arn, "loadbalancer", "load balancer")
        found = self.balancers.get(arn)
        if found is None:
            raise ApiError("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
        return found

    def listener(self, arn: str) -> Listener:
        self._check_arn(arn, "listener", "listener")
        found = self.listeners.get(arn)
        if found is None:
            raise ApiError("ListenerNotFound", f"Listener '{arn}' not found")
        return found

    def rule(self, arn: str) -> Rule:
        self._check_arn(arn, "listener-rule", "listener rule")
        found = self.rules.get(arn)
        if found is None:
            raise ApiError("RuleNotFound", f"Rule '{arn}' not found")
        return found

    def group(self, arn: str) -> TargetGroup:
        self.check_group_arn(arn)
        found = self.groups.get(arn)
        if found is None:
            raise ApiError("TargetGroupNotFound", f"Target groups '{arn}' not found")
        return found

    def check_group_arn(self, arn: str) -> None:
        self._check_arn(arn, "targetgroup", "target group")

    def _check_arn(self, arn: str, kind: str, noun: str) -> None:
        if not arn.startswith("arn:") or f":{kind}/" not in arn:
            raise invalid(f"'{arn}' is not a valid {noun} ARN")

    # relations

    def balancers_of(self, group: TargetGroup) -> list[LoadBalancer]:
        """The load balancers whose listeners and rules forward to a target group."""
        return list(dict.fromkeys(rule.listener.balancer for rule in self._users.get(group.arn, ())))

    def act(self, rule: Rule, actions: list[Json]) -> None:
        """Give a rule, new or known, these actions."""
        for arn in forwards_to(rule.actions):
            self._users.get(arn, {}).pop(rule, None)
        rule.actions = actions
        self.rules[rule.arn] = rule
        for arn in forwards_to(actions):
            self._users.setdefault(arn, {})[rule] = None

    def drop(self, rule: Rule) -> None:
        self.act(rule, [])
        del self.rules[rule.arn]


def forwards_to(actions: list[Json]) -> list[str]:
    """The ARNs of the target groups that actions, in their stored form, forward to."""
    return [
        item["TargetGroupArn"]
        for action in actions
        if action["Type"] == "forward"
        for item in action["ForwardConfig"]["TargetGroups"]
    ]
