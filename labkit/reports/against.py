"""What a run of old code against new code says, in lines that the terminal, Markdown and notebooks share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports import words

SAID = {"faster": "faster", "slower": "slower", "same": "the same", "unresolved": "unresolved"}


def pairs(table: Mapping[str, Any]) -> dict[str, str]:
    """For each arm of a table its earlier self, where it has one beside it."""
    return dict(table["facts"].get("pairs", {}))


def lines(run: Mapping[str, Any]) -> list[str]:
    """What was compared and what came of it, and the variants that only one of the two has; none for any other run."""
    if "against" not in run:
        return []
    about = run["against"]
    name = f"{about['revision']} ({about['commit'][:7]})"
    new = {(t["stage"], t["workload"], arm) for t in run["tables"] for arm in pairs(t)}
    rows = [row for row in run["rows"] if (row["stage"], row["workload"], arm_of(row)) in new]
    found = Counter(row["verdict"] or "without a verdict" for row in rows)
    counts = [f"{count} {SAID.get(verdict, verdict)}" for verdict, count in found.items()]
    compared = words.counted(len(rows), "comparison")
    said = [
        f"against {name}: {words.counted(len(run['regressions']), 'regression')} in {compared} ({', '.join(counts)})"
    ]
    if about["own_libraries"]:
        said.append(f"{name} ran with the libraries that it declares to need, which are not today's")
    for key, text in (("only_now", "not there yet at"), ("only_then", "only there at")):
        if about[key]:
            said.append(f"{text} {name}, so not compared: {', '.join(about[key])}")
    return said


def regression(found: Mapping[str, Any]) -> str:
    """One regression: what got slower, or has no time any more."""
    before = f"regression: {found['stage']} on {found['workload']}: {found['variant']}"
    if found["status"] == "measured":
        return f"{before} is {words.times(dict(found))} as fast as {found['before']}"
    return f"{before} {words.outcome(found['status'], words.reason(dict(found)))}; {found['before']} was measured"
