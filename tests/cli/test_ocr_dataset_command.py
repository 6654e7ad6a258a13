"""``labkit ocr-dataset``: K copies a page, by their names, and only the missing ones the next time."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.conftest import Labkit
from tests.folders.conftest import encode, picture
from tests.folders.test_run import outputs


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pages in ``in``; two share a stem."""
    monkeypatch.chdir(tmp_path)
    for name in ("page.jpg", "page.png", "ch 2/시작.jpg"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(path.suffix, picture(len(name), 60, 90)))
    return tmp_path / "in"


def test_each_page_gets_its_copies_by_name(pages: Path, labkit: Labkit) -> None:
    said = labkit("ocr-dataset", "in", "out", "--copies", 2)
    assert said.status == 0
    assert "3 images done, 6 outputs in out" in said.out
    assert "outputs/s" in said.out
    names = [f"{stem}_aug_{k}.png" for stem in ("ch 2/시작", "page.jpg", "page.png") for k in (1, 2)]
    assert sorted(outputs(pages.parent / "out")) == sorted(names)
    made = cv2.imread("out/page.jpg_aug_1.png", cv2.IMREAD_UNCHANGED)
    assert made.shape == (60, 90)
    assert set(np.unique(made)) <= {0, 255}


def test_the_next_run_makes_only_what_is_missing_and_the_same(pages: Path, labkit: Labkit) -> None:
    labkit("ocr-dataset", "in", "out", "--copies", 3, "--seed", 5)
    before = outputs(pages.parent / "out")
    (pages.parent / "out" / "page.png_aug_2.png").unlink()
    said = labkit("ocr-dataset", "in", "out", "--copies", 3, "--seed", 5, "--json")
    document = json.loads(said.out)
    assert (document["done"], document["written"], document["existing"]) == (1, 1, 8)
    assert outputs(pages.parent / "out") == before


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("in out --copies 0", "Invalid value for '--copies'"),
        ("in in", "the output folder in is the input folder"),
        ("empty out", "empty holds no images (0 other files); a name must end in .jpg, .jpeg, .png"),
    ],
)
def test_wrong_usage_is_one_line(pages: Path, labkit: Labkit, words: str, line: str) -> None:
    (pages.parent / "empty").mkdir()
    said = labkit("ocr-dataset", *words.split())
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert line in said.err


def test_outputs_of_the_other_command_are_not_mixed_in(pages: Path, labkit: Labkit) -> None:
    labkit("augment", "in", "out", "--engine", "serial")
    Path("out/page_aug_1.png").write_bytes(b"a stranger's")
    (pages / "page.png").unlink()
    said = labkit("ocr-dataset", "in", "out")
    assert said.status == 2
    assert "out belongs to labkit augment; give another output folder" in said.err
