"""Service: ECS services and their rollouts."""

from apollo.controllers.service.controller import ServiceController
from apollo.controllers.service.seen import Deployment, ServiceSeen

__all__ = ["Deployment", "ServiceController", "ServiceSeen"]
