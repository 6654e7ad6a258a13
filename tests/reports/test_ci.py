"""What GitHub and other CI systems are told of a run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import labkit as lk
from labkit.core.registry import Registry
from labkit.measure.result import Row, Status
from labkit.reports.ci.findings import Finding, findings
from labkit.reports.ci.github import annotation, annotation_lines, summary
from labkit.reports.ci.junit import junit
from labkit.store.run import document

Make = Callable[..., Any]
STARTED = "2026-11-20T10:12:13"
# of junit-10.xsd of Jenkins' xUnit plugin and JUnit.xsd of windyroad/JUnit-Schema: what both of them know
ATTRIBUTES = {
    "testsuites": set(),
    "testsuite": {
        *("name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"),
    },
    "testcase": {"name", "classname", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
}


def row(variant: str, status: str, reason: str | None = None) -> Row:
    return Row("blur", "logo", variant, "numpy", status=Status(status), reason=reason)


@pytest.fixture
def found(measurement_of: Make, measured: Make, baseline: Row) -> dict[str, Any]:
    """A run with a variant of each sort, one that is slower than its earlier self among them."""
    rows = [
        measured("fast"),
        measured("fast_main"),
        row("wrong", "differs", "in <3> elements & more\n::error::forged"),
        row("broken", "crashed", "killed by SIGSEGV"),
        row("hung", "timed_out", "did not end within 60 s"),
        row("gone", "unavailable", "needs CUDA"),
        row("long", "too_slow", "one call takes 3 s"),
        row("broken_main", "crashed", "killed by SIGSEGV"),
    ]
    regression = {
        **{"stage": "blur", "workload": "logo", "variant": "fast", "before": "fast_main", "status": "measured"},
        **{"reason": None, "ratio": 0.5, "ratio_low": 0.49, "ratio_high": 0.51},
    }
    made = measurement_of(baseline, *rows, against={"regressions": [regression]})
    made.tables[0].facts["pairs"] = {"fast": "fast_main", "broken": "broken_main"}
    return document(made)


def test_regressions_come_first_then_variants_at_fault_and_neither_absent_ones_nor_earlier_code(
    found: dict[str, Any],
) -> None:
    assert [(one.level, one.title) for one in findings(found)] == [
        ("error", "regression"),
        ("error", "differs from the reference"),
        ("error", "crashed"),
        ("error", "timed out"),
    ]
    assert findings(found)[0].message == "blur on logo: fast is 0.500× [0.490, 0.510] as fast as fast_main"


def test_a_warning_of_the_doctor_is_a_warning_and_a_note_is_none(measurement_of: Make, baseline: Row) -> None:
    entry = {
        "lint": "steal",
        "subject": "machine",
        "found": "12 %",
        "title": "steal time",
        "why": "",
        "way_out": "wait",
    }
    told = [entry | {"level": level, "stage": None, "workload": None} for level in ("warning", "note", "ok")]
    (only,) = findings(document(measurement_of(baseline, doctor=told)))
    assert (only.level, only.message) == ("warning", "steal time: 12 %; way out: wait")


def test_an_annotation_names_file_and_line_of_the_variant(
    own_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    @lk.stage(reference="plain", workloads=[lk.Workload("small", lambda: (np.ones(2),))])
    def total(values: Any) -> None:
        """The sum."""

    @lk.variant("total", kind="numpy")
    def plain(values: Any) -> Any:
        return values.sum()

    rows = [{"stage": "total", "workload": "small", "variant": "plain", "engine": "threads", "status": "crashed"}]
    (one,) = findings({"rows": [rows[0] | {"reason": "raised"}]})
    here = Path(__file__)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here.parent))
    line = here.read_text().splitlines().index('    @lk.variant("total", kind="numpy")') + 1
    assert annotation_lines([one]) == [
        f"::error file={here.name},line={line},title=labkit%3A crashed::total on small: plain@threads: crashed: raised"
    ]
    monkeypatch.setenv("GITHUB_WORKSPACE", os.devnull)
    assert annotation_lines([one])[0].startswith("::error title=")


def test_what_an_annotation_holds_can_not_end_it_or_begin_another() -> None:
    line = annotation("error", "a, b: c", "50 %\n::error::forged\r\x1b!")
    assert line == "::error title=labkit%3A a%2C b%3A c::50 %25 ::error::forged !"


def test_of_more_findings_than_github_shows_the_last_says_how_many_more() -> None:
    many = [Finding("error", "crashed", f"number {n}") for n in range(14)] + [Finding("warning", "may mislead", "once")]
    lines = annotation_lines(many)
    assert len(lines) == 11
    assert "5 more" in lines[9]
    assert lines[10].startswith("::warning")


def test_the_summary_says_first_what_came_of_it(found: dict[str, Any]) -> None:
    assert summary("labkit bench", findings(found), "| a |").splitlines()[:3] == [
        "## labkit bench: 4 errors",
        "",
        "| a |",
    ]
    assert summary("labkit check", [], "").startswith("## labkit check: all well")


def test_junit_has_a_case_for_each_arm_of_today_with_its_result(found: dict[str, Any]) -> None:
    root = ElementTree.fromstring(junit(found, "labkit bench"))
    (suite,) = root
    cases = {case.get("name"): [child.tag for child in case] for case in suite.findall("testcase")}
    assert cases == {
        "plain": [],
        "fast": ["failure"],
        "wrong": ["failure"],
        "broken": ["error"],
        "hung": ["error"],
        "gone": ["skipped"],
        "long": ["skipped"],
    }
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "7", "failures": "2", "errors": "2", "skipped": "2"}
    assert suite.get("timestamp") == STARTED
    assert suite.findall("testcase")[0].get("time") == "0.010000000"


def test_junit_holds_only_what_its_schemas_know(found: dict[str, Any]) -> None:
    root = ElementTree.fromstring(junit(found, "labkit bench"))
    for element in root.iter():
        assert set(element.keys()) <= ATTRIBUTES.get(element.tag, set()), element.tag
    (suite,) = root
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 7, "system-out", "system-err"]
    assert all(len(case) <= 1 for case in suite.findall("testcase"))


def test_junit_of_a_check_has_no_times_and_takes_any_text() -> None:
    rows = [
        {
            "stage": "s",
            "workload": "w",
            "variant": "v",
            "engine": None,
            "status": "crashed",
            "reason": "\x00 ]]> \ud800",
        }
    ]
    (suite,) = ElementTree.fromstring(junit({"rows": rows}, "labkit check"))
    assert suite.find("testcase/error").text == "crashed: ]]>"  # type: ignore[union-attr]
