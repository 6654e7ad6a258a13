"""Figures about the server in the Prometheus text format 0.0.4.

Source: prometheus.io/docs/instrumenting/exposition_formats. Everything is written by the event loop alone, so nothing
needs a lock.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
Figures = Mapping[str, tuple[str, float | None]]  # name: what it says, and its value


class Histogram:
    """How many observations lay below each bound; the last bucket has none."""

    def __init__(self, bounds: tuple[float, ...] = BUCKETS_S) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def lines(self, name: str) -> Iterable[str]:
        bounds = [*map(repr, self.bounds), "+Inf"]
        running = list(accumulate(self.counts))
        yield from (f'{name}_bucket{{le="{bound}"}} {n}' for bound, n in zip(bounds, running, strict=True))
        yield f"{name}_sum {self.sum:.6f}"
        yield f"{name}_count {running[-1]}"


class Metrics:
    """What happened to the requests so far: ``statuses`` counts answers, 499 stands for a client that left before."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.latency = Histogram()
        self.work = Histogram()

    def text(self, gauges: Figures, counters: Figures) -> str:
        """All figures; gauges and counters of unknown value (None) are left out."""
        lines = [
            "# HELP labkit_requests_total Requests to /augment by the status they were answered with; 499: client left.",
            "# TYPE labkit_requests_total counter",
            *(f'labkit_requests_total{{status="{status}"}} {n}' for status, n in sorted(self.statuses.items())),
        ]
        for name, what, histogram in (
            ("labkit_request_seconds", "From a request's first line to its answer, images only.", self.latency),
            ("labkit_work_seconds", "Decoding, chain and encoding in the worker, images only.", self.work),
        ):
            lines += [f"# HELP {name} {what}", f"# TYPE {name} histogram", *histogram.lines(name)]
        for kind, figures in (("gauge", gauges), ("counter", counters)):
            for name, (what, value) in figures.items():
                if value is not None:
                    lines += [f"# HELP {name} {what}", f"# TYPE {name} {kind}", f"{name} {value:.10g}"]
        return "\n".join(lines) + "\n"
