"""``LABKIT_SIMD=PATH python -m tests.conformance.other_machine``: all native variants are right on that path, within walls.

It prints a variant's name before it is tried: after a crash the last one is the culprit.
"""

from __future__ import annotations

from tests.conformance.guarded import try_all
from tests.conformance.trials import variants

if __name__ == "__main__":
    try_all(one for one in variants("native", many=False) if "api" not in one.values[1])
    print("same")
