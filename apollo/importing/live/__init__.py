"""What runs in AWS as manifests that take it over without changing it. Reads only."""

from __future__ import annotations

from apollo.importing.live.asked import place_of
from apollo.importing.live.imported import import_live

__all__ = ["import_live", "place_of"]
