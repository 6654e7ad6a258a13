"""Which files lie in the page cache, asked of the kernel that runs the tests."""

import mmap
import os

import pytest

from labkit.diagnosis import page_cache
from labkit.diagnosis.page_cache import resident_bytes, resident_share

PAGES = 64


@pytest.fixture
def written(tmp_path):
    """A file of 64 pages that has reached its disk."""
    path = tmp_path / "written"
    with path.open("wb") as file:
        file.write(os.urandom(PAGES * mmap.PAGESIZE - 5))  # the last page is not full
        file.flush()
        os.fsync(file.fileno())
    return path


def drop(path, first=0, pages=0):
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), first * mmap.PAGESIZE, pages * mmap.PAGESIZE, os.POSIX_FADV_DONTNEED)


def on_disk(path):
    """Is there a disk behind it? What lies in memory alone can't be dropped."""
    longest = ("", "")
    with open("/proc/mounts") as mounts:
        for line in mounts:
            _, place, kind, *_ = line.split()
            if path.is_relative_to(place) and len(place) >= len(longest[0]):
                longest = place, kind
    return longest[1] not in ("tmpfs", "ramfs", "ramdisk")


def test_a_file_just_written_lies_in_the_page_cache_as_a_whole(written):
    assert resident_share(written) == 1.0


def test_a_file_told_to_be_dropped_is_gone_from_it(written):
    drop(written)
    assert resident_share(written) == (0.0 if on_disk(written) else 1.0)


def test_looking_at_a_file_does_not_bring_it_in(written):
    drop(written)
    assert resident_share(written) == resident_share(written)


def test_half_a_file_is_told_as_half(written):
    drop(written, 0, PAGES // 2)
    assert resident_share(written) == pytest.approx(0.5 if on_disk(written) else 1.0)


def test_reading_a_file_brings_it_back(written):
    drop(written)
    written.read_bytes()
    assert resident_share(written) == 1.0


def test_several_files_are_told_in_bytes(written, tmp_path):
    size = PAGES * mmap.PAGESIZE - 5
    assert resident_bytes([written, tmp_path / "missing"]) == (size, size)


@pytest.mark.parametrize("content", [None, b""])
def test_of_a_missing_or_empty_file_nothing_is_told(tmp_path, content):
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    assert resident_share(path) is None


def test_a_file_that_may_not_be_written_is_not_believed(written, monkeypatch):
    monkeypatch.setattr(page_cache.os, "geteuid", lambda: written.stat().st_uid + 1)
    monkeypatch.setattr(page_cache.os, "access", lambda path, mode: False)
    assert resident_share(written) is None


def test_a_system_without_mincore_tells_nothing(written, monkeypatch):
    monkeypatch.setattr(page_cache, "_mincore", None)
    assert resident_share(written) is None
