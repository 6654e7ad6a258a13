"""``labkit profile``: which line takes how long?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.cli import options
from labkit.profiling.run import DEFAULT_BUDGET_S, profile_arms
from labkit.reports.html import page
from labkit.reports.lines.text import print_profile
from labkit.reports.shown import shown_profile
from labkit.reports.terminal import console
from labkit.store.artefact import keep_artefact

Calls = Annotated[int | None, typer.Option(metavar="N", help="Exactly so many recorded calls, however long they take.")]
Budget = Annotated[float, typer.Option(metavar="SECONDS", help="Time to record for, plain calls included.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="Also write a page with heat that opens anywhere.")
]


def command(
    stage: options.Stage,
    variant: options.Variant,
    workload: options.Workload = None,
    budget: Budget = DEFAULT_BUDGET_S,
    calls: Calls = None,
    threads: options.Threads = None,
    html: Html = None,
    chain: options.Chains = None,
    load: options.Load = None,
    as_json: options.Json = False,
) -> None:
    """Time a variant line by line, with the functions of its own that it calls; show it and store it.

    A line's time is with all it calls (where functions recurse, of the outermost call), its own without the functions shown.

    Every profile tells its inflation (recorded call / plain call of the same run). Numba's functions are interpreted,
    Cython's are built once more with tracing, C++ and GPU are one row, and an engine's workers are recorded and merged.

    Example: labkit profile main_colors naive --workload photo
    """
    options.load_all(load)
    options.chain_stages(chain)
    (found,) = profile_arms(stage, [variant], workload, budget_s=budget, calls=calls, threads=threads, tell=tell)
    made = shown_profile(found)
    publish(made, "profile", made._repr_html_, html, as_json, lambda: print_profile(made, console()))


def tell(text: str) -> None:
    """Say on standard error what will take its time."""
    print(text, file=sys.stderr, flush=True)


def publish(made: Any, kind: str, body: Any, html: Path | None, as_json: bool, draw: Any) -> None:
    """Store it first, so that it is kept when whoever reads the output leaves early; then the page, then the print."""
    path, problem = keep_artefact(made.document, kind)
    if html is not None:
        html.write_text(page(f"labkit {kind}", body()), encoding="utf-8")
    if as_json:
        options.print_json(made.document)
    else:
        draw()
    print(f"stored in {path}" if path else f"labkit: the {kind} is not stored: {problem}", file=sys.stderr)
