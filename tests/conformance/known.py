"""What the local AWS does not do yet: checks that fail, and why. At most two in a hundred."""

KNOWN: dict[str, str] = {}
