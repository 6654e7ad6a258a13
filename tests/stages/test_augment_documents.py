"""Stage augment_documents: same seed and index, same page, whatever ran before; and no trace left in the process."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

if importlib.util.find_spec("augraphy") is None:
    pytest.skip("augraphy is not installed", allow_module_level=True)

import numba

from labkit.core import UsageError, registry
from labkit.core.global_state import isolated, seed_globals
from labkit.engines.arm import ArmName, open_arm
from labkit.stages.augment_documents import augment_documents, library, textures, workloads
from labkit.stages.augment_documents.draw import PHASES, Choices, Operation, draw
from labkit.stages.augment_documents.operations import BUILDERS

VARIANTS = registry.of("augment_documents")
HERE = [name for name, variant in VARIANTS.items() if variant.unavailable() is None]
EDGE_CASES = workloads.edge_cases()
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


def test_a_draw_depends_on_seed_and_index_alone() -> None:
    assert draw(3, 5) == draw(3, 5)
    random.seed(1)
    first = draw(3, 5)
    random.seed(2)
    assert draw(3, 5) == first


def test_no_two_images_of_a_run_and_no_two_operations_share_a_seed() -> None:
    seeds = [operation.seed for index in range(200) for phase in draw(0, index) for operation in phase]
    assert len(seeds) > 500
    assert len(set(seeds)) == len(seeds)


def test_seed_0_is_a_seed_like_any_other() -> None:
    assert draw(0, 1) == draw(0, 1)
    assert draw(0, 1) != draw(1, 1)
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


def test_a_negative_index_is_refused() -> None:
    with pytest.raises(UsageError, match="index is -1"):
        draw(0, -1)


@pytest.mark.parametrize("name", HERE)
def test_the_same_choices_give_the_same_page_whatever_was_drawn_before(name: str, variants: Any) -> None:
    choices = workloads.everything(3)
    first = variants[name](PAGE.copy(), choices)
    random.random(), np.random.random(1000)  # noqa: NPY002
    variants[name](PAGE.copy(), workloads.everything(4))
    assert np.array_equal(first, variants[name](PAGE.copy(), choices))


@pytest.mark.parametrize("name", HERE[1:])
def test_a_variant_gives_what_augraphy_gives(name: str, variants: Any) -> None:
    for index in range(8):
        choices = draw(17, index)
        assert np.array_equal(variants[name](PAGE.copy(), choices), library.augraphy(PAGE.copy(), choices)), (17, index)


@pytest.mark.parametrize("name", HERE[1:])
@pytest.mark.parametrize("case", EDGE_CASES)
def test_a_variant_gives_what_augraphy_gives_on_edge_cases(name: str, case: str, variants: Any) -> None:
    image, choices = EDGE_CASES[case]
    assert np.array_equal(variants[name](image.copy(), choices), library.augraphy(image.copy(), choices))


@pytest.mark.parametrize("name", HERE[1:])
@pytest.mark.parametrize(("phase", "drawing"), OPERATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_a_variant_gives_what_augraphy_gives_for_each_operation_alone(
    name: str, phase: str, drawing: Callable[..., Any], variants: Any
) -> None:
    for seed in range(3):
        choices, image = only(phase, drawing, seed), workloads.page(140 + 7 * seed, 121, seed)
        assert np.array_equal(variants[name](image.copy(), choices), library.augraphy(image.copy(), choices)), seed


@pytest.mark.parametrize(("phase", "drawing"), OPERATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_each_operation_changes_the_page(phase: str, drawing: Callable[..., Any]) -> None:
    image = workloads.page(500, 350)
    plain = library.augraphy(image, Choices((), (), ()))
    assert any(not np.array_equal(library.augraphy(image, only(phase, drawing, seed)), plain) for seed in range(8))


@pytest.mark.parametrize("case", EDGE_CASES)
def test_a_page_of_any_size_comes_back_in_its_own_shape(case: str) -> None:
    image, choices = EDGE_CASES[case]
    before = image.copy()
    aged = library.augraphy(image, choices)
    assert (aged.shape, aged.dtype, aged.flags.c_contiguous) == (image.shape, np.uint8, True)
    assert not np.shares_memory(aged, image)
    assert np.array_equal(image, before)


def test_different_indices_give_different_pages() -> None:
    pages = {library.augraphy(PAGE, draw(1, index)).tobytes() for index in range(12)}
    assert len(pages) == 12


def traces() -> tuple[Any, ...]:
    """What augraphy is known to change in a process."""
    legacy = np.random.get_state()  # noqa: NPY002
    folder = Path.cwd()
    files = sorted(str(path) for path in folder.rglob("*"))
    return random.getstate(), legacy[1].tobytes(), legacy[2:], numba.config.DISABLE_JIT, os.getcwd(), files  # type: ignore[union-attr]


@pytest.mark.parametrize("jit_disabled", [False, True])
@pytest.mark.parametrize("name", HERE)
def test_a_call_leaves_no_trace(
    name: str, jit_disabled: bool, variants: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", jit_disabled)
    before = traces()
    variants[name](PAGE.copy(), workloads.everything())
    assert traces() == before


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


@pytest.mark.parametrize("name", HERE)
def test_a_call_that_raises_leaves_no_trace(
    name: str, variants: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bleed, _, post = workloads.everything()
    broken = Operation("jpeg", 9, {"quality": "best"})  # type: ignore[dict-item]
    before = traces()
    with pytest.raises((TypeError, ValueError)):
        variants[name](PAGE.copy(), Choices(bleed, (), (*post, broken)))
    assert traces() == before


@pytest.mark.parametrize("name", HERE)
def test_numba_draws_go_on_where_they_were(name: str, variants: Any) -> None:
    with isolated():
        seed_globals(5)
        expected = [_numba_draw() for _ in range(3)]
        seed_globals(5)
        found = [_numba_draw()]
        variants[name](PAGE.copy(), workloads.everything())
        found += [_numba_draw() for _ in range(2)]
    assert found == expected


@numba.njit
def _numba_draw() -> float:
    return random.random()


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


@pytest.mark.parametrize("name", HERE)
def test_threads_get_the_pages_that_one_thread_gets(name: str, variants: Any) -> None:
    image = workloads.page(64, 64)
    choices = [draw(23, index) for index in range(16)]
    expected = [variants[name](image.copy(), choice) for choice in choices]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda choice: variants[name](image.copy(), choice), reversed(choices)))
    assert all(np.array_equal(a, b) for a, b in zip(expected, reversed(found), strict=True))


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


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ([[0]], TypeError),
        (np.zeros((40, 40), np.uint8), ValueError),
        (np.zeros((40, 40, 3), np.float32), ValueError),
        (np.zeros((29, 40, 3), np.uint8), ValueError),
        (np.zeros((40, 29, 3), np.uint8), ValueError),
        (np.zeros((30, 8193, 3), np.uint8), ValueError),
        (np.zeros((40, 80, 3), np.uint8)[:, ::2], ValueError),
    ],
    ids=["list", "grey", "float", "low", "narrow", "long", "strided"],
)
def test_the_contract_refuses_other_images(image: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        augment_documents(image, draw(0, 0))


def test_the_contract_refuses_other_choices() -> None:
    with pytest.raises(TypeError, match="choices"):
        augment_documents(PAGE, 7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="melt"):
        augment_documents(PAGE, Choices((Operation("melt", 0, {}),), (), ()))


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
