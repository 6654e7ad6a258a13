"""``LABKIT_SIMD=PATH python -m tests.conformance.other_machine``: all native variants are right on that path.

It prints a stage's name before it is tried: after a crash the last one is the culprit.
"""

from __future__ import annotations

from labkit.core import registry
from tests.conformance.trials import difference, edge_cases, some_cases, variants


def main() -> None:
    tried = [one.values for one in variants("native", many=False) if "api" not in one.values[1]]
    for stage, name in tried:
        print(f"{stage}/{name}", flush=True)
        function = registry.variant(stage, name).function
        assert function is not None
        for case in [*edge_cases(stage), *some_cases(stage, 20)]:
            assert (said := difference(stage, case, function)) is None, said
    print("same")


if __name__ == "__main__":
    main()
