"""What ``%load_ext labkit`` brings: the commands as magics, and a cell that becomes a variant.

Whatever they show goes through ``display`` as text/plain and text/html, nothing through the pager: so it survives JupyterLab,
nbclient, nbconvert and VS Code alike.
"""

from __future__ import annotations

import ast
import functools
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError as ShellUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from labkit import api
from labkit.core.errors import UsageError, VariantFailed, one_line
from labkit.core.registry import registry, variant
from labkit.core.stage import KINDS
from labkit.functions.compare import compare
from labkit.measure.bench import DEFAULT_BUDGET_S
from labkit.measure.request import DEFAULT_TIME_LIMIT_S
from labkit.profiling.interpreted import python_form
from labkit.profiling.run import DEFAULT_BUDGET_S as PROFILE_BUDGET_S


class WrongUsage(Exception):
    """Shown as one line. (IPython's own UsageError only prints: nbval and other tools then take the cell for good.)"""

    def _render_traceback_(self) -> list[str]:
        return [f"UsageError: {self}"]


Magic = Callable[..., Any]
ONE_WORKLOAD = argument("--workload", "-w", metavar="W", help="one workload of the stage; its first when not given")
THREADS = argument(
    "--threads", type=int, metavar="N", help="threads a library may use; all CPUs allowed when not given"
)
BUDGET = argument(
    "--budget", type=float, default=DEFAULT_BUDGET_S, metavar="SECONDS", help="measuring time for each table"
)
TIME_LIMIT = argument(
    "--time-limit",
    type=float,
    default=DEFAULT_TIME_LIMIT_S,
    metavar="SECONDS",
    help="what the check of a variant may take; one that hangs is ended",
)
RESULTS = argument("--results", metavar="FOLDER", help="where to store what is found; results/ when not given")
RETURN = argument("-o", "--output", action="store_true", help="return the object as well, as %%timeit -o does")
PROFILE = (
    ONE_WORKLOAD,
    argument("--budget", type=float, default=PROFILE_BUDGET_S, metavar="SECONDS", help="time to record for"),
    argument("--calls", type=int, metavar="N", help="exactly so many recorded calls instead"),
    THREADS,
    RESULTS,
    RETURN,
)


def _arguments(*arguments: Magic) -> Callable[[Magic], Magic]:
    """Several of IPython's argument decorators as one, in reading order; a wrong usage is told in one line."""

    def decorate(method: Magic) -> Magic:
        @functools.wraps(method)
        def wrapped(self: Any, line: str, *cell: str) -> Any:
            try:
                return method(self, parse_argstring(wrapped, line), *cell)
            except (UsageError, VariantFailed, ShellUsageError) as error:
                raise WrongUsage(str(error)) from None

        for each in reversed(arguments):
            each(wrapped)
        return magic_arguments()(wrapped)  # type: ignore[no-any-return]

    return decorate


@magics_class
class LabMagics(Magics):
    """``%labbench``, ``%labprofile``, ``%labdiff``, ``%labmemory``, ``%%labcompare``, ``%%labvariant``; each tells more with
    ``?``."""

    shell: InteractiveShell

    @line_magic
    @_arguments(
        argument("stages", nargs="*", metavar="STAGE", help="stages; all when none is named"),
        argument("--variants", metavar="A,B@ENGINE", help="variants; all when not given"),
        argument("--workloads", metavar="W,...", help="names or patterns (logo*); all when not given"),
        argument("--baseline", metavar="V", help="what speed-ups are told against; the reference when not given"),
        BUDGET,
        THREADS,
        TIME_LIMIT,
        RESULTS,
        RETURN,
    )
    def labbench(self, asked: Namespace) -> Any:
        """Check variants against the reference, time those that agree, show the tables and store the run.

        Example: %labbench main_colors --variants fast,faster,native --workloads logo --budget 5
        """
        return _shown(
            asked,
            api.bench(
                asked.stages,
                _names(asked.variants),
                _names(asked.workloads),
                baseline=asked.baseline,
                budget=asked.budget,
                threads=asked.threads,
                time_limit=asked.time_limit,
                results=asked.results,
            ),
        )

    @line_magic
    @_arguments(
        argument("stage", metavar="STAGE"),
        argument("variant", metavar="VARIANT[@ENGINE]"),
        *PROFILE,
    )
    def labprofile(self, asked: Namespace) -> Any:
        """Which line of a variant takes how long, with the functions of its own that it calls.

        Example: %labprofile main_colors naive --workload logo
        """
        return _shown(asked, api.profile(asked.stage, asked.variant, asked.workload, **_recording(asked)))

    @line_magic
    @_arguments(
        argument("stage", metavar="STAGE"),
        argument("a", metavar="A"),
        argument("b", metavar="B"),
        *PROFILE,
    )
    def labdiff(self, asked: Namespace) -> Any:
        """The line profiles of two variants side by side, block by block.

        Example: %labdiff main_colors naive faster
        """
        return _shown(asked, api.diff(asked.stage, asked.a, asked.b, asked.workload, **_recording(asked)))

    @line_magic
    @_arguments(
        argument("stage", metavar="STAGE"),
        argument("variant", metavar="VARIANT[@ENGINE]"),
        ONE_WORKLOAD,
        THREADS,
        RESULTS,
        RETURN,
    )
    def labmemory(self, asked: Namespace) -> Any:
        """Peak memory of a variant's process tree, and what each of its lines allocates.

        Example: %labmemory main_colors naive
        """
        return _shown(
            asked, api.memory(asked.stage, asked.variant, asked.workload, threads=asked.threads, results=asked.results)
        )

    @cell_magic
    @_arguments(
        argument("stage", metavar="STAGE"),
        argument("--kind", choices=KINDS, help="numba for a jitted function, numpy for any other, when not given"),
        argument("--against", metavar="A,B", help="variants to compare it with besides the baseline"),
        argument("--baseline", metavar="V", help="what speed-ups are told against; the reference when not given"),
        argument("--workloads", metavar="W,...", help="names or patterns; the stage's first when not given"),
        BUDGET,
        THREADS,
        RESULTS,
        RETURN,
    )
    def labvariant(self, asked: Namespace, cell: str) -> Any:
        """Run the cell; its last function becomes a variant of STAGE, is checked against the reference and compared at once.

        Example: %%labvariant main_colors --against faster
        """
        known = registry.stage(asked.stage)
        name = _last_function(cell)
        if not self.shell.run_cell(cell).success:
            return None
        function = self.shell.user_ns[name]
        kind = asked.kind or ("numpy" if python_form(function) is function else "numba")
        variant(asked.stage, kind)(function)
        workloads = _names(asked.workloads) or [next(iter(known.workloads))]
        return _shown(
            asked,
            api.bench(
                asked.stage,
                [*(_names(asked.against) or []), name],
                workloads,
                baseline=asked.baseline,
                budget=asked.budget,
                threads=asked.threads,
                results=asked.results,
            ),
        )

    @cell_magic
    @_arguments(
        argument(
            "functions", nargs="*", metavar="FUNCTION", help="functions of the notebook, before those of the cell"
        ),
        argument(
            "--on", metavar="EXPRESSION", help="what they are called with, as lk.compare takes it: img, (a, b), 'pics'"
        ),
        argument(
            "--tolerance", metavar="EXPRESSION", help="exact when not given; a number, a function or an agreement"
        ),
        BUDGET,
        THREADS,
        RESULTS,
        RETURN,
    )
    def labcompare(self, asked: Namespace, cell: str) -> Any:
        """Run the cell, and compare the functions that it defines, as they are; the first says what is right.

        Example: %%labcompare old --on img --tolerance 1
        """
        names = [*asked.functions, *_functions(cell)]
        if not self.shell.run_cell(cell).success:
            return None
        functions = [self._value(name, "FUNCTION") for name in names]
        return _shown(
            asked,
            compare(
                *functions,
                on=() if asked.on is None else self._value(asked.on, "--on"),
                tolerance=None if asked.tolerance is None else self._value(asked.tolerance, "--tolerance"),
                budget=asked.budget,
                threads=asked.threads,
                results=asked.results,
            ),
        )

    def _value(self, expression: str, what: str) -> Any:
        """What an expression is in the notebook; raises UsageError where it is nothing."""
        try:
            return self.shell.ev(expression)
        except Exception as error:
            raise UsageError(f"{what} {expression}: {one_line(error)}") from None


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _recording(asked: Namespace) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in ("budget", "calls", "threads", "results")}


def _shown(asked: Namespace, thing: Any) -> Any:
    display(thing)
    return thing if asked.output else None


def _functions(cell: str) -> list[str]:
    """The names of the functions that a cell defines at its top level."""
    try:
        body = ast.parse(cell).body
    except SyntaxError as error:
        raise UsageError(f"the cell is not plain Python: {error.msg} in line {error.lineno}") from None
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]


def _last_function(cell: str) -> str:
    """The name of the last function that a cell defines at its top level."""
    names = _functions(cell)
    if not names:
        raise UsageError("the cell defines no function; write the variant as one, with the parameters of the stage")
    return names[-1]
