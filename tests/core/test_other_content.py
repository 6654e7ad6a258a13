"""Other content: for the common types of inputs some is found that has another answer, of the same form and range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from labkit.core.exam import prepare_exam
from labkit.core.other_content import PictureFiles, laid_out, never_seen, other_contents
from labkit.core.parts import arrays
from labkit.core.stage import define_stage
from labkit.core.workload import Workload

RANDOM = np.random.default_rng(5)
BYTES = RANDOM.integers(0, 256, (32, 48), np.uint8)
BOXES = (RANDOM.random((6, 4, 2)) * 90).astype(np.float32)


class Pair(NamedTuple):
    """Two arrays."""

    left: np.ndarray
    right: np.ndarray


@dataclass
class Page:
    """Pixels and a name."""

    pixels: np.ndarray
    name: str


def torch_tensor() -> Any:
    torch = pytest.importorskip("torch")
    return torch.arange(12.0)


def contract(value: Any) -> None:
    """Anything."""


def summed(value: Any) -> Any:
    return [float(np.sum(array * np.arange(array.size).reshape(array.shape))) for _, array in arrays(value)]


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (BYTES, summed),
        (BYTES, lambda image: int((image < 128).sum())),
        (BYTES < 9, lambda marks: int(marks.sum())),
        (BOXES, summed),
        (np.linspace(0, 1, 50) ** 2, lambda x: float((x < 0.3).sum())),
        (np.arange(40, dtype=np.int64), summed),
        (np.arange(40, dtype=np.uint16), summed),
        (np.ones((4, 4), np.complex128), lambda x: complex(x.sum())),
        ([BYTES, BYTES], summed),
        ({"page": BYTES, "boxes": [BOXES]}, summed),
        (Pair(BYTES, BOXES), summed),
        (Page(BYTES, "a"), lambda page: int(page.pixels[10, 10])),
        (Image.fromarray(BYTES), lambda picture: np.asarray(picture).copy()),
        (pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [1, 2, 3]}), lambda frame: frame["x"].iloc[0]),
        (torch_tensor, lambda tensor: tensor.cumsum(0)),
        (7, lambda n: n * n),
        ("a text", lambda text: text.upper()),
        (2.5, lambda x: x + 1),
    ],
)
def test_common_inputs_have_other_content_with_another_answer(value: Any, answer: Callable[..., Any]) -> None:
    value = value() if callable(value) else value
    stage = define_stage(contract, reference="answer", workloads=[Workload("one", lambda: (value,))])
    exam = prepare_exam(stage, stage.workload("one"), answer)
    assert exam.notes == ()
    assert exam.other is not None
    assert type(exam.other[0]) is type(value)
    for (_, before), (_, after) in zip(arrays(value), arrays(exam.other[0]), strict=True):
        assert (after.dtype, after.shape) == (before.dtype, before.shape)
        assert (
            after.dtype == np.complex128
            or (before.min() <= after.min() and after.max() <= before.max())
            or before is BYTES
        )


def test_bytes_are_changed_in_the_middle_first() -> None:
    ((other,), *_) = other_contents((BYTES,))
    same = (other == BYTES).reshape(4, -1)
    assert same[[0, 3]].all()
    assert not same[[1, 2]].any()


def a_picture(folder: Path, name: str) -> Path:
    cv2.imwrite(str(folder / name), np.repeat(BYTES[..., None], 3, axis=2))
    return folder / name


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.webp", "a.tiff"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_leads_to_another_picture_that_is_there_while_it_is_wanted(
    tmp_path: Path, name: str, kind: type
) -> None:
    given = kind(a_picture(tmp_path, name))
    (content, *_) = other_contents((given, 3))
    assert isinstance(content[0], PictureFiles)
    with laid_out(content) as (path, three):
        assert isinstance(path, kind)
        assert three == 3
        assert Path(path).name == name
        assert path != given
        there, before = cv2.imread(str(path)), cv2.imread(str(given))
        assert there.shape == before.shape
        assert (there != before).any()
    assert not Path(path).exists()


def test_a_folder_of_pictures_has_others_of_the_same_names(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        a_picture(tmp_path, name)
    (content, *_) = other_contents((tmp_path,))
    with laid_out(content) as (folder,):
        assert sorted(file.name for file in folder.iterdir()) == ["a.png", "b.png"]


def test_the_bytes_of_a_picture_file_become_those_of_another(tmp_path: Path) -> None:
    file = np.fromfile(a_picture(tmp_path, "a.png"), np.uint8)
    for given in (file, file.tobytes()):
        ((other,), *_) = other_contents((given,))
        pixels = cv2.imdecode(np.frombuffer(other, np.uint8), cv2.IMREAD_COLOR)
        assert pixels.shape == (*BYTES.shape, 3)
        assert type(other) is type(given)


def test_content_that_the_contract_or_the_reference_does_not_take_is_passed_over() -> None:
    def even(n: int) -> None:
        """An even number."""
        if n % 2:
            raise ValueError("odd")

    stage = define_stage(even, reference="half", workloads=[Workload("eight", lambda: (8,))])
    assert prepare_exam(stage, stage.workload("eight"), lambda n: n // 2).notes


def test_what_can_not_be_changed_has_no_other_content() -> None:
    assert list(other_contents((None, True, object(), Path("nowhere")))) == []


def test_content_that_no_process_has_seen_holds_the_same_pixels_in_other_places() -> None:
    picture, small = RANDOM.integers(0, 256, (40, 30, 3), np.uint8), np.arange(6)
    inputs = ([picture.copy()], {"corners": small.copy()})
    assert never_seen(inputs, np.random.default_rng(1))
    ((made,), _) = inputs
    assert np.count_nonzero((made != picture).any(axis=2)) == 2
    assert sorted(map(bytes, made.reshape(-1, 3))) == sorted(map(bytes, picture.reshape(-1, 3)))
    other = ([picture.copy()],)
    assert never_seen(other, np.random.default_rng(2))
    assert (other[0][0] != made).any()


@pytest.mark.parametrize("inputs", [(np.zeros((40, 30), np.uint8),), (BOXES,), ("a.png", 3), ()])
def test_where_no_picture_can_be_changed_so_nothing_is(inputs: tuple[Any, ...]) -> None:
    assert not never_seen(inputs, np.random.default_rng(1))
