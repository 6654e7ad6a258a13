"""Somebody else's figures beside ours: does a claimed speed-up hold on this machine, in this run?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labkit.core.errors import UsageError
from labkit.measure.result import arm_of
from labkit.reports import words

if TYPE_CHECKING:
    import pandas as pd

Claim = tuple[str, str, float]  # what is claimed, of which arm, and its speed-up over the baseline


def claims(run: dict[str, Any], stage: str, workload: str, claimed: Sequence[Claim]) -> pd.DataFrame:
    """One row a claim: theirs, ours with its interval, and whether ours is as claimed, more, less, or no gain at all.

    A claimed speed-up is met when our interval holds it. Raises UsageError for an arm that the run has not.
    """
    import pandas as pd

    rows = {arm_of(row): row for row in run["rows"] if (row["stage"], row["workload"]) == (stage, workload)}
    made = []
    for text, arm, theirs in claimed:
        if arm not in rows:
            raise UsageError(f"the run has no {stage}/{arm} on {workload}; it has: {', '.join(rows) or 'none'}")
        made.append({"claim": text, "variant": arm, "theirs": f"{theirs:.3g}×", **_ours(rows[arm], theirs)})
    return pd.DataFrame(made)


def _ours(row: dict[str, Any], theirs: float) -> dict[str, str]:
    low, high = row["ratio_low"], row["ratio_high"]
    if row["ratio"] is None or low is None or high is None:
        return {"ours": words.times(row), "verdict": f"not measured: {row['status']}: {words.reason(row)}".rstrip(": ")}
    return {"ours": words.times(row), "verdict": _verdict(low, high, theirs, row["verdict"])}


def _verdict(low: float, high: float, theirs: float, found: str | None) -> str:
    if low <= theirs <= high:
        return "as claimed"
    if theirs > 1 and found in ("same", "slower"):
        return f"does not hold: {found}"
    if low > theirs:
        return "more than claimed"
    return "less than claimed, and yet faster" if found == "faster" else "less than claimed"
