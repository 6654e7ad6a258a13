"""Every test picture of Pillow under every engine and chain, and sent to the server: refused where it can't be read, no more."""

import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from labkit.engines import ENGINES, open_engine
from labkit.folders import FolderRequest, run
from labkit.imagefiles.image import SUFFIXES, BadFile, read_image
from labkit.pipelines.chains import open_chain
from labkit.serve import picture
from labkit.serve.refusal import Refused
from tests.folders.conftest import limit_beside_the_tests
from tests.pillow import name_of, pictures

MOST_PIXELS = 50_000_000
EVERY = 24  # of the pictures for the chains that take long


def reason(path: Path) -> str | None:
    try:
        read_image(path, MOST_PIXELS)
    except BadFile as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them side by side."""
    folder = tmp_path_factory.mktemp("pictures")
    for path in pictures():
        name = name_of(path).replace("/", "-")
        shutil.copy(path, folder / (name if name.endswith(SUFFIXES) else f"{name}.jpg"))
    return folder


@pytest.fixture(scope="module")
def refused(folder: Path) -> list[tuple[str, str]]:
    """Those that can't be read, and why."""
    reasons = {path.name: reason(path) for path in sorted(folder.iterdir())}
    return [(name, why) for name, why in reasons.items() if why is not None]


@pytest.mark.parametrize("engine", ENGINES)
def test_under_every_engine_the_same_pictures_fail_for_the_same_reasons(
    folder: Path, refused: list[tuple[str, str]], tmp_path: Path, engine: str
) -> None:
    if engine == "ray":
        pytest.importorskip("ray")
    workers = 1 if engine == "serial" else 2
    report = run(
        FolderRequest(folder, tmp_path, open_chain("photo"), engine=engine, workers=workers, max_pixels=MOST_PIXELS)
    )
    assert report.failures == refused
    assert report.done == report.images - len(refused)
    assert report.problems == []


def test_under_a_memory_limit_they_fail_for_the_same_reasons(
    folder: Path, refused: list[tuple[str, str]], tmp_path: Path
) -> None:
    limits = {"engine": "shared_memory", "workers": 1, "memory_limit": limit_beside_the_tests(2 << 30)}
    assert (
        run(FolderRequest(folder, tmp_path, open_chain("photo"), max_pixels=MOST_PIXELS, **limits)).failures == refused
    )


@pytest.mark.parametrize("chain", ["document", "hybrid", "ocr"])
def test_under_every_chain_only_small_pictures_fail_besides(
    folder: Path, refused: list[tuple[str, str]], tmp_path: Path, chain: str
) -> None:
    some = tmp_path / "some"
    some.mkdir()
    for path in sorted(folder.iterdir())[::EVERY]:
        shutil.copy(path, some)
    report = run(FolderRequest(some, tmp_path / "out", open_chain(chain), engine="serial", max_pixels=MOST_PIXELS))
    others = [why for name, why in report.failures if (name, why) not in refused]
    assert all("image is too small" in why for why in others)


def test_the_server_refuses_those_alone_that_can_not_be_read(folder: Path, refused: list[tuple[str, str]]) -> None:
    unread = dict(refused)
    chains = {"photo": open_chain("photo")}
    with open_engine("serial", picture.augment, 1, once=picture.Ready(chains)) as engine:
        for path in sorted(folder.iterdir()):
            body = np.fromfile(path, np.uint8)
            answered = False
            with suppress(Refused):
                form = picture.check(body, MOST_PIXELS)
                (outcome,) = engine.stream([(body, "photo", 1, 0, form)])
                assert outcome.error is None
                answered = outcome.value.data is not None
            assert answered == (path.name not in unread)
