"""A report as a file: written whole or not at all, on the paper that was asked for."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.core.errors import UsageError
from labkit.measure.result import Row
from labkit.reports.document import pdf
from labkit.reports.document.report import Report
from labkit.reports.document.write import write_report
from tests.reports.documents import report_of, stored

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("own_registry")
SIZES = {"A4": (595, 842), "Letter": (612, 792)}  # points


@pytest.fixture
def report(tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> Report:
    return report_of(stored(measurement_of(baseline, measured("fast", 12.5)), tmp_path / "results"))


@pytest.mark.parametrize("name", ["a report.html", "보고서.md", "빠른 것 <1>.HTML"])
def test_names_with_spaces_and_korean_letters_are_taken(report: Report, tmp_path: Path, name: str) -> None:
    path = report.save(tmp_path / name)
    assert path.read_text(encoding="utf-8") == (report.markdown() if name.endswith(".md") else report.html())


def test_an_existing_file_is_replaced_whole(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old" * 100_000)
    report.save(path)
    assert path.read_text(encoding="utf-8") == report.markdown()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["report.md", "results"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to("real.md")
    write_report(tmp_path / "link.md", b"new")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"new"


def test_what_could_not_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "report.md").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"report\.md': No space left on device"):
        write_report(tmp_path / "report.md", b"new")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_a_folder_without_permission_is_refused_before_any_work(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(UsageError, match="can't be written to"):
        report.save(tmp_path / "report.html")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("report.txt", r"^to='.*report\.txt': give a file that ends in \.html, \.md, \.pdf"),
        ("none/report.html", r"the folder .*none does not exist"),
        ("folder.html", r"^to='.*folder\.html': no file that could be replaced"),
    ],
)
def test_a_place_that_can_not_be_had_is_refused_in_one_line(
    report: Report, tmp_path: Path, name: str, line: str
) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(UsageError, match=line) as refused:
        report.save(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_without_a_browser_a_pdf_is_refused_with_what_to_install(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "PLACES", ())
    with pytest.raises(UsageError, match=r"Chromium, Chrome or Edge, and none is installed; install one"):
        report.save(tmp_path / "report.pdf")


def test_a_browser_that_does_not_print_is_told_in_one_line(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho first >&2\necho no display >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(pdf, "browser", lambda: str(program))
    with pytest.raises(UsageError, match=r"chromium did not print: no display; take \.html$"):
        report.save(tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()


def test_a_page_to_be_printed_is_unfolded(report: Report) -> None:
    assert "<details" in report.html()
    assert "<details" not in report.html("A4")


@pytest.mark.skipif(not any(map(pdf.shutil.which, pdf.COMMANDS)), reason="no Chromium, Chrome or Edge is installed")
@pytest.mark.parametrize("paper", SIZES)
def test_a_pdf_has_the_size_of_its_paper(report: Report, tmp_path: Path, paper: str) -> None:
    content = report.save(tmp_path / "보고 서.pdf", paper).read_bytes()
    assert content.startswith(b"%PDF-")
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert {tuple(round(float(side)) for side in box) for box in boxes} == {SIZES[paper]}
