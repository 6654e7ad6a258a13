"""Pictures of one's own in the dashboard: a folder, a pattern or an upload becomes workloads of a stage that takes an image."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.functions.pictures import picture_inputs
from labkit.notebook.workbench.view import WorkbenchView

TOY = Path(__file__).with_name("toy_images.py")


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(width).integers(0, 255, (height, width, channels), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pics"
    made.mkdir()
    cv2.imwrite(str(made / "small.png"), noise(20, 30))
    cv2.imwrite(str(made / "large.png"), noise(60, 90))
    (made / "notes.txt").write_text("no picture")
    return made


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.discover()
    for name in ("stages", "origins"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    monkeypatch.setattr(registry, "brought", list(registry.brought))
    registry.load(TOY)
    yield
    registry.forget(TOY)


@pytest.fixture
def view(tmp_path: Path) -> Iterator[WorkbenchView]:
    made = lk.workbench("toy_negative", ["plain", "xor"], "small", budget=0.3, results=tmp_path / "results")
    yield made
    made.close()


def test_a_folder_becomes_workloads_that_are_measured_and_the_code_brings_them_again(
    view: WorkbenchView, folder: Path
) -> None:
    view.choice.pictures.value = str(folder)
    assert view.choice.trouble.value == ""
    assert (view.model.choice.workload, view.choice.workload.value, view.choice.pictures.value) == (
        "small.png",
        "small.png",
        "",
    )
    assert "large.png" in view.choice.workload.options
    assert view.model.thumbnail("large.png") is not None
    job = view.model.run()
    assert job.wait(60)
    assert {row["status"] for row in job.table} == {"measured"}, job.table
    assert job.code.startswith(f"lk.add_pictures('toy_negative', {str(folder)!r})\nlk.bench('toy_negative', ")


def test_what_is_uploaded_becomes_a_workload(view: WorkbenchView, folder: Path) -> None:
    content = (folder / "large.png").read_bytes()
    about = {"type": "image/png", "size": len(content), "last_modified": datetime.now(UTC)}
    view.choice.upload.value = ({"name": "../mine.png", "content": content, **about},)
    assert view.choice.trouble.value == ""
    assert view.model.choice.workload == "mine.png"
    assert np.array_equal(registry.stage("toy_negative").workload("mine.png").build()[0], noise(60, 90))
    assert view.choice.upload.value == ()


@pytest.mark.parametrize(
    ("place", "told"),
    [("nowhere/*.png", "no picture is there; give a file, a folder"), ("pics/notes.txt", "notes.txt")],
)
def test_what_is_no_picture_is_told_in_one_line_and_changes_nothing(
    view: WorkbenchView, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, told: str
) -> None:
    monkeypatch.chdir(folder.parent)
    view.choice.pictures.value = place
    assert told in view.choice.trouble.value
    assert view.model.choice.workload == "small"


def test_a_picture_comes_in_the_first_form_that_a_stage_takes(folder: Path) -> None:
    cv2.imwrite(str(folder / "alpha.png"), noise(20, 31, 4))
    assert picture_inputs("toy_negative", folder / "alpha.png")[0].shape == (20, 31, 3)
    assert np.array_equal(picture_inputs("main_colors", folder / "alpha.png")[0], noise(20, 31, 4))
    assert (picture_inputs("main_colors", folder / "small.png")[0][..., 3] == 255).all()
    with pytest.raises(UsageError, match="stage crop_boxes does not take one picture"):
        lk.add_pictures("crop_boxes", folder)


def test_pictures_of_the_same_name_in_two_folders_are_two_workloads(folder: Path) -> None:
    (folder / "more").mkdir()
    cv2.imwrite(str(folder / "more" / "small.png"), noise(21, 30))
    assert sorted(lk.add_pictures("toy_negative", f"{folder}/**/*.png")) == ["large.png", "more small.png", "small.png"]
