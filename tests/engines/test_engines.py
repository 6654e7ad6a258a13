"""Engines: every one gives the same, whatever the workers, the chunk and the order, and tells the error of a task."""

import sys
import threading
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import labkit as lk
from labkit.core.draws import generator
from labkit.core.errors import UsageError
from labkit.core.registry import Registry
from labkit.core.stage import Split, define_stage
from labkit.core.variant import Variant
from labkit.engines import ENGINES, Outcome, check_engine, open_engine, split_arm
from labkit.engines.arm import ArmName, open_arm
from labkit.engines.stream import Engine
from tests.engines import tasks
from tests.engines.tasks import LOCAL_ENGINES, PROCESS_ENGINES, act

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # as for a notebook: workers need not import the tests
cloudpickle.register_pickle_by_value(tasks)


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    """Engines with two workers that many tests share."""
    engines: dict[str, Engine] = {}

    @cache
    def get(name: str) -> Engine:
        engines[name] = open_engine(name, act, 2)
        return engines[name]

    yield get
    for engine in engines.values():
        engine.close()


def outcomes(engine: Engine, given: Any, ordered: bool = False) -> dict[int, Outcome]:
    return {outcome.index: outcome for outcome in engine.stream(given, ordered)}


def noisy(index: int, height: int) -> np.ndarray:
    """What is random about an image depends on its index alone."""
    return generator(7, index).integers(0, 256, (height, 5), np.uint8)


def bands(count: int, image: np.ndarray) -> list[tuple[np.ndarray]]:
    return [(band,) for band in np.array_split(image, count) if len(band)]


def contract(image: np.ndarray) -> None:
    """Image (h, w)."""


STAGE = define_stage(
    contract,
    name="lines",
    reference="plain",
    workloads=[],
    split=Split("rows", bands, lambda parts, image: np.concatenate(parts)),
)
PLAIN = Variant("lines", "plain", "numpy", function=lambda i: i.sum(1), partial=lambda i: i.sum(1))


@pytest.mark.parametrize("name", LOCAL_ENGINES)
@pytest.mark.parametrize(("workers", "chunk", "ordered"), [(1, None, True), (3, 4, False)])
def test_the_same_comes_out_whatever_the_engine_workers_chunk_and_order(
    name: str, workers: int, chunk: int | None, ordered: bool
) -> None:
    given = [(index, 1 + index * 7 % 40) for index in range(50)]
    with open_engine(name, noisy, workers, chunk=chunk) as engine:
        found = list(engine.stream(given, ordered))
    assert [outcome.error for outcome in found] == [None] * 50
    assert sorted(outcome.index for outcome in found) == list(range(50))
    assert not ordered or [outcome.index for outcome in found] == list(range(50))
    for outcome in found:
        assert np.array_equal(outcome.value, noisy(*given[outcome.index]))


@pytest.mark.parametrize("name", LOCAL_ENGINES)
def test_a_stream_may_follow_another_on_the_same_workers(opened: Any, name: str) -> None:
    engine = opened(name)
    assert outcomes(engine, []) == {}
    first, second = ({outcome.value for outcome in engine.stream([("process",)] * 20)} for _ in range(2))
    assert first == second or name == "chunks" or (first | second and len(first | second) <= 2)


@pytest.mark.parametrize("name", LOCAL_ENGINES)
@pytest.mark.parametrize(
    ("order", "kind", "said"),
    [
        ("error", LookupError, "LookupError: no such colour"),
        ("own error", tasks.OwnError, "OwnError: no such colour"),
        ("locked error", RuntimeError, "LockedError: no such colour"),
        ("leave", SystemExit, "SystemExit: no such colour"),
    ],
)
def test_the_error_of_a_task_is_its_outcome_and_the_others_are_done(
    opened: Any, name: str, order: str, kind: type[BaseException], said: str
) -> None:
    found = outcomes(opened(name), [("echo", 0), (order, "no such\ncolour"), ("echo", 2)])
    assert (found[0].value, found[2].value) == ((0,), (2,))
    assert found[1].error == said
    assert found[1].value is None
    assert isinstance(found[1].exception(), kind)


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_a_result_or_an_argument_that_can_not_be_pickled_is_an_error_of_its_task(opened: Any, name: str) -> None:
    found = outcomes(opened(name), [("echo", 0), ("lock",), ("echo", threading.Lock()), ("echo", 3)])
    assert (found[0].value, found[3].value) == ((0,), (3,))
    assert "pickle" in str(found[1].error)
    assert found[2].error is not None


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_an_array_that_comes_back_is_the_consumers_own(opened: Any, name: str) -> None:
    image = np.arange(60_000, dtype=np.uint8).reshape(100, 200, 3)
    kept = [outcome.value for outcome in opened(name).stream([("negative", image + n) for n in range(30)], True)]
    for number, array in enumerate(kept):
        assert np.array_equal(array, 255 - (image + np.uint8(number)))
        array += 1


@pytest.mark.parametrize("name", PROCESS_ENGINES)
def test_a_function_that_can_not_be_pickled_is_named_with_the_way_out(name: str) -> None:
    lock = threading.Lock()

    def guarded(image: Any) -> Any:
        with lock:
            return image

    with pytest.raises(UsageError, match=rf"function .*guarded can't be pickled.*engine {name} .*once=.*threads"):
        open_engine(name, guarded, 2)


@pytest.mark.parametrize("name", LOCAL_ENGINES)
def test_once_is_called_once_a_worker(name: str, tmp_path: Path) -> None:
    def build() -> str:
        (tmp_path / f"{threading.get_ident()} {np.random.default_rng().integers(2**60)}").touch()
        return "made"

    with open_engine(name, lambda made, number: (made, number), 2, once=build) as engine:
        found = outcomes(engine, ((number,) for number in range(100)))
    assert all(found[number].value == ("made", number) for number in range(100))
    assert len(list(tmp_path.iterdir())) == engine.workers


@pytest.mark.parametrize("name", ["serial", "threads", "shared_memory"])
def test_a_factory_that_fails_is_every_tasks_error(name: str) -> None:
    with open_engine(name, lambda made, number: number, 1, once=lambda: {}["model"]) as engine:  # type: ignore[misc]
        assert {outcome.error for outcome in engine.stream([(1,), (2,)])} == {
            "RuntimeError: once() failed: KeyError: 'model'"
        }


@pytest.mark.parametrize("name", ["processes", "pool_imap", "shared_memory"])
def test_a_worker_that_lacks_a_module_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("only_here")
    exec("def function(x): return x", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    with open_engine(name, module.function, 1) as engine:
        (found,) = engine.stream([(1,)])
    assert "only_here" in str(found.error)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"name": "rockets"}, "unknown engine 'rockets'; engines: serial, threads, processes"),
        ({"workers": 0}, "workers is 0; give an integer of at least 1"),
        ({"workers": True}, "workers is True"),
        ({"chunk": 0}, "chunk is 0; give an integer of at least 1"),
        ({"in_flight": -1}, "in_flight is -1"),
        ({"time_limit_s": 0.0}, "time_limit_s is 0.0; give a number of seconds above 0"),
    ],
)
def test_what_makes_no_engine_says_why(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_engine(**({"name": "serial", "function": act, "workers": 1} | facts))


def test_an_engine_whose_module_is_missing_gives_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"engine ray can't run here: needs the module ray.*pip install 'labkit\[ray\]'"
    ):
        open_engine("ray", act, 1)


def test_an_engine_that_exists_passes() -> None:
    check_engine("threads")


@pytest.mark.parametrize("engine", LOCAL_ENGINES)
@pytest.mark.parametrize("count", [1, 3])
def test_an_arm_gives_what_the_whole_gives(engine: str, count: int) -> None:
    with split_arm(STAGE, PLAIN, engine, count) as call:
        for height in (7, 1, 100):
            image = np.arange(height * 5).reshape(height, 5)
            assert np.array_equal(call(image), image.sum(1))


@pytest.mark.parametrize("engine", ["serial", "threads", "processes", "shared_memory"])
def test_the_error_of_a_part_is_the_arms_error(engine: str) -> None:
    failing = Variant("lines", "failing", "numpy", partial=lambda band: {}[len(band)])
    with split_arm(STAGE, failing, engine, 2) as call, pytest.raises(KeyError, match="5"):
        call(np.zeros((10, 1)))


@pytest.mark.parametrize(
    ("engine", "stage", "variant", "said"),
    [
        ("rockets", STAGE, PLAIN, f"unknown engine 'rockets'; engines: {', '.join(ENGINES)}"),
        ("threads", define_stage(contract, reference="p", workloads=[]), PLAIN, "stage contract declares no split"),
        ("threads", STAGE, Variant("lines", "whole", "numpy"), "variant whole of stage lines has no partial"),
    ],
)
def test_what_can_not_run_under_an_engine_says_why(engine: str, stage: Any, variant: Variant, said: str) -> None:
    with pytest.raises(UsageError, match=said), split_arm(stage, variant, engine, 1):
        pass


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a@chunks:4", ArmName("a", "chunks", 4)),
        ("a@chunks:4x16", ArmName("a", "chunks", 4, 16)),
        ("a@threads:1", ArmName("a", "threads", 1)),
    ],
)
def test_an_arms_name_may_say_how_many_workers_and_how_large_a_chunk(text: str, name: ArmName) -> None:
    assert ArmName.parse(text) == name
    assert str(name) == text
    assert name.under == text.partition("@")[2]


@pytest.mark.parametrize(
    "text", ["a@threads:", "a@threads:0", "a@threads:x4", "a@threads:2x", "a@threads:2x0", "a@b:-1"]
)
def test_numbers_after_an_engine_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="after the colon give WORKERS or WORKERSxCHUNK, such as native@chunks:4x16"):
        ArmName.parse(text)


@pytest.mark.parametrize("sizes", ["3", "1x8"])
def test_serial_is_not_given_more_than_the_one_worker_it_has(sizes: str) -> None:
    with pytest.raises(UsageError, match="serial has one worker, which takes one task at a time; give native@serial"):
        ArmName.parse(f"native@serial:{sizes}")


LOADED = """
import os
import numpy as np
import labkit as lk

def helper(image):
    return image.sum(1)

@lk.stage(
    reference="plain",
    workloads=[],
    split=lk.Split("rows", lambda n, image: [(b,) for b in np.array_split(image, n)], lambda p, image: np.concatenate(p)),
)
def sums(image):
    "Sums of rows."

@lk.variant("sums", kind="numpy", partial=lambda image: helper(image))
def plain(image):
    return helper(image)

@lk.variant("sums", kind="python", partial=lambda image: [len(image)])
def counts(image):
    return [len(image)]
"""


def test_functions_of_a_loaded_file_reach_the_workers(tmp_path: Path, own_registry: Registry) -> None:
    file = tmp_path / "my stages.py"
    file.write_text(LOADED)
    lk.load(file)
    image = np.arange(20).reshape(4, 5)
    with open_arm("sums", ArmName("plain", "shared_memory"), 2) as call:
        assert np.array_equal(call(image), image.sum(1))
    with open_arm("sums", ArmName("counts", "threads", 4), 2) as call:
        assert list(call(image)) == [1, 1, 1, 1]
