"""Call each compiled variant where its output finds no room: ``python -m tests.conformance.short_of_memory`` tells how it went.

It prints a variant's name before it is tried: after a crash the last one is the culprit.
"""

from __future__ import annotations

import resource
from typing import Any

import numpy as np
import psutil

from labkit.core import registry
from labkit.core.derived import drawn
from tests.conformance.trials import difference, edge_cases, missing, variants

ROOM = 20 << 20


def large(stage: str) -> tuple[Any, ...] | None:
    """Inputs whose output is far larger than the room that is left; None where all outputs are small."""
    terms = registry.stage(stage).terms
    if stage == "crop_boxes":
        box = [(0, 0), (2999, 0), (2999, 2999), (0, 2999)]
        return np.zeros((3000, 3000, 3), np.uint8), np.array([box] * 40, np.float32)
    if not terms.of_one_image or terms.gives is None:
        return None
    image = np.zeros(terms.images[0].shape(9000, 9000), np.uint8)
    rest = drawn(terms, 0, 0, image.shape)
    inputs = (image, *rest, *(terms.defaults[name] for name in terms.parameters[1 + len(rest) :]))
    return inputs if (terms.output_bytes(*inputs) or 0) > 2 * ROOM else None  # a box or a few numbers always find room


def main() -> None:
    process, given = psutil.Process(), {}
    for stage, name in (one.values for one in variants("cython", "native", many=False)):
        if missing(stage, name) is not None:
            continue
        if stage not in given:
            given[stage] = large(stage)
        inputs, function = given[stage], registry.variant(stage, name).function
        if inputs is None or function is None:
            continue
        print(f"{stage}/{name}", flush=True)
        case = next(iter(edge_cases(stage)))
        assert difference(stage, case, function) is None
        used = process.memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, resource.RLIM_INFINITY))
        for _ in range(5):
            try:
                function(*inputs)
            except MemoryError:
                continue
            raise AssertionError("no MemoryError")
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert process.memory_info().vms - used < ROOM
        assert difference(stage, case, function) is None
    print("well")


if __name__ == "__main__":
    main()
