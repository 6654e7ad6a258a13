"""Who is charged with what: line_profiler charges a line with all it calls; here each nanosecond is counted once.

All arithmetic is in whole nanoseconds, so that what is taken from one line and what stays add up exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

from labkit.profiling.recorder import Findings, Key, Site


def own_times(found: Findings) -> dict[Key, dict[int, int]]:
    """Each line's time without the recorded functions that it calls.

    A function's total is taken out of the lines that call it, in the proportion that the exploration saw: exact for a
    function with one call site, and never more than a line has. What one line can't give, because the exploration ran
    with colder caches, say, is taken out of the others.
    """
    own = {key: {number: ns for number, (_, ns) in lines.items()} for key, lines in found.lines.items()}
    for key, lines in found.lines.items():
        total = sum(ns for _, ns in lines.values())
        sites = {site: weight for site, weight in found.sites.get(key, {}).items() if weight > 0}
        left = 0
        for (caller, number), share in _portions(total, sites).items():
            if caller is not None:
                left += share - _take(own.get(caller, {}), number, share)
        for caller, number in sites:
            if caller is not None:
                left -= _take(own.get(caller, {}), number, left)
    return own


def inclusive_times(found: Findings, own: Mapping[Key, Mapping[int, int]]) -> dict[Key, dict[int, int]]:
    """Each line's time with all it calls, of which recursion counts the outermost alone, as profilers do.

    line_profiler counts a call that is made within another of the same line once more, so that a line came to fifty times
    the total. What of a line's calls is outermost is taken from the exploration; it is no more than what the lines have that
    the recursion was entered from.
    """
    whole = sum(ns for lines in own.values() for ns in lines.values())
    inclusive = {key: {number: ns for number, (_, ns) in lines.items()} for key, lines in found.lines.items()}
    for key in reading_order(found):
        for number, ns in inclusive[key].items():
            calls, spent, outer_calls, outer_spent = found.outermost.get((key, number), (0, 0, 0, 0))
            if outer_calls < calls:
                alone = own[key][number]
                outer = alone * outer_calls // calls + (ns - alone) * outer_spent // max(spent, 1)
                entered = [
                    whole if caller is None else inclusive[caller].get(line, 0) for caller, line in _entries(found, key)
                ]
                inclusive[key][number] = max(alone, min(outer, sum(entered) or whole, whole))
    return inclusive


def _entries(found: Findings, key: Key) -> list[Site]:
    """The sites from which a function, and those it calls one another with, are called by others."""
    circle = {other for other in _reached(found, key) if key in _reached(found, other)} | {key}
    return [
        (caller, line)
        for member in circle
        for caller, line in found.sites.get(member, {})
        if caller not in circle and (caller is None or caller in found.lines)
    ]


def _reached(found: Findings, key: Key) -> set[Key]:
    """The functions that a function calls, and that those call."""
    reached: set[Key] = set()
    waiting = [key]
    while waiting:
        caller = waiting.pop()
        new = {other for other, sites in found.sites.items() if any(site[0] == caller for site in sites)} - reached
        reached |= new
        waiting += new
    return reached


def _take(lines: dict[int, int], number: int, wanted: int) -> int:
    """Take nanoseconds out of a line, as many as it has; returns how many."""
    taken = min(wanted, lines.get(number, 0))
    if taken:
        lines[number] -= taken
    return taken


def _portions(total: int, weights: Mapping[Site, int]) -> dict[Site, int]:
    """A whole number split in proportion to weights, by largest remainder."""
    whole = sum(weights.values())
    if not whole:
        return {}
    parts = {site: total * weight // whole for site, weight in weights.items()}
    left = total - sum(parts.values())
    for site in sorted(weights, key=lambda site: -(total * weights[site] % whole))[:left]:
        parts[site] += 1
    return parts


def reading_order(found: Findings) -> list[Key]:
    """Functions that were called from outside, as they first were; each followed by those it calls, as they appear in it."""
    order: list[Key] = []

    def visit(key: Key) -> None:
        if key in order:
            return
        order.append(key)
        called = [(number, other) for other, sites in found.sites.items() for caller, number in sites if caller == key]
        for _, other in sorted(called):
            if other in found.lines:
                visit(other)

    roots = [key for key, sites in found.sites.items() if any(caller is None for caller, _ in sites)]
    for key in [*(key for key in roots if key in found.lines), *sorted(found.lines)]:
        visit(key)
    return order


def inherited_blocks(found: Findings, marks: Mapping[Key, Mapping[int, str]]) -> dict[Key, dict[int, str | None]]:
    """The block of every recorded line: that of the last mark above it in its function, else that of the calling line.

    A function without a mark of its own that several blocks call is a block of its own.
    """
    blocks: dict[Key, dict[int, str | None]] = {}

    def of(key: Key, trail: tuple[Key, ...]) -> dict[int, str | None]:
        if key in blocks:
            return blocks[key]
        callers = {
            of(caller, (*trail, key)).get(number) if caller in found.lines else None
            for caller, number in found.sites.get(key, {})
            if caller is None or caller not in (*trail, key)
        }
        current = callers.pop() if len(callers) == 1 else f"{key[2]} (called from several blocks)" if callers else None
        made: dict[int, str | None] = {}
        last = max([*found.lines[key], *marks[key]])
        for number in range(key[1], last + 1):
            current = marks[key].get(number, current)
            made[number] = current
        blocks[key] = made
        return made

    for key in found.lines:
        of(key, ())
    return blocks
