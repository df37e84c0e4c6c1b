"""Which kinds and gates are installed: found through entry points, loaded when first used, reported on.

The built-in kinds come in through the same group as strangers. Finding reads one small text file per
installed package (about 1 ms for 50 of them) and imports nothing, so it is done in full even when only
built-in kinds are used: two claims on one kind are noticed always. A kind's code is imported when the kind is
first asked for.

The installer checks a plugin's ``Requires-Dist``; what is checked here is `apollo.api.API_VERSION`: a
controller may declare the number it was written for as ``api_version`` (a plain number, not the constant;
left out means 1).
"""

from apollo.plugins.checks import State
from apollo.plugins.gates import discover_gates
from apollo.plugins.kinds import PluginInfo, Registry

__all__ = ["PluginInfo", "Registry", "State", "discover_gates"]
