"""torch.utils.benchmark: ``Timer.blocked_autorange``, one arm after the other in one fresh process."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.interval import overlap, quotient
from tests.gauntlet.tools.process import run, script
from tests.gauntlet.tools.tool import Task, Told

# As in PyTorch's recipe: one Timer a call, as long as there is time for, then Compare. Threads: one, the Timer's own default.
BODY = """\
from torch.utils.benchmark import Compare, Timer

taken, each_s = [], seconds()
for index, call in enumerate(CALLS):
    timer = Timer("call()", globals={"call": call}, label="gauntlet", sub_label=f"arm {index}", description="time")
    taken.append(timer.blocked_autorange(min_run_time=each_s))
Path("taken.json").write_text(json.dumps([{"times": m.times, "median": m.median, "iqr": [m._p25, m._p75]} for m in taken]))
Compare(taken).print()
"""


class TorchTimer:
    """``low`` and ``high`` divide the interquartile ranges that a Measurement prints, lowest by highest and highest by lowest."""

    name = "torch"
    rule = "different when the interquartile ranges that the two Measurements print do not overlap"

    def version(self) -> str | None:
        try:
            return metadata.version("torch")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        (folder / "bench.py").write_text(script(task, time.monotonic(), BODY))
        run([sys.executable, "bench.py"], folder)
        return told(task, (folder / "taken.json").read_text())


def told(task: Task, taken: str) -> Told:
    """From the file of our script, which holds each Measurement's times, median, and ends of its interquartile range."""
    arms = json.loads(taken)
    first, second = arms[task.first], arms[task.second]
    low, high = quotient(first["iqr"], second["iqr"])
    return Told(
        different=not overlap(first["iqr"], second["iqr"]),
        ratio=first["median"] / second["median"],
        low=low,
        high=high,
        samples=tuple(arm["times"] for arm in arms),
    )
