"""``labkit compare``: two stored runs beside each other, or functions against one another."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from labkit import api
from labkit.cli import ci, options
from labkit.cli.bench import Tables, show
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.functions.named import function_named, is_function_name
from labkit.functions.stage import stage_of
from labkit.measure.bench import DEFAULT_BUDGET_S, make_settings
from labkit.measure.request import DEFAULT_TIME_LIMIT_S
from labkit.reports.movements import movement_grid
from labkit.reports.progress import Progress
from labkit.reports.terminal import console, draw


def command(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN RUN | FUNCTION...",
            help="Two runs (an id, its beginning, a folder, or last), the earlier first; or functions, as FILE.py:name or "
            "package.module:name, the one that says what is right first.",
        ),
    ],
    on: Annotated[
        str | None,
        typer.Option(
            metavar="PICTURES|FUNCTION",
            help="What functions are called with: a picture, a folder or a pattern (in quotes), each picture a table; or a "
            "function that makes a value, a tuple of arguments or a dictionary of named inputs.",
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="X", help="The largest difference of two numbers that agree; exact if not given."),
    ] = None,
    budget: Annotated[
        float, typer.Option(metavar="SECONDS", help="Measuring time for each input; checks and start-up come on top.")
    ] = DEFAULT_BUDGET_S,
    threads: options.Threads = None,
    seed: Annotated[int | None, typer.Option(metavar="S", min=0, help="Seed of every random choice.")] = None,
    time_limit: options.TimeLimit = DEFAULT_TIME_LIMIT_S,
    as_json: options.Json = False,
    junit: ci.JUnit = None,
) -> None:
    """Compare functions as they are: checked, timed in interleaved rounds, told with intervals. Or two stored runs.

    Functions need no stage and no decorator. The first is the reference and the baseline. Exit status 1 when one differs.

    Of two runs it is told how each ratio to the baseline moved; exit status 1 when one got slower. Two runs are two moments,
    perhaps two machines: their seconds are never compared, and a ratio may have moved because the baseline did. To compare
    old code with new code, measure both in one run: labkit bench --against REVISION.

    Example: labkit compare filters.py:old filters.py:new --on "pics/*.png" --tolerance 1

    Example: labkit compare 20261120T10 last
    """
    named = [is_function_name(thing) for thing in things]
    if any(named) and not all(named):
        raise UsageError(
            f"{things[named.index(False)]!r} is no function, and others are; give two runs, or FILE.py:name each"
        )
    if not any(named):
        if on is not None:
            raise UsageError("--on is for functions; give them as FILE.py:name or package.module:name")
        return _runs(things, as_json)
    ci.check_file(junit)
    functions = [function_named(thing) for thing in things]
    inputs = () if on is None else _made(on) if is_function_name(on) else on
    stage = stage_of(*functions, on=inputs, tolerance=tolerance)
    registry.compared[stage] = [
        *things,
        *([] if on is None else ["--on", on]),
        *([] if tolerance is None else ["--tolerance", f"{tolerance:.17g}"]),
    ]
    show(
        lambda listener: api.bench(
            stage,
            budget=budget,
            threads=threads,
            seed=seed,
            time_limit=time_limit,
            listener=listener,
        ),
        "labkit compare",
        Progress(sys.stderr) if as_json else Tables(make_settings(budget, threads)),
        as_json,
        junit,
    )


def _made(name: str) -> Any:
    """What a function makes: named inputs have to be known here, anything else is made where it is measured."""
    make = function_named(name)
    made = make()
    return made if isinstance(made, dict) else make


def _runs(things: list[str], as_json: bool) -> None:
    if len(things) != 2:
        raise UsageError(f"compare takes two runs; {len(things)} were given")
    before, after = things
    found = api.compare(before, after)
    if as_json:
        options.print_json(
            {
                "before": found.before.id,
                "after": found.after.id,
                "rows": [asdict(movement) for movement in found.movements],
                "different": found.doubts,
            }
        )
    else:
        out = console()
        draw(movement_grid(found.movements), out)
        out.print(
            "What two runs can't tell: whether the variant or its baseline moved, and what the machine did meanwhile."
        )
        if found.doubts:
            out.print(f"They differ in: {', '.join(found.doubts)}.", markup=False, soft_wrap=True)
    if found.regressions:
        raise typer.Exit(1)
