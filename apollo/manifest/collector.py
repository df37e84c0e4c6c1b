"""Loading many files without the cyclic garbage collector, which would make a large load slower than
linear."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["bulk"]


@contextmanager
def bulk(*, freeze: bool = False) -> Iterator[None]:
    """Switch the collector off inside the block. For a program's entry point, not for a library.

    :param freeze: afterwards collect once and exempt what survives from later collections; for long-lived
        processes whose manifests stay.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if freeze:
            gc.collect()
            gc.freeze()
        if was_on:
            gc.enable()
