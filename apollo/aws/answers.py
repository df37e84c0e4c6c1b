"""How AWS's JSON answers are read: what botocore's parser gives, in a third of its time.

botocore asks each value's shape anew what is to be done with it, and makes every moment a local time by way
of dateutil. Here each shape is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from botocore.parsers import JSONParser, ResponseParserFactory
from botocore.utils import parse_timestamp

__all__ = ["MalformedAnswer", "Parsers"]

_EVENTS: Final = 10
_Read = Callable[[Any], Any]


class MalformedAnswer(Exception):
    """A successful answer whose body is not what AWS sends: cut off, or a stranger's."""


class Parsers(ResponseParserFactory):  # type: ignore[misc]  # botocore has no types
    """The parsers of one session: our own for JSON, botocore's for the other protocols."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=_moment)
        self._readers: dict[Any, _Read | None] = {}

    def create_parser(self, protocol_name: str) -> Any:
        if protocol_name != "json":
            return super().create_parser(protocol_name)
        return _Json(self._readers, timestamp_parser=_moment)


class _Json(JSONParser):  # type: ignore[misc]
    """Answers of the protocols ``application/x-amz-json-1.0`` and ``-1.1``."""

    def __init__(self, readers: dict[Any, _Read | None], **more: Any) -> None:
        super().__init__(**more)
        self._readers = readers

    def _do_parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        if shape is None or not shape.members or shape.event_stream_name:
            parsed: dict[str, Any] = super()._do_parse(response, shape)
            return parsed
        # botocore takes a cut-off body for an empty answer, and a controller would take that for services
        # that do not exist.
        try:
            answer = json.loads(response["body"])
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise MalformedAnswer
        if shape.name == "DescribeServicesResponse":
            _trim_events(answer)
        read = self._reader(shape)
        parsed = read(answer) if read is not None else answer
        self._inject_response_metadata(parsed, response["headers"])
        return parsed

    def _reader(self, shape: Any) -> _Read | None:
        """What makes a value of a shape of what is in the body; None where that stays as it is."""
        if shape not in self._readers:
            self._readers[shape] = self._new_reader(shape)
        return self._readers[shape]

    def _new_reader(self, shape: Any) -> _Read | None:
        kind = shape.type_name
        if kind == "structure":
            if shape.is_document_type:
                return None
            if shape.is_tagged_union:  # rare, and with rules of its own
                return lambda value: self._handle_structure(shape, value)
            return self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return lambda value: self._handle_map(shape, value)
        if kind == "timestamp":
            return _moment
        return self._blob_parser if kind == "blob" else None

    def _structure(self, shape: Any) -> _Read:
        members: dict[str, tuple[str, _Read | None]] = {}

        def read(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
            if value is None:
                return None
            if not members:  # not before it is needed: shapes may hold themselves
                for name, member in shape.members.items():
                    members[member.serialization.get("name", name)] = name, self._reader(member)
            found = {}
            for key, item in value.items():
                known = members.get(key)
                if known is not None and item is not None:
                    name, inner = known
                    found[name] = item if inner is None else inner(item)
            return found

        return read

    def _list(self, shape: Any) -> _Read:
        def read(value: list[Any]) -> list[Any]:
            inner = self._reader(shape.member)
            return value if inner is None else [None if item is None else inner(item) for item in value]

        return read


def _moment(value: Any) -> datetime:
    """A moment, of seconds since 1970 or of text."""
    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass  # beyond what the machine's clock knows: botocore reckons it
    moment: datetime = parse_timestamp(value)
    return moment


def _trim_events(answer: dict[str, Any]) -> None:
    """ECS sends up to 100 events per service, newest first; nobody looks further back than the newest few."""
    services = answer.get("services")
    for service in services if isinstance(services, list) else ():
        events = service.get("events") if isinstance(service, dict) else None
        if isinstance(events, list):
            del events[_EVENTS:]
