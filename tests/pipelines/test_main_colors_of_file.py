"""Pipeline ``main_colors_of_file``: every form gives the same colours, and every file that can't be used says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from labkit.core import registry
from labkit.inputs.files import encoded
from labkit.pipelines.main_colors_of_file import best as best_module

STAGE = registry.stage("main_colors_of_file")
FORMS = {name: found.function for name, found in registry.of(STAGE.name).items() if not found.unavailable()}
RNG = np.random.default_rng(3)
IMAGE = RNG.choice(np.array([0, 40, 255], np.uint8), (31, 45, 4))

each_form = pytest.mark.parametrize("name", FORMS)


@pytest.fixture(autouse=True, scope="module")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_DATA", str(tmp_path_factory.mktemp("data")))
        yield


def written(path: Path, content: np.ndarray | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else encoded(content, ".png"))
    return path


def assert_all_agree(path: str | Path, *n: int) -> None:
    STAGE.contract(path, *n)
    expected = FORMS["naive"](path, *n)
    for name, form in FORMS.items():
        assert STAGE.agreement.difference(form(path, *n), expected) is None, name


def test_there_are_four_forms_and_the_best_says_what_it_misses() -> None:
    forms = registry.of(STAGE.name)
    assert set(forms) == {"naive", "fast", "faster", "best"}
    assert "best" in FORMS or "/" in forms["best"].unavailable()


def test_best_is_unavailable_with_the_reason_of_the_part_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_module, "PARTS", (("decode", "opencv"), ("main_colors", "never_built")))
    assert best_module.missing() == "main_colors/never_built: is not there"


@pytest.mark.parametrize("name", STAGE.workloads)
def test_all_forms_agree_on_every_workload_and_on_its_other_file(name: str) -> None:
    workload = STAGE.workloads[name]
    for inputs in (workload.build(), workload.other()):
        assert_all_agree(*inputs)


@pytest.mark.parametrize("name", STAGE.workloads)
def test_the_other_file_is_another_path_with_other_colours(name: str) -> None:
    (one,), (two,) = STAGE.workloads[name].build(), STAGE.workloads[name].other()
    assert one != two
    assert not np.array_equal(FORMS["naive"](one).colors, FORMS["naive"](two).colors)


@pytest.mark.parametrize("name", STAGE.workloads)
def test_workloads_say_that_no_disk_is_measured(name: str) -> None:
    assert "warm page cache" in STAGE.workloads[name].summary


def test_workload_files_are_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = STAGE.workloads["logo"].build()
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    (second,) = STAGE.workloads["logo"].build()
    assert first != second
    assert Path(first).read_bytes() == Path(second).read_bytes()


SMALL = {
    "noise": IMAGE,
    "one pixel": IMAGE[:1, :1],
    "one column": IMAGE[:, :1],
    "nothing opaque": IMAGE * np.array([1, 1, 1, 0], np.uint8),
    "all opaque": IMAGE | np.array([0, 0, 0, 255], np.uint8),
}


@pytest.mark.parametrize("case", SMALL)
def test_all_forms_agree_on_small_odd_files(case: str, tmp_path: Path) -> None:
    path = written(tmp_path / "small.png", np.ascontiguousarray(SMALL[case]))
    for n in (1, 6, 100):
        assert_all_agree(path, n)


@pytest.mark.parametrize(
    "name", ["with spaces.png", "한글 이름.png", "그림/주요 색.png", "no_suffix", 'it\'s "it".png']
)
def test_any_file_name_will_do_as_str_and_as_path(name: str, tmp_path: Path) -> None:
    path = written(tmp_path / name, IMAGE)
    assert_all_agree(path)
    assert_all_agree(str(path))


def test_colours_are_those_of_the_image(tmp_path: Path) -> None:
    image = np.zeros((4, 4, 4), np.uint8)
    image[:, :2] = (1, 2, 3, 255)
    image[0, 2] = (9, 8, 7, 1)
    path = written(tmp_path / "known.png", image)
    for form in FORMS.values():
        found = form(path)
        assert found.colors.tolist() == [[1, 2, 3], [9, 8, 7]]
        assert found.counts.tolist() == [8, 1]


# Refusals: (what lies at the path, what the boundary says, what a form says that is called without it)

PNG = encoded(IMAGE, ".png")
NO_ALPHA = r"holds a .*without alpha; give a PNG with alpha"
REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a missing file": (lambda path: path, "no such file", "no such file"),
    "a directory": (lambda path: path.mkdir(), "is a directory", "is a directory"),
    "an empty file": (lambda path: written(path, b""), "is empty", "can't be decoded|is empty"),
    "text": (lambda path: written(path, b"hello, world"), "data starts with 68 65", "can't be decoded|starts with"),
    "half a file": (lambda path: written(path, PNG[: len(PNG) // 2]), "truncated", "can't be decoded"),
    "a damaged file": (lambda path: written(path, PNG[:99] + b"?" + PNG[100:]), "wrong checksum", "can't be decoded"),
    "a colour PNG": (lambda path: written(path, encoded(IMAGE[..., :3].copy(), ".png")), NO_ALPHA, NO_ALPHA),
    "a gray PNG": (lambda path: written(path, encoded(IMAGE[..., 0].copy(), ".png")), NO_ALPHA, NO_ALPHA),
    "a JPEG": (lambda path: written(path, encoded(IMAGE[..., :3].copy(), ".jpg")), NO_ALPHA, NO_ALPHA),
    "16 bits": (lambda path: written(path, encoded(IMAGE.astype(np.uint16), ".png")), "16 bits", "uint16|16 bits"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_can_not_be_used_is_refused_in_one_line_that_names_it(case: str, tmp_path: Path) -> None:
    make, at_boundary, in_form = REFUSED[case]
    path = tmp_path / "그림 1.png"
    make(path)
    for call, text in [(STAGE.contract, at_boundary), *((form, in_form) for form in FORMS.values())]:
        with pytest.raises(ValueError, match=text) as caught:
            call(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "locked.png", IMAGE)

    def refuse(*_: object) -> None:  # the tests may run as root, whom no mode of a file stops
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np, "fromfile", refuse)
    monkeypatch.setattr(cv2, "imread", lambda *_: None)
    for call in (STAGE.contract, *FORMS.values()):
        with pytest.raises(ValueError, match=r"locked\.png: may not be read"):
            call(path)


@pytest.mark.parametrize(
    ("inputs", "kind", "text"),
    [
        ((3,), TypeError, "path is a int; give a str or pathlib.Path"),
        ((None,), TypeError, "path is a NoneType"),
        (("PATH", 0), ValueError, "n is 0"),
        (("PATH", 2.5), TypeError, "n is a float"),
    ],
)
def test_wrong_arguments_are_refused(
    inputs: tuple[object, ...], kind: type[Exception], text: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "good.png", IMAGE)
    with pytest.raises(kind, match=text):
        STAGE.contract(*[path if given == "PATH" else given for given in inputs])


def test_floor_is_the_file_read_and_the_panel_written(tmp_path: Path) -> None:
    path = written(tmp_path / "good.png", IMAGE)
    assert STAGE.floor_bytes(path, 2) == len(PNG) + 2 * 64 * 512 * 3
