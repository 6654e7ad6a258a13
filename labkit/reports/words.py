"""How numbers and outcomes are worded; each is worded once, here. Digits shown are digits known."""

from __future__ import annotations

import math
from typing import Any

REASONS = {
    "spans_gate": "the interval crosses the ±1 % gate: a larger budget narrows it",
    "too_few_launches": "too few launches for an interval: a larger budget makes more",
    "stopped": "stopped before a look had decided",
}
STATUSES = {
    "measured": "agrees, but has no time",
    "differs": "differs from the reference",
    "unavailable": "unavailable",
    "crashed": "crashed",
    "timed_out": "timed out",
    "too_slow": "too slow for this budget",
}
VERDICT_MARKS = {"faster": "▲ faster", "slower": "▼ slower", "same": "= same", "unresolved": "? unresolved"}
MOVEMENTS = {
    "faster": "▲ faster",
    "slower": "▼ slower",
    "lost": "✗ failed in the second run",
    "no": "= no change seen",
    "only_before": "only in the first run",
    "only_after": "only in the second run",
    "unknown": "? can't tell",
}
UNKNOWN = "–"
STOPPED = "stopped early: what is shown was done before"
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))


def reason(row: dict[str, Any]) -> str:
    """Why a row has no verdict or no time, in one line of printable text; empty when it has."""
    text = REASONS.get(row["reason"] or "", row["reason"] or "")
    return one_line(text)


def one_line(text: str) -> str:
    """Any text as one line of printable letters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def duration(seconds: float | None) -> str:
    """Seconds to three digits in the unit that fits."""
    if seconds is None:
        return UNKNOWN
    unit, size = next(((unit, size) for unit, size in UNITS if seconds >= size), UNITS[-1])
    return f"{_digits(seconds / size, 3)} {unit}"


def before_after(before: float | None, after: float | None) -> str:
    """Two durations in the unit of the longer: ``61.9 ms → 0.840 ms``."""
    if before is None or after is None:
        return f"{duration(before)} → {duration(after)}"
    unit, size = next(((unit, size) for unit, size in UNITS if max(before, after) >= size), UNITS[-1])
    return f"{_digits(before / size, 3)} {unit} → {_digits(after / size, 3)} {unit}"


def wall_and_device(row: dict[str, Any]) -> str:
    """The median of a row, and where it worked on a device that device's own time, without transfers."""
    device = row.get("device_s")  # runs of old lack it
    return duration(row["median_s"]) + (f" ({duration(device)} on the device)" if device else "")


def about(seconds: float) -> str:
    """Seconds as one says them beforehand: ``7 s``, ``45 s``, ``3 min``, ``2 h``."""
    for unit, size, step in (("h", 3600, 1), ("min", 60, 1), ("s", 1, 5)):
        if seconds >= 2 * size and (unit != "s" or seconds >= 20):
            return f"{step * round(seconds / size / step)} {unit}"
    return f"{max(1, round(seconds))} s"


def signed_duration(seconds: float) -> str:
    """A change in seconds with its sign: ``−30.3 ms``."""
    return f"{'−' if seconds < 0 else '+'}{duration(abs(seconds))}" if seconds else "0"


def factor(value: float) -> str:
    """A quotient to three digits: ``1.02×``."""
    return f"{_digits(value, 3)}×"


def count(number: int) -> str:
    """A whole number with its thousands set apart."""
    return f"{number:,}"


def counted(number: int, thing: str) -> str:
    """``1 image``, ``1,528 images``."""
    return f"{count(number)} {thing}" + "s" * (number != 1)


def size(count: float | None) -> str:
    """Bytes to two or three digits in binary units."""
    if count is None:
        return UNKNOWN
    for unit, power in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 2**power:
            return f"{_digits(count / 2**power, 2 if count < 100 * 2**power else 3)} {unit}"
    return f"{count:.0f} B"


def times(row: dict[str, Any]) -> str:
    """The speed-up with its interval, as many digits as the interval lets be known: ``25.32× [24.88, 25.78]``."""
    ratio, low, high = row["ratio"], row["ratio_low"], row["ratio_high"]
    if ratio is None:
        return UNKNOWN
    if low is None or high is None:
        return f"{_digits(ratio, 2)}×"
    if low == high:
        return "1"
    decimals = min(4, max(0, 1 - math.floor(math.log10(high - low))))
    return f"{ratio:.{decimals}f}× [{low:.{decimals}f}, {high:.{decimals}f}]"


def share(value: float | None) -> str:
    """A ratio to the limit, two digits."""
    return UNKNOWN if value is None else f"{_digits(value, 2)}×"


def percent(change: float) -> str:
    """A quotient of two ratios as a change in per cent, with its sign."""
    return f"{100 * (change - 1):+.1f} %"


def best(table: dict[str, Any]) -> str:
    """Which arm won a table, against the runner-up; or that none is decided."""
    found = table["best"]
    if found is None:
        return ""
    lead = times(found)
    if found["decided"]:
        return f"best: {found['best']}, {lead} as fast as the runner-up {found['runner_up']}"
    return f"best not decided: {found['best']} leads {found['runner_up']} by {lead}; {REASONS.get(found['reason'], '')}".rstrip(
        "; "
    )


def outcome(status: Any, reason: str) -> str:
    """What became of an arm that got no time, and why where that is known: ``differs: in 3 elements``."""
    return f"{STATUSES.get(str(status), str(status))}: {reason}".rstrip(": ")


def moment(started: Any) -> str:
    """A time of the ISO form to the minute: ``2026-11-20 12:28``."""
    return str(started)[:16].replace("T", " ")


def machine(facts: dict[str, Any]) -> str:
    """The machine in one line."""
    limit = (
        f"{facts['cpu_limit']} of {facts['cores']} CPUs"
        if facts["cpu_limit"] != facts["cores"]
        else f"{facts['cores']} CPUs"
    )
    path = f", kernels by {facts['simd']}" if facts.get("simd") else ""  # runs of before have none
    commit = f", commit {facts['commit'][:10]}{' (changed since)' if facts['dirty'] else ''}" if facts["commit"] else ""
    return f"{facts['cpu']}{path}, {limit}, {size(facts['memory_bytes'])}, {facts['system']}, Python {facts['python']}{commit}"


def _digits(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")  # 9.996 is 10.0, not 10.00
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{value:.{decimals}f}"
