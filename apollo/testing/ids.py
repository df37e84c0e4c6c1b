"""Seeded identifiers in the shapes AWS uses."""

import random
import string

_BASE62 = string.ascii_letters + string.digits


class Ids:
    """Draws every identifier from one seeded source: same seed and same calls give the same identifiers."""

    def __init__(self, seed: int, purpose: str = "ids") -> None:
        self._random = random.Random(f"{purpose}:{seed}")

    def hex(self, digits: int = 32) -> str:
        """A task id, or any other plain hexadecimal id."""
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def uuid(self) -> str:
        """An event or attachment id."""
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def number(self) -> str:
        """Nineteen digits, as in `ecs-svc/7913…` and in service revisions."""
        return str(self._random.randrange(10**18, 9 * 10**18))

    def short(self, length: int = 21) -> str:
        """A service deployment's id."""
        return "".join(self._random.choices(_BASE62, k=length))

    def access_key(self) -> str:
        """The access key id of temporary credentials."""
        return "ASIA" + "".join(self._random.choices(string.ascii_uppercase + "234567", k=16))
