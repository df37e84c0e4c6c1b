"""botocore's service models, loaded once."""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape


@cache
def _loader() -> Any:
    return Loader()


@cache
def known_services() -> frozenset[str]:
    """Every service of which botocore has a model."""
    return frozenset(_loader().list_available_services("service-2"))


@cache
def service_model(name: str) -> ServiceModel:
    """The model of a service, by botocore's name of it."""
    return ServiceModel(_loader().load_service_model(name, "service-2"), name)


@cache
def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; None when botocore does not know it."""
    if service not in known_services():
        return None
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


def members(shape: Shape) -> dict[str, Shape]:
    found: dict[str, Shape] = shape.members
    return found
