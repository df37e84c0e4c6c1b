"""ListenerRule: the rules of load balancer listeners, a listener at a time."""

from apollo.controllers.listener_rule.controller import ListenerRuleController
from apollo.controllers.listener_rule.seen import Listener, LiveRule, RuleSeen

__all__ = ["Listener", "ListenerRuleController", "LiveRule", "RuleSeen"]
