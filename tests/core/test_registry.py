"""The registry: names are found, and what is wrong with one is said together with what there is."""

from collections.abc import Callable
from typing import Any

import pytest

import labkit as lk
from labkit.core.registry import Registry
from labkit.core.stage import define_stage
from labkit.engines.arm import ArmName, open_arm


def contract(image: Any, n: int = 6) -> None:
    """Takes an image."""


def from_module(module: str, name: str = "mine", answer: int = 0) -> Callable[[Any, int], int]:
    """A function as another module or notebook cell would define it."""

    def function(image: Any, n: int) -> int:
        return answer

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function


@pytest.fixture
def toy(own_registry: Registry) -> Registry:
    for name in ("blur", "crop"):
        stage = define_stage(contract, name=name, reference="plain", workloads=[lk.Workload("logo", tuple)])
        own_registry.add_stage(stage, f"here:{name}")
        lk.variant(name, kind="numpy")(from_module("here", "plain"))
    return own_registry


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda r: r.stage("sharpen"), "unknown stage 'sharpen'; stages: blur, crop"),
        (lambda r: r.variant("blur", "fast"), "stage blur has no variant 'fast'; it has: plain"),
        (lambda r: r.stage("blur").workload("4k"), "stage blur has no workload '4k'; it has: logo"),
        (
            lambda r: lk.variant("sharpen", kind="numpy")(from_module("a")),
            "variant mine: unknown stage 'sharpen'; stages: blur, crop",
        ),
        (
            lambda r: lk.variant("blur", kind="rust")(from_module("a")),
            "variant mine: unknown kind 'rust'; kinds: python, numpy, library, numba, cython, native, gpu",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy")(from_module("elsewhere", "plain")),
            "stage blur has a variant plain already (from here:plain); it has: plain",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy")(lambda picture, n: 0),
            "variant name '<lambda>' of stage blur: take letters, digits and underscores, no @ or comma",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy", name="mine")(lambda image, k: 0),
            "variant mine takes (image, k), but stage blur asks for blur(image: Any, n: int = 6)",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy", name="mine")(lambda n, image: 0),
            "variant mine takes (n, image), but stage blur asks for",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy", name="fast,er")(from_module("a")),
            "variant name 'fast,er' of stage blur: take letters, digits and underscores, no @ or comma",
        ),
        (
            lambda r: lk.variant("blur", kind="numpy", name="limit")(from_module("a")),
            "variant name 'limit' of stage blur is taken by the arm that measures the machine's limit",
        ),
        (
            lambda r: r.add_stage(define_stage(contract, name="blur", reference="plain", workloads=[]), "elsewhere"),
            "stage blur exists already (from here:blur); stages: blur, crop",
        ),
        (
            lambda r: define_stage(
                contract, reference="p", workloads=[lk.Workload("a", tuple), lk.Workload("a", tuple)]
            ),
            "stage contract: two workloads share a name: a, a",
        ),
        (
            lambda r: define_stage(contract, reference="p", workloads=[], empty_cells={"rust": "no"}),
            "stage contract: empty cell of unknown kind 'rust'; kinds: python",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_there_is(toy: Registry, wrong: Callable[[Registry], Any], said: str) -> None:
    with pytest.raises(lk.UsageError) as error:
        wrong(toy)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_decorators_give_the_function_back_and_describe_it(own_registry: Registry) -> None:
    @lk.stage(reference="plain", workloads=[lk.Workload("logo", tuple)])
    def sharpen(image: Any) -> None:
        """Sharpens.

        More about it.
        """

    @lk.variant("sharpen", kind="python")
    def plain(image: Any) -> int:
        """Pixel by pixel."""
        return 5

    assert plain(None) == 5
    assert own_registry.stage("sharpen").summary == "Sharpens."
    assert own_registry.variant("sharpen", "plain").summary == "Pixel by pixel."


def test_a_notebook_cell_run_again_replaces_its_variant(toy: Registry) -> None:
    for answer in (1, 2):
        lk.variant("blur", kind="numpy")(from_module("__main__", answer=answer))
    function = toy.variant("blur", "mine").function
    assert function is not None
    assert function(None, 1) == 2
    assert [thing.name for thing in toy.brought if thing.name == "mine"] == ["mine"]


def test_a_notebook_cell_run_again_replaces_its_stage(toy: Registry) -> None:
    for name in ("a", "b"):
        stage = define_stage(contract, name="mine", reference="plain", workloads=[lk.Workload(name, tuple)])
        toy.add_stage(stage, "__main__:mine")
    assert list(toy.stage("mine").workloads) == ["b"]


def test_variants_of_one_name_in_two_stages_are_both_brought_to_measuring_processes(toy: Registry) -> None:
    for stage in ("blur", "crop"):
        lk.variant(stage, kind="numpy")(from_module("__main__"))
    assert {thing.stage for thing in toy.brought if thing.name == "mine"} == {"blur", "crop"}


def test_a_variant_may_have_a_korean_name(toy: Registry) -> None:
    lk.variant("blur", kind="numpy", name="빠른것")(from_module("a"))
    assert "빠른것" in toy.of("blur")


def test_the_reference_comes_first_and_then_the_kinds_in_their_order(toy: Registry) -> None:
    for name, kind in (("z", "gpu"), ("y", "python"), ("x", "native")):
        lk.variant("blur", kind=kind, name=name)(from_module("a", name))
    assert list(toy.of("blur")) == ["plain", "y", "x", "z"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({}, None),
        ({"requires": ["json"]}, None),
        (
            {"requires": ["json", "a_module_nobody_has.sub"]},
            "needs the module a_module_nobody_has.sub, which is not installed",
        ),
        ({"missing": lambda: "no CUDA device"}, "no CUDA device"),
        ({"missing": lambda: None}, None),
    ],
)
def test_a_variant_says_why_it_is_unavailable(toy: Registry, facts: dict[str, Any], reason: str | None) -> None:
    lk.variant("blur", kind="gpu", **facts)(from_module("a"))
    assert toy.variant("blur", "mine").unavailable() == reason


@pytest.mark.parametrize(
    ("text", "name"),
    [("fast", ArmName("fast")), (" fast@threads ", ArmName("fast", "threads")), ("a@b@c", ArmName("a", "b@c"))],
)
def test_an_arm_is_a_variant_perhaps_under_an_engine(text: str, name: ArmName) -> None:
    assert ArmName.parse(text) == name
    assert str(name) == text.strip()


@pytest.mark.parametrize("text", ["", "@threads", "fast@", "@"])
def test_an_arm_without_a_variant_or_an_engine_after_the_sign_is_refused(text: str) -> None:
    with pytest.raises(lk.UsageError, match="give a variant, or variant@engine, such as native@threads"):
        ArmName.parse(text)


def test_an_arm_is_opened_before_it_is_called_and_closed_after(toy: Registry) -> None:
    events: list[str] = []

    @lk.variant("blur", kind="numba", arm=True)
    def pooled() -> Any:
        import contextlib

        @contextlib.contextmanager
        def opened() -> Any:
            events.append("opened")
            yield lambda image, n: events.append("called")
            events.append("closed")

        return opened()

    with open_arm("blur", ArmName("pooled"), 1) as call:
        call(None, 1)
    assert events == ["opened", "called", "closed"]


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ("plain@threads", "stage blur declares no split, so none of its variants runs under an engine"),
        (
            "plain@rockets",
            "unknown engine 'rockets'; engines: serial, threads, processes, chunks, pool_imap, shared_memory, ray",
        ),
        ("absent", "variant absent of stage blur: not built here"),
    ],
)
def test_an_arm_that_can_not_be_opened_says_why(toy: Registry, arm: str, said: str) -> None:
    toy._mark_missing("blur", "absent", "native", "not built here")
    with pytest.raises(lk.UsageError) as error, open_arm("blur", ArmName.parse(arm), 1):
        pass
    assert str(error.value) == said
