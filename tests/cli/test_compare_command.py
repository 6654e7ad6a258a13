"""``labkit compare`` of functions: the command of two runs is tried in test_runs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from labkit.core.registry import Registry
from tests.cli.conftest import Labkit

FILE = """
import numpy as np
from beside import TWO

def old(image): return image * TWO
def new(picture): return picture + picture
def wrong(image): return image * TWO + np.uint8(1)
def inputs(): return {"a": np.arange(12, dtype=np.uint8), "b": np.arange(20, dtype=np.uint8)}
"""


@pytest.fixture
def project(own_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody's: a file, a module beside it, a picture."""
    home = tmp_path / "내 project"
    home.mkdir()
    (home / "filters.py").write_text(FILE)
    (home / "beside.py").write_text("import numpy as np\nTWO = np.uint8(2)\n")
    cv2.imencode(".png", np.arange(48, dtype=np.uint8).reshape(4, 4, 3))[1].tofile(home / "one.png")
    monkeypatch.chdir(home)
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results"))
    return home


def test_functions_of_a_file_are_compared_on_a_picture(project: Path, labkit: Labkit) -> None:
    said = labkit("compare", "filters.py:old", "filters.py:new", "--on", "*.png", "--budget", "0.1")
    assert said.status == 0, said.err
    assert "old vs new on one.png" in said.out


def test_one_that_differs_is_told_in_json_and_by_the_exit_status(project: Path, labkit: Labkit) -> None:
    said = labkit(
        *("compare", "filters.py:old", "filters.py:wrong", "--on", "filters.py:inputs", "--budget", "0.1", "--json")
    )
    assert said.status == 1, said.err
    rows = json.loads(said.out)["rows"]
    assert {(row["workload"], row["variant"]): row["status"] for row in rows} == {
        ("a", "old"): "measured",
        ("a", "wrong"): "differs",
        ("b", "old"): "measured",
        ("b", "wrong"): "differs",
    }


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("filters.py:old", "last"), "'last' is no function"),
        (("last", "last", "--on", "x.png"), "--on is for functions"),
        (("filters.py:old", "filters.py:nothing"), "no 'nothing' there; it has: old, new, wrong, inputs"),
        (("filters.py:old", "filters.py:np"), "is a module; give the name of a function"),
        (("filters.py:old", "filters.py:new", "--on", "none/*.png"), "no picture is there"),
        (("filters.py:old",), "two functions or more"),
    ],
)
def test_wrong_usage_is_one_line(project: Path, labkit: Labkit, words: tuple[str, ...], says: str) -> None:
    said = labkit("compare", *words)
    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert said.err.count("\n") == 1
