"""A line profile: which line of which function took how long, with the source as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

from labkit.profiling.accounting import inclusive_times, inherited_blocks, own_times, reading_order
from labkit.profiling.recorder import Key
from labkit.profiling.sources import short_path, source_lines

if TYPE_CHECKING:
    import pandas as pd

    from labkit.profiling.task import Recorded

SCHEMA = 1
MARK = re.compile(r"#\s*block:\s*(\S.*?)\s*$")
HOWS = {
    "lines": "by line",
    "interpreted": "interpreted: Numba's functions ran as plain Python; the shares are the interpreter's, not the machine code's",
    "traced": "traced: a build of the same Cython source that reports its lines; tight loops seem dearer than they are",
    "whole": "one row: no line could be seen",
}


@dataclass(frozen=True)
class Line:
    """One source line. ``time_ns`` is with all it calls (recursion once), ``own_ns`` without the functions shown as well."""

    number: int
    source: str
    block: str | None
    hits: int
    time_ns: int
    own_ns: int


@dataclass(frozen=True)
class Function:
    """One function with all its source lines; those that never ran have no hits."""

    name: str
    file: str
    first_line: int
    lines: tuple[Line, ...]

    @property
    def own_ns(self) -> int:
        return sum(line.own_ns for line in self.lines)


@dataclass(frozen=True)
class Profile:
    """One variant on one workload. Times are sums over ``calls`` recorded calls, and over threads and worker processes.

    ``plain_ns`` and ``recorded_ns`` are the times of whole calls without and with recording, taken in rounds of random order.
    """

    stage: str
    workload: str
    variant: str
    kind: str
    how: str
    functions: tuple[Function, ...]
    plain_ns: tuple[int, ...]
    recorded_ns: tuple[int, ...]
    notes: tuple[str, ...]
    facts: dict[str, Any]

    @property
    def calls(self) -> int:
        return len(self.recorded_ns)

    @cached_property
    def total_ns(self) -> int:
        """All lines together, exactly."""
        return sum(function.own_ns for function in self.functions)

    @property
    def inflation(self) -> float:
        """How many times as long a recorded call takes as a plain one of the same run (medians)."""
        return median(self.recorded_ns) / median(self.plain_ns)

    @property
    def executed(self) -> list[tuple[Function, Line]]:
        return [(function, line) for function in self.functions for line in function.lines if line.hits]

    @property
    def table(self) -> pd.DataFrame:
        """One row a source line: seconds are sums over all calls; shares are of the total of all lines."""
        import pandas as pd

        total = self.total_ns or 1
        rows = [
            {
                "function": function.name,
                "line": line.number,
                "block": line.block,
                "hits": line.hits,
                "time_s": line.time_ns * 1e-9,
                "own_s": line.own_ns * 1e-9,
                "share": line.time_ns / total,
                "own_share": line.own_ns / total,
                "per_hit_s": line.time_ns / line.hits * 1e-9 if line.hits else float("nan"),
                "source": line.source,
            }
            for function in self.functions
            for line in function.lines
        ]
        return pd.DataFrame(rows)

    @property
    def document(self) -> dict[str, Any]:
        """All of it, as what JSON can hold."""
        about = {"schema": SCHEMA, "artefact": "profile", "calls": self.calls, "inflation": self.inflation}
        return about | {"total_ns": self.total_ns} | asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Profile:
        """Read back what ``document`` gave; raises ValueError for anything else."""
        if document.get("artefact") != "profile" or document.get("schema") != SCHEMA:
            raise ValueError(f"not a line profile of schema {SCHEMA}")
        functions = tuple(
            Function(f["name"], f["file"], f["first_line"], tuple(Line(**line) for line in f["lines"]))
            for f in document["functions"]
        )
        about: dict[str, Any] = {
            name: document[name] for name in ("stage", "workload", "variant", "kind", "how", "facts")
        }
        about |= {name: tuple(document[name]) for name in ("plain_ns", "recorded_ns", "notes")}
        return cls(functions=functions, **about)


def make_profile(
    stage: str,
    workload: str,
    arm: str,
    kind: str,
    recorded: Recorded,
    sources: Mapping[Key, list[str]],
    facts: dict[str, Any],
) -> Profile:
    """Put a raw recording together: own times that add up, blocks, functions in reading order, and what must be said."""
    notes = [recorded.why] if recorded.why else []
    if recorded.difference:
        notes.append(f"what was recorded does not agree with the variant itself: {recorded.difference}")
    if recorded.unseen:
        notes.append(
            f"{recorded.unseen} processes that the variant itself starts are not in it, only the wait for them: "
            "give their work to a multiprocessing.Pool or a ProcessPoolExecutor to see its lines"
        )
    if recorded.how != "whole" and recorded.workers:
        around = (
            "splitting, sending and combining is not in them" if "@" in arm else "the line that waits counts its wait"
        )
        notes.append(f"times are summed over {recorded.workers} worker processes; {around}")
    elif recorded.how != "whole" and recorded.threaded:
        notes.append("times are summed over threads, and a line that waits for another thread counts its wait")
    found = recorded.findings
    if recorded.how == "whole":
        total = sum(recorded.plain_ns)  # nothing was recorded in it, so it need not carry what recording costs
        line = Line(0, f"{arm}: {recorded.why}", None, len(recorded.plain_ns), total, total)
        functions: tuple[Function, ...] = (Function(arm, "", 0, (line,)),)
    else:
        own = own_times(found)
        inclusive = inclusive_times(found, own)
        marks = {key: _marks(key, sources[key]) for key in found.lines}
        blocks = inherited_blocks(found, marks)
        functions = tuple(
            Function(
                key[2],
                short_path(key[0]),
                key[1],
                _lines(key, sources[key], found.lines[key], inclusive[key], own[key], blocks[key]),
            )
            for key in reading_order(found)
        )
    return Profile(
        stage,
        workload,
        arm,
        kind,
        recorded.how,
        functions,
        tuple(recorded.plain_ns),
        tuple(found.calls_ns),
        tuple(notes),
        facts,
    )


def function_source(key: Key) -> list[str]:
    """The source lines of a function; one line that says so where there is no source."""
    return source_lines(key[0], key[1]) or [f"# no source of {key[2]}"]


def _marks(key: Key, source: list[str]) -> dict[int, str]:
    """Line numbers with a ``# block: name`` and the names."""
    found = ((key[1] + n, MARK.search(text)) for n, text in enumerate(source))
    return {number: match.group(1) for number, match in found if match}


def _lines(
    key: Key,
    source: list[str],
    lines: dict[int, list[int]],
    inclusive: dict[int, int],
    own: dict[int, int],
    blocks: Mapping[int, str | None],
) -> tuple[Line, ...]:
    numbers = sorted({*range(key[1], key[1] + len(source)), *lines})
    made = []
    for number in numbers:
        hits = lines.get(number, [0])[0]
        text = source[number - key[1]] if 0 <= number - key[1] < len(source) else ""
        made.append(Line(number, text, blocks.get(number), hits, inclusive.get(number, 0), own.get(number, 0)))
    return tuple(made)
