"""``lk.compare(old, new, on=picture)``: from two functions to a verdict."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labkit import api
from labkit.core.agreement import Agreement
from labkit.core.errors import UsageError
from labkit.functions.stage import stage_of
from labkit.measure.bench import DEFAULT_BUDGET_S
from labkit.measure.request import DEFAULT_TIME_LIMIT_S, Listener
from labkit.reports.shown import DiffShown, MemoryShown, PicturesShown, ProfileShown, Shown
from labkit.reports.sweep.shown import SweepShown

KEEP = (
    "To keep it as a stage: @lk.stage(reference={!r}) over a contract and @lk.variant over each function, in a file for "
    "labkit bench --load FILE.py (README: Bring your own stage)."
)


class FunctionsShown(Shown):
    """What ``lk.compare`` of functions found: a run as :func:`labkit.api.bench` gives it, and the way on from there.

    ``stage`` is the name under which the functions are known while this process lives: every call of labkit takes it, and
    ``lk.workbench(found.stage)`` is the dashboard on them.
    """

    @property
    def stage(self) -> str:
        return str(self.document["rows"][0]["stage"])

    def profile(self, function: str, workload: str | None = None, **more: Any) -> ProfileShown:
        """Which line takes how long, as :func:`labkit.api.profile`."""
        return api.profile(self.stage, function, workload, **more)

    def diff(self, a: str, b: str, workload: str | None = None, **more: Any) -> DiffShown:
        """Two functions line by line, side by side, as :func:`labkit.api.diff`."""
        return api.diff(self.stage, a, b, workload, **more)

    def memory(self, function: str, workload: str | None = None, **more: Any) -> MemoryShown:
        """What a call allocates, as :func:`labkit.api.memory`."""
        return api.memory(self.stage, function, workload, **more)

    def pictures(self, function: str, workload: str | None = None, **more: Any) -> PicturesShown:
        """Input, output and difference, as :func:`labkit.api.pictures`."""
        return api.pictures(self.stage, function, workload, **more)

    def sweep(self, **more: Any) -> SweepShown:
        """How speed follows size, over all inputs that were given by name, as :func:`labkit.api.sweep`."""
        return api.sweep(self.stage, "size", **more)

    def report(self, to: str | Path | None = None, **more: Any) -> Any:
        """One file for the team, as :func:`labkit.api.report`."""
        return api.report(self, to, **more)

    def __repr__(self) -> str:
        return f"{super().__repr__().rstrip()}\n\n{KEEP.format(self.document['rows'][0]['variant'])}\n"

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}<p>{KEEP.format(self.document['rows'][0]['variant'])}</p>"


def compare(
    *things: Any,
    on: Any = (),
    tolerance: float | Agreement | Callable[[Any, Any], Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    prepare: Callable[[], Any] | None = None,
    in_place: bool = False,
    budget: float = DEFAULT_BUDGET_S,
    threads: int | None = None,
    seed: int | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT_S,
    listener: Listener | None = None,
    results: str | Path | None = None,
    folder: Path | None = None,
) -> Any:
    """Compare functions, as they are; or two stored runs, by name.

    ``lk.compare(old, new, on=picture)`` checks that ``new`` gives what ``old`` gives, and times both in interleaved rounds of
    several processes. Any callables will do: functions of cells, lambdas, methods, partials, closures, those of libraries.
    The first says what is right, and speed-ups are told against it.

    ``lk.compare("20261120T10", "last")`` shows how the ratios moved between two runs, of the results' ``folder``.

    Parameters
    ----------
    things : two functions or more; or two ids of runs, beginnings of ids, or ``last``.
    on : what the functions are called with. A tuple holds all arguments, a dictionary named inputs (each a value or a tuple),
        a text or ``Path`` pictures (a file, a folder, a pattern such as ``pics/*.png``; read as cv2.imread does: uint8 BGR), a
        function makes any of these where it is measured, and once here to see how many arguments they are; anything else is
        the one argument. With nothing the functions are called without arguments.
    tolerance : exact when None; a number is the largest difference allowed, as ``lk.Within`` has it; a function takes
        (output, expected) and gives True where they agree, or raises AssertionError; else an agreement such as ``lk.Psnr(40)``.
    kwargs : keyword arguments of every call.
    prepare : makes what each function takes first (a model, a pool), once in each of its processes and outside of the clock;
        of a context manager what it yields, and it is left at the end. Its time is told as set-up.
    in_place : the functions change their inputs on purpose; what these have become is the answer of one that gives nothing. Each
        call is then handed copies, whose making its time contains.
    budget, threads, seed, time_limit, listener, results : as for :func:`labkit.api.bench`.

    Returns
    -------
    :class:`FunctionsShown` of functions, :class:`labkit.store.compare.RunComparison` of runs.

    Raises
    ------
    UsageError : a mixture of runs and functions, fewer than two, no such picture, a function that can't be sent to another
        process, or what :func:`labkit.api.bench` raises.
    TypeError : something that is neither a function nor the name of a run.
    """
    if things and all(isinstance(thing, str) for thing in things):
        if len(things) != 2:
            raise UsageError(f"compare takes two runs; {len(things)} were given")
        return api.compare(*things, folder)
    stage = stage_of(*things, on=on, tolerance=tolerance, kwargs=kwargs, prepare=prepare, in_place=in_place)
    if listener is None and sys.stderr.isatty():
        listener = api.show_progress()
    found = api.bench(
        stage, budget=budget, threads=threads, seed=seed, time_limit=time_limit, listener=listener, results=results
    )
    return FunctionsShown(found.run, found.document, found.problem)
