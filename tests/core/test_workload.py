"""Generated input files are whole or absent."""

from pathlib import Path

import pytest

from labkit.core.workload import data_file, data_folder, input_files


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_file_is_made_on_first_use_and_then_kept(data: Path) -> None:
    made = [data_file("photos/a.bin", lambda: b"first"), data_file("photos/a.bin", lambda: b"second")]
    assert made == [data / "photos" / "a.bin"] * 2
    assert made[0].read_bytes() == b"first"


def test_nothing_is_left_when_making_a_file_fails(data: Path) -> None:
    def fail() -> bytes:
        raise RuntimeError("no generator")

    with pytest.raises(RuntimeError):
        data_file("a.bin", fail)
    assert list(data.glob("*")) == []


def test_nothing_is_left_when_the_disk_is_full(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.write_bytes

    def half(self: Path, content: bytes) -> int:
        whole(self, content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space left"):
        data_file("a.bin", lambda: b"content")
    assert list(data.iterdir()) == []


def test_data_lies_in_the_current_folder_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert data_folder() == tmp_path / "data"


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git"])
def test_from_a_folder_of_notebooks_the_data_are_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    (tmp_path / mark).touch()
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks" / "deep")
    assert data_folder() == tmp_path / "data"


def test_the_files_among_inputs_are_found_however_deep_they_lie(tmp_path: Path) -> None:
    files = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for file in files:
        file.touch()
    inputs = ({"first": [str(files[0]), "no file", "null\0character"]}, (files[1], tmp_path / "missing", tmp_path), 7)
    assert input_files(inputs) == files
