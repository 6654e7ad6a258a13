"""What a table decides: which arm to use, by how much it leads, how sure that is, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labkit.measure.result import arm_of
from labkit.reports import against, words
from labkit.reports.document.needs import is_built

Row = dict[str, Any]
Said = list[tuple[Literal["text", "name"], str]]  # a sentence in pieces; names are from outside


@dataclass(frozen=True)
class Decision:
    """One stage × workload: ``best`` and ``base`` are rows, None where nothing was timed.

    ``plain`` is the fastest arm that needs no compiler, given where the best one needs one.
    """

    stage: str
    workload: str
    baseline: str
    best: Row | None
    base: Row | None
    runner_up: str | None
    decided: bool
    lead: str
    why: str
    plain: Row | None

    @property
    def arm(self) -> str:
        return arm_of(self.best) if self.best else words.UNKNOWN

    @property
    def times(self) -> str:
        """The baseline's time → the best one's; the baseline's alone where it is the best."""
        if self.best is None:
            return words.UNKNOWN
        if self.keeps or self.base is None:
            return words.duration(self.best["median_s"])
        return words.before_after(self.base["median_s"], self.best["median_s"])

    @property
    def keeps(self) -> bool:
        """Whether the baseline itself is the best."""
        return self.best is not None and self.arm == self.baseline


def decide(table: dict[str, Any], rows: Sequence[Row]) -> Decision:
    """The decision of one table of a run, from its stored conclusion and its rows."""
    named = {arm_of(row): row for row in rows}
    found = table["best"]
    timed = [row for row in rows if row["ratio"] is not None]
    best = named.get(found["best"]) if found else (timed[0] if len(timed) == 1 else None)
    unbuilt = [row for row in timed if not is_built(row) and row["kind"] != "gpu"]
    plain = max(unbuilt, key=lambda row: row["ratio"], default=None)
    return Decision(
        table["stage"],
        table["workload"],
        table["baseline"],
        best,
        named.get(table["baseline"]),
        found["runner_up"] if found else None,
        bool(found and found["decided"]),
        words.times(found) if found else "",
        words.REASONS.get(found["reason"], "") if found else "nothing else was timed",
        plain if best is not None and is_built(best) else None,
    )


def compared(run: dict[str, Any]) -> Said:
    """What a run of old code against new code says, which is not which variant to use; empty for any other run."""
    sentences = [*map(against.regression, run.get("regressions", [])), *against.lines(run)]
    text = "; ".join(sentences)
    return [("text", f"{text[0].upper()}{text[1:]}.")] if sentences else []


def advice(decisions: Sequence[Decision]) -> Said:
    """What to do about one stage, in a sentence or two."""
    timed = [decision for decision in decisions if decision.best is not None]
    if not timed:
        return [("text", "Nothing could be timed, so nothing is decided.")]
    said: Said = []
    sure = [d for d in timed if d.decided]
    winners = list(dict.fromkeys(d.arm for d in sure))
    for winner in winners:
        of = [d for d in sure if d.arm == winner]
        verb = "Keep " if of[0].keeps else "Use "
        said += [("text", f" {verb}" if said else verb), ("name", winner)]
        if len(of) < len(timed):
            said += [("text", " on "), *_listed([d.workload for d in of])]
        elif len(of) > 1:
            said.append(("text", " on both workloads" if len(of) == 2 else f" on all {len(of)} workloads"))
        said += [("text", ": "), *_gain(of), ("text", ".")]
    open_pairs = dict.fromkeys((d.arm, d.runner_up) for d in timed if not d.decided)
    for arm, runner_up in open_pairs:
        unsure = [d for d in timed if not d.decided and (d.arm, d.runner_up) == (arm, runner_up)]
        said += [("text", " On " if said else "On "), *_listed([d.workload for d in unsure])]
        if runner_up is None:
            said += [("text", " only "), ("name", arm), ("text", " was timed.")]
            continue
        said += [("text", " this run can’t tell "), ("name", arm), ("text", " from "), ("name", runner_up)]
        if unsure[0].baseline not in (arm, runner_up) and all(d.best and d.best["verdict"] == "faster" for d in unsure):
            said += [("text", "; the first is "), *_gain(unsure)]
        said.append(("text", "."))
    return said


def _gain(won: Sequence[Decision]) -> Said:
    base: Said = [("name", won[0].baseline)]
    if won[0].keeps:
        return [("text", "nothing that was measured is faster")]
    ratios = sorted(decision.best["ratio"] for decision in won if decision.best)
    if len(won) == 1 and won[0].best:
        return [("text", f"{words.times(won[0].best)} as fast as "), *base, ("text", f" ({won[0].times})")]
    least, most = (words.share(ratio) if ratio >= 2 else words.factor(ratio) for ratio in (ratios[0], ratios[-1]))
    span = least if least == most else f"{least} to {most}"
    return [("text", f"{span} as fast as "), *base]


def _listed(names: Sequence[str]) -> Said:
    said: Said = []
    for number, name in enumerate(names):
        if number:
            said.append(("text", " and " if number == len(names) - 1 else ", "))
        said.append(("name", name))
    return said


def lead(decision: Decision) -> str:
    """How far the best is ahead of the runner-up, and whether that is decided."""
    if decision.runner_up is None:
        return decision.why
    return f"{'✓' if decision.decided else '? undecided:'} {decision.lead} over {decision.runner_up}"


def memory(decision: Decision) -> str:
    """Peak memory of the best, and of the baseline in brackets."""
    if decision.best is None:
        return words.UNKNOWN
    own = words.size(decision.best["peak_bytes"])
    return own if decision.keeps or decision.base is None else f"{own} ({words.size(decision.base['peak_bytes'])})"
