"""Which outputs an image gets, which are there already, and that no stranger's file is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labkit.core import UsageError
from labkit.folders.listing import Listing, index_of
from labkit.folders.plan import Plan, check_folders, keep_settings, make_plan

SETTINGS = {"command": "augment", "chain": "photo", "seed": 1}


def plan_of(target: Path, *images: str, copies: int | None = None, limit: int | None = None) -> Plan:
    return make_plan(Listing(target, list(images)), target, copies, limit)


def names(plan: Plan) -> list[list[str]]:
    return [[output for _, output in task.outputs] for task in plan.missing()]


def test_an_image_keeps_its_relative_name(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "a.jpg", "sub/b.PNG")
    assert names(plan) == [["a.jpg"], ["sub/b.PNG"]]
    assert plan.tasks[1].outputs[0][0] == index_of("sub/b.PNG")


@pytest.mark.parametrize(
    ("images", "first_copies"),
    [
        (["a.jpg", "b.jpg"], ["a_aug_1.png", "b_aug_1.png"]),
        (["a.jpg", "sub/a.jpg"], ["a_aug_1.png", "sub/a_aug_1.png"]),
        (["a.jpg", "a.png", "b.jpg"], ["a.jpg_aug_1.png", "a.png_aug_1.png", "b_aug_1.png"]),
        (["A.jpg", "a.png"], ["A.jpg_aug_1.png", "a.png_aug_1.png"]),
        (["a.b.jpg", "a.c.jpg"], ["a.b_aug_1.png", "a.c_aug_1.png"]),
        (["a_aug_1.png", "a.jpg"], ["a_aug_1_aug_1.png", "a_aug_1.png"]),
    ],
)
def test_copies_are_named_by_the_stem_and_by_the_suffix_too_where_stems_are_alike(
    tmp_path: Path, images: list[str], first_copies: list[str]
) -> None:
    plan = plan_of(tmp_path, *images, copies=2)
    assert [output[0] for output in names(plan)] == first_copies


def test_two_images_that_would_become_one_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.jpg and a.jpg.png would both become a.jpg_aug_1.png; rename one"):
        plan_of(tmp_path, "a.jpg", "a.png", "a.jpg.png", copies=1)


def test_only_missing_copies_are_to_be_made(tmp_path: Path) -> None:
    for name in ("a_aug_1.png", "a_aug_3.png", "b_aug_1.png", "b_aug_2.png", "b_aug_3.png"):
        (tmp_path / name).write_bytes(b"there")
    (tmp_path / "c_aug_2.png").touch()  # empty: a machine that lost its power leaves such
    plan = plan_of(tmp_path, "a.jpg", "b.jpg", "c.jpg", copies=3)
    assert names(plan) == [["a_aug_2.png"], ["c_aug_1.png", "c_aug_2.png", "c_aug_3.png"]]
    assert len(plan.existing) == 5


def test_a_limit_takes_the_first_images(tmp_path: Path) -> None:
    assert names(plan_of(tmp_path, "a.jpg", "b.jpg", "c.jpg", limit=2)) == [["a.jpg"], ["b.jpg"]]


@pytest.mark.parametrize(
    ("source", "target", "line"),
    [
        ("in", "in", "is the input folder"),
        ("in", "in/../in", "is the input folder"),
        ("in", "link", "is the input folder"),
        ("in", "in/out", "lies inside the input folder"),
        ("in/sub", "in", "holds the input folder"),
        ("in", "file", "is a file; give a folder"),
    ],
)
def test_an_output_folder_that_touches_the_inputs_is_refused(
    tmp_path: Path, source: str, target: str, line: str
) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "in")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=line):
        check_folders(tmp_path / source, tmp_path / target)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"seed": 2}, "holds outputs made with seed 1, not 2; give another output folder, or --overwrite"),
        ({"chain": "hybrid"}, "holds outputs made with chain photo, not hybrid"),
        ({"command": "ocr-dataset"}, "belongs to labkit augment; give another output folder"),
    ],
)
def test_outputs_of_other_settings_are_not_mixed(tmp_path: Path, change: dict[str, object], line: str) -> None:
    keep_settings(tmp_path, plan_of(tmp_path, "a.jpg"), SETTINGS, overwrite=False)
    (tmp_path / "a.jpg").write_bytes(b"made")
    plan = plan_of(tmp_path, "a.jpg", "b.jpg")
    keep_settings(tmp_path, plan, SETTINGS, overwrite=False)
    with pytest.raises(UsageError, match=line):
        keep_settings(tmp_path, plan, SETTINGS | change, overwrite=False)


@pytest.mark.parametrize("settings", [None, "no JSON", "[1]"])
def test_a_strangers_file_is_not_taken_for_an_output(tmp_path: Path, settings: str | None) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a holiday")
    if settings is not None:
        (tmp_path / "labkit.json").write_text(settings)
    with pytest.raises(UsageError, match=r"holds a.jpg, and no labkit.json that says what made it"):
        keep_settings(tmp_path, plan_of(tmp_path, "a.jpg"), SETTINGS, overwrite=False)
    assert (tmp_path / "a.jpg").read_bytes() == b"a holiday"


def test_overwriting_removes_all_earlier_outputs_of_these_images_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg", "other.txt"):
        (tmp_path / name).write_bytes(b"there")
    plan = plan_of(tmp_path, "a.jpg", "b.jpg", limit=1)
    keep_settings(tmp_path, plan, SETTINGS | {"seed": 9}, overwrite=True)
    assert names(plan) == [["a.jpg"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labkit.json", "other.txt"]
    assert json.loads((tmp_path / "labkit.json").read_text())["seed"] == 9


def test_an_output_folder_that_can_not_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be written: Not a directory"):
        keep_settings(tmp_path / "file" / "out", Plan(), SETTINGS, overwrite=False)
