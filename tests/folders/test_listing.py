"""Which images a folder holds, and the number from which each one's choices are drawn."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from labkit.core import UsageError
from labkit.folders.listing import index_of, list_images


def test_images_are_found_in_subfolders_by_their_suffix_in_any_case(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.jpeg", "sub/deep/c.Png", "d.webp", "e.bmp", "f.tif", "사진/가 나.tiff"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in ("notes.txt", "jpg", "a.gif", "._a.jpg", ".labkit-1-1.part"):
        (tmp_path / name).touch()
    found = list_images(tmp_path)
    assert found.images == ["a.jpeg", "b.JPG", "d.webp", "e.bmp", "f.tif", "sub/deep/c.Png", "사진/가 나.tiff"]
    assert (found.other_files, found.failures) == (5, {})


def test_a_folder_named_like_an_image_is_listed_and_entered(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "x.jpg" / "y.jpg").touch()
    found = list_images(tmp_path)
    assert found.images == ["x.jpg/y.jpg"]
    assert found.failures == {"x.jpg": "a folder, not a file"}


def test_a_link_to_a_folder_is_counted_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "round").symlink_to(tmp_path)
    found = list_images(tmp_path)
    assert (found.images, found.linked_folders) == (["a.jpg"], 1)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("nowhere", "nowhere does not exist; give a folder of images"),
        ("a.jpg", "a.jpg is a file; give a folder of images"),
        ("none", r"none holds no images \(1 other files\); a name must end in .jpg, "),
    ],
)
def test_what_is_no_folder_of_images_is_refused_in_one_line(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "b.gif").touch()
    with pytest.raises(UsageError, match=line):
        list_images(tmp_path / name)


def test_numbers_differ_from_image_to_image_and_copy_to_copy() -> None:
    names = [f"{folder}/{number}.jpg" for folder in "ab" for number in range(2000)]
    numbers = {index_of(name, copy) for name in names for copy in (None, 1, 2)}
    assert len(numbers) == 3 * len(names)
    assert all(0 <= number < 2**63 for number in numbers)


def test_a_number_stays_the_same_for_ever() -> None:
    assert index_of("a.jpg") == 9161438751103734724  # another one would change everybody's outputs
    assert index_of("a.jpg", 1) == 851403094563460331


def test_the_two_ways_of_writing_an_umlaut_are_one_name() -> None:
    name = "Köln/가나.jpg"
    assert index_of(unicodedata.normalize("NFD", name)) == index_of(unicodedata.normalize("NFC", name))
