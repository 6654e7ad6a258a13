"""The version, and what a shell completes."""

import pytest

from labkit.core.registry import Registry
from labkit.core.version import __version__
from tests.cli.conftest import Labkit


def test_the_version_is_one_line(labkit: Labkit) -> None:
    assert labkit("--version") == (0, f"labkit {__version__}\n", "")


def test_a_shell_is_given_a_script_that_completes(labkit: Labkit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")  # tests may run under a shell without
    said = labkit("--show-completion", "bash")
    assert said.status == 0
    assert "complete -o default -F _labkit_completion labkit" in said.out


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("labkit be", ["bench"]),
        ("labkit check --thr", ["--threads"]),
        ("labkit check li", ["lines"]),
        ("labkit profile lines ", ["cuda", "plain", "whole"]),
        ("labkit bench lines --variants plain,wh", ["plain,whole"]),
        ("labkit bench lines --workloads b", ["big"]),
        ("labkit bench nope --variants wh", []),
    ],
)
def test_commands_options_stages_variants_and_workloads_are_completed(
    labkit: Labkit, toy: Registry, monkeypatch: pytest.MonkeyPatch, line: str, offered: list[str]
) -> None:
    monkeypatch.setenv("_LABKIT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
    said = labkit()
    assert (said.status, said.out.split(), said.err) == (0, offered, "")
