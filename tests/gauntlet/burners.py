"""Neighbours that come and go: processes that burn a CPU or the memory bandwidth, by a seed.

    cpu      on and off at random, 0.05 to 1 s each, in registers only
    memory   the same, reading 64 MB over and over
    ramp     a CPU taken more and more over 5 s and then given back, as a clock that slows down while it gets warm

Run by itself as ``python -m tests.gauntlet.burners KIND SEED``; light to import, for it starts before every try.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.gauntlet.kernels import call_of

KINDS = ("cpu", "memory", "ramp")
SHORTEST_S, LONGEST_S = 0.05, 1.0
RAMP_S, SLOT_S = 5.0, 0.02


@contextmanager
def burning(kind: str, count: int, seed: int) -> Iterator[None]:
    """So many neighbours of a kind while the context lasts; they are at work when it is entered.

    Raises ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; taken are {', '.join(KINDS)}")
    words = [sys.executable, "-m", "tests.gauntlet.burners", kind]
    burners = [
        subprocess.Popen([*words, str(seed + number)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for number in range(count)
    ]
    try:
        for burner in burners:
            assert burner.stdout is not None
            if not burner.stdout.readline():
                raise RuntimeError(f"a {kind} burner did not start: status {burner.wait()}")
        yield
    finally:
        for burner in burners:
            burner.kill()
        for burner in burners:
            burner.communicate()


def spells(kind: str, seed: int) -> Iterator[tuple[float, float]]:
    """Endless seconds (at work, at rest), in turn."""
    rng = random.Random(seed)
    if kind == "ramp":
        share = rng.random()  # where in the ramp it begins
        while True:
            yield share * SLOT_S, (1 - share) * SLOT_S
            share = (share + SLOT_S / RAMP_S) % 1.0
    while True:
        yield rng.uniform(SHORTEST_S, LONGEST_S), rng.uniform(SHORTEST_S, LONGEST_S)


def main() -> None:
    kind, seed = sys.argv[1], int(sys.argv[2])
    work = call_of("stream", 500) if kind == "memory" else lambda: sum(range(2000))
    print("burns", flush=True)
    for busy, rest in spells(kind, seed):
        end = time.perf_counter() + busy
        while time.perf_counter() < end:
            work()
        time.sleep(rest)


if __name__ == "__main__":
    main()
