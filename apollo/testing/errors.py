"""What a handler raises: an error exactly as AWS would report it."""

from typing import Any


class ApiError(Exception):
    """An AWS error code with its message and HTTP status; the wire layer gives it the protocol's shape."""

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class NotSimulated(ApiError):
    """Asked for something that is not here: a 400, so that no SDK retries it, naming what is missing."""

    def __init__(self, what: str) -> None:
        super().__init__("SimNotImplemented", f"{what} is not simulated by the local AWS", 400)
