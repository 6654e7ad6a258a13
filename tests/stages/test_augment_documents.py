"""Stage augment_documents: its operations one by one, the generators that it shares with its process, light and paper."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

if importlib.util.find_spec("augraphy") is None:
    pytest.skip("augraphy is not installed", allow_module_level=True)

import numba

from labkit.core import registry
from labkit.core.global_state import isolated, seed_globals
from labkit.engines.arm import ArmName, open_arm
from labkit.stages.augment_documents import library, textures, workloads
from labkit.stages.augment_documents.draw import PHASES, Choices, Operation, draw
from labkit.stages.augment_documents.operations import BUILDERS

VARIANTS = registry.of("augment_documents")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
PAGE = workloads.page(96, 80)
OPERATIONS = [
    (phase, candidate) for phase, contents in PHASES.items() for _, candidates in contents for candidate in candidates
]


@pytest.fixture(scope="module")
def variants() -> Any:
    with ExitStack() as stack:
        yield {name: stack.enter_context(open_arm("augment_documents", ArmName(name), 1)) for name in HERE}


def only(phase: str, drawing: Callable[..., Any], seed: int) -> Choices:
    """Choices of one operation."""
    empty = Choices((), (), ())
    return empty._replace(**{phase: (Operation(drawing.__name__, seed, drawing(np.random.default_rng(seed))),)})


def test_every_operation_that_the_brief_lists_can_be_drawn_and_built() -> None:
    ink, paper = ["ink_bleed", "letterpress", "low_ink_random_lines"], ["paper_factory", "color_paper", "watermark"]
    post = ["lighting_gradient", "dirty_rollers", "subtle_noise", "jpeg", "markup"]
    wanted = [*ink, *paper, "folding", *post]
    assert set(wanted) <= {candidate.__name__ for _, candidate in OPERATIONS} <= set(BUILDERS)


def test_seed_0_is_a_seed_like_any_other() -> None:
    choices = only("post", PHASES["post"][2][1][0], 0)
    first, second = library.augraphy(PAGE, choices), library.augraphy(PAGE, choices)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, library.augraphy(PAGE, only("post", PHASES["post"][2][1][0], 1)))


def test_no_draw_asks_for_what_takes_seconds() -> None:
    drawn = [operation for index in range(300) for phase in draw(4, index) for operation in phase]
    of = {name: [each.parameters for each in drawn if each.name == name] for name in BUILDERS}
    assert max(p["clusters"] for p in of["letterpress"]) <= 24  # augraphy: 300 to 800
    assert max(p["count"] * (p["count"] + 1) * p["teeth"] for p in of["low_ink_periodic_lines"]) <= 84  # up to 900
    assert max(p["length"] for p in of["watermark"]) <= 0.9


@pytest.mark.parametrize(("phase", "drawing"), OPERATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_each_operation_changes_the_page(phase: str, drawing: Callable[..., Any]) -> None:
    image = workloads.page(500, 350)
    plain = library.augraphy(image, Choices((), (), ()))
    assert any(not np.array_equal(library.augraphy(image, only(phase, drawing, seed)), plain) for seed in range(8))


FRESH = """
import random, sys
import numpy as np
from labkit.stages.augment_documents import library, rewritten, streams, workloads
assert "augraphy" not in sys.modules
before = random.getstate(), np.random.get_state()[1].tobytes()
page = workloads.page(50, 40)
aged = [each(page, workloads.everything()) for each in (library.augraphy, streams.augraphy_streams, rewritten.rewritten)]
assert (random.getstate(), np.random.get_state()[1].tobytes()) == before
assert all(np.array_equal(each, aged[0]) for each in aged)
import numba
assert numba.config.DISABLE_JIT == 1
"""


def test_the_first_call_of_a_process_without_jit_leaves_no_trace_either(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", FRESH], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def traces() -> tuple[Any, ...]:
    """What augraphy is known to change in a process."""
    legacy = np.random.get_state()  # noqa: NPY002
    files = sorted(str(path) for path in Path.cwd().rglob("*"))
    return random.getstate(), legacy[1].tobytes(), legacy[2:], numba.config.DISABLE_JIT, os.getcwd(), files  # type: ignore[union-attr]


def test_isolated_puts_everything_back_after_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = traces()

    def fail() -> None:
        with isolated():
            seed_globals(1)
            numba.config.DISABLE_JIT = not numba.config.DISABLE_JIT
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert traces() == before


def test_a_second_thread_waits_until_the_global_generators_are_free() -> None:
    entered = threading.Event()

    def enter() -> None:
        with isolated():
            entered.set()

    with isolated():
        other = threading.Thread(target=enter)
        other.start()
        assert not entered.wait(0.05)
    other.join(10)
    assert entered.is_set()


@pytest.mark.skipif("rewritten" not in HERE, reason="needs Numba")
@pytest.mark.parametrize("size", [(400, 300), (301, 433), (260, 260), (140, 700)])
def test_the_light_on_a_page_is_that_of_the_turned_canvas(size: tuple[int, int], variants: Any) -> None:
    from labkit.stages.augment_documents import rewritten

    blocks = []
    image = workloads.page(*size)
    drawing = PHASES["post"][0][1][0]
    for seed in range(12):
        choices = only("post", drawing, seed)
        aged = variants["rewritten"](image.copy(), choices)
        assert np.array_equal(aged, variants["augraphy_streams"](image.copy(), choices)), seed
        p = choices.post[0].parameters
        padding = int(max(size) * np.sqrt(2))
        light = padding + int(p["x"] * size[1]), padding + int(p["y"] * size[0])
        turn = cv2.getRotationMatrix2D(light, p["direction"], 1)
        blocks.append(rewritten._blocks(turn, padding, *size))
    assert any(found is not None for found in blocks)  # else this compared the library with itself


def test_papers_repeat_without_a_seam_and_are_no_copies_of_one_another() -> None:
    for number in range(len(textures.PAPERS)):
        tile = textures.tile(number).astype(int)
        seam, inside = np.abs(tile[0] - tile[-1]).mean(), np.abs(np.diff(tile, axis=0)).mean()
        assert seam < 1.2 * inside
    assert len({textures.tile(number).tobytes() for number in range(len(textures.PAPERS))}) == len(textures.PAPERS)
