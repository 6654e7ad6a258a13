"""``labkit doctor``: what it prints, its document, and its exit status."""

import json
from contextlib import nullcontext

import pytest

import labkit as lk
from labkit.diagnosis import examination
from labkit.diagnosis.finding import Finding, Level
from labkit.diagnosis.machine_lints import MACHINE_LINTS
from labkit.measure.surroundings import between, surroundings
from tests.diagnosis.machines import build, reading, sane

ENTRY = {"lint", "level", "subject", "stage", "workload", "found", "title", "why", "way_out"}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """The command looks at a machine of files; the test may change what it sees there."""
    facts = {"surroundings": surroundings(build(tmp_path, sane())), "threads": {"cv2": 4}}
    facts["during"] = between(reading(0.0, 0.0), reading(10.0, 0.1))
    monkeypatch.setattr(examination, "machine_conditions", lambda: dict(facts))
    monkeypatch.setattr(examination, "Fleet", lambda *arguments, **options: nullcontext())
    return facts


@pytest.fixture
def found(monkeypatch):
    """What the examination of arms finds."""
    findings: list[Finding] = []
    monkeypatch.setattr(examination, "examine", lambda *arguments: list(findings))
    return findings


def test_the_machine_and_the_self_test_are_told_as_one_document(labkit):
    said = labkit("doctor", "--json", "--budget", 0.3, "--threads", 1)
    document = json.loads(said.out)
    assert document["schema"] == 1
    assert {"started", "wall_s", "stopped", "healthy", "machine", "settings", "self_test", "examined", "doctor"} <= set(
        document
    )
    assert all(set(entry) == ENTRY for entry in document["doctor"])
    told = [entry["lint"] for entry in document["doctor"]]
    assert told == [lint for lint in MACHINE_LINTS if lint in told]
    assert {"library_threads", "neighbours", "timer", "self_test", "resolution"} <= set(told)
    assert document["self_test"]["verdict"] in ("same", "unresolved", "faster", "slower")
    self_test = document["self_test"]
    assert self_test["ratio_low"] <= self_test["ratio"] <= self_test["ratio_high"]
    assert said.status == (0 if document["healthy"] else 1)
    assert document["healthy"] == all(entry["level"] != "warning" for entry in document["doctor"])
    assert "self-test on identical code" in said.err


def test_a_stage_in_which_nothing_is_wrong_is_healthy(labkit, toy, machine, found):
    said = labkit("doctor", "lines")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0] == "The machine"
    assert any(line.split() == ["✓", "CPUs", "4", "of", "4", "may", "be", "used"] for line in lines)
    assert "lines on small" in lines
    fine = [line.split()[1] for line in lines if line.startswith("✓") and "nothing found" in line]
    assert fine == ["plain", "whole", "plain@threads", "plain@shared_memory"]
    assert lines[-1] == "nothing found that would mislead you"


def test_what_can_not_run_here_is_said_not_to_be_looked_at(labkit, toy, machine, found):
    assert "–  cuda" in (said := labkit("doctor", "lines", "--variants", "cuda")).out
    assert "not looked at: no CUDA device" in said.out


def test_a_warning_comes_with_its_reason_and_a_way_out_and_ends_with_1(labkit, toy, machine, found):
    found.append(Finding("jit_in_timed_part", Level.WARNING, "whole", "3 compilations in 9 calls"))
    said = labkit("doctor", "lines", "--variants", "plain,whole")
    assert said.status == 1
    lines = [line.strip() for line in said.out.splitlines()]
    at = next(number for number, line in enumerate(lines) if line.startswith("!"))
    assert lines[at].split(maxsplit=2)[1:] == [
        "whole",
        "JIT compilation inside the timed part: 3 compilations in 9 calls",
    ]
    assert "with the same types" in lines[at + 1]
    assert lines[at + 2].startswith("→ Jit at the top of a module")
    assert lines[-1] == "1 warning"


def test_a_note_is_told_and_is_no_failure(labkit, toy, machine, found):
    machine["surroundings"] |= {"governors": ["powersave"]}
    said = labkit("doctor", "lines", "--variants", "whole")
    assert said.status == 0
    assert "•  governor" in said.out
    assert "cpupower frequency-set -g performance" in said.out
    assert said.out.splitlines()[-1] == "1 note"


def test_only_the_arms_and_workloads_that_are_named_are_looked_at(labkit, toy, machine, found):
    document = json.loads(
        labkit("doctor", "lines", "--variants", "whole,plain@threads", "--workloads", "b*", "--json").out
    )
    assert [(each["workload"], [arm["arm"] for arm in each["arms"]]) for each in document["examined"]] == [
        ("big", ["whole", "plain@threads"])
    ]
    assert document["self_test"] is None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nowhere"], "unknown stage 'nowhere'; stages: lines"),
        (["lines", "--variants", "wrong"], "stage lines has no variant 'wrong'; it has: plain, whole, cuda"),
        (["lines", "--workloads", "wrong"], "no workload fits 'wrong'; lines has: small, big"),
        (["lines", "--budget", "3"], "budget is 3.0, but it is the self-test's, and a stage is looked at without one"),
        (["--variants", "whole"], "variants is 'whole' without a stage; name the stage that has them"),
        (["--budget", "0"], "budget is 0.0; give seconds above 0, at most 86400"),
        (["--threads", "0"], "threads is 0; give a whole number from 1 to 1024"),
    ],
)
def test_wrong_usage_is_one_line(labkit, toy, words, complaint):
    said = labkit("doctor", *words)
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith(f"labkit: {complaint}")
    assert said.err.count("\n") == 1


def test_ctrl_c_keeps_what_was_seen_of_the_machine(labkit, toy, machine, monkeypatch):
    def press(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(examination, "examine", press)
    said = labkit("doctor", "lines", "--json")
    assert said.status == 130
    document = json.loads(said.out)
    assert document["stopped"]
    assert document["doctor"][0]["lint"] == "cpu_limit"


def test_in_a_notebook_it_is_a_call_whose_answer_shows_itself(toy, machine, found):
    found.append(Finding("lazy_view", Level.WARNING, "whole", "<script>alert(1)</script>"))
    shown = lk.doctor("lines", ["whole"])
    assert not shown.healthy
    assert "lazy view" in repr(shown)
    page = shown._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert shown.frame.set_index("lint").loc["lazy_view", "level"] == "warning"
    with pytest.raises(TypeError, match="give one name"):
        lk.doctor(["lines"])
