"""botocore's service models, loaded once."""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape


@cache
def _loader() -> Any:
    return Loader()


@cache
def service_model(name: str) -> ServiceModel:
    """The model of a service, by botocore's name of it."""
    return ServiceModel(_loader().load_service_model(name, "service-2"), name)


@cache
def operation_model(service: str, operation: str) -> OperationModel | None:
    """The model of an operation; None when botocore does not know it."""
    model = service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


def members(shape: Shape) -> dict[str, Shape]:
    found: dict[str, Shape] = shape.members
    return found
