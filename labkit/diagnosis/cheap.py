"""The lints that every measurement carries: read off what the probes noted, at no cost of their own."""

from __future__ import annotations

from pathlib import Path

from labkit.core.cpus import cpu_limit
from labkit.core.fault import Fault
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.page_cache import resident_bytes
from labkit.measure.result import Table
from labkit.measure.watch import SWITCHES, Seen

MANY_BYTES = 1_000_000
WORTH_TELLING = 0.05  # of a call's time
SHORTEST_S = 0.02  # the kernel's account of who ran is kept by its timer's tick
CLEARLY_MORE = 1.5  # times the CPUs: beside as many workers as CPUs, one thread more hands work out and takes results
MEMORY = 1 << 20
FAULTS = {"lazy_view": "lazy_view", "memoised": "memoised_answer"}  # what the gate calls it, and its lint


def cheap_findings(table: Table) -> list[Finding]:
    """What the probes of a table saw of each of its arms, in the order of its rows."""
    found = []
    for row in table.rows:
        found += gate_findings(row.reason, row.arm)
        if row.arm in table.seen:
            found += seen_findings(table.seen[row.arm], row.arm, cpu_limit())
    return found + cache_findings(table.disk_files)


def gate_findings(fault: str | None, subject: str) -> list[Finding]:
    """The gate's fault, where it is one that the doctor explains."""
    lint = FAULTS.get(fault.key) if isinstance(fault, Fault) else None
    return [Finding(lint, Level.WARNING, subject, str(fault))] if lint else []


def seen_findings(seen: Seen, subject: str, cpus: int) -> list[Finding]:
    """What is wrong with what was noted of an arm, where ``cpus`` may be used."""
    found = []

    def tell(lint: str, text: str, level: Level = Level.WARNING) -> None:
        found.append(Finding(lint, level, subject, text))

    calls = f"{seen.calls} call{'s' if seen.calls != 1 else ''}"
    if seen.compiled:
        spent = f", {seen.compile_s:.2g} of {seen.seconds:.2g} s" if seen.compile_s else ""
        tell("jit_in_timed_part", f"{seen.compiled} compilations in {calls} after the first one{spent}")
    if seen.wanted is not None and seen.seconds >= SHORTEST_S and seen.wanted > cpus * CLEARLY_MORE:
        tell("oversubscribed", f"{seen.wanted:.1f} threads ran or wanted to, on average; {cpus} CPUs may be used")
    if seen.calls and seen.piped_bytes > MANY_BYTES * seen.calls and seen.piped_s > WORTH_TELLING * seen.seconds:
        each = f"{seen.piped_bytes / seen.calls / MEMORY:.1f} MiB a call went through pipes between processes"
        spent = f"{seen.piped_s / seen.calls * 1e3:.3g} ms of reading and writing"
        tell("large_pickles", f"{each}, {spent}; a call takes {seen.seconds / seen.calls * 1e3:.3g} ms")
    if seen.forks:
        tell("fork_after_threads", f"{len(seen.forks)} forks while other threads were there: {seen.forks[0]}")
    for name, change in seen.changed.items():
        grave = name in SWITCHES or name in seen.reseeded
        how = "is seeded anew by each call" if name in seen.reseeded else "is left changed by a call"
        text = f"{name} {how}" + (f": {change}" if change else "")
        tell("global_state", text, Level.WARNING if grave else Level.NOTE)
    return found


def cache_findings(files: list[Path]) -> list[Finding]:
    """How much of the inputs' files, which are to come from a disk, lies in memory."""
    resident, total = resident_bytes(files)
    if total == 0 or resident < WORTH_TELLING * total:
        return []
    share = f"{100 * resident / total:.0f} % of {total / MEMORY:.3g} MiB"
    text = f"{share} in {len(files)} input file{'s' if len(files) != 1 else ''} lay in the page cache"
    return [Finding("page_cache", Level.WARNING, "inputs", text)]
