"""What CI systems are told by ``labkit bench`` and ``labkit check``; nothing of it where nobody asks."""

import json
import os
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labkit import api
from labkit.core.whole import is_replaceable
from tests.cli.conftest import Labkit, Make

COMMANDS = pytest.mark.parametrize("command", ["bench", "check"])


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of a step of GitHub Actions, and the file of its summary."""
    page = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    return page


@COMMANDS
def test_on_github_a_variant_at_fault_is_an_annotation_on_standard_error_and_a_row_of_the_summary(
    labkit: Labkit, finished: Make, page: Path, command: str
) -> None:
    finished("differs", "output: differs in 1 of 9 elements")
    said = labkit(command, "lines", "--json")
    told = [line for line in said.err.splitlines() if line.startswith("::")]
    assert told == [
        "::error title=labkit%3A differs from the reference::"
        "blur on logo: fast: differs from the reference: output: differs in 1 of 9 elements"
    ]
    assert json.loads(said.out)
    assert page.read_text().startswith(f"## labkit {command}: 1 error\n")
    assert "output: differs in 1 of 9 elements" in page.read_text()


@COMMANDS
def test_elsewhere_nothing_is_annotated(
    labkit: Labkit, finished: Make, page: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    finished("crashed")
    monkeypatch.delenv("GITHUB_ACTIONS")
    said = labkit(command, "lines")
    assert "::error" not in said.out + said.err
    assert not page.exists()


def test_wrong_usage_is_an_annotation_too(labkit: Labkit, page: Path) -> None:
    said = labkit("bench", "nothing_of_this_name")
    assert said.status == 2
    assert "\n::error title=labkit%3A not done::unknown stage" in said.err


def test_a_summary_that_can_not_be_written_costs_a_line_and_not_the_command(
    labkit: Labkit, finished: Make, page: Path
) -> None:
    finished()
    page.mkdir()
    said = labkit("bench", "lines")
    assert said.status == 0
    assert f"labkit: not written: {page}: Is a directory\n" in said.err


@COMMANDS
def test_junit_is_written_where_it_is_asked_for(labkit: Labkit, finished: Make, tmp_path: Path, command: str) -> None:
    finished("crashed", "killed by SIGSEGV")
    assert labkit(command, "lines", "--junit", tmp_path / "results.xml").status == 1
    (suite,) = ElementTree.parse(tmp_path / "results.xml").getroot()
    assert (suite.get("tests"), suite.get("errors"), suite.get("package")) == ("2", "1", f"labkit {command}")


@COMMANDS
@pytest.mark.parametrize("place", ["", "no/such/folder.xml"])
def test_a_place_where_no_junit_can_be_written_is_told_before_anything_is_measured(
    labkit: Labkit, finished: Make, tmp_path: Path, command: str, place: str
) -> None:
    asked = finished()
    said = labkit(command, "lines", "--junit", tmp_path / place)
    assert (said.status, asked) == (2, [])
    assert said.err.startswith(f"labkit: --junit {tmp_path / place}".rstrip("/"))


def test_what_the_readme_lets_ci_run_is_a_command(
    labkit: Labkit, finished: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    commands = re.findall(r"- run: labkit (.*)", readme)
    assert len(commands) == 2
    asked = finished()
    bench = api.bench
    monkeypatch.setattr(api, "bench", lambda stages, *names, against, **more: bench(stages, *names, **more))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_stages.py").write_text("")
    for command in commands:
        words = shlex.split(command.replace("negative", "lines").replace("${{ github.base_ref }}", "main"))
        assert labkit(*words).status == 0
        assert (tmp_path / words[-1]).exists()
    assert len(asked) == 4


def test_what_is_no_file_is_not_replaced_by_junit_and_a_link_stays(
    labkit: Labkit, finished: Make, tmp_path: Path
) -> None:
    finished("differs", "output: differs in 1 of 9 elements")
    os.mkfifo(tmp_path / "pipe")
    said = labkit("check", "lines", "--junit", tmp_path / "pipe")
    assert (said.status, said.err) == (
        2,
        f"labkit: --junit {tmp_path / 'pipe'}: no file that could be replaced; name another\n",
    )
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "link.xml").symlink_to("there.xml")
    assert labkit("check", "lines", "--junit", tmp_path / "link.xml").status == 1
    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "there.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize("place", ["/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/nothing-yet", "/"])
def test_names_of_devices_and_of_open_files_are_never_replaced(place: str) -> None:
    assert not is_replaceable(Path(place))


def test_a_summary_that_can_not_be_written_keeps_no_junit_from_being_written(
    labkit: Labkit, finished: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    said = labkit("check", "lines", "--junit", tmp_path / "results.xml")
    assert f"labkit: not written: {tmp_path}: Is a directory\n" in said.err
    assert (tmp_path / "results.xml").exists()
