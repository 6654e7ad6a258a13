"""What a document holds of the findings of a run."""

from collections.abc import Callable
from typing import Any

import pytest

from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.lints import LINTS
from labkit.diagnosis.record import entries, of_run, tellable, worst
from labkit.measure.surroundings import between, surroundings
from tests.diagnosis.machines import build, reading, sane

THREADS = Finding("oversubscribed", Level.WARNING, "native@threads", "3.0 threads on 2 CPUs")
LAZY = Finding("lazy_view", Level.WARNING, "view", "a view of the input")


def test_a_finding_is_kept_with_the_words_of_its_lint_and_its_place():
    lint = LINTS["lazy_view"]
    assert entries([LAZY], "blur", "logo") == [
        {
            "lint": "lazy_view",
            "level": "warning",
            "subject": "view",
            "found": "a view of the input",
            "stage": "blur",
            "workload": "logo",
            "title": lint.title,
            "why": lint.why,
            "way_out": lint.way_out,
        }
    ]


@pytest.mark.parametrize("level", Level)
def test_of_threads_nothing_is_told_where_other_programs_took_cpus(level):
    machine = [Finding("neighbours", level, "machine", "they use some")]
    assert tellable([THREADS, LAZY], machine) == ([THREADS, LAZY] if level is Level.OK else [LAZY])


def test_a_run_tells_of_its_machine_what_it_has_stored(tmp_path, measurement_of: Callable[..., Any], baseline):
    facts = {"surroundings": surroundings(build(tmp_path, sane()))}
    facts["during"] = between(reading(0.0, 0.0), reading(10.0, 8.8, steal_s=1.2))
    found = of_run(measurement_of(baseline, machine=facts))
    assert [(entry["lint"], entry["stage"]) for entry in found if entry["level"] == "warning"] == [("steal", None)]
    assert worst(found) is Level.WARNING


def test_of_a_run_without_such_facts_nothing_is_told(measurement_of: Callable[..., Any], baseline):
    assert of_run(measurement_of(baseline)) == []


def test_the_most_serious_level_counts():
    assert worst([]) is Level.OK
    assert worst([{"level": "ok"}, {"level": "note"}]) is Level.NOTE
    assert worst([{"level": "note"}, {"level": "warning"}, {"level": "ok"}]) is Level.WARNING
