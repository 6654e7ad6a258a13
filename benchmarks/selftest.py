"""Can labkit's verdicts be trusted on this machine, while it is busy? Run as ``make selftest``.

Three experiments whose truth is known, with busy processes beside them. Each try is a whole table of its own: probes,
launches, looks, verdict. The parents are executed afresh every few tries. Tries are appended to a file as they are
done, so that Ctrl-C keeps them and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.fleet import Fleet
from labkit.measure.machine import machine_facts
from labkit.measure.turn import Turn
from labkit.store import results_folder

STAGE = Path(__file__).with_name("selftest_stage.py")
TRIES_A_FLEET = 10
BURN = "while True: pass"


@dataclass(frozen=True)
class Experiment:
    """Variants to compare, the measuring seconds a try, how many tries, and which verdicts on ``judged`` are expected."""

    name: str
    variants: tuple[str, ...]
    judged: str
    budget_s: float
    tries: int
    expected: str
    holds: Callable[[Counter[str], int], bool]


EXPERIMENTS = (
    Experiment(
        "identical",
        ("work", "same_work"),
        "same_work",
        2.0,
        200,
        "faster or slower in at most 1 %",
        lambda seen, tries: seen["faster"] + seen["slower"] <= 0.01 * tries,
    ),
    Experiment(
        "two_percent",
        ("work", "more_work"),
        "more_work",
        10.0,
        100,
        "slower in at least 90 %",
        lambda seen, tries: seen["slower"] >= 0.9 * tries,
    ),
    Experiment(
        "openmp_neighbour",
        ("work", "same_work", "openmp"),
        "same_work",
        10.0,
        10,
        "same in more than half, never faster or slower",
        lambda seen, tries: seen["same"] > tries / 2 and not seen["faster"] + seen["slower"],
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=float, default=1.0, help="share of the tries of each experiment (default 1.0)")
    parser.add_argument("--burners", type=int, default=2, help="busy processes beside the measurement (default 2)")
    parser.add_argument("--only", choices=[experiment.name for experiment in EXPERIMENTS], help="one experiment alone")
    parser.add_argument("--log", type=Path, default=results_folder() / "selftest.jsonl", help="where tries are kept")
    arguments = parser.parse_args()
    registry.load(STAGE)
    arguments.log.parent.mkdir(parents=True, exist_ok=True)
    burners = [subprocess.Popen([sys.executable, "-c", BURN]) for _ in range(arguments.burners)]
    try:
        for experiment in EXPERIMENTS:
            if arguments.only in (None, experiment.name):
                _run(experiment, math.ceil(experiment.tries * arguments.tries), arguments.log, arguments.burners)
    except KeyboardInterrupt:
        print("\nstopped; the tries done are kept", file=sys.stderr)
    finally:
        for burner in burners:
            burner.kill()
    return _report(arguments.log, arguments.burners)


def _run(experiment: Experiment, tries: int, log: Path, burners: int) -> None:
    done = len(_tries(log, experiment.name, burners))
    requests = plan_requests(["selftest"], experiment.variants)
    while done < tries:
        settings = make_settings(experiment.budget_s, threads=2)
        with Turn("the self-test"), Fleet(settings.threads, np.random.default_rng(settings.seed)) as fleet:
            for _ in range(min(TRIES_A_FLEET, tries - done)):
                settings = make_settings(experiment.budget_s, threads=2)
                start = time.perf_counter()
                measurement = measure(requests, settings, fleet=fleet)
                if measurement.stopped:
                    raise KeyboardInterrupt
                row = next(row for row in measurement.rows if row.variant == experiment.judged)
                launches = measurement.tables[0].samples.launches
                entry = {
                    "experiment": experiment.name,
                    "burners": burners,
                    "seed": settings.seed,
                    "verdict": row.verdict,
                    "ratio": row.ratio,
                    "ratio_low": row.ratio_low,
                    "ratio_high": row.ratio_high,
                    "median_s": row.median_s,
                    "launches": len(launches),
                    "overhead_s": float(np.median([launch["overhead_s"] for launch in launches])),
                    "wall_s": time.perf_counter() - start,
                }
                with log.open("a") as file:
                    file.write(json.dumps(entry) + "\n")
                done += 1
                print(f"{experiment.name} {done}/{tries}: {row.verdict} {row.ratio:.4f}", file=sys.stderr)


def _tries(log: Path, name: str, burners: int) -> list[dict[str, object]]:
    if not log.exists():
        return []
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    return [entry for entry in entries if (entry["experiment"], entry["burners"]) == (name, burners)]


def _report(log: Path, burners: int) -> int:
    """Print what was seen; exit status 1 when an expectation does not hold."""
    facts = machine_facts()
    print(f"{facts['cpu']}, {facts['cpu_limit']} CPUs, {burners} busy processes beside the measurement; {log}")
    failed = False
    for experiment in EXPERIMENTS:
        entries = _tries(log, experiment.name, burners)
        if not entries:
            continue
        seen = Counter(str(entry["verdict"]) for entry in entries)
        holds = experiment.holds(seen, len(entries))
        failed |= not holds
        ratios = np.array([entry["ratio"] for entry in entries], float)
        widths = np.array([_halfwidth(entry) for entry in entries])
        low, high = np.percentile(ratios, [2.5, 97.5])
        print(
            f"\n{experiment.name}: {len(entries)} tries of {experiment.budget_s:g} s; expected: {experiment.expected}"
        )
        for verdict in ("faster", "slower", "same", "unresolved"):
            least, most = _wilson(seen[verdict], len(entries))
            print(f"  {verdict:<11} {seen[verdict]:4d}   {100 * least:5.1f} to {100 * most:.1f} %")
        print(f"  ratio: median {np.median(ratios):.4f}, 95 % of tries in [{low:.4f}, {high:.4f}]")
        print(f"  interval's half width: median {100 * np.median(widths):.2f} %")
        overhead = np.median([float(str(entry["overhead_s"])) for entry in entries])
        wall = np.median([float(str(entry["wall_s"])) for entry in entries])
        print(f"  a launch costs {1e3 * overhead:.0f} ms beside what it times; a try takes {wall:.1f} s")
        print(f"  {'holds' if holds else 'DOES NOT HOLD'}")
    return int(failed)


def _halfwidth(entry: dict[str, object]) -> float:
    low, high = entry["ratio_low"], entry["ratio_high"]
    return math.nan if low is None or high is None else math.log(float(str(high)) / float(str(low))) / 2


def _wilson(count: int, tries: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a proportion (E. B. Wilson, JASA 22, 1927)."""
    z = 1.959964
    middle = (count + z * z / 2) / (tries + z * z)
    spread = z / (tries + z * z) * math.sqrt(count * (tries - count) / tries + z * z / 4)
    return max(0.0, middle - spread), min(1.0, middle + spread)


if __name__ == "__main__":
    sys.exit(main())
