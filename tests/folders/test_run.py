"""A folder under a chain: whatever the engine the same outputs, whatever the fault no good image lost, and nothing left."""

from __future__ import annotations

import csv
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from labkit.core import UsageError
from labkit.core.draws import generator
from labkit.folders import FolderRequest, Listener, run
from labkit.folders.progress import failure_lines
from labkit.folders.sheet import NAMES
from labkit.imagefiles.image import TRANSPARENT, read_image
from tests.engines.tasks import left_behind, named_blocks
from tests.folders.conftest import INVERT, Doing, encode, limit_beside_the_tests, picture, png_claiming

BESIDES = {"labkit.json", "failed.csv", *NAMES}
NOISE = Doing(lambda image, seed, index: image ^ generator(seed, index).integers(0, 64, image.shape, dtype=np.uint8))


def outputs(folder: Path) -> dict[str, bytes]:
    """Every output under a folder with its content."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in sorted(files.items()) if name not in BESIDES}


def job(photos: Path, chain: Doing = INVERT, out: str = "out", **facts: object) -> FolderRequest:
    return replace(FolderRequest(photos, photos.parent / out, chain, engine="serial"), **facts)


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """No process, thread or shared block that was not there before a test outlives it."""
    me = psutil.Process()
    before, blocks = {child.pid for child in me.children(recursive=True)}, named_blocks()
    yield
    end = time.monotonic() + 30
    servers = ("forkserver", "resource_tracker")  # Python's own: they stay for the next pool
    while True:
        left = [c for c in me.children(recursive=True) if c.pid not in before and c.status() != "zombie"]
        left = [
            c for c in left if not any(word in " ".join(c.cmdline()) for word in servers) or c.parent().pid != me.pid
        ]
        behind = left_behind(named_blocks() - blocks)  # those of programs of other tests come and go meanwhile
        if not (left or behind) or time.monotonic() > end:
            break
        time.sleep(0.02)
    assert left == []
    assert behind == set()


@pytest.mark.parametrize(
    ("engine", "workers", "chunk"), [("threads", 2, None), ("threads", 3, 2), ("shared_memory", 2, 5)]
)
def test_the_same_outputs_come_from_every_engine(photos: Path, engine: str, workers: int, chunk: int | None) -> None:
    run(job(photos, NOISE, "alone", seed=5))
    report = run(job(photos, NOISE, "many", seed=5, engine=engine, workers=workers, chunk=chunk))
    assert outputs(photos.parent / "many") == outputs(photos.parent / "alone")
    assert (report.done, report.written, report.engine, report.workers) == (12, 12, engine, workers)


def test_an_image_keeps_its_output_when_others_come(photos: Path) -> None:
    run(job(photos, NOISE, "before"))
    (photos / "000.jpg").write_bytes(encode(".jpg", picture(99)))
    run(job(photos, NOISE, "after"))
    before, after = (outputs(photos.parent / name) for name in ("before", "after"))
    assert after.keys() - before.keys() == {"000.jpg"}
    assert all(after[name] == content for name, content in before.items())


def test_equal_images_get_different_draws(photos: Path) -> None:
    (photos / "00.jpg").write_bytes((photos / "01.jpg").read_bytes())
    run(job(photos, NOISE))
    made = outputs(photos.parent / "out")
    assert made["00.jpg"] != made["01.jpg"]


def test_names_of_people_are_kept(photos: Path) -> None:
    names = [
        "사진/그레이스 호퍼.jpg",
        "Reise nach Köln/ein Bild.png",
        "-rf.jpg",
        "a'b\"c;d.png",
        b"\xff\xfe.jpg".decode(errors="surrogateescape"),
    ]
    for name in names:
        (photos / name).parent.mkdir(exist_ok=True)
        (photos / name).write_bytes(encode(Path(name).suffix, picture()))
    assert run(job(photos, engine="shared_memory", workers=2)).failures == []
    assert set(names) <= outputs(photos.parent / "out").keys()


def test_bad_files_are_listed_with_reasons_and_cost_no_other_image(photos: Path) -> None:
    good = (photos / "00.jpg").read_bytes()
    bad = {
        "cut.jpg": (good[: len(good) // 2], "truncated or damaged, or of a kind that OpenCV can't decode"),
        "empty.png": (b"", "empty file"),
        "bomb.png": (png_claiming(20_000, 20_000), "20000×20000 is 400,000,000 pixels, above --max-pixels 250,000,000"),
        "나쁜.jpg": (b"words", "no JPEG, PNG, WebP, BMP or TIFF image, or its first bytes are damaged"),
    }
    for name, (content, _) in bad.items():
        (photos / name).write_bytes(content)
    (photos / "folder.jpg").mkdir()
    (photos / "gone.jpg").symlink_to("nothing")
    wanted = {name: reason for name, (_, reason) in bad.items()}
    wanted |= {"folder.jpg": "a folder, not a file", "gone.jpg": "a link to nothing"}

    report = run(job(photos, engine="shared_memory", workers=2))

    assert report.failures == sorted(wanted.items())  # in the same order under every engine
    assert len(outputs(photos.parent / "out")) == report.done == 12
    with (photos.parent / "out" / "failed.csv").open(encoding="utf-8", newline="") as file:
        assert {row["file"]: row["reason"] for row in csv.DictReader(file)} == wanted


def test_what_failed_is_tried_again_and_the_list_of_failures_goes_with_it(photos: Path) -> None:
    good = (photos / "00.jpg").read_bytes()
    (photos / "00.jpg").write_bytes(b"")
    assert len(run(job(photos)).failures) == 1
    (photos / "00.jpg").write_bytes(good)
    report = run(job(photos))
    assert (report.done, report.existing, report.failures) == (1, 11, [])
    assert not (photos.parent / "out" / "failed.csv").exists()


def raising(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    raise ValueError("this picture\nis not to my liking")


def dying(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    os.kill(os.getpid(), signal.SIGKILL)
    return image


def hanging(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    time.sleep(100)
    return image


def greedy(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    raise MemoryError


def at_a_mark(work: Callable[[np.ndarray, int, int], np.ndarray]) -> Doing:
    """Invert, but do ``work`` to the image whose first pixels are white."""
    return Doing(lambda image, seed, index: work(image, seed, index) if image[:4, :4].min() > 240 else 255 - image)


@pytest.mark.parametrize(
    ("work", "engine", "reason"),
    [
        (raising, "serial", "the chain test raised ValueError: this picture is not to my liking"),
        (raising, "threads", "the chain test raised ValueError: this picture is not to my liking"),
        (raising, "shared_memory", "the chain test raised ValueError: this picture is not to my liking"),
        (greedy, "threads", "out of memory"),
        (dying, "shared_memory", "its worker process died (SIGKILL)"),
        (hanging, "shared_memory", "took longer than 0.5 s"),
        (lambda image, seed, index: image.astype(np.float64), "serial", "the chain test gave float64 (24, 36, 3)"),
        (lambda image, seed, index: image[:0], "serial", "the chain test gave uint8 (0, 36, 3)"),
    ],
)
def test_a_chain_that_fails_on_an_image_costs_that_image_alone(
    photos: Path, work: Callable[[np.ndarray, int, int], np.ndarray], engine: str, reason: str
) -> None:
    white = picture()
    white[:12, :12] = 255
    (photos / "05.jpg").write_bytes(encode(".jpg", white))
    limit = 0.5 if work is hanging else None
    report = run(job(photos, at_a_mark(work), engine=engine, workers=2, time_limit_s=limit))
    assert [file for file, _ in report.failures] == ["05.jpg"]
    assert report.failures[0][1].startswith(reason.replace("the chain test gave", "the chain gave"))
    assert len(outputs(photos.parent / "out")) == 11


def test_a_full_disk_is_told_for_each_image_and_leaves_no_part(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written, real = [], Path.write_bytes

    def write(self: Path, data: bytes) -> int:
        if self.suffix == ".part" and self.parent.name == "out" and len(written) >= 5:  # labkit.json was one
            real(self, bytes(data)[:10])
            raise OSError(28, os.strerror(28))
        written.append(self)
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    report = run(job(photos))
    assert {reason for _, reason in report.failures} == {"can't be written: No space left on device"}
    assert (report.done, len(report.failures)) == (4, 8)
    assert any("failed.csv: can't be written" in problem for problem in report.problems)
    assert sorted(outputs(photos.parent / "out")) == ["00.jpg", "01.jpg", "02.jpg", "03.jpg"]


def test_a_name_that_is_taken_by_a_folder_in_the_output_is_a_failure(photos: Path) -> None:
    (photos.parent / "out" / "03.jpg").mkdir(parents=True)
    report = run(job(photos))
    assert report.failures == [("03.jpg", "can't be written: Is a directory")]
    assert report.done == 11


class Interrupting(Listener):
    """Presses Ctrl-C after some images."""

    def __init__(self, after: int) -> None:
        self.after = after

    def advanced(self, images: int, failed: int) -> None:
        if images == self.after:
            raise KeyboardInterrupt


@pytest.mark.parametrize("engine", ["serial", "threads", "shared_memory"])
def test_ctrl_c_keeps_what_is_done_and_the_next_run_makes_the_rest(photos: Path, engine: str) -> None:
    stopped = run(job(photos, NOISE, engine=engine, workers=2), Interrupting(4))
    kept = outputs(photos.parent / "out")
    assert stopped.stopped
    assert 4 <= len(kept) < 12
    before = {name: (photos.parent / "out" / name).stat().st_mtime_ns for name in kept}
    rest = run(job(photos, NOISE, engine=engine, workers=2))
    assert (rest.done, rest.existing, rest.stopped) == (12 - len(kept), len(kept), False)
    assert before == {name: (photos.parent / "out" / name).stat().st_mtime_ns for name in kept}
    run(job(photos, NOISE, "whole"))
    assert outputs(photos.parent / "out") == outputs(photos.parent / "whole")


def test_ctrl_c_in_the_middle_of_slow_images_ends_the_run_at_once(photos: Path) -> None:
    begun = photos.parent / "begun"

    def slow(image: np.ndarray, seed: int, index: int) -> np.ndarray:
        if len(image) == 24:  # not what workers try before the first image
            begun.touch()
            time.sleep(120)
        return image

    def interrupt() -> None:
        while not begun.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)  # to the process, as a terminal does: the thread that waits hears it

    threading.Thread(target=interrupt, daemon=True).start()
    begin = time.monotonic()
    report = run(job(photos, Doing(slow), engine="shared_memory", workers=2))
    assert report.stopped
    assert outputs(photos.parent / "out") == {}
    assert time.monotonic() - begin < 100  # not the 120 s of an image; how soon is measured elsewhere


def test_more_copies_later_make_only_the_new_ones(photos: Path) -> None:
    run(job(photos, NOISE, copies=2, limit=3))
    two = outputs(photos.parent / "out")
    (photos.parent / "out" / "01_aug_2.png").unlink()
    report = run(job(photos, NOISE, copies=3, limit=3))
    three = outputs(photos.parent / "out")
    assert (report.done, report.written, report.existing) == (3, 4, 5)
    assert len(three) == 9
    assert all(three[name] == content for name, content in two.items())
    assert len(set(three.values())) == 9


def test_the_outputs_are_the_chain_applied_to_the_image(photos: Path) -> None:
    (photos / "exact.png").write_bytes(encode(".png", picture(3)))
    run(job(photos))
    assert np.array_equal(read_image(photos.parent / "out" / "exact.png", 10**6), 255 - picture(3))


def test_nothing_is_written_into_the_input_folder(photos: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (photos, *photos.rglob("*"))}
    run(job(photos, engine="threads", workers=2))
    assert before == {path: path.stat().st_mtime_ns for path in (photos, *photos.rglob("*"))}


def test_the_contact_sheet_shows_inputs_above_outputs_and_gives_way_to_an_image_of_its_name(photos: Path) -> None:
    white = np.full((50, 50, 3), 255, np.uint8)
    (photos / "contact_sheet.jpg").write_bytes(encode(".jpg", white))
    report = run(job(photos))
    assert report.contact_sheet is not None
    assert report.contact_sheet.endswith("labkit_contact_sheet.jpg")
    sheet = read_image(Path(report.contact_sheet), 10**8)
    assert sheet.shape[1] == 8 * 248 + 8
    last = sheet[:, -240:]  # the white image, and its black output below
    dark = np.flatnonzero((last.max(axis=2) < 30).sum(axis=1) >= 40)
    assert dark.size
    assert dark.min() > sheet.shape[0] // 2 - 40
    assert read_image(photos.parent / "out" / "contact_sheet.jpg", 10**6).max() < 10


@pytest.mark.parametrize("limited", [False, True])
def test_files_made_to_break_readers_are_refused_one_by_one(photos: Path, limited: bool) -> None:
    (photos / "far.tif").write_bytes(b"II+\0\x08\0\0\0" + 8 * b"\xff" + bytes(50))
    sides = [(256, 3, 36), (256, 3, 30_000), (257, 3, 24), (257, 3, 30_000)]
    tags = b"".join(struct.pack("<HHIHH", tag, kind, 1, side, 0) for tag, kind, side in sides)
    (photos / "twice.tif").write_bytes(b"II*\0" + struct.pack("<IH", 8, len(sides)) + tags + bytes(4))
    memory_limit = limit_beside_the_tests(2 << 30) if limited else None
    report = run(job(photos, max_pixels=250_000_000, memory_limit=memory_limit))
    assert report.done == 12
    assert [(file, why.partition(" ")[0]) for file, why in report.failures] == [
        ("far.tif", "no"),
        ("twice.tif", "30000×30000"),
    ]


def test_what_of_files_is_not_in_their_images_is_told_by_file(photos: Path) -> None:
    for name in ("a.png", "b.png"):
        (photos / name).write_bytes(encode(".png", np.zeros((24, 36, 4), np.uint8)))
    report = run(job(photos))
    assert report.notes == {TRANSPARENT: ["a.png", "b.png"]}
    assert failure_lines(report) == [f"labkit: a.png and 1 more: {TRANSPARENT}"]


@pytest.mark.parametrize("name", ["two\nlines.jpg", os.fsdecode(b"no text \xff.jpg")])
def test_no_file_name_ends_the_work(photos: Path, name: str) -> None:
    (photos / "00.jpg").rename(photos / name)
    report = run(job(photos))
    assert (report.done, report.problems, list(report.numbered_on_sheet.values())) == (12, [], [name])


def test_a_link_to_itself_and_an_output_with_too_long_a_name_cost_no_other_image(photos: Path) -> None:
    (photos / "self.png").symlink_to("self.png")
    long = "a" * 250 + ".jpg"
    (photos / "00.jpg").rename(photos / long)
    report = run(job(photos, copies=1))
    assert report.done == 11
    assert [(file, why.rpartition(": ")[2]) for file, why in report.failures] == [
        (long, "File name too long"),
        ("self.png", "a link to itself"),
    ]


def test_a_contact_sheet_that_can_not_be_made_is_told_and_is_no_failure(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise RuntimeError("no such font")

    monkeypatch.setattr("labkit.folders.sheet.write_sheet", broken)
    report = run(job(photos))
    assert report.done == 12
    assert report.problems == [f"{photos.parent / 'out' / NAMES[0]}: RuntimeError: no such font"]


def test_the_memory_of_the_whole_tree_is_reported(photos: Path) -> None:
    report = run(job(photos, engine="shared_memory", workers=2))
    assert report.memory_before is not None
    assert report.memory_peak is not None
    assert report.memory_after is not None
    assert report.memory_peak >= max(report.memory_before, report.memory_after)


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"engine": "warp"}, "unknown engine 'warp'; give auto, serial, threads, "),
        ({"engine": "threads", "time_limit_s": 1.0}, "--time-limit needs an engine whose workers can be ended"),
        ({"engine": "shared_memory", "time_limit_s": 0.0}, "--time-limit is 0.0; give a number of seconds above 0"),
        ({"engine": "auto", "time_limit_s": float("nan")}, "--time-limit is nan; give a number of seconds above 0"),
        (
            {"engine": "shared_memory", "time_limit_s": float("inf")},
            "--time-limit is inf; give a number of seconds above 0",
        ),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_written(
    photos: Path, facts: dict[str, object], line: str
) -> None:
    with pytest.raises(UsageError, match=line):
        run(job(photos, **facts))
    assert not (photos.parent / "out").exists()


def test_a_run_that_is_killed_leaves_only_whole_files_and_the_next_one_ends_it(photos: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from labkit.folders import FolderRequest, run\n"
        "from tests.folders.conftest import Doing\n"
        "slow = Doing(lambda image, seed, index: time.sleep(0.05) or 255 - image)\n"
        "run(FolderRequest(Path(sys.argv[1]), Path(sys.argv[2]), slow, engine='shared_memory', workers=2))\n"
    )
    out = photos.parent / "out"
    child = subprocess.Popen([sys.executable, "-c", code, str(photos), str(out)])
    end = time.monotonic() + 120
    while len(outputs(out) if out.exists() else ()) < 3 and time.monotonic() < end:
        time.sleep(0.01)
    child.kill()
    child.wait()
    (out / ".labkit-999999999-1.part").write_bytes(b"half")
    report = run(job(photos))
    assert report.existing >= 3
    assert report.done + report.existing == 12
    assert len(outputs(out)) == 12
    assert all(read_image(out / name, 10**6).shape == (24, 36, 3) for name in outputs(out))
