"""``LABKIT_SIMD=PATH python -m tests.conformance.other_machine STAGE``: its native variants are right on that path."""

from __future__ import annotations

import sys

from labkit.core import registry
from tests.conformance.trials import difference, edge_cases, some_cases


def main(stage: str) -> None:
    for name in [name for name, found in registry.of(stage).items() if found.kind == "native" and "api" not in name]:
        function = registry.variant(stage, name).function
        assert function is not None
        for case in [*edge_cases(stage), *some_cases(stage, 20)]:
            assert (said := difference(stage, case, function)) is None, f"{name}: {said}"
    print("same")


if __name__ == "__main__":
    main(*sys.argv[1:])
