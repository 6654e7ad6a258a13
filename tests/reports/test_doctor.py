"""What the doctor found, as people read it: below a run, and as a part of every report."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.lints import LINTS
from labkit.diagnosis.record import entries
from labkit.measure.bench import Measurement
from labkit.measure.result import Row
from labkit.reports.doctor.words import OWN_WORDS, grouped, lines, summary
from labkit.reports.runs.forms import html, markdown, print_run
from labkit.reports.terminal import console
from tests.reports.documents import HOSTILE, TURNED, Seen, report_of, stored

Make = Callable[..., Any]
MACHINE = entries(
    [
        Finding("cpu_limit", Level.OK, "machine", "2 of 2 may be used"),
        Finding("governor", Level.NOTE, "machine", "powersave"),
        Finding("steal", Level.WARNING, "machine", "12 % of the time in which there was work to do"),
    ]
)
LARGE = Finding("large_pickles", Level.WARNING, "native@processes", "4.8 MiB a call")
STATE = Finding("global_state", Level.NOTE, "mine", "the random state changes")


def of(*findings: Finding, workload: str = "logo") -> list[dict[str, Any]]:
    return entries(findings, "blur", workload)


@pytest.fixture
def measurement(measurement_of: Make, measured: Make, baseline: Row) -> Measurement:
    made: Measurement = measurement_of(baseline, measured("native", 3.0))
    made.doctor = [*MACHINE, *of(LARGE)]
    return made


def test_a_run_tells_the_machines_warnings_and_all_of_its_arms_in_one_line_each() -> None:
    found = lines({"doctor": [*MACHINE, *of(STATE, LARGE)]})
    assert [line.partition(";")[0] for line in found] == [
        "doctor: steal time: 12 % of the time in which there was work to do",
        "doctor: blur/native@processes on logo: 4.8 MiB a call",
        "doctor: blur/mine on logo: the random state changes",
    ]
    assert all(
        f"way out: {LINTS[key].way_out}" in line
        for key, line in zip(("large_pickles", "global_state"), found[1:], strict=True)
    )


def test_what_is_found_alike_on_several_workloads_is_told_once() -> None:
    findings = [
        *of(LARGE),
        *of(LARGE, workload="photo"),
        *of(Finding("large_pickles", Level.WARNING, "other", "4.8 MiB a call")),
    ]
    assert [places for _, places in grouped(findings)] == [["blur on logo", "blur on photo"], ["blur on logo"]]
    assert lines({"doctor": findings})[0].startswith("doctor: blur/native@processes on logo, photo: ")


def test_a_run_from_before_the_doctors_time_says_nothing_of_it(measurement: Measurement, tmp_path: Path) -> None:
    measurement.doctor = None
    run = stored(measurement, tmp_path)
    assert "doctor" not in run.document
    assert lines(run.document) == []
    for text in (report_of(run).html(), report_of(run).markdown(), markdown(run.document), html(run.document)):
        assert "doctor" not in text.replace("#doctor", "").lower()


def test_the_terminal_markdown_and_html_of_a_run_tell_the_same_lines(measurement: Measurement, tmp_path: Path) -> None:
    run = stored(measurement, tmp_path)
    stream = io.StringIO()
    print_run(run.document, to=console(stream))
    assert len(lines(run.document)) == 2
    for line in lines(run.document):
        assert line in stream.getvalue()
        assert line in Seen(html(run.document)).text
    assert (run.folder / "table.md").read_text().count("- doctor: ") == 2


def test_every_report_has_the_findings_of_the_run_with_their_way_out(measurement: Measurement, tmp_path: Path) -> None:
    run = stored(measurement, tmp_path)
    page = Seen(report_of(run).html())
    assert ("section", {"id": "doctor"}) in page.elements
    for text in (page.text, report_of(run).markdown()):
        assert "2 warnings, 1 note. Nothing wrong with: CPUs." in text
        assert "blur/native@processes on logo" in text
        assert LINTS["large_pickles"].why in text
        assert LINTS["large_pickles"].way_out in text
        assert "powersave" in text  # notes on the machine are told here


def test_a_healthy_run_says_so_in_its_report(measurement: Measurement, tmp_path: Path) -> None:
    measurement.doctor = MACHINE[:1]
    page = Seen(report_of(stored(measurement, tmp_path)).html())
    assert "nothing found that would mislead you. Nothing wrong with: CPUs." in page.text


def test_of_several_runs_each_tells_its_own(
    measurement: Measurement, measurement_of: Make, baseline: Row, tmp_path: Path
) -> None:
    old = measurement_of(baseline)
    runs = [stored(measurement, tmp_path), stored(old, tmp_path)]
    text = Seen(report_of(*runs).html()).text
    assert f"Run {runs[0].id}: 2 warnings, 1 note." in text
    assert f"Run {runs[1].id}: no doctor looked at it." in text


def test_a_comparison_of_two_runs_tells_what_the_doctor_said_of_either(
    measurement: Measurement, tmp_path: Path
) -> None:
    before, after = stored(measurement, tmp_path / "before"), stored(measurement, tmp_path / "after")
    made = report_of(before, after, compared=True)
    for text in (Seen(made.html()).text, made.markdown()):
        assert "Before, doctor: steal time: 12 %" in text
        assert "After, doctor: blur/native@processes on logo: 4.8 MiB a call" in text


def test_hostile_findings_stay_text(measurement: Measurement, tmp_path: Path) -> None:
    measurement.doctor = [
        dict.fromkeys(MACHINE[0], HOSTILE + TURNED) | {"level": "warning"},
        *entries([Finding("lazy_view", Level.WARNING, HOSTILE + TURNED, HOSTILE + TURNED)], HOSTILE, HOSTILE + TURNED),
    ]
    run = stored(measurement, tmp_path)
    page = Seen(report_of(run).html())
    assert page.count("script") == 1
    assert not any("evil" in address or "javascript" in address for address in page.addresses)
    assert Seen(html(run.document)).count("script") == Seen(html(run.document)).count("img") == 0
    row = next(
        line for line in report_of(run).markdown().splitlines() if line.startswith("| `") and "lazy view" in line
    )
    assert "<script>" in row  # as code
    assert "\u202e" not in row
    stream = io.StringIO()
    print_run(run.document, to=console(stream))
    assert "\x1b[31m" not in stream.getvalue()


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([], "nothing found that would mislead you"),
        (["note"], "1 note"),
        (["warning"] * 2 + ["note", "ok"], "2 warnings, 1 note"),
    ],
)
def test_warnings_and_notes_are_counted(levels: list[str], words: str) -> None:
    assert summary([{"level": level} for level in levels]) == words


def test_our_own_words_are_safe_as_markdown() -> None:
    """They stand in tables outside of code spans."""
    for text in OWN_WORDS:
        assert not set("|`<") & set(text.replace("> /dev/null", "")), text
        assert "\n" not in text
        assert "*" not in text.replace("data/*", ""), text
