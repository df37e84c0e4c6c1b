"""As much CBOR (RFC 8949) as smithy-rpc-v2-cbor needs: CloudWatch, CodeDeploy and others default to it."""

import struct
from typing import Any

from apollo.testing.errors import ApiError


def dumps(value: Any) -> bytes:
    """Encode a value of JSON's kinds, or bytes."""
    out = bytearray()
    _write(value, out)
    return bytes(out)


def _head(major: int, number: int, out: bytearray) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    for extra, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            out.append(major << 5 | extra)
            out += number.to_bytes(size)
            return
    raise OverflowError("integer too large for CBOR")


def _write(value: Any, out: bytearray) -> None:
    if value is None or isinstance(value, bool):
        out.append({None: 0xF6, True: 0xF5, False: 0xF4}[value])
    elif isinstance(value, int):
        _head(0, value, out) if value >= 0 else _head(1, -1 - value, out)
    elif isinstance(value, float):
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif isinstance(value, (bytes, bytearray)):
        _head(2, len(value), out)
        out += value
    elif isinstance(value, str):
        raw = value.encode()
        _head(3, len(raw), out)
        out += raw
    elif isinstance(value, dict):
        _head(5, len(value), out)
        for key, item in value.items():
            _write(key, out)
            _write(item, out)
    else:
        _head(4, len(value), out)
        for item in value:
            _write(item, out)


def loads(data: bytes) -> Any:
    """Decode one value; anything after it is ignored."""
    try:
        return _Reader(data).read()
    except (IndexError, KeyError, TypeError, ValueError, struct.error, RecursionError):
        raise ApiError("SerializationException", "The body is not valid CBOR") from None


_BREAK = object()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, size: int) -> bytes:
        chunk = self._data[self._at : self._at + size]
        if len(chunk) < size:
            raise IndexError
        self._at += size
        return chunk

    def read(self) -> Any:
        first = self._take(1)[0]
        major, low = first >> 5, first & 31
        if major == 7:
            return self._simple(low)
        endless = low == 31
        number = 0 if endless else low if low < 24 else int.from_bytes(self._take(1 << (low - 24)))
        if major < 2:
            return number if major == 0 else -1 - number
        if major in (2, 3):
            if endless:
                return ("" if major == 3 else b"").join(self._until_break())
            raw = self._take(number)
            return raw.decode() if major == 3 else raw
        if major == 4:
            return self._until_break() if endless else [self.read() for _ in range(number)]
        if major == 5:
            if endless:
                flat = self._until_break()
                return dict(zip(flat[::2], flat[1::2], strict=True))
            return {self.read(): self.read() for _ in range(number)}
        return self.read()  # a tag: the value under it is what counts

    def _until_break(self) -> list[Any]:
        items = []
        while (item := self.read()) is not _BREAK:
            items.append(item)
        return items

    def _simple(self, low: int) -> Any:
        if low in (20, 21):
            return low == 21
        if low in (22, 23):
            return None
        if low == 31:
            return _BREAK
        formats = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
        layout, size = formats[low]
        return struct.unpack(layout, self._take(size))[0]
