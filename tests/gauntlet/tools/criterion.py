"""criterion.rs: a program for one arm after the other, the first as the baseline of the second."""

from __future__ import annotations

import json
import shutil
import sys
import time
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.gauntlet.kernels import BUILT, MOST_ROWS, ROW_BYTES, built
from tests.gauntlet.tools.process import left_s, run
from tests.gauntlet.tools.tool import Arm, Task, Told

SOURCE = Path(__file__).with_suffix(".rs")
DEBIAN = Path("/usr/share/cargo/registry")  # where librust-criterion-dev puts it and all that it needs
WARM_UP_S = 0.5
ANALYSIS_S = 0.6  # of 100 samples, on one core
MANIFEST = f"""\
[package]
name = "gauntlet"
version = "0.0.0"
edition = "2021"

[dev-dependencies]
criterion = {{ version = ">=0.3.6, <0.9", default-features = false }}

[[bench]]
name = "gauntlet"
path = {json.dumps(str(SOURCE))}
harness = false
"""
SAID = {
    "Performance has regressed": True,
    "Performance has improved": True,
    "Change within noise threshold": False,
    "No change in performance detected": False,
}


class Criterion:
    """``low`` and ``high`` follow from its interval of the change of the mean (bootstrap, 95 %), which is what it judges."""

    name = "criterion"
    rule = "different when p < 0.05 and the interval of the change lies beyond its noise threshold of ±1 %"

    def version(self) -> str | None:
        if shutil.which("cargo") is None:
            return None
        try:
            program()
        except RuntimeError as error:
            print(f"gauntlet: {error}", file=sys.stderr)
            return None
        locked = tomllib.loads((BUILT / "criterion" / "Cargo.lock").read_text())
        return next(package["version"] for package in locked["package"] if package["name"] == "criterion")

    def compare(self, task: Task, folder: Path) -> Told:
        begun = time.monotonic()
        command = program()
        beside_s = 0.0 if task.wall_s is None else WARM_UP_S + ANALYSIS_S  # a wall clock counts them, measuring doesn't
        each_s = max(left_s(task, begun) - beside_s, 0.01)
        base, changed = sorted((task.first, task.second))
        samples, said = [], ""
        for number, arm in enumerate(task.arms):
            baseline = f"--baseline={base}" if number == changed else f"--save-baseline={number}"
            printed = run([command, "--bench", "--noplot", baseline], folder, _environment(arm, each_s, folder))
            samples.append((folder / "arm" / "new" / "sample.json").read_text())
            said = printed if number == changed else said
        return told(task, samples, (folder / "arm" / "change" / "estimates.json").read_text(), said)


def _environment(arm: Arm, measure_s: float, folder: Path) -> dict[str, str]:
    return {
        "KERNEL": arm.kernel,
        "ROWS": str(arm.rows),
        "BYTES": str(MOST_ROWS * ROW_BYTES[arm.kernel]),
        "WARM_UP_MS": str(round(1e3 * WARM_UP_S)),
        "MEASURE_MS": str(round(1e3 * measure_s)),
        "CRITERION_HOME": str(folder),
    }


@cache
def program() -> Path:
    """The program in ``build/gauntlet/criterion``; cargo builds it, from Debian's crates where they are installed.

    Raises RuntimeError, with cargo's last error, where it can't.
    """
    folder = BUILT / "criterion"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(MANIFEST)
    source = []
    if any(DEBIAN.glob("criterion-0.*")):
        settings = ('source.crates-io.replace-with="debian"', f'source.debian.directory="{DEBIAN}"')
        source = [*(word for setting in settings for word in ("--config", setting)), "--offline"]
    build = ["rustc", "--quiet", "--profile=bench", "--bench=gauntlet", "--message-format=json"]
    told = run(["cargo", *source, *build, "--", "-C", f"link-arg={built('kernels.so')}"], folder)
    made = [json.loads(line).get("executable") for line in told.splitlines() if line.startswith("{")]
    return Path(next(path for path in made if path))


def told(task: Task, samples: Sequence[str], change: str, printed: str) -> Told:
    """From each arm's ``sample.json``, the ``change/estimates.json`` of the arm measured last, and what it printed."""
    verdicts = [different for said, different in SAID.items() if said in printed]
    if len(verdicts) != 1:
        raise RuntimeError(f"criterion printed no verdict that is known here: {printed!r}")
    mean = json.loads(change)["mean"]
    interval = mean["confidence_interval"]
    point, low, high = (1 + at for at in (mean["point_estimate"], interval["lower_bound"], interval["upper_bound"]))
    if task.first < task.second:  # the change is of the arm that came later
        point, low, high = 1 / point, 1 / high, 1 / low
    taken = [json.loads(sample) for sample in samples]
    calls = tuple([ns / n / 1e9 for ns, n in zip(arm["times"], arm["iters"], strict=True)] for arm in taken)
    return Told(verdicts[0], point, low, high, calls)
