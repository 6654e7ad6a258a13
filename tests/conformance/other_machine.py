"""``python -m tests.conformance.other_machine STAGE [FILE.so]``: its native variants, built for another machine, are right.

The variants of that file take the place of the built ones. They give the oracle's answers, and the built ones' but for LAST.
Without a file they are the kernels of the path that ``$LABKIT_SIMD`` names.
"""

from __future__ import annotations

import importlib.util
import sys

from labkit.core import registry
from labkit.core.agreement import Exact, Within
from tests.conformance.trials import copied, difference, edge_cases, given, some_cases

LAST = {"crop_boxes": Within(1)}  # positions may differ in their last bit, 1/4096 pixel


def main(stage: str, file: str | None = None) -> None:
    if file is None:
        for name in [name for name, found in registry.of(stage).items() if found.kind == "native"]:
            function = registry.variant(stage, name).function
            for case in [*edge_cases(stage), *some_cases(stage, 20)]:
                assert (said := difference(stage, case, function)) is None, f"{name}: {said}"
    else:
        of_a_file(stage, file)
    print("same")


def of_a_file(stage: str, file: str) -> None:
    known = registry.of(stage)
    names = [name for name in registry.variants[stage] if name.startswith("native")]
    for name in names:
        del registry.variants[stage][name]
    spec = importlib.util.spec_from_file_location("native", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    for name in names:
        function, built = getattr(made, name), known[name].function
        assert built is not None
        for case in [*edge_cases(stage), *some_cases(stage, 20)]:
            assert (said := difference(stage, case, function)) is None, f"{name}: {said}"
            there, here = function(*copied(given(stage, case))), built(*copied(given(stage, case)))
            assert (other := LAST.get(stage, Exact()).difference(there, here)) is None, f"{name}, {case}: {other}"


if __name__ == "__main__":
    main(*sys.argv[1:])
