"""``labkit augment`` as people run it: what it says on each stream, what lies in the output folder, its exit status."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import albumentations as A
import cv2
import numpy as np
import pytest

from labkit.folders.progress import FolderProgress
from tests.cli.conftest import Labkit, Said
from tests.folders.conftest import encode, picture, png_claiming
from tests.folders.test_run import outputs

BESIDES = ["contact_sheet.jpg", "labkit.json"]
SERIAL = ("--engine", "serial")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photographs in ``in``, in two folders; the working directory is above it."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b.png", "c.webp", "trip to 서울/d.jpg", "trip to 서울/호퍼.jpg", "z.tif"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(path.suffix, picture(len(name), 60, 90)))
    return tmp_path / "in"


def complaints(said: Said) -> list[str]:
    """Standard error without the progress, of which a slow machine shows more."""
    return [line for line in said.err.splitlines() if line.startswith("labkit: ")]


def test_a_first_run_says_what_it_did_and_a_second_one_that_there_is_nothing_to_do(
    photos: Path, labkit: Labkit
) -> None:
    first = labkit("augment", "in", "out")
    assert first.status == 0
    assert "6 images done, 6 outputs in out" in first.out
    assert "images/s in" in first.out
    assert "engine serial, chain photo, seed 0" in first.out
    assert "memory of all processes: " in first.out
    assert "contact sheet: out/contact_sheet.jpg" in first.out
    assert "auto: serial, for so few images" in first.err
    assert sorted(outputs(photos.parent / "out")) == [
        *("a.jpg", "b.png", "c.webp", "trip to 서울/d.jpg", "trip to 서울/호퍼.jpg", "z.tif")
    ]
    second = labkit("augment", "in", "out")
    assert (second.status, second.err) == (0, "")
    assert second.out.startswith("nothing to do: all 6 outputs are in out already\n")


def test_json_is_one_document_and_nothing_else_on_standard_output(photos: Path, labkit: Labkit) -> None:
    (photos / "empty.jpg").touch()
    said = labkit("augment", "in", "out", "--json", "--seed", 4, *SERIAL)
    document = json.loads(said.out)
    assert said.status == 1
    assert document["failures"] == [{"file": "empty.jpg", "reason": "empty file"}]
    assert {name: document[name] for name in ("chain", "seed", "images", "done", "written", "engine", "workers")} == {
        **{"chain": "photo", "seed": 4, "images": 7, "done": 6, "written": 6, "engine": "serial", "workers": 1}
    }
    assert document["images_per_s"] > 0
    assert document["at_most_in_work"] is None  # nothing limits memory
    assert document["memory_peak"] >= document["memory_before"] > 0


def test_what_fails_is_told_by_name_and_reason_and_the_status_is_1(photos: Path, labkit: Labkit) -> None:
    (photos / "bomb.png").write_bytes(png_claiming(20_000, 20_000))
    (photos / "나쁜 것.jpg").write_bytes((photos / "a.jpg").read_bytes()[:200])
    said = labkit("augment", "in", "out", *SERIAL)
    assert said.status == 1
    assert sorted(complaints(said)) == [
        "labkit: bomb.png: 20000×20000 is 400,000,000 pixels, above --max-pixels 250,000,000",
        "labkit: 나쁜 것.jpg: truncated or damaged, or of a kind that OpenCV can't decode",
    ]
    assert "6 images done, 6 outputs in out; 2 failed" in said.out
    assert "failures: out/failed.csv; labkit augment again tries them again" in said.out
    assert (photos.parent / "out" / "failed.csv").read_text().splitlines()[0] == "file,reason"


def test_of_many_failures_the_screen_shows_the_first(photos: Path, labkit: Labkit) -> None:
    for number in range(30):
        (photos / f"{number}.jpg").touch()
    said = labkit("augment", "in", "out", *SERIAL)
    assert len(complaints(said)) == 21
    assert complaints(said)[-1] == "labkit: and 10 more; all are in out/failed.csv"


@pytest.mark.parametrize("engine", ["threads", "shared_memory"])
def test_a_chain_from_a_file_is_rebuilt_by_the_workers(photos: Path, labkit: Labkit, engine: str) -> None:
    A.save(A.Compose([A.InvertImg(p=1)]), "mine.yaml", data_format="yaml")
    said = labkit("augment", "in", "out", "--chain", "mine.yaml", "--engine", engine, "--workers", 2)
    assert (said.status, complaints(said)) == (0, [])
    made = cv2.imread(str(photos.parent / "out" / "b.png"))
    assert np.array_equal(made, 255 - cv2.imread(str(photos / "b.png")))
    assert "yaml" in json.loads((photos.parent / "out" / "labkit.json").read_text())


def test_one_is_told_as_one(photos: Path, labkit: Labkit) -> None:
    (photos / "notes.txt").touch()
    said = labkit("augment", "in", "out", "--limit", 1, *SERIAL)
    assert said.out.startswith("1 image done, 1 output in out; 1 file that is no image left alone\n")
    again = labkit("augment", "in", "out", "--limit", 1, *SERIAL)
    assert again.out.startswith("nothing to do: the output is in out already\n")


def test_another_chain_of_the_same_name_is_not_mixed_in(photos: Path, labkit: Labkit) -> None:
    A.save(A.Compose([A.InvertImg(p=1)]), "mine.yaml", data_format="yaml")
    labkit("augment", "in", "out", "--chain", "mine.yaml", *SERIAL)
    A.save(A.Compose([A.NoOp()]), "mine.yaml", data_format="yaml")
    said = labkit("augment", "in", "out", "--chain", "mine.yaml", *SERIAL)
    assert said.status == 2
    assert "out holds outputs made with chain mine.yaml (sha256 " in said.err
    again = labkit("augment", "in", "out", "--chain", "mine.yaml", "--overwrite", *SERIAL)
    assert again.status == 0
    assert np.array_equal(cv2.imread("out/b.png"), cv2.imread("in/b.png"))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("nowhere out", "nowhere does not exist; give a folder of images"),
        ("in in", "the output folder in is the input folder; give another"),
        ("in in/out", "the output folder in/out lies inside the input folder"),
        ("in in/a.jpg", "the output folder in/a.jpg lies inside the input folder"),
        ("in out --chain nope", "unknown chain 'nope'; give photo, document, hybrid, ocr, or a FILE.yaml"),
        ("in out --chain nope.yaml", "chain nope.yaml: No such file or directory"),
        ("in out --engine nope", "unknown engine 'nope'; give auto, serial, threads"),
        ("in out --workers 0", "--workers is '0'; give auto, or a whole number of at least 1"),
        ("in out --engine serial --workers 3", "--workers is 3, but serial has one; give another --engine, such as"),
        (
            "in out --engine serial --chunk 3",
            "--chunk is 3, but serial takes one image at a time; give another --engine",
        ),
        ("in out --seed 9223372036854775808", "Invalid value for '--seed'"),
        ("in out --workers many", "--workers is 'many'; give auto"),
        ("in out --memory-limit lots", "--memory-limit is 'lots'; give a size such as 2G or 700M"),
        ("in out --memory-limit 0", "--memory-limit is '0'; give a size such as 2G or 700M"),
        ("in out --memory-limit 1M", "--memory-limit 1.0 MiB: the program with 1 worker takes "),
        ("in out --time-limit 3 --engine threads", "--time-limit needs an engine whose workers can be ended"),
        ("in out --time-limit 0 --engine shared_memory", "is 0.0; give a number of seconds above 0"),
        ("in out --seed -1", "Invalid value for '--seed'"),
        ("in out --limit 0", "Invalid value for '--limit'"),
        ("in", "Missing argument 'OUT'"),
    ],
)
def test_wrong_usage_is_one_line(photos: Path, labkit: Labkit, words: str, line: str) -> None:
    said = labkit("augment", *words.split())
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("labkit: ")
    assert said.err.count("\n") == 1
    assert line in said.err


def test_an_output_folder_without_permission_is_one_line(photos: Path, labkit: Labkit) -> None:
    said = labkit("augment", "in", "/proc/out")  # where not even root may write
    assert said.status == 2
    assert said.err.startswith("labkit: output folder /proc/out: can't be written: ")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "labkit", "augment", *words]


def session_is_empty(leader: int) -> bool:
    """Within a few seconds: Python's own helper processes leave a moment after the one that they serve."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("engine", ["threads", "shared_memory"])
def test_ctrl_c_keeps_what_is_done_says_how_to_go_on_and_leaves_no_process(photos: Path, engine: str) -> None:
    large = encode(".png", picture(0, 1000, 1200))
    for number in range(120):
        (photos / f"{number:03}.png").write_bytes(large)
    out = photos.parent / "out"
    words = ("in", "out", "--engine", engine, "--workers", "2")
    child = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 120
    while len(list(out.glob("*.png"))) < 3 and time.monotonic() < end:  # a file that is being written has another name
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    said, complaint = child.communicate(timeout=120)
    kept = outputs(out)
    assert child.returncode == 130
    assert 3 <= len(kept) < 126
    assert b"Run the same command again (without --overwrite) to go on" in complaint
    assert not any(word in complaint for word in (b"Traceback", b"terminate"))
    assert f"{len(kept)} images done".encode() in said
    assert not any(name.endswith(".part") for name in os.listdir(out))
    assert session_is_empty(child.pid)


class Terminal(io.StringIO):
    """Collects what a terminal would show."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar_with_the_rate_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    progress = FolderProgress(terminal)
    progress.begins(66)
    for number in range(1, 31):
        progress.advanced(number, 2)
    progress.say("auto: threads × 2")
    progress.close()
    seen = terminal.getvalue()
    assert "32/66" in seen
    assert "images/s, 2 failed" in seen
    assert "left" in seen
    assert "auto: threads × 2" in seen


def test_a_log_sees_a_line_now_and_then_and_the_time_left_once_it_can_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 4))  # seconds
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    log = io.StringIO()
    progress = FolderProgress(log)
    progress.begins(100)
    for number in range(1, 13):
        progress.advanced(number, int(number > 11))
    progress.close()
    assert log.getvalue().splitlines() == [
        "3 of 100 images",
        "6 of 100 images, 0.250 images/s, 6 min left",
        "9 of 100 images, 0.250 images/s, 6 min left",
        "13 of 100 images, 0.273 images/s, 1 failed, 5 min left",
    ]
