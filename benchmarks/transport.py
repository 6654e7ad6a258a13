"""What handing images to workers costs: ``python -m benchmarks.transport``, on a quiet machine.

Every round runs each arm once, in random order, and a ratio is taken within the round; shown are the medians over the rounds
with their 95 % sign intervals. Targets: a round trip of a 6 MB image through shared memory takes at most 3.5 plain copies of
it and is at least 15 times as fast as one through a ProcessPoolExecutor; an engine adds at most 60 µs an image.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack

import numpy as np

from labkit.engines import Engine, open_engine, starting
from labkit.measure.statistics.order import median_interval, sign_interval_rank

SHAPE = (1080, 1852, 3)  # 6.0 MB
BLOCK = 16
SMALL = 300


def same(image: np.ndarray) -> np.ndarray:
    return image


def round_trip(engine: Engine, image: np.ndarray) -> None:
    for outcome in engine.stream([(image,)]):
        assert outcome.error is None


def block(engine: Engine, images: list[np.ndarray]) -> None:
    for outcome in engine.stream((image,) for image in images):
        assert outcome.error is None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    large = [rng.integers(0, 256, SHAPE, np.uint8) for _ in range(BLOCK)]
    small = [rng.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(SMALL)]
    target = np.zeros(SHAPE, np.uint8)
    with ExitStack() as stack:
        shared = stack.enter_context(open_engine("shared_memory", same, chosen.workers))
        executor = stack.enter_context(ProcessPoolExecutor(chosen.workers, starting.context()))
        threads = stack.enter_context(open_engine("threads", same, chosen.workers))
        arms: dict[str, tuple[Callable[[], object], int]] = {  # and how many images a call has
            "copy": (lambda: np.copyto(target, large[0]), 1),
            "shared": (lambda: round_trip(shared, large[0]), 1),
            "shared block": (lambda: block(shared, large), BLOCK),
            "executor": (lambda: executor.submit(same, large[0]).result(), 1),
            "small shared": (lambda: block(shared, small), SMALL),
            "small threads": (lambda: block(threads, small), SMALL),
            "small loop": (lambda: [same(image) for image in small], SMALL),
        }
        for call, _ in arms.values():
            for _ in range(5):
                call()
        seconds = {name: np.empty(chosen.rounds) for name in arms}
        names = list(arms)
        for number in range(chosen.rounds):
            for place in rng.permutation(len(names)).tolist():
                call, images = arms[names[place]]
                start = time.perf_counter()
                call()
                seconds[names[place]][number] = (time.perf_counter() - start) / images
    for name, times in seconds.items():
        print(f"{name:>14}: {np.median(times) * 1e6:10.1f} µs an image")
    tell("shared round trip / plain copy, target <= 3.5", seconds["shared"], seconds["copy"])
    tell("shared in a stream / plain copy", seconds["shared block"], seconds["copy"])
    tell("executor round trip / shared round trip, target >= 15", seconds["executor"], seconds["shared"])
    for name in ("small shared", "small threads"):
        added = np.sort(seconds[name] - seconds["small loop"]) * 1e6
        rank = sign_interval_rank(added.size, 0.05)
        low, high = added[rank - 1], added[added.size - rank]
        print(f"overhead of {name}, target <= 60: {np.median(added):.1f} [{low:.1f}, {high:.1f}] µs an image")


def tell(what: str, above: np.ndarray, below: np.ndarray) -> None:
    values = np.log(above / below)
    found = median_interval(values, sign_interval_rank(values.size, 0.05))
    print(f"{what}: {math.exp(found.estimate):.2f} [{math.exp(found.low):.2f}, {math.exp(found.high):.2f}]")


if __name__ == "__main__":
    main()
