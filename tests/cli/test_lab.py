"""``labkit lab`` hands over to JupyterLab: on the loopback address, on the folder named, also for root in a container."""

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Labkit


class HandedOver(SystemExit):
    """Stands for the process that JupyterLab takes over."""


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    taken: list[str] = []

    def execv(path: str, arguments: list[str]) -> None:
        taken.extend(arguments)
        raise HandedOver(0)

    monkeypatch.setattr(os, "execv", execv)
    return taken


@pytest.mark.parametrize(("user", "root"), [(0, True), (1000, False)])
def test_it_listens_on_loopback_and_serves_the_folder(
    labkit: Labkit, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, root: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    labkit("lab", tmp_path, "--no-browser")
    assert "--ServerApp.ip=127.0.0.1" in words
    assert f"--ServerApp.root_dir={tmp_path}" in words
    assert "--no-browser" in words
    assert ("--allow-root" in words) == root
    assert not any("token" in word for word in words)  # Jupyter's own fresh token stays on
    assert "--HTMLExporter.require_js_url=" in words  # an exported notebook loads nothing from the network


def test_a_folder_that_is_not_there_is_wrong_usage(labkit: Labkit, words: list[str], tmp_path: Path) -> None:
    said = labkit("lab", tmp_path / "nowhere")
    assert (said.status, words) == (2, [])
    assert "is no folder" in said.err
