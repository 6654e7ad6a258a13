"""The contact sheet: how images are named on it."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest

from labkit.folders.sheet import write_sheet
from tests.folders.conftest import encode, picture

STRANGE = "\U000f1234.jpg"  # a letter of a plane that is in nobody's alphabet


def test_a_name_that_no_font_can_write_is_a_number_which_is_told(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encode(".jpg", picture(0, 60, 90)))
    columns = [(name, [photo, photo]) for name in ("a.jpg", STRANGE, "c.jpg")]
    assert write_sheet(tmp_path / "strange.jpg", "", columns) == {"2": STRANGE}
    assert (
        write_sheet(tmp_path / "number.jpg", "", [("a.jpg", [photo, photo]), ("2", [photo, photo]), columns[2]]) == {}
    )
    strange, number = (cv2.imread(str(tmp_path / name)) for name in ("strange.jpg", "number.jpg"))
    assert (strange == number).all()


@pytest.mark.parametrize("name", ["two\nlines.jpg", "bell\a.jpg", os.fsdecode(b"no text \xff.jpg"), "\u202ebackwards"])
def test_a_name_that_is_no_line_of_text_is_a_number_whatever_fonts_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("matplotlib.ft2font.FT2Font.get_char_index", lambda face, letter: 1, raising=False)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encode(".jpg", picture(0, 60, 90)))
    assert write_sheet(tmp_path / "sheet.jpg", "of\nthe day", [(name, [photo])]) == {"1": name}


def test_where_nothing_can_be_shown_there_is_no_sheet(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert write_sheet(tmp_path / "sheet.jpg", "", [("empty.jpg", [tmp_path / "empty.jpg"])]) is None
    assert not (tmp_path / "sheet.jpg").exists()
