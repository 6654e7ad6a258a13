"""``labkit report``: what it writes, what it prints, and how it ends."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import labkit as lk
from labkit.api import Shown
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.measure.result import Row
from labkit.reports.runs.forms import markdown
from labkit.store import Run, save
from tests.cli.conftest import Labkit

Make = Callable[..., Any]


@pytest.fixture
def stored(
    own_registry: Registry, results: Path, measurement_of: Make, measured: Make, baseline: Row
) -> Callable[..., Run]:
    """Store a run in which ``fast`` has this ratio."""

    def store(ratio: float, hour: int = 10) -> Run:
        measurement = measurement_of(baseline, measured("fast", ratio))
        measurement.started = f"2026-11-20T{hour}:00:00+00:00"
        return save(measurement, markdown)

    return store


def test_the_last_run_is_reported_when_none_is_named(labkit: Labkit, stored: Make, tmp_path: Path) -> None:
    stored(2.0)
    last = stored(3.0, 11)
    said = labkit("report", "--to", tmp_path / "a report.html")
    assert (said.status, said.out) == (0, f"{tmp_path}/a report.html\n")
    assert f"Run {last.id}." in (tmp_path / "a report.html").read_text(encoding="utf-8")


def test_a_report_reads_only_and_so_has_nothing_to_tell(labkit: Labkit, stored: Make, tmp_path: Path) -> None:
    stored(2.0)
    for form in ("a.html", "a.md"):
        assert labkit("report", "--to", tmp_path / form).err == ""
    assert "This run keeps no pictures" in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "no pictures" not in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_a_run_named_twice_is_reported_once(labkit: Labkit, stored: Make, tmp_path: Path) -> None:
    run = stored(2.0)
    assert labkit("report", run.id, "last", "--to", tmp_path / "a.md").status == 0
    assert (tmp_path / "a.md").read_text(encoding="utf-8").count("### `blur`") == 1


def test_several_runs_stand_in_one_report(labkit: Labkit, stored: Make, tmp_path: Path) -> None:
    runs = [stored(2.0), stored(3.0, 11)]
    assert labkit("report", *(run.id for run in runs), "--no-pictures", "--to", tmp_path / "a.md").status == 0
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert all(f"### `blur · {run.id}`" in text for run in runs)


@pytest.mark.parametrize("compared", [[], ["--compare"]])
def test_a_title_and_a_comment_of_ones_own_stand_on_top(
    labkit: Labkit, stored: Make, tmp_path: Path, compared: list[str]
) -> None:
    runs = [stored(2.0).id, stored(2.0, 11).id][: 1 + bool(compared)]
    words = ["--title", "Our own", "--comment", "Read this first."]
    assert labkit("report", *runs, *compared, *words, "--to", tmp_path / "a.md").status == 0
    text = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert text.startswith("## Our own\n\nRead this first.\n\n")


@pytest.mark.parametrize(("ratios", "status"), [((2.0, 3.0), 0), ((3.0, 2.0), 1)])
def test_a_comparison_ends_with_1_when_a_ratio_fell(
    labkit: Labkit, stored: Make, tmp_path: Path, ratios: tuple[float, float], status: int
) -> None:
    runs = stored(ratios[0]), stored(ratios[1], 11)
    said = labkit("report", *(run.id for run in runs), "--compare", "--to", tmp_path / "a.md")
    assert said.status == status
    assert "what moved between two runs" in (tmp_path / "a.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "say where to write the report: --to report.html, or .md or .pdf"),
        (["--to", "a.txt"], "--to a.txt: give a file that ends in .html, .md, .pdf"),
        (["--to", "none/a.md"], "--to none/a.md: the folder"),
        (["--to", "/dev/null"], "--to /dev/null: give a file that ends in"),
        (["--to", "a.html", "--paper", "A5"], "--paper A5: papers are A4, Letter"),
        (["nowhere", "--to", "a.md"], "run 'nowhere' does not exist in"),
        (["--compare", "--to", "a.md"], "--compare: it takes two runs, before and after; 1 came"),
        (["--notebook", "none.ipynb", "--to", "a.html"], "--notebook none.ipynb: No such file or directory"),
        (["last", "--notebook", "none.ipynb", "--to", "a.html"], "a report is of runs or of a notebook, not of both"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    labkit: Labkit, stored: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], line: str
) -> None:
    stored(2.0)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    said = labkit("report", *words)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"labkit: {line}")
    assert said.err.count("\n") == 1
    assert list(tmp_path.joinpath("work").iterdir()) == []


def test_a_report_is_called_by_the_name_of_its_package(stored: Make, tmp_path: Path) -> None:
    run = stored(2.0)
    made = lk.report(Shown(run, run.document), tmp_path / "a.html", pictures=False)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == made.html()
    assert "srcdoc='" in made._repr_html_()


def test_a_run_that_is_not_stored_can_not_be_reported(stored: Make) -> None:
    with pytest.raises(UsageError, match="a run that is not stored can't be reported: the disk is full"):
        lk.report(Shown(None, stored(2.0).document, "the disk is full"))


@pytest.mark.parametrize("runs", [3, [3], None])
def test_what_is_no_run_is_refused_by_its_type(stored: Make, runs: Any) -> None:
    stored(2.0)
    with pytest.raises(TypeError, match=r"runs holds (3|None); give ids of runs, or what bench gave"):
        lk.report(runs)


def test_without_runs_it_says_how_to_make_one(labkit: Labkit, results: Path, tmp_path: Path) -> None:
    said = labkit("report", "--to", tmp_path / "a.html")
    assert (said.status, said.err) == (2, f"labkit: no runs in {results} yet: labkit bench makes one\n")
