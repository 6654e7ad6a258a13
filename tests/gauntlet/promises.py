"""What labkit promises of its verdicts, and what the recorded tables say of each promise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labkit.measure.statistics import Verdict
from tests.gauntlet.plan import BASE_ROWS, Cell
from tests.gauntlet.score import Share
from tests.gauntlet.tables import (
    BURNERS,
    EFFECTS,
    PLACED,
    TENFOLDS,
    TENTHS,
    TRUTH,
    TWINS,
    Judged,
    Launches,
    Race,
    families,
    pairs,
    races,
    rows_of,
)

POWER = 0.9
SMALL = 0.005
"""The smallest effect that the interval, before its gate, is to tell from none."""
BELOW = 502
"""Rows of an effect below that one."""
KEPT, MISSED, OPEN = "kept", "missed", "too few tries to tell"


@dataclass(frozen=True)
class Promise:
    """One line: what is promised, what was seen, and what that says of it.

    ``kept`` when the share seen is within the target, ``missed`` when its whole Wilson interval is outside of it.
    """

    name: str
    target: str
    seen: str
    state: str


def truths(folder: Path) -> dict[tuple[str, int], float]:
    """The true ratio of 500 rows' time to that of each number of rows, by kernel, from the long runs."""
    found = {}
    for kind in TRUTH:
        tables = [Launches.read(file) for file in kind.files(folder)]
        others = [arm for arm in kind.arms if tables and arm not in TWINS]
        for rows in {rows_of(arm) for arm in others}:
            arms = [arm for arm in others if rows_of(arm) == rows]
            values = [launches.between(TWINS[0], arm) for launches in tables for arm in arms]
            found[kind.kernel, rows] = float(np.exp(np.median(np.concatenate(values))))
    return found


def promises(
    folder: Path, entries: Sequence[Mapping[str, Any]], truth: Mapping[tuple[str, int], float]
) -> list[Promise]:
    """All promises, counted over the tables that lie in a folder and labkit's own tries of two arms, by :func:`truths`."""
    burners = [Launches.read(file) for file in BURNERS.files(folder)]
    judged = [each for number, launches in enumerate(burners) for each in pairs(launches, str(number))]
    same = [each for each in judged if each.rows == BASE_ROWS]
    far_apart_files = [file for kind in (TENFOLDS, TENTHS) for file in kind.files(folder)]
    far_apart = [each for file in far_apart_files for each in pairs(Launches.read(file), file.stem)]
    placed = [each for file in PLACED.files(folder) for each in pairs(Launches.read(file), file.stem)]
    ratios = {rows: ratio for (kernel, rows), ratio in truth.items() if kernel == BURNERS.kernel}
    claimed = [each.verdict in (Verdict.FASTER, Verdict.SLOWER) for each in same]
    told = [not each.looked.low <= 0.0 <= each.looked.high for each in judged if each.rows == BELOW]
    family = [claimed for launches in burners for claimed in families(launches)]
    return [
        _promise("identical pairs called faster or slower, 2 s, 2 CPU burners", claimed, most=0.01),
        *_coverage([*judged, *(each for each in far_apart if each.rows != BASE_ROWS)], {BASE_ROWS: 1.0} | ratios),
        _promise("0.4 % told from none by the interval, 2 s, 2 CPU burners", told, POWER),
        _promise("0.5 % told from none by the interval, tries of two arms alone", _sharp(entries, truth), POWER),
        _promise("interval holds the truth, fresh processes and placements, 30 s", _holds(placed, 0.0, "fixed"), 0.93),
        _promise("eight identical variants: any called faster or slower", family, most=0.05),
        _races([race for launches in burners for race in races(launches)]),
    ]


def _coverage(judged: Sequence[Judged], truth: Mapping[int, float]) -> Iterator[Promise]:
    for rows, effect in ({BASE_ROWS: "none"} | EFFECTS).items():
        group = [each for each in judged if each.rows == rows]
        if rows in truth and group:
            true = float(np.log(truth[rows]))
            name = f"interval holds the truth, effect {effect}, 2 s, 2 CPU burners"
            yield _promise(f"{name}, fixed budget", _holds(group, true, "fixed"), 0.94, 0.975)
            yield _promise(f"{name}, stopping rule", _holds(group, true, "looked"), 0.94)


def _holds(group: Sequence[Judged], true: float, which: str) -> list[bool]:
    intervals = [getattr(each, which) for each in group]
    return [interval.low <= true <= interval.high for interval in intervals]


def _sharp(entries: Sequence[Mapping[str, Any]], truth: Mapping[tuple[str, int], float]) -> Iterator[bool]:
    """Of each end of an interval, in tries of two arms: is it less than 0.5 % from the truth, so that such an effect is told?

    Tries of none and of 0.4 %, the effects below it: of larger ones many end at the first look, with fewer launches and wider
    intervals.
    """
    for rows, true in ((BASE_ROWS, 1.0), (BELOW, truth.get(("chain", BELOW), BASE_ROWS / BELOW))):
        cell = Cell("2 CPU burners", "chain", rows, 1, measure_s=2.0).key
        for entry in entries:
            if entry["cell"] == cell and None not in (entry.get("low"), entry.get("high")):
                yield math.log(true / entry["low"]) < SMALL
                yield math.log(entry["high"] / true) < SMALL


def _races(found: Sequence[Race]) -> Promise:
    """Races in which no winner can be named prove nothing alone, so it says in how many one was."""
    promise = _promise("a wrong winner named", [race.wrong for race in found], most=0.01)
    named = sum(race.named for race in found)
    return replace(promise, seen=f"{promise.seen}; named in {named}", state=promise.state if named else OPEN)


def _promise(name: str, seen: Iterable[bool], least: float = 0.0, most: float = 1.0) -> Promise:
    share = Share.of(seen)
    low, high = share.interval
    within = bool(share.tries) and least <= share.value <= most
    state = KEPT if within else MISSED if high < least or low > most else OPEN
    ends = [f"{100 * end:g}" for end in (least, most)]
    target = f"{ends[0]}–{ends[1]} %" if least > 0 and most < 1 else f"≥ {ends[0]} %" if most == 1 else f"≤ {ends[1]} %"
    return Promise(name, target, str(share), state)
