"""``labkit compare``: two stored runs beside each other."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from labkit import api
from labkit.cli import options
from labkit.reports.movements import movement_grid
from labkit.reports.terminal import console, draw


def command(
    before: Annotated[
        str, typer.Argument(metavar="RUN", help="The earlier run: an id, its beginning, a folder, or last.")
    ],
    after: Annotated[str, typer.Argument(metavar="RUN", help="The later run.")],
    as_json: options.Json = False,
) -> None:
    """Show how each variant's ratio to the baseline moved between two runs. Exit status 1 when one got slower.

    Two runs are two moments, perhaps two machines: their seconds are never compared, and a ratio may have moved because
    the baseline did. To compare old code with new code, measure both in one run: labkit bench --against REVISION.

    Example: labkit compare 20261120T10 last
    """
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
