"""Claims: somebody's speed-ups beside ours, with a verdict that follows from our interval."""

from typing import Any

import pytest

from labkit.core.errors import UsageError
from labkit.reports.claims import claims


def row(
    variant: str, ratio: float | None, low: float | None, high: float | None, verdict: str | None, **more: Any
) -> dict:
    facts = {"stage": "blur", "workload": "logo", "engine": None, "status": "measured", "reason": None}
    return facts | {"variant": variant, "ratio": ratio, "ratio_low": low, "ratio_high": high, "verdict": verdict} | more


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ((1.9, 2.1, "faster"), 2.0, "as claimed"),
        ((1.9, 2.1, "faster"), 1.5, "more than claimed"),
        ((1.9, 2.1, "faster"), 3.0, "less than claimed, and yet faster"),
        ((0.995, 1.004, "same"), 3.0, "does not hold: same"),
        ((0.5, 0.6, "slower"), 3.0, "does not hold: slower"),
        ((0.9, 1.2, "unresolved"), 3.0, "less than claimed"),
        ((0.995, 1.008, "same"), 1.004, "as claimed"),
        ((0.94, 0.97, "slower"), 1.004, "does not hold: slower"),
        ((0.94, 0.97, "slower"), 0.5, "more than claimed"),
    ],
)
def test_the_verdict_follows_from_our_interval(ours: tuple[float, float, str], theirs: float, verdict: str) -> None:
    low, high, found = ours
    run = {"rows": [row("fast", (low + high) / 2, low, high, found)]}
    (told,) = claims(run, "blur", "logo", [("it is quick", "fast", theirs)]).to_dict("records")
    assert (told["claim"], told["variant"], told["verdict"]) == ("it is quick", "fast", verdict)
    assert "[" in told["ours"]


def test_an_arm_without_a_time_says_why() -> None:
    run = {"rows": [row("fast", None, None, None, None, status="unavailable", reason="needs a compiler")]}
    (told,) = claims(run, "blur", "logo", [("it is quick", "fast", 2.0)]).to_dict("records")
    assert told["verdict"] == "not measured: unavailable: needs a compiler"


def test_an_arm_that_the_run_has_not_is_wrong_usage() -> None:
    run = {"rows": [row("fast", 2, 1.9, 2.1, "faster"), row("fast", 2, 1.9, 2.1, "faster", engine="threads")]}
    with pytest.raises(UsageError, match="the run has no blur/slow on logo; it has: fast, fast@threads"):
        claims(run, "blur", "logo", [("it is quick", "slow", 2.0)])
    with pytest.raises(UsageError, match="it has: none"):
        claims(run, "blur", "photo", [("it is quick", "fast", 2.0)])
