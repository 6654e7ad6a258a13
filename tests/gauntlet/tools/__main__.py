"""Run every harness once on a small budget and print what it says: ``python -m tests.gauntlet.tools [NAME...]``."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.gauntlet.tools import TOOLS
from tests.gauntlet.tools.tool import Arm, Task, Told

TASK = Task((Arm("chain", 500), Arm("chain", 510)), first=0, second=1, measure_s=0.5)


def line(told: Told, took_s: float) -> str:
    """What a harness said of a try, in one line."""
    interval = "no interval" if told.low is None else f"[{told.low:.4f}, {told.high:.4f}]"
    counts = " and ".join(str(len(samples)) for samples in told.samples)
    said = "different" if told.different else "not different"
    return f"{said}, {told.ratio:.4f} {interval}, {counts} samples, {took_s:.1f} s"


def main(names: list[str]) -> int:
    """0 when all that are installed have answered."""
    unknown = set(names) - set(TOOLS)
    if unknown:
        print(f"there is no {', '.join(sorted(unknown))}; known are {', '.join(TOOLS)}", file=sys.stderr)
        return 2
    failed = False
    for name in names or TOOLS:
        version = TOOLS[name].version()
        if version is None:
            print(f"{name}: not installed")
            continue
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            try:
                said = line(TOOLS[name].compare(TASK, Path(folder)), time.perf_counter() - begun)
            except RuntimeError as why:
                said, failed = f"failed: {why}", True
        print(f"{name} {version}: {said}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
