"""What does serving cost beside the work itself, and is any answer lost or swapped? Run by hand:

    python -m benchmarks.serve_load --requests 10000 --size 1080p

32 clients ask a server on the loopback address, block by block. Between its blocks the same images go through the same
engine alone, in a process of its own: decoding, chain and encoding, nothing else. Within a pair of blocks the order is
random. The CPU time of each side is that of its process tree (user and system); the clients are in neither. Every answer
is compared with the hash of the right one, which this process has computed by itself.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import itertools
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np

from labkit.core.cpus import cpu_limit
from labkit.inputs.photographs import photograph
from labkit.measure.statistics.order import Interval, median_interval, sign_interval_rank
from labkit.pipelines.chains import open_chain
from labkit.processes.tree import tree
from labkit.serve.picture import augment

SIZES = {"256": (256, 256), "512": (512, 512), "1080p": (1080, 1920)}
PICTURES, SEEDS = 16, 12
BLOCKS = 20
ALPHA = 0.05


class Ask(NamedTuple):
    """A picture's number and a seed; the answer's hash is known."""

    picture: int
    seed: int


class Process:
    """A server or an engine in a process of its own, whose tree's CPU time can be read."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.said = self.line()

    def line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{self._process.args} ended with {self._process.wait()}")
        return line

    def tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def cpu_s(self) -> float:
        """CPU time that the threads of the tree have had so far. None of them ends while it is measured.

        To the nanosecond (proc(5), schedstat): the times in ``stat`` are in whole ticks for each process.
        """
        threads = (f"/proc/{process}/task" for process in tree(self._process.pid))
        files = (Path(folder, thread, "schedstat") for folder in threads for thread in os.listdir(folder))
        return sum(int(file.read_text().split()[0]) for file in files) / 1e9

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


class Clients:
    """A crowd that asks, each client on a connection of its own that stays open."""

    def __init__(self, base: str, chain: str, files: list[bytes], right: dict[Ask, str], number: int) -> None:
        self._chain, self._files, self._right = chain, files, right
        host = base.removeprefix("http://")
        self._connections = [http.client.HTTPConnection(host, timeout=60) for _ in range(number)]
        self.seconds: list[float] = []
        self.found: Counter[str] = Counter()

    def ask(self, asks: list[Ask]) -> float:
        """All of them, spread over the clients as these get free; the seconds that took."""
        waiting = iter(asks)
        started = time.perf_counter()
        threads = [threading.Thread(target=self._client, args=(one, waiting)) for one in self._connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

    def _client(self, connection: http.client.HTTPConnection, asks: Iterator[Ask]) -> None:
        for ask in asks:
            started = time.perf_counter()
            try:
                path = f"/augment?chain={self._chain}&seed={ask.seed}&index={ask.picture}"
                connection.request("POST", path, self._files[ask.picture])
                answer = connection.getresponse()
                data = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.found[f"lost: {type(error).__name__}"] += 1
                continue
            self.seconds.append(time.perf_counter() - started)
            if answer.status != 200:
                self.found[f"status {answer.status}"] += 1
            else:
                self.found["right" if digest(data) == self._right[ask] else "wrong"] += 1

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def pictures(size: str) -> Iterator[list[Path]]:
    """JPEG files of photographs, quality 90."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:02}.jpg") for number in range(PICTURES)]
        for number, path in enumerate(paths):
            path.write_bytes(cv2.imencode(".jpg", photograph(number, *SIZES[size]), [cv2.IMWRITE_JPEG_QUALITY, 90])[1])
        yield paths


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--requests", type=int, default=2000, help="how many requests; the engine alone does as many")
    words.add_argument("--clients", type=int, default=32)
    words.add_argument("--workers", type=int, default=cpu_limit())
    words.add_argument("--engine", default="shared_memory")
    words.add_argument("--chain", default="photo")
    words.add_argument("--size", choices=SIZES, default="1080p")
    words.add_argument("--seed", type=int, default=7, help="of the order of blocks and requests")
    words.add_argument("--json", action="store_true")
    given = words.parse_args()
    with ExitStack() as stack:
        paths = stack.enter_context(pictures(given.size))
        report = load(given, paths, stack)
    if given.json:
        print(json.dumps(report, indent=1))
    else:
        for name, value in report.items():
            print(f"{name:28} {value}")
    if set(report["answers"]) - {"right"} or report["answers"]["right"] != given.requests:  # type: ignore[operator,index]
        sys.exit(1)


def load(given: argparse.Namespace, paths: list[Path], stack: ExitStack) -> dict[str, object]:
    files = [path.read_bytes() for path in paths]
    chain = {given.chain: open_chain(given.chain)}
    right: dict[Ask, str] = {}
    for ask in itertools.starmap(Ask, itertools.product(range(PICTURES), range(SEEDS))):
        data = np.frombuffer(files[ask.picture], np.uint8)
        answer = augment(chain, data, given.chain, ask.seed, ask.picture, "jpeg")
        assert answer.data is not None
        right[ask] = digest(answer.data.tobytes())

    common = ["--engine", given.engine, "--workers", str(given.workers)]
    server = Process("-m", "labkit", "serve", "--port", "0", "--chains", given.chain, *common)
    stack.callback(server.close)
    alone = Process("-m", "benchmarks.serve_load_engine", "--chain", given.chain, *common, *map(str, paths))
    stack.callback(alone.close)
    clients = Clients(server.said, given.chain, files, right, given.clients)
    stack.callback(clients.close)

    order = random.Random(given.seed)
    asks = [*right]
    clients.ask(asks[: 2 * given.clients])  # connections, the workers' memory
    run_alone(alone, asks[: 2 * given.clients])
    clients.seconds.clear()
    clients.found.clear()

    ratios, served, engine, seconds = [], [], [], []
    done = 0
    for block in range(BLOCKS):
        count = given.requests * (block + 1) // BLOCKS - done
        done += count
        chosen = order.choices(asks, k=count)
        cost = {}
        for side in order.sample(["served", "alone"], 2):
            process = server if side == "served" else alone
            before = process.cpu_s()
            if side == "served":
                seconds.append(clients.ask(chosen))
            else:
                run_alone(alone, chosen)
            cost[side] = (process.cpu_s() - before) / max(1, count)
        ratios.append(math.log(cost["served"] / cost["alone"]))
        served.append(cost["served"])
        engine.append(cost["alone"])
        print(f"block {block + 1} of {BLOCKS}: {math.exp(ratios[-1]):.3f}", file=sys.stderr)
    interval = median_interval(ratios, sign_interval_rank(BLOCKS, ALPHA))
    return {
        "images": f"{PICTURES} photographs, {given.size} JPEG, chain {given.chain}, {SEEDS} seeds",
        "engine": f"{given.engine}, {given.workers} workers; {given.clients} clients",
        "answers": dict(clients.found),
        "rate": f"{given.requests / sum(seconds):.1f} images/s",
        "latency p50, p90, p99, most": ", ".join(f"{1e3 * q:.0f} ms" for q in quantiles(clients.seconds)),
        "server CPU an image": f"{1e3 * np.median(served):.2f} ms",
        "engine alone CPU an image": f"{1e3 * np.median(engine):.2f} ms",
        "ratio": f"{interval.ratio:.3f} ({words_of(interval)}, {BLOCKS} pairs of blocks)",
    }


def run_alone(alone: Process, asks: list[Ask]) -> None:
    alone.tell(json.dumps(asks))
    if alone.line() != str(len(asks)):
        raise SystemExit("the engine alone did not do all images")


def quantiles(seconds: list[float]) -> list[float]:
    return [float(value) for value in np.quantile(seconds, [0.5, 0.9, 0.99, 1.0])]


def words_of(interval: Interval) -> str:
    return f"{interval.ratio_low:.3f} to {interval.ratio_high:.3f}, {100 * (1 - ALPHA):.0f} %"


if __name__ == "__main__":
    main()
