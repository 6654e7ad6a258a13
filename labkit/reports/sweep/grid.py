"""A sweep as a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labkit.measure.statistics.scalability import Law
from labkit.reports import words
from labkit.reports.grid import Cell, Grid
from labkit.reports.sweep.words import Document, notes, size_of

LEFT = ("verdict", "workload", "variant")
GIVE_WAY = ("set-up", "items/s", "the law", "peak memory", "per worker", "an item", "size")


def grid(document: Document) -> Grid:
    """A sweep's document as a grid; columns of which nothing is known are left out."""
    if document["axis"] == "size":
        entries = _size_entries(document)
    else:
        entries = [_count_entry(document, point) for point in document["points"]]
    filled = dict.fromkeys(name for row, _, _ in entries for name, text in row.items() if text != words.UNKNOWN)
    headings = tuple(name for name in entries[0][0] if name in filled) if entries else ()
    left = frozenset(number for number, heading in enumerate(headings) if heading in LEFT)
    rows = []
    for row, verdict, best in entries:
        tones = {headings[0]: "best" if best else "", "verdict": verdict}
        rows.append([Cell(row[name], tone=tones.get(name, ""), outside=name in LEFT) for name in headings])
    told_below = [words.one_line(note) for note in notes(document)]
    return Grid(headings, left, rows, title=title(document), notes=told_below, give_way=GIVE_WAY)


def title(document: Document) -> str:
    """What was swept: ``blur on logo: native under threads, over workers (2 cores)``."""
    if document["axis"] == "size":
        return words.one_line(f"{document['stage']}: speed over size, told against {document['baseline']}")
    cores = f"{document['cores']} core{'s' if document['cores'] != 1 else ''}"
    held = f", {words.counted(document['workers'], 'worker')}" if document["workers"] else ""
    over = "workers" if document["axis"] == "workers" else "tasks a chunk"
    arm = f"{document['variant']} under {document['engine']}{held}"
    return words.one_line(f"{document['stage']} on {document['workload']}: {arm}, over {over} ({cores})")


def _count_entry(document: Document, point: dict[str, Any]) -> tuple[dict[str, str], str, bool]:
    axis = document["axis"]
    base = document["points"][0]["value"] == point["value"]
    verdict = "baseline" if base and point["ratio"] is not None else (point["verdict"] or "")
    found = document["best"]
    best = found is not None and found["decided"] and found["value"] == point["value"]
    row = {
        "workers" if axis == "workers" else "tasks a chunk": f"{'★ ' if best else ''}{point['value']}",
        "median": words.wall_and_device(point),
        f"speed-up over {'one' if axis == 'workers' else 'chunks of 1'}": words.times(point),
        "verdict": words.VERDICT_MARKS.get(verdict, verdict) or words.UNKNOWN,
    }
    if axis == "workers":
        efficiency = point.get("efficiency")
        row["per worker"] = words.UNKNOWN if efficiency is None else f"{efficiency:.0%}"
        row["the law"] = _law(document, point["value"])
    row["items/s"] = words.UNKNOWN if point["items_per_s"] is None else f"{point['items_per_s']:.4g}"
    row["set-up"] = words.duration(point["setup_s"])
    row["peak memory"] = words.size(point["peak_bytes"])
    return row, verdict, best


def _law(document: Document, workers: int) -> str:
    """What the fitted law says at a point that it was fitted to; beyond the cores it says nothing of this machine."""
    fit = document["fit"]
    if fit is None or workers not in fit["workers"]:
        return words.UNKNOWN
    return words.factor(Law(fit["sigma"]["value"], fit["kappa"]["value"]).speedup(workers))


def _leads(point: dict[str, Any], highs: Sequence[float]) -> bool:
    """Does the whole interval of a point lie above the others' ``highs``, of which its own is one?"""
    if point["ratio"] is None or point["verdict"] in ("unresolved", "same"):
        return False
    return sum(high >= (point["ratio_low"] or 0) for high in highs) == 1


def _size_entries(document: Document) -> list[tuple[dict[str, str], str, bool]]:
    entries = []
    places = [(w["workload"], w["size"]) for w in document["workloads"]]
    for workload, size in places:
        points = [
            (curve["arm"], next(p for p in curve["points"] if p["workload"] == workload))
            for curve in document["curves"]
        ]
        highs = [p["ratio_high"] or p["ratio"] for _, p in points if p["ratio"] is not None]
        for number, (arm, point) in enumerate(points):
            baseline = arm == document["baseline"]
            verdict = "baseline" if baseline and point["ratio"] is not None else (point["verdict"] or "")
            best = _leads(point, highs)
            row = {
                "workload": workload if number == 0 else "",
                "size": size_of(document, size) if number == 0 else "",
                "variant": f"{'★ ' if best else ''}{arm}",
                "median": words.wall_and_device(point),
                "an item": words.duration(point["item_s"]),
                "speed-up": words.times(point),
                "verdict": words.VERDICT_MARKS.get(verdict, verdict) or words.UNKNOWN,
                "peak memory": words.size(point["peak_bytes"]),
            }
            entries.append((row, verdict, best))
    return entries
