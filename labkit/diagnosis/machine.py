"""The machine, examined: each fact is judged and told with its figures. One that the system does not show is no fault.

:func:`machine_conditions` reads the facts, which takes some seconds; :func:`judge` says what they mean. What a run stores of its
machine (:mod:`labkit.measure.surroundings`) is judged by the same function: what it lacks is passed over.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labkit.core.workload import data_folder
from labkit.diagnosis.finding import Finding
from labkit.diagnosis.library_threads import library_threads
from labkit.diagnosis.machine_judges import JUDGES
from labkit.diagnosis.machine_lints import MACHINE_LINTS
from labkit.diagnosis.page_cache import resident_bytes
from labkit.diagnosis.timer import timer_facts
from labkit.measure.surroundings import ROOT, Reading, between, surroundings

SUBJECT = "machine"
WATCH_S = 1.0


def machine_conditions(root: Path = ROOT, data: Path | None = None) -> dict[str, Any]:
    """The facts as JSON has them: ``surroundings``, ``during`` (of about a second), ``threads``, ``timer`` and ``data``.

    ``root`` is the folder that holds ``proc`` and ``sys``, ``data`` the folder of the workloads' files.
    """
    facts: dict[str, Any] = {"surroundings": surroundings(root)}  # first: it is to tell of the time before us
    before, begin = Reading.take(root), time.monotonic()
    facts["threads"] = library_threads()
    facts["timer"] = timer_facts()
    folder = data or data_folder()
    resident, total = resident_bytes(path for path in sorted(folder.rglob("*")) if path.is_file())
    facts["data"] = {"folder": str(folder), "bytes": total, "resident_bytes": resident}
    time.sleep(max(0.0, WATCH_S - (time.monotonic() - begin)))
    facts["during"] = between(before, Reading.take(root))
    return facts


def judge(facts: Mapping[str, Any]) -> list[Finding]:
    """What these facts mean, in the order of ``MACHINE_LINTS``; what was not looked at is passed over."""
    findings = []
    for lint in MACHINE_LINTS:
        part, judged = JUDGES.get(lint, ("", None))
        if judged is None or part not in facts or "surroundings" not in facts:
            continue
        finding = judged(facts[part] or {}, facts)
        if finding is not None:
            findings.append(Finding(lint, finding[0], SUBJECT, finding[1]))
    return findings
