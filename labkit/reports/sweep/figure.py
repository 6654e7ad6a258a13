"""Pictures of sweeps: speed-up over workers with the law and what it predicts, and over chunk."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from labkit.core.errors import UsageError
from labkit.measure.statistics.scalability import speedups
from labkit.reports import words
from labkit.reports.figure import in_plain_numbers, times
from labkit.reports.sweep.grid import title
from labkit.reports.sweep.size_figure import sizes, timed, with_intervals
from labkit.reports.sweep.words import Document, setting

MEASURED, LAW, BEST, IDEAL = "#0072B2", "#E69F00", "#009E73", "#999999"  # Okabe and Ito
MEMORY = "#56B4E9"
FEW_TICKS = 12
GROUND = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 1}


def drawable(document: Document) -> bool:
    """Whether there is anything to draw."""
    if document["axis"] == "size":
        return bool(document["workloads"]) and any(timed(curve["points"]) for curve in document["curves"])
    return len(timed(document["points"])) > 1


def figure(document: Document) -> Figure:
    """Draw a sweep; raises UsageError for one in which nothing, or only one point, was timed."""
    if not drawable(document):
        raise UsageError(f"the sweep of {document['stage']} over {document['axis']} has too few timings to be drawn")
    if document["axis"] == "size":
        return sizes(document)
    predicts = document["axis"] == "workers" and document["fit"] is not None
    made = Figure(figsize=(10.5 if predicts else 6.5, 5), layout="constrained")
    panels = made.subplot_mosaic(
        [["speed", "ahead"], ["memory", "ahead"]] if predicts else [["speed"], ["memory"]],
        height_ratios=(3, 1),
        empty_sentinel="",
    )
    _speed(panels["speed"], document)
    _memory(panels["memory"], document)
    if predicts:
        _ahead(panels["ahead"], document)
    made.suptitle(textwrap.fill(title(document), 120 if predicts else 72), x=0.01, ha="left", fontsize=11)
    for text in made.texts:
        text.set_parse_math(False)
    return made


def _speed(axes: Axes, document: Document) -> None:
    points = timed(document["points"])
    counts = [point["value"] for point in points]
    with_intervals(axes, counts, points, color=MEASURED, marker="o", markersize=5, linewidth=1.2, label="measured")
    serial, best, fit = document["serial"], document["best"], document["fit"]
    if serial and serial["ratio"] is not None:
        axes.axhline(serial["ratio"], color=IDEAL, linestyle=":", linewidth=1.2, label="one loop, no engine")
    if document["axis"] == "workers":
        cores = document["cores"]
        reach = np.array([1, min(max(counts), cores)])
        axes.plot(reach, reach, color=IDEAL, linestyle="--", linewidth=1, label="ideal")
        if fit:
            grid = np.linspace(1, fit["workers"][-1], 100)
            law = speedups(np.array(fit["sigma"]["value"]), np.array(fit["kappa"]["value"]), grid)
            label = "Amdahl's law (a bound)" if fit["law"] == "amdahl" else "scalability law"
            axes.plot(grid, law, color=LAW, linewidth=1.5, label=label)
    if best:
        row = next(point for point in points if point["value"] == best["value"])
        mark: dict[str, Any] = {"marker": "*" if best["decided"] else "o", "markersize": 15 if best["decided"] else 12}
        axes.plot(
            best["value"], row["ratio"], color=BEST, fillstyle="none", linestyle="none", markeredgewidth=1.6, **mark
        )
        text = f"{setting(document, best['value'])}: {words.times(row)}" + (
            "" if best["decided"] else "\nbest not decided"
        )
        side = {document["points"][0]["value"]: "left", document["points"][-1]["value"]: "right"}.get(
            best["value"], "center"
        )
        place = (best["value"], row["ratio"])
        axes.annotate(text, place, (0, 12), textcoords="offset points", fontsize=8, ha=side, bbox=GROUND)
    axes.set_ylim(0, 1.25 * max(axes.get_ylim()[1], max(point["ratio_high"] or point["ratio"] for point in points)))
    axes.set_ylabel("speed-up over " + ("one worker" if document["axis"] == "workers" else "chunks of 1"))
    axes.legend(fontsize=8, frameon=False, loc="best")
    _across(axes, document)


def _memory(axes: Axes, document: Document) -> None:
    held = [
        (point["value"], point["peak_bytes"] / 2**20) for point in document["points"] if point["peak_bytes"] is not None
    ]
    if held:
        counts, sizes = zip(*held, strict=True)
        axes.plot(counts, sizes, color=MEMORY, marker="s", markersize=4, linewidth=1.2)
        axes.set_ylim(bottom=0, top=max(sizes) * 1.2 or 1)
    axes.set_ylabel("peak memory,\nMiB", fontsize=9)
    axes.set_xlabel("workers" if document["axis"] == "workers" else "tasks handed over at a time")
    _across(axes, document)
    if document["axis"] == "workers" and document["points"][-1]["value"] > document["cores"]:
        place = (document["cores"], 0.06)
        style: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        axes.annotate("more workers than cores", place, (4, 0), fontsize=8, color="#666666", **style)


def _across(axes: Axes, document: Document) -> None:
    """The same axis for the panels that lie above each other."""
    counts = [point["value"] for point in document["points"]]
    if document["axis"] == "workers":
        margin = 0.04 * (counts[-1] - counts[0])
        axes.set_xlim(counts[0] - margin, counts[-1] + margin)
        if counts[-1] > document["cores"]:
            axes.axvspan(document["cores"], counts[-1] + margin, color="#999999", alpha=0.12, linewidth=0)
    else:
        axes.set_xscale("log", base=2)
        axes.set_xlim(counts[0] / 1.2, counts[-1] * 1.2)
    _finish(axes, counts)


def _ahead(axes: Axes, document: Document) -> None:
    """What the law says of machines with more cores: its line, its interval, and how far that is from linear."""
    fit = document["fit"]
    curve = fit["curve"]
    last = next((e["workers"] for e in fit["predicted"] if e["workers"] >= 8 * document["cores"]), curve[-1]["workers"])
    last = max(last, 16)
    curve = [entry for entry in curve if entry["workers"] <= last]
    counts = [entry["workers"] for entry in curve]
    values = [entry["value"] for entry in curve]
    axes.plot(counts, counts, color=IDEAL, linestyle="--", linewidth=1, label="ideal")
    known = fit["workers"][-1]
    if fit["law"] == "amdahl":
        low = [entry["least"] for entry in curve]
        high = [entry["high"] or entry["value"] for entry in curve]
        axes.fill_between(counts, low, high, color=LAW, alpha=0.22, linewidth=0, label="between the two extremes")
        axes.plot(counts, values, color=LAW, linewidth=1.5, label="all loss is contention (Amdahl): the most")
        axes.plot(counts, low, color=LAW, linewidth=1.2, linestyle=":", label="all loss is coherency: the least")
    else:
        low = [entry["low"] or entry["value"] for entry in curve]
        high = [entry["high"] or entry["value"] for entry in curve]
        axes.fill_between(counts, low, high, color=LAW, alpha=0.22, linewidth=0, label="its interval")
        axes.plot(counts, values, color=LAW, linewidth=1.5, label="scalability law")
    inside = [p for p in timed(document["points"]) if p["value"] in fit["workers"]]
    with_intervals(
        axes,
        [p["value"] for p in inside],
        inside,
        color=MEASURED,
        marker="o",
        markersize=5,
        linestyle="none",
        label="measured",
    )
    axes.axvline(known, color="#666666", linewidth=0.8, linestyle=":")
    axes.set_xlabel("cores, as many workers")
    axes.set_ylabel("speed-up")
    axes.set_title(f"what more cores would bring: beyond {known} it is the law that speaks", loc="left", fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    in_plain_numbers(axes.yaxis, times)
    axes.legend(fontsize=8, frameon=False, loc="upper left")
    _finish(axes, [1, *(e["workers"] for e in fit["predicted"] if e["workers"] <= last)])


def _finish(axes: Axes, counts: Sequence[int]) -> None:
    chosen = sorted(set(counts))
    step = -(-len(chosen) // FEW_TICKS)
    axes.set_xticks(chosen[::step], [str(count) for count in chosen[::step]])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", bottom=False)
    axes.spines[["top", "right"]].set_visible(False)
