"""``labkit list``: the stages, their variants and workloads, or the matrix of kinds and engines."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from labkit.cli import options
from labkit.core.registry import registry
from labkit.core.simd import VARIABLE, available, simd
from labkit.core.stage import KINDS, Stage
from labkit.reports.grid import Cell, Grid
from labkit.reports.terminal import console, draw_whole

OPEN = "open: nobody has written one yet"
CELLS = (*(kind for kind in KINDS if kind != "gpu"), "multiprocess", "gpu")


def command(
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Stages against kinds and engines; an empty cell says why.")
    ] = False,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """List stages with their variants and workloads.

    Example: labkit list --matrix
    """
    options.load_all(load)
    registry.discover()
    stages = [registry.stage(name) for name in sorted(registry.stages)]
    if as_json:
        options.print_json({"simd": simd(), "stages": [_described(stage) for stage in stages]})
    elif matrix:
        _print_matrix(stages)
    else:
        _print_list(stages)


def _described(stage: Stage) -> dict[str, Any]:
    variants = [
        {
            "name": v.name,
            "kind": v.kind,
            "summary": v.summary,
            "engines": v.partial is not None,
            "unavailable": v.unavailable(),
        }
        for v in registry.of(stage.name).values()
    ]
    return {
        "name": stage.name,
        "summary": stage.summary,
        "reference": stage.reference,
        "split": stage.split.along if stage.split else None,
        "workloads": {name: load.summary for name, load in stage.workloads.items()},
        "variants": variants,
        "matrix": {cell: _cell(stage, cell) for cell in CELLS},
    }


def _cell(stage: Stage, cell: str) -> dict[str, Any]:
    """The variants of one kind (or those that run under process engines), or the reason why there is none."""
    found = [v for v in registry.of(stage.name).values() if (v.partial if cell == "multiprocess" else v.kind == cell)]
    here = [v.name for v in found if not v.unavailable()]
    if found:
        return {
            "variants": [v.name for v in found],
            "reason": None if here else f"{found[0].name}: {found[0].unavailable()}",
        }
    return {"variants": [], "reason": stage.empty_cells.get(cell, OPEN)}


def _print_list(stages: list[Stage]) -> None:
    out, path = console(), simd()
    for stage in stages:
        out.print(Text(f"\n{stage.name}", style="bold"), Text(stage.summary), soft_wrap=True)
        for variant in registry.of(stage.name).values():
            reason = variant.unavailable()
            mark = " (reference)" if variant.name == stage.reference else ""
            line = Text(f"  {variant.name:<20} {variant.kind:<8} {variant.summary}{mark}")
            if reason:
                line.append(f" — unavailable: {reason}", style="yellow")
            out.print(line, soft_wrap=True)
        for name, load in stage.workloads.items():
            out.print(Text(f"  on {name:<17} {'workload':<8} {load.summary}"), soft_wrap=True)
    others = ", ".join(other for other in available() if other != path)
    forced = f" ({VARIABLE} forces another: {others})" if others else ""
    out.print(Text(f"\nC++ kernels use {path}{forced}"), soft_wrap=True)


def _print_matrix(stages: list[Stage]) -> None:
    draw_whole(matrix_grid(stages), console())


def matrix_grid(stages: list[Stage]) -> Grid:
    """One row a stage: how many variants of each kind there are, or why there are none, each reason once below."""
    reasons: dict[str, int] = {}
    rows = []
    for stage in stages:
        row = [Cell(stage.name)]
        for cell in CELLS:
            found = _cell(stage, cell)
            text, reason = str(len(found["variants"]) or "–"), found["reason"]
            if reason == OPEN:
                row.append(Cell("open", tone="unavailable"))
            elif reason:
                row.append(Cell(f"{text} [{reasons.setdefault(reason, len(reasons) + 1)}]", tone="idle"))
            else:
                row.append(Cell(text))
        rows.append(row)
    notes = [f"[{number}] {reason}" for reason, number in reasons.items()]
    count = sum(cell.text == "open" for row in rows for cell in row)
    if count:
        notes.append(f"open: nobody has written one yet ({count} of {len(rows) * len(CELLS)} cells)")
    title = "How many variants of each kind there are; multiprocess: those that run in parts under engines"
    return Grid(("stage", *CELLS), frozenset({0}), rows, title=title, notes=notes)
