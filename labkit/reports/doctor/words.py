"""What the doctor says, in words; the terminal, a notebook and a report each draw the same. Nothing is judged here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labkit.diagnosis.lints import LINTS
from labkit.diagnosis.machine_lints import MACHINE_LINTS
from labkit.reports import words

Entry = dict[str, Any]

MARKS = {"ok": "✓", "note": "•", "warning": "!"}
LEVELS = ("warning", "note", "ok")
OWN_WORDS = {text for lint in (MACHINE_LINTS | LINTS).values() for text in (lint.why, lint.way_out)}
HEALTHY = "nothing found that would mislead you"


def place(entry: Entry) -> str:
    """Where an arm was looked at: ``blur on logo``; empty for the machine."""
    return f"{entry['stage']} on {entry['workload']}" if entry.get("stage") else ""


def grouped(findings: Sequence[Entry]) -> list[tuple[Entry, list[str]]]:
    """Notes and warnings, the warnings first; what was found alike of an arm in several places is told once, with all of them."""
    found: dict[tuple[Any, ...], tuple[Entry, list[str]]] = {}
    for entry in findings:
        if entry["level"] != "ok":
            key = (entry["lint"], entry["level"], entry["subject"], entry.get("stage"), entry["found"])
            found.setdefault(key, (entry, []))[1].append(place(entry))
    return sorted(found.values(), key=lambda one: LEVELS.index(one[0]["level"]))


def lines(document: dict[str, Any]) -> list[str]:
    """One line each for what a reader of a run's figures must know: warnings of the machine, and all that its arms gave cause to.

    Notes on the machine concern seconds more than ratios; the report and ``labkit doctor`` tell them.
    """
    return [
        words.one_line(f"doctor: {who(entry, places)}: {entry['found']}; way out: {entry['way_out']}")
        for entry, places in grouped(document.get("doctor", []))
        if entry["level"] == "warning" or entry.get("stage")
    ]


def who(entry: Entry, places: Sequence[str]) -> str:
    """The machine's part, or the arm with where it was seen: ``native on logo and photo``."""
    if not entry.get("stage"):
        return str(entry["title"])
    workloads = [place.rpartition(" on ")[2] for place in places]
    return f"{entry['stage']}/{entry['subject']} on {', '.join(workloads)}"


def summary(findings: Sequence[Entry]) -> str:
    """How many warnings and notes there are, in words."""
    count = {level: sum(entry["level"] == level for entry in findings) for level in LEVELS}
    if not count["warning"] and not count["note"]:
        return HEALTHY
    known = [words.counted(count[level], level) for level in ("warning", "note") if count[level]]
    return ", ".join(known)


def looked_at(findings: Sequence[Entry]) -> str:
    """What of the machine was looked at and is as it should be, by the names of it; what could not be seen is not named."""
    fine = [
        entry["title"] for entry in findings if entry["level"] == "ok" and not entry["found"].startswith("not visible")
    ]
    return ", ".join(fine)
