"""ListenerRule: the rules of load balancer listeners, a listener at a time."""
