"""How what a sweep found is worded: the best point, the law and its limits, the crossovers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from labkit.reports import words

Document = Mapping[str, Any]

ALONG = {
    "faster": "faster than {} at every size",
    "slower": "slower than {} at every size",
    "same": "as fast as {} at every size",
    "unresolved": "not told from {} at every size",
}

DOUBTS = {
    "two_points": "",  # the prediction itself says so
    "no_degree_left": "three points and two parameters: the law fits them whatever they are, so nothing here checks it",
    "beyond_cores": "points beyond the cores show what too many workers cost; they take no part in the fit",
    "superlinear": "faster than linear at some point, which the law does not know: what it says here is no better than linear",
    "misfit": "the curve does not follow the law (off by {misfit:.0%}): take its predictions for little",
    "too_few_launches": "too few launches for intervals of the law",
}


def notes(document: Document) -> list[str]:
    """The lines below the table, the advice first."""
    if document["axis"] == "size":
        return _crossover_notes(document)
    found = [*_best_notes(document), *_failures(document)]
    if document["fit"]:
        found += _fit_notes(document["fit"], document["cores"])
    elif document["axis"] == "workers" and document["best"]:
        one = "one core" if document["cores"] == 1 else "no count of workers beside one that the cores have room for"
        found.append(f"{one}: what more cores would bring can't be told")
    return found + _memory_notes(document)


def setting(document: Document, value: int) -> str:
    """A point of the axis: ``2 workers``, ``chunks of 8``."""
    if document["axis"] == "workers":
        return f"{value} worker{'s' if value != 1 else ''}"
    return f"chunks of {value}"


def size_of(document: Document, size: float | None) -> str:
    """A size in the unit of its sweep."""
    unit = document["unit"]
    if size is None:
        return words.UNKNOWN
    if unit in ("bytes", "bytes an item"):
        return words.size(size) + unit.removeprefix("bytes")
    return f"{size:,.0f} items" if unit == "items" else f"no. {size:.3g}"


def interval(found: Mapping[str, Any], unit: str = "×") -> str:
    """A figure with its interval, as many digits as that lets be known: ``6.1× [5.8, 6.4]``; no high end is ∞."""
    value, low, high = found["value"], found["low"], found["high"]
    if value is None:
        return "∞" if low is None else f"∞ [{_rounded(low, low)}, ∞]"
    if low is None:
        return f"{_rounded(value, value)}{unit}"
    width = (high if high is not None else max(value, 2 * low)) - low
    end = "∞" if high is None else _rounded(high, width)
    return f"{_rounded(value, width)}{unit} [{_rounded(low, width)}, {end}]"


def _rounded(value: float, width: float) -> str:
    decimals = 4 if width <= 0 else min(5, max(0, 1 - math.floor(math.log10(width))))
    return f"{value:.{decimals}f}" if value else "0"


def _best_notes(document: Document) -> list[str]:
    best = document["best"]
    if best is None:
        return []
    row = next(point for point in document["points"] if point["value"] == best["value"])
    base = setting(document, document["points"][0]["value"]).replace("1 worker", "one")
    gain = "" if row["ratio"] == 1.0 else f", {words.times(row)} as fast as {base}"
    line = f"best: {setting(document, best['value'])}{gain}"
    rival = setting(document, best["runner_up"])
    if best["decided"]:
        line += f"; ahead of {rival} by {words.times(best['lead'])}"
    else:
        same = " and ".join(", ".join(map(str, best["as_good"])).rsplit(", ", 1))
        why = words.REASONS.get(best["reason"], "")
        fewest = min(best["as_good"], default=best["value"])
        fewer = f" (the fewest of these is {fewest})" if fewest < best["value"] else ""
        line += f"; not told from {same} by this run{fewer}{f': {why}' if why else ''}"
    return [line, *_serial_note(document)]


def _serial_note(document: Document) -> list[str]:
    serial, over = document["serial"], document["best"]["over_serial"]
    if not serial or not over:
        return []
    lead = words.times(over)
    if over["verdict"] == "slower":
        return [f"no engine is better here: the best point is {lead} as fast as the same work in one loop (serial)"]
    if over["verdict"] != "faster":
        return [f"no gain over no engine is shown: the best point is {lead} as fast as one loop (serial)"]
    return [f"against the same work in one loop without an engine (serial): {lead}"]


def _failures(document: Document) -> list[str]:
    rows = [*document["points"], *([document["serial"]] if document["serial"] else [])]
    return [
        f"{row['arm']}: {words.outcome(row['status'], words.reason(row))}" for row in rows if row["median_s"] is None
    ]


def _fit_notes(fit: Mapping[str, Any], cores: int) -> list[str]:
    sigma, kappa = interval(fit["sigma"], ""), interval(fit["kappa"], "")
    ahead = [entry for entry in fit["predicted"] if entry["extrapolated"]]
    if fit["law"] == "amdahl":
        most = "; ".join(
            f"{entry['workers']} cores: {words.factor(entry['least'])} to {words.factor(entry['high'] or entry['value'])}"
            for entry in ahead
        )
        return [
            f"two points (1 and {fit['workers'][-1]} workers on {cores} cores) don't determine the Universal Scalability Law: "
            f"σ + {fit['workers'][-1]}κ = {sigma}, and how that falls on σ (contention) and κ (coherency) is open",
            f"more cores would bring, from all of it in κ to all of it in σ (Amdahl's law, an upper bound): {most}",
            *_doubts(fit),
        ]
    points = ", ".join(map(str, fit["workers"]))
    found = [
        f"Universal Scalability Law over {points} workers: σ = {sigma} (contention), κ = {kappa} (coherency), "
        f"most at {interval(fit['peak'], '')} workers"
    ]
    if ahead:
        texts = "; ".join(f"{entry['workers']} cores: {interval(entry)}" for entry in ahead)
        found.append(f"more cores would bring, if the law goes on as it is here: {texts}")
    return found + _doubts(fit)


def _doubts(fit: Mapping[str, Any]) -> list[str]:
    texts = [DOUBTS.get(doubt, doubt) for doubt in fit["doubts"]]
    return [text.format(misfit=math.expm1(fit["misfit"])) for text in texts if text]


def _memory_notes(document: Document) -> list[str]:
    slope = document["bytes_per_worker"]
    first = document["points"][0]["peak_bytes"]
    if slope is None or first is None:
        return []
    more = f"{words.size(slope)} more for each" if slope >= 0 else "no more with more of them"
    return [f"peak memory of the whole process tree: {words.size(first)} with one worker, {more}"]


def _crossover_notes(document: Document) -> list[str]:
    found = []
    for cross in document["crossovers"]:
        below, above, between = cross["below"], cross["above"], " and ".join(cross["between"])
        place = size_of(document, cross["size"])
        if cross["low"] is not None and cross["high"] is not None:
            place += f" [{size_of(document, cross['low'])}, {size_of(document, cross['high'])}]"
        if cross["decided"]:
            found.append(f"crossover: {above} overtakes {below} between {between}, interpolated at {place}")
        else:
            found.append(
                f"a crossover of {below} and {above} between {between}, interpolated at {place}, is not decided"
            )
    crossed = {frozenset((cross["below"], cross["above"])) for cross in document["crossovers"]}
    for curve in document["curves"]:
        if curve["arm"] == document["baseline"] or frozenset((curve["arm"], document["baseline"])) in crossed:
            continue
        verdicts = {point["verdict"] for point in curve["points"] if point["ratio"] is not None}
        if verdicts:
            said = ALONG.get(verdicts.pop() if len(verdicts) == 1 else "", ALONG["unresolved"])
            found.append(f"no crossover seen: {curve['arm']} is {said.format(document['baseline'])}")
    for curve in document["curves"]:
        for point in curve["points"]:
            if point["median_s"] is None:
                said = words.STATUSES.get(point["status"], point["status"])
                found.append(f"{curve['arm']} on {point['workload']}: {said}: {words.reason(point)}".rstrip(": "))
    return found
