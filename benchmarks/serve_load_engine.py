"""The other side of ``serve_load``: the same images through the same engine alone, as it is asked on standard input."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from labkit.engines import open_engine
from labkit.pipelines.chains import open_chain
from labkit.serve.picture import Ready, augment
from labkit.serve.queue import AHEAD


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--chain", required=True)
    words.add_argument("--engine", required=True)
    words.add_argument("--workers", type=int, required=True)
    words.add_argument("files", type=Path, nargs="+")
    given = words.parse_args()
    files = [np.frombuffer(path.read_bytes(), np.uint8) for path in given.files]

    def tasks(asks: list[tuple[int, int]]) -> Iterator[tuple[Any, ...]]:
        for picture, seed in asks:
            yield files[picture], given.chain, seed, picture, "jpeg"

    ready = Ready({given.chain: open_chain(given.chain)})
    ahead = AHEAD * given.workers
    with open_engine(given.engine, augment, given.workers, chunk=1, in_flight=ahead, once=ready) as engine:
        print("ready", flush=True)
        for line in sys.stdin:
            done = sum(outcome.error is None for outcome in engine.stream(tasks(json.loads(line))))
            print(done, flush=True)


if __name__ == "__main__":
    main()
