"""IPython's %timeit, one arm after the other in one fresh IPython."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

from tests.gauntlet.tools.interval import overlap, quotient
from tests.gauntlet.tools.process import run, script
from tests.gauntlet.tools.tool import Task, Told

# Seven runs, as it does by itself. Left to itself it chooses a power of ten of loops so that a run takes 0.2 to 2 s;
# here -n fills the time there is, after a look at how long a call takes. The magic is called by its function because
# %timeit takes no variables in its options.
BODY = """\
RUNS = 7
magic = get_ipython().run_line_magic
looked = [magic("timeit", "-o -q -n 10 -r 5 call()") for call in CALLS]
each_s = seconds()
loops = [max(1, round(each_s / RUNS / look.average)) for look in looked]
taken = [magic("timeit", f"-o -n {n} -r {RUNS} call()") for n, call in zip(loops, CALLS)]
Path("taken.json").write_text(
    json.dumps([{"timings": r.timings, "average": r.average, "stdev": r.stdev} for r in taken])
)
"""


class Timeit:
    """``rule`` is how its users read it: it has none of its own.

    ``low`` and ``high`` divide the printed intervals mean ± std. dev., lowest by highest and highest by lowest.
    """

    name = "timeit"
    rule = "different when the intervals mean ± std. dev. that its two lines print do not overlap"

    def version(self) -> str | None:
        try:
            return metadata.version("ipython")
        except metadata.PackageNotFoundError:
            return None

    def compare(self, task: Task, folder: Path) -> Told:
        (folder / "bench.ipy").write_text(script(task, time.monotonic(), BODY))
        own = {"IPYTHONDIR": str(folder / "ipython")}  # else it reads and writes its user's profile
        options = ["--no-banner", "--colors=nocolor", "--HistoryManager.enabled=False"]
        run([sys.executable, "-m", "IPython", *options, "bench.ipy"], folder, own)
        return told(task, (folder / "taken.json").read_text())


def told(task: Task, taken: str) -> Told:
    """From the file of our script, which holds each TimeitResult's timings (seconds a loop), average and stdev."""
    arms = json.loads(taken)
    spans = [(arm["average"] - arm["stdev"], arm["average"] + arm["stdev"]) for arm in arms]
    first, second = spans[task.first], spans[task.second]
    low, high = quotient(first, second)
    return Told(
        different=not overlap(first, second),
        ratio=arms[task.first]["average"] / arms[task.second]["average"],
        low=low,
        high=high,
        samples=tuple(arm["timings"] for arm in arms),
    )
