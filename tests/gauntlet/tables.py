"""labkit's own tables: many identical arms and known effects at once, recorded raw, so that its promises can be counted.

One table holds 20 arms of the same kernel and rows, and one arm for each effect; every arm has a second of measuring, as in
a comparison of two arms in 2 s. Of these arms are made

    pairs      ten pairs of identical arms, and each effect beside an identical arm of its own
    families   twice a baseline with eight identical variants
    races      nine identical arms of which none is the best; 500 rows against 502, 505 and 510, and against 510 alone; 333 rows
               against seven identical arms

and each is judged by the functions that judge any run, with all 25 launches and with the stopping rule. The samples hold
everything: nothing here was decided while they were taken, for a tie keeps a table from ending early.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import ascii_lowercase
from typing import TypeVar

import numpy as np
import pandas as pd

from labkit.core.registry import registry
from labkit.measure.bench import make_settings, measure, plan_requests
from labkit.measure.result import Table
from labkit.measure.statistics import (
    GATE,
    Interval,
    Verdict,
    best_of,
    compare_family,
    interval_at_look,
    launch_medians,
    plan_looks,
    undisturbed,
    verdict,
)
from tests.gauntlet.burners import burning
from tests.gauntlet.plan import CONDITIONS
from tests.gauntlet.tools.labkit import STAGE

Found = TypeVar("Found")
ALPHA = 0.05
EFFECTS = {502: "0.4 %", 505: "1 %", 510: "2 %", 333: "50 %", 5000: "10×", 50: "10× down to 0.14 ms"}
TWINS = tuple(f"rows_500_{copy}" for copy in ascii_lowercase[:20])
KNOWN = tuple(f"rows_{rows}_a" for rows in (502, 505, 510, 333))
TENFOLD = tuple(f"rows_5000_{copy}" for copy in ascii_lowercase[:10])
TENTH = tuple(f"rows_50_{copy}" for copy in ascii_lowercase[:10])


@dataclass(frozen=True)
class Kind:
    """A kind of table: which arms of which kernel, how many seconds of measuring an arm of 500 rows has, and what runs beside."""

    name: str
    kernel: str
    arms: tuple[str, ...]
    seconds_an_arm: float
    condition: str = "quiet"

    def record(self, folder: Path, number: int) -> Path:
        """Measure the table of that number and store its samples; returns the file."""
        beside = CONDITIONS[self.condition]
        budget_s = sum(self.seconds_an_arm * rows_of(arm) / 500 for arm in self.arms)
        with burning(beside.kind, beside.count, 1000 * number) if beside.kind else nullcontext():
            table = _measured(self.kernel, self.arms, budget_s)
        return _stored(table, self.file(folder, number))

    def file(self, folder: Path, number: int) -> Path:
        return folder / f"{self.name}-{number:03}.parquet"

    def files(self, folder: Path) -> list[Path]:
        return sorted(folder.glob(f"{self.name}-[0-9]*.parquet"))


CHAIN_TRUTH = Kind("truth-chain", "chain", (*TWINS[:2], *KNOWN), 2.0)
TRUTH = (
    CHAIN_TRUTH,
    Kind("truth-tenfold", "chain", (*TWINS[:2], TENFOLD[0]), 1.0),
    Kind("truth-tenth", "chain", (*TWINS[:10], *TENTH), 2 / 1.1),
    Kind("truth-stream", "stream", (*TWINS[:2], *KNOWN[:3]), 2.0),
)
"""Beside nothing at all: many launches of these say what the effects are. (Longer launches would not help.)

Calls of 0.14 ms are timed among as many arms as under burners: what they cost depends on that.
"""

BURNERS = Kind("burners", "chain", (*TWINS, *KNOWN), 1.0, "2 CPU burners")
"""A pair has 2 s of measuring, beside neighbours that come and go."""

TENFOLDS = Kind("tenfold", "chain", (*TWINS[:10], *TENFOLD), 2 / 11, "2 CPU burners")
"""The same for calls of 1.4 and 14 ms: ten pairs, each of them with 2 s of measuring."""

TENTHS = Kind("tenth", "chain", (*TWINS[:10], *TENTH), 2 / 1.1, "2 CPU burners")
"""And for calls of 1.4 and 0.14 ms."""

PLACED = Kind("placed", "placed", TWINS, 15.0)
"""A pair has 30 s of measuring in fresh processes; where its arms' memory lies moves a launch by several per cent."""


def _measured(kernel: str, arms: tuple[str, ...], budget_s: float) -> Table:
    registry.load(STAGE)
    requests = plan_requests([f"gauntlet_{kernel}"], arms, baseline=arms[0])
    measurement = measure(requests, make_settings(budget_s, threads=2))
    if measurement.stopped:
        raise KeyboardInterrupt
    return measurement.tables[0]


def rows_of(arm: str) -> int:
    """What ``rows_510_a`` works on."""
    return int(arm.split("_")[1])


def _stored(table: Table, path: Path) -> Path:
    """One line a round: its launch, and whole nanoseconds of each arm, negative where the scheduler put the call aside."""
    arms = [row.arm for row in table.rows]
    frames = []
    for number, launch in enumerate(table.samples.launches):
        seconds = table.samples.seconds(launch)[:, : len(arms)]
        signs = np.where(table.samples.put_aside(launch)[:, : len(arms)], -1, 1)
        rounds = pd.DataFrame(signs * _rounded(seconds * 1e9), columns=arms).astype("Int32")
        rounds.insert(0, "launch", np.int8(number))
        frames.append(rounds)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    pd.concat(frames).to_parquet(unfinished, compression="zstd", index=False)
    os.replace(unfinished, path)
    return path


def _rounded(values: np.ndarray) -> np.ndarray:
    """To five significant digits: what is beyond is noise, and would make up most of the file."""
    step = 10.0 ** np.maximum(np.floor(np.log10(values)) - 4, 0)
    return np.asarray(np.round(values / step) * step)


@dataclass(frozen=True)
class Launches:
    """The launches of one table: ``log_seconds`` (launches, rounds, arms), NaN where a launch had fewer rounds."""

    arms: tuple[str, ...]
    log_seconds: np.ndarray
    put_aside: np.ndarray

    @classmethod
    def read(cls, path: Path) -> Launches:
        frame = pd.read_parquet(path)
        number = frame.pop("launch").to_numpy()
        rounds = np.bincount(number)
        times = np.full((rounds.size, rounds.max(), frame.shape[1]), np.nan)
        times[number, np.concatenate([np.arange(count) for count in rounds])] = frame.to_numpy(float, na_value=np.nan)
        return cls(tuple(frame.columns), np.log(np.abs(times)), times < 0)

    def between(self, slow: str, fast: str) -> np.ndarray:
        """(launches,) the median over a launch's rounds of log(t_slow / t_fast)."""
        pair = [self.arms.index(slow), self.arms.index(fast)]
        ratios = self.log_seconds[:, :, pair[0]] - self.log_seconds[:, :, pair[1]]
        return launch_medians(undisturbed(ratios, self.put_aside[:, :, pair].any(axis=-1)))

    @property
    def looks(self) -> tuple[int, ...]:
        return plan_looks(len(self.log_seconds))


@dataclass(frozen=True)
class Judged:
    """One pair of one table: its interval at the end of a fixed budget, and where the stopping rule would have ended it."""

    table: str
    rows: int
    fixed: Interval
    looked: Interval
    verdict: Verdict


def pairs(launches: Launches, table: str) -> Iterator[Judged]:
    """The identical pairs, two by two, and each effect beside an identical arm of its own."""
    twins = [arm for arm in launches.arms if arm in TWINS]
    effects = [arm for arm in launches.arms if arm not in TWINS]
    identical = zip(twins[0::2], twins[1::2], strict=True)
    for first, second in [*identical, *zip([*twins[0::2], *twins[1::2]], effects, strict=False)]:
        yield judge(launches.between(first, second), launches.looks, table, rows_of(second))


def judge(values: np.ndarray, looks: tuple[int, ...], table: str, rows: int) -> Judged:
    """One pair's launches, as a run of two arms would have judged them."""
    fixed = interval_at_look(values, (looks[-1],), 0, ALPHA)
    looked = _ended(
        looks, partial(interval_at_look, values, looks), lambda found: _said(found) is not Verdict.UNRESOLVED
    )
    return Judged(table, rows, fixed, looked, _said(looked))


def _said(interval: Interval) -> Verdict:
    return verdict(interval, GATE)[0]


def _ended(looks: tuple[int, ...], judged: Callable[[int, float], Found], decided: Callable[[Found], bool]) -> Found:
    """What the stopping rule ends with: what the first look that decides has found, or else the last."""
    for number in range(len(looks)):
        found = judged(number, ALPHA)
        if decided(found):
            break
    return found


def families(launches: Launches) -> Iterator[bool]:
    """Of twice a baseline with eight identical variants: was any called faster or slower?"""
    for start in (0, 9):
        baseline, *variants = TWINS[start : start + 9]
        values = {variant: launches.between(baseline, variant) for variant in variants}
        found = _ended(
            launches.looks,
            partial(compare_family, values, launches.looks),
            lambda found: all(each.verdict is not Verdict.UNRESOLVED for each in found.values()),
        )
        yield any(each.verdict in (Verdict.FASTER, Verdict.SLOWER) for each in found.values())


@dataclass(frozen=True)
class Race:
    """Was an arm named the best, and was that wrong?"""

    named: bool
    wrong: bool


def races(launches: Launches) -> Iterator[Race]:
    """Two in which nobody leads by more than the gate of ±1 %, and two in which somebody does, by 2 % and by half."""
    fields = (
        (TWINS[:9], None),
        ((TWINS[10], *KNOWN[:3]), TWINS[10]),
        ((TWINS[11], KNOWN[2]), TWINS[11]),
        ((KNOWN[3], *TWINS[12:19]), KNOWN[3]),
    )
    for arms, best in fields:
        values = {(a, b): launches.between(a, b) for a, b in itertools.combinations(arms, 2)}
        found = _ended(launches.looks, partial(best_of, arms, values, launches.looks), lambda found: found.decided)
        yield Race(found.decided, found.decided and found.best != best)
