"""Task sizes: units, and the pairs that Fargate knows.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
"""

import re

from apollo.testing.services.ecs.region import client_error

_TEXT = re.compile(r"\s*(\d+|\d*\.\d+|\d+\.)\s*(vcpus?|gb)?\s*", re.IGNORECASE)

FARGATE: dict[int, range | tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}


def _units(text: str, unit: str, what: str) -> str:
    found = _TEXT.fullmatch(text)
    suffix = found[2].lower().removesuffix("s") if found and found[2] else ""
    if found is None or (suffix and suffix != unit) or (not suffix and "." in found[1]):
        raise client_error(f"Invalid '{what}' setting for task. The value '{text}' is not valid.")
    return str(round(float(found[1]) * 1024)) if suffix else str(int(found[1]))


def cpu_units(text: str) -> str:
    """`1 vCPU`, `.5 vcpu` and `512` become CPU units, as AWS converts them on registration."""
    return _units(text, "vcpu", "cpu")


def memory_mib(text: str) -> str:
    """`1 GB`, `0.5GB` and `512` become MiB."""
    return _units(text, "gb", "memory")


def fits_fargate(cpu: str | None, memory: str | None) -> bool:
    return cpu is not None and memory is not None and int(memory) in FARGATE.get(int(cpu), ())
