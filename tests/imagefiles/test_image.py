"""One image file: what it becomes when read, what is said of a bad one, and that it is written whole or not at all."""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from labkit.core.cpus import thread_environment
from labkit.core.whole import PART, remove_leftovers
from labkit.imagefiles.beside import PREFIX
from labkit.imagefiles.image import ANIMATION, TRANSPARENT, BadFile, encoded, read_image, write_image
from labkit.imagefiles.size import Size
from tests.folders.conftest import encode, picture, png_claiming

IMAGE = picture(height=24, width=36)
MANY = 10**9
OPENBLAS_BUFFER = 135_266_304  # bytes, of each thread


def saved(path: Path, image: Image.Image, **settings: object) -> Path:
    image.save(path, **settings)
    return path


def rgb(image: np.ndarray = IMAGE) -> Image.Image:
    return Image.fromarray(image[:, :, ::-1])


def far(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), IMAGE.astype(np.uint16) * 257)
    read = read_image(tmp_path / "deep.png", MANY)
    assert read.dtype == np.uint8
    assert np.array_equal(read, IMAGE)


def test_gray_becomes_three_equal_channels(tmp_path: Path) -> None:
    gray = IMAGE[:, :, 1]
    cv2.imwrite(str(tmp_path / "gray.png"), gray)
    assert np.array_equal(read_image(tmp_path / "gray.png", MANY), np.dstack([gray] * 3))


@pytest.mark.parametrize("alpha", [0, 128, 255])
def test_transparency_is_dropped_and_the_colour_beneath_shows(tmp_path: Path, alpha: int) -> None:
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([IMAGE, np.full(IMAGE.shape[:2], alpha, np.uint8)]))
    assert np.array_equal(read_image(tmp_path / "alpha.png", MANY), IMAGE)


def test_cmyk_becomes_colour(tmp_path: Path) -> None:
    path = saved(tmp_path / "print.jpg", rgb().convert("CMYK"), quality=98)
    assert far(read_image(path, MANY), IMAGE) < 12  # the standard formula, JPEG, no colour profile


def test_a_palette_becomes_colour(tmp_path: Path) -> None:
    flat = np.repeat(np.arange(36, dtype=np.uint8)[None, :, None] * 7, 24, axis=0).repeat(3, axis=2)
    path = saved(tmp_path / "palette.png", rgb(np.ascontiguousarray(flat)).quantize(64))
    assert far(read_image(path, MANY), flat) < 3


@pytest.mark.parametrize(("orientation", "turn"), [(3, 2), (6, 3), (8, 1)])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_an_image_comes_upright(tmp_path: Path, orientation: int, turn: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    lossless = {"lossless": True} if suffix == ".webp" else {"quality": 98} if suffix == ".jpg" else {}
    path = saved(tmp_path / f"phone{suffix}", rgb(), exif=exif, **lossless)
    upright = np.rot90(IMAGE, turn)
    assert read_image(path, MANY).shape == upright.shape
    assert far(read_image(path, MANY), upright) < 6


def test_the_exif_of_a_webp_may_begin_as_that_of_a_jpeg(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    path = saved(tmp_path / "phone.webp", rgb(), exif=PREFIX + exif.tobytes(), lossless=True)  # it takes one away
    assert PREFIX in path.read_bytes()
    assert np.array_equal(read_image(path, MANY), np.rot90(IMAGE, 3))


@pytest.mark.parametrize("size", [40, 52, 56, 108, 124])
def test_a_bmp_has_all_its_colours_whatever_the_length_of_its_header(tmp_path: Path, size: int) -> None:
    height, width = IMAGE.shape[:2]
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0)[: max(12, size - 40)]
    start = 14 + max(size, 52)
    head = struct.pack("<2sIIIIiiHHIIIIII", b"BM", 0, 0, start, size, width, height, 1, 32, 3, 0, 0, 0, 0, 0)
    pixels = np.dstack([IMAGE, np.full((height, width, 1), 255, np.uint8)])[::-1]
    (tmp_path / "old.bmp").write_bytes((head + masks).ljust(start, b"\0") + pixels.tobytes())
    assert np.array_equal(read_image(tmp_path / "old.bmp", MANY), IMAGE)


def test_of_an_animation_the_still_image_is_read(tmp_path: Path) -> None:
    frames = [rgb(255 - IMAGE), rgb()]
    path = saved(tmp_path / "moves.png", rgb(), save_all=True, append_images=frames, default_image=True)
    assert all(kind in path.read_bytes() for kind in ANIMATION)
    assert np.array_equal(read_image(path, MANY), IMAGE)


def noted(path: Path) -> list[str]:
    notes: list[str] = []
    read_image(path, MANY, notes.append)
    return notes


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
@pytest.mark.parametrize(("alpha", "notes"), [(0, [TRANSPARENT]), (254, [TRANSPARENT]), (255, [])])
def test_transparency_that_was_dropped_is_told(tmp_path: Path, suffix: str, alpha: int, notes: list[str]) -> None:
    path = tmp_path / f"page{suffix}"
    cover = Image.fromarray(np.full(IMAGE.shape[:2], 255, np.uint8))
    cover.putpixel((3, 3), alpha)
    picture = rgb()
    picture.putalpha(cover)
    saved(path, picture, **({"lossless": True, "exact": True} if suffix == ".webp" else {}))
    assert noted(path) == notes
    there = cover if suffix == ".tif" else None  # libtiff multiplies colours by it
    beneath = IMAGE if there is None else IMAGE * (np.asarray(there)[..., None] / 255)
    assert np.abs(read_image(path, MANY) - beneath).max() <= 1


def test_one_transparent_colour_and_deep_transparency_are_told_too(tmp_path: Path) -> None:
    assert noted(saved(tmp_path / "gray.png", rgb().convert("L"), transparency=3)) == [TRANSPARENT]
    deep = np.dstack([IMAGE, IMAGE[:, :, :1]]).astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert noted(tmp_path / "deep.png") == [TRANSPARENT]
    assert np.array_equal(read_image(tmp_path / "deep.png", MANY), IMAGE)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize(("name", "told"), [("LAB", "Lab"), ("XYZ", "XYZ"), ("sRGB", None), (None, "unreadable")])
def test_a_colour_profile_that_was_dropped_is_told_by_name(
    tmp_path: Path, suffix: str, name: str | None, told: str | None
) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes() if name else b"no profile at all"
    notes = noted(saved(tmp_path / f"wide{suffix}", rgb(), icc_profile=profile))
    assert len(notes) == (told is not None)
    assert all(note.startswith("the colour profile was dropped") and told in note for note in notes if told)


def test_a_file_of_more_pixels_than_its_header_says_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "liar.png").write_bytes(encode(".png", IMAGE))
    monkeypatch.setattr("labkit.imagefiles.image.image_size", lambda file: Size(10, 10))
    with pytest.raises(BadFile, match=r"damaged: it holds 36×24 pixels, and its header says 10×10"):
        read_image(tmp_path / "liar.png", 100)


def told_by_a_process_of_its_own(code: str) -> str:
    """What Python code prints where no thread of the tests' runs."""
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | thread_environment(1), check=True, capture_output=True, text=True
    ).stdout.strip()


def test_decoding_is_stopped_that_takes_far_more_memory_than_its_pixels_do(tmp_path: Path) -> None:
    path = saved(tmp_path / "huge.tif", Image.new("RGB", (6000, 6000)), compression="tiff_lzw")
    code = f"""
import resource
from pathlib import Path
from labkit.imagefiles import image
limit = resource.getrlimit(resource.RLIMIT_DATA)
assert image.read_image(Path({str(path)!r}), {MANY}).shape == (6000, 6000, 3)
image.image_size = lambda file: image.Size(1, 1)
try:
    image.read_image(Path({str(path)!r}), 1)
except image.BadFile as error:
    print(error)
assert resource.getrlimit(resource.RLIMIT_DATA) == limit
"""
    assert "far more memory than 1×1 pixels do" in told_by_a_process_of_its_own(code)


def test_a_thread_that_a_library_has_started_finds_room_while_a_picture_is_decoded() -> None:
    code = f"""
import _thread, queue
import numpy as np
from labkit.imagefiles.bound import at_most
ask, answers = queue.Queue(), queue.Queue()
def of_a_library():  # of which threading knows as little
    for _ in range(2):
        ask.get()
        answers.put(np.ones(OPENBLAS, np.uint8).size)
OPENBLAS = {OPENBLAS_BUFFER}
_thread.start_new_thread(of_a_library, ())
ask.put(1)
answers.get()
with at_most(1 << 20) as bounded:
    ask.put(1)
    print(bounded, answers.get())
    try:
        np.ones(4 * OPENBLAS, np.uint8)
    except MemoryError:
        print("stopped")
"""
    assert told_by_a_process_of_its_own(code).split() == ["True", str(OPENBLAS_BUFFER), "stopped"]


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    jpeg, png = encode(".jpg", IMAGE), encode(".png", IMAGE)
    contents = {
        "empty": (b"", "empty file"),
        "text": (b"no image at all, but words", "no JPEG, PNG, WebP, BMP or TIFF image"),
        "a JPEG cut in the middle": (jpeg[: len(jpeg) // 2], "truncated or damaged"),
        "a JPEG without its last bytes": (jpeg[:-2], "truncated or damaged"),
        "a PNG cut in the middle": (png[: len(png) // 2], "truncated or damaged PNG"),
        "a PNG with a wrong byte": (png[:80] + bytes([png[80] ^ 255]) + png[81:], "truncated or damaged"),
        "a WebP cut in the middle": (encode(".webp", IMAGE)[:200], "truncated or damaged"),
        "a BMP cut in the middle": (encode(".bmp", IMAGE)[:900], "truncated or damaged"),
        "a TIFF cut in the middle": (encode(".tif", IMAGE)[:300], "no JPEG, PNG, WebP, BMP or TIFF image"),
        "a bomb": (png_claiming(20_000, 20_000), "20000×20000 is 400,000,000 pixels, above --max-pixels 100,000,000"),
    }
    found = {}
    for number, (name, (content, reason)) in enumerate(contents.items()):
        path = folder / f"{number}.jpg"
        path.write_bytes(content)
        found[name] = path, reason
    (folder / "folder.jpg").mkdir()
    (folder / "gone.jpg").symlink_to(folder / "nothing")
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    os.mkfifo(folder / "pipe.jpg")
    found["a folder"] = folder / "folder.jpg", "a folder, not a file"
    found["a link to nothing"] = folder / "gone.jpg", "a link to nothing"
    found["a link to itself"] = folder / "loop.jpg", "a link to itself"
    found["a pipe"] = folder / "pipe.jpg", "no regular file"
    found["nothing"] = folder / "never.jpg", "no longer there"
    return found


def test_every_bad_file_is_refused_with_its_reason(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, (path, reason) in bad_files(tmp_path).items():
        with pytest.raises(BadFile) as error:
            read_image(path, 100_000_000)
        assert reason in str(error.value), name
    lines = [line for line in capfd.readouterr().err.splitlines() if "libpng" not in line]
    assert lines == []  # OpenCV says nothing between our lines


def test_a_file_without_permission_is_refused_with_its_reason(open_folder: Path) -> None:
    path = open_folder / "secret.jpg"
    path.write_bytes(encode(".jpg", IMAGE))
    path.chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)  # nobody: root may read everything
    try:
        with pytest.raises(BadFile, match="no permission to read it"):
            read_image(path, MANY)
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".webp", ".bmp", ".tif", ".TIFF"])
def test_what_is_written_can_be_read_again(tmp_path: Path, suffix: str) -> None:
    write_image(tmp_path / f"made{suffix}", encoded(IMAGE, suffix))
    assert far(read_image(tmp_path / f"made{suffix}", MANY), IMAGE) < 6


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (None, "the chain gave a NoneType; it must give uint8"),
        (IMAGE.astype(np.float32), r"the chain gave float32 \(24, 36, 3\)"),
        (np.zeros((0, 5, 3), np.uint8), r"the chain gave uint8 \(0, 5, 3\)"),
        (np.zeros((5, 5, 2), np.uint8), "can't be encoded as .jpg"),
        (np.zeros((1, 70_000, 3), np.uint8), "can't be encoded as .jpg|pixels can't be encoded"),
    ],
)
def test_what_can_not_be_encoded_is_refused_with_its_reason(made: np.ndarray, reason: str) -> None:
    with pytest.raises(BadFile, match=reason):
        encoded(made, ".jpg")


def test_a_full_disk_leaves_neither_the_file_nor_a_part_of_it(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(BadFile, match="can't be written: File too large"):
            write_image(tmp_path / "sub" / "made.bin", bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list((tmp_path / "sub").iterdir()) == []


def test_a_file_that_can_not_be_written_keeps_its_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "made.bin", b"old")

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BadFile, match="No space left on device"):
        write_image(tmp_path / "made.bin", b"new")
    assert (tmp_path / "made.bin").read_bytes() == b"old"


def test_a_name_as_long_as_the_file_system_takes_can_be_written(tmp_path: Path) -> None:
    name = "가" * 83 + ".png"  # 253 bytes of at most 255
    write_image(tmp_path / name, encoded(IMAGE, ".png"))
    assert (tmp_path / name).is_file()


def test_what_a_dead_process_began_is_removed_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    (tmp_path / "sub").mkdir()
    dead, alive = tmp_path / "sub" / f"{PART}{child}-1.part", tmp_path / f"{PART}{os.getpid()}-1.part"
    for path in (dead, alive):
        path.write_bytes(b"half")
    remove_leftovers(tmp_path)
    assert not dead.exists()
    assert alive.exists()


def test_a_jpeg_with_rubbish_between_its_segments_is_read(tmp_path: Path) -> None:
    jpeg = encode(".jpg", IMAGE)
    (tmp_path / "odd.jpg").write_bytes(jpeg[:20] + b"rubbish" + jpeg[20:])
    assert np.array_equal(read_image(tmp_path / "odd.jpg", MANY), cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1))
