"""The picture of a sweep over size, and what it shares with the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from labkit.reports import words
from labkit.reports.figure import BLOCKS, in_plain_numbers, times
from labkit.reports.sweep.grid import title
from labkit.reports.sweep.words import Document, size_of

SHAPES = "osD^v<>pP*X"
NEAR = 0.15  # of the axis: names that near to each other would overlap


def sizes(document: Document) -> Figure:
    """Time over size for each variant, and its speed-up over the baseline; crossovers are marked."""
    made = Figure(figsize=(8, 6.5), layout="constrained")
    above, below = made.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    places = {entry["workload"]: entry["size"] for entry in document["workloads"]}
    for number, curve in enumerate(document["curves"]):
        points = [point for point in timed(curve["points"]) if point["workload"] in places]
        points.sort(key=lambda point: places[point["workload"]])
        if not points:
            continue
        x = [places[point["workload"]] for point in points]
        style = {"color": BLOCKS[number % len(BLOCKS)], "marker": SHAPES[number % len(SHAPES)], "markersize": 5}
        seconds = [point["item_s"] or point["median_s"] for point in points]
        above.plot(x, seconds, linewidth=1.3, label=curve["arm"], **style)
        with_intervals(below, x, points, linewidth=1.2, **style)
    for cross in document["crossovers"]:
        for axes in (above, below):
            axes.axvline(cross["size"], color="#000000", linewidth=0.8, linestyle="--" if cross["decided"] else ":")
        if cross["low"] is not None:
            below.axvspan(cross["low"], cross["high"], color="#000000", alpha=0.08, linewidth=0)
        place = size_of(document, cross["size"]) + ("" if cross["decided"] else " (not decided)")
        note = f"{cross['above']} overtakes {cross['below']}\nat {place}"
        right = cross["size"] ** 2 > min(places.values()) * max(places.values())  # in the right half of a log axis
        style = {
            "xycoords": ("data", "axes fraction"),
            "textcoords": "offset points",
            "ha": "right" if right else "left",
        }
        above.annotate(note, (cross["size"], 0.02), (-3 if right else 3, 0), fontsize=7, parse_math=False, **style)
    for axes in (above, below):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.spines[["top", "right"]].set_visible(False)
    each = any(point["item_s"] for curve in document["curves"] for point in curve["points"])
    above.set_ylabel("time an item" if each else "time a call")
    in_plain_numbers(above.yaxis, words.duration)
    below.set_ylabel(f"speed-up over {document['baseline']}", parse_math=False)
    in_plain_numbers(below.yaxis, times)
    below.axhline(1, color="#000000", linewidth=0.8)
    marks = _marks(document, places)
    below.set_xticks(list(places.values()), marks, fontsize=8)
    below.xaxis.set_minor_formatter(NullFormatter())
    for axes in (above, below):
        axes.tick_params(axis="x", which="minor", bottom=False)
    below.set_xlabel(
        f"size, in {document['unit']}" if document["unit"] != "place" else "workload, in the stage's order"
    )
    above.legend(fontsize=8, frameon=False)
    above.set_title(title(document), loc="left", fontsize=11, parse_math=False)
    return made


def _marks(document: Document, places: dict[str, float]) -> list[str]:
    """Each workload with its size; one too near to the one before is set lower."""
    ends, last, lower, marks = np.log([min(places.values()), max(places.values())]), -np.inf, False, []
    for name, size in places.items():
        near = bool(np.log(size) - last < NEAR * (ends[1] - ends[0]))
        lower, last = near and not lower, float(np.log(size))
        marks.append("\n\n" * lower + f"{name}\n{size_of(document, size)}")
    return marks


def timed(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points that have a ratio."""
    return [point for point in points if point["ratio"] is not None]


def with_intervals(axes: Axes, places: Sequence[float], points: Sequence[dict[str, Any]], **style: Any) -> None:
    """Draw the ratios of points with their intervals."""
    ratios = np.array([point["ratio"] for point in points])
    ends = np.array([[point["ratio_low"] or point["ratio"], point["ratio_high"] or point["ratio"]] for point in points])
    axes.errorbar(places, ratios, yerr=np.abs(ends.T - ratios), capsize=3, **style)
