"""The root of every spec, under the name that the rooms above use."""

from __future__ import annotations

from apollo.spec import Spec

__all__ = ["Spec"]
