"""A memory limit holds for the whole process tree, and nothing is lost by it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labkit.core import UsageError
from labkit.folders import FolderRequest, memory, run
from labkit.folders.memory import LEAST, MARGIN, MIB, Admission, Room
from labkit.folders.plan import FileTask
from labkit.processes.tree import tree_held
from tests.folders.conftest import INVERT, Doing, encode, picture
from tests.folders.test_run import outputs

NEEDS = 150 * MIB


@pytest.fixture(autouse=True)
def no_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count pages of libraries whole: the share that falls to a process grows by 100 MiB when a program that maps them ends."""
    monkeypatch.setattr(memory, "tree_share", tree_held)


def needing(image: np.ndarray, seed: int, index: int) -> np.ndarray:
    if image.shape[0] == 256:
        return image  # what workers try before the first image
    block = np.ones(NEEDS, np.uint8)  # every page touched
    return 255 - image * block[0]


def job(photos: Path, **facts: object) -> FolderRequest:
    return replace(FolderRequest(photos, photos.parent / "out", Doing(needing)), **facts)


def test_an_image_waits_until_there_is_room(tmp_path: Path) -> None:
    room = Room(LEAST * 2 + 100)
    assert room.admit("first", 10) == room.room  # alone: it shows what one takes
    assert room.admit("second", 10) is None
    room.leave("first", 10, LEAST // 2 + 30)  # 3 bytes a pixel
    assert room.admit("second", 10) == LEAST + 39
    assert room.admit("third", 10) == LEAST + 39
    assert room.admit("fourth", 10) is None
    room.leave("second", 10, None)
    assert room.admit("fourth", 10) is not None
    assert room.at_most == 2


def test_an_image_larger_than_all_the_room_gets_all_of_it_alone() -> None:
    room = Room(100 * MIB)
    room.leave("seen", 10, LEAST)
    assert room.admit("small", 10) is not None
    assert room.admit("huge", 10**9) is None
    room.leave("small", 10, 0)
    assert room.admit("huge", 10**9) == 100 * MIB


def test_an_image_is_tried_again_once_alone_and_everything_is_handed_out(tmp_path: Path) -> None:
    tasks = [FileTask(f"{number}.jpg", ((number, "x"),)) for number in range(4)]
    room = Room(100 * MIB)
    admission = Admission(tasks, tmp_path, room)
    handed = admission.tasks()
    seen = []
    while (given := next(handed, "end")) != "end":
        if given is None:
            image = next(iter(room.taken))
            room.leave(image, 10, LEAST)
            if image == "2.jpg":
                task = next(task for task in tasks if task.image == image)
                assert admission.again(task) is (seen.count(image) == 1)
            continue
        seen.append(given[0].image)
    assert sorted(seen) == ["0.jpg", "1.jpg", "2.jpg", "2.jpg", "3.jpg"]
    assert admission.handed[-1][0].image in {"2.jpg", "3.jpg"}


@pytest.mark.parametrize(("engine", "workers"), [("serial", 1), ("threads", 3), ("shared_memory", 2)])
def test_the_limit_holds_for_the_tree_and_no_image_is_lost(photos: Path, engine: str, workers: int) -> None:
    held = tree_held(os.getpid())
    assert held is not None
    workers_take = 0 if engine != "shared_memory" else workers * 130 * MIB
    limit = int((held + workers_take + 1.5 * NEEDS) / MARGIN)  # room for one image, not for two
    report = run(job(photos, engine=engine, workers=workers, memory_limit=limit))
    assert (report.failures, report.done) == ([], 12)
    assert report.memory_peak is not None
    assert report.memory_peak <= limit
    assert 1 <= report.at_most_in_work <= workers


def test_an_image_that_takes_more_than_was_set_aside_is_tried_again_alone(photos: Path) -> None:
    large = picture()
    large[:12, :12] = 255
    (photos / "05.jpg").write_bytes(encode(".jpg", large))
    chain = Doing(lambda image, seed, index: needing(image, seed, index) if image[:4, :4].min() > 240 else 255 - image)
    held = tree_held(os.getpid())
    assert held is not None
    report = run(job(photos, chain=chain, engine="threads", workers=2, memory_limit=held * 2 + 3 * NEEDS))
    assert (report.failures, report.done) == ([], 12)
    assert report.tried_again >= 1


def test_an_image_that_can_not_fit_is_told_so_and_costs_no_other(photos: Path) -> None:
    large = picture()
    large[:12, :12] = 255
    (photos / "05.jpg").write_bytes(encode(".jpg", large))
    chain = Doing(lambda image, seed, index: needing(image, seed, index) if image[:4, :4].min() > 240 else 255 - image)
    held = tree_held(os.getpid())
    assert held is not None
    report = run(job(photos, chain=chain, engine="serial", memory_limit=int((held + NEEDS // 2) / MARGIN)))
    assert [file for file, _ in report.failures] == ["05.jpg"]
    assert "needs more memory than --memory-limit" in report.failures[0][1]
    assert len(outputs(photos.parent / "out")) == 11


def test_an_image_that_finds_no_room_beside_workers_is_made_without_them(photos: Path) -> None:
    held = tree_held(os.getpid())
    assert held is not None
    limit = int((held + 1.15 * NEEDS) / MARGIN)  # two idle workers take more than what is over
    report = run(job(photos, engine="shared_memory", workers=2, memory_limit=limit, limit=4))
    assert (report.failures, report.done) == ([], 4)
    assert report.tried_again >= 4
    assert report.memory_peak is not None
    assert report.memory_peak <= limit


def test_a_limit_below_the_program_itself_is_refused(photos: Path) -> None:
    with pytest.raises(UsageError, match=r"--memory-limit 20 MiB: the program with 1 worker takes .* give more"):
        run(job(photos, chain=INVERT, engine="serial", memory_limit=20 * MIB))
