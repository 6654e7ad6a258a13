"""Attacks on the gate, a table: each wrong variant is caught by what is meant to catch it, each odd but right one passes."""

from __future__ import annotations

import faulthandler
import functools
from collections.abc import Callable, Iterator
from multiprocessing.connection import Pipe
from typing import Any

import numpy as np
import pytest

from labkit.core.contract import Terms
from labkit.core.fault import Fault
from labkit.core.registry import registry, variant
from labkit.core.stage import Stage, define_stage
from labkit.measure import probe
from labkit.measure.probe import EdgeCasesTask, ExamTask, ProbeTask
from labkit.processes import parent
from labkit.processes.parent import Limits, Outcome
from tests.gauntlet.attacks import ATTACKS, RIGHT, STAGES, Attack, odd_stages, one, photo

SEED = 20261201
ODD = {name: (call, agreement) for name, call, agreement in odd_stages()}


@pytest.fixture(scope="module")
def gate() -> Iterator[Callable[..., Outcome]]:
    """Probes a variant as a bench does: in a process of its own, with the reference's answers at hand."""
    faulthandler.disable()  # some children are to end by a fault
    registry.discover()  # once here, not in each process
    patch = pytest.MonkeyPatch()
    for name in ("stages", "variants", "origins"):
        patch.setattr(registry, name, dict(getattr(registry, name)))
    patch.setattr(registry, "brought", list(registry.brought))
    patch.setattr(probe, "LONG_ENOUGH_S", 0.005)
    held: dict[str, dict[str, Any]] = {}

    def run(task: Any, kept: dict[str, Any]) -> Outcome:
        ours, theirs = Pipe()
        outcome = parent._forked(task, Limits(30.0), kept, theirs)
        ours.close()
        return outcome

    def answers(stage: Stage, reference: Callable[..., Any]) -> dict[str, Any]:
        registry.stages[stage.name] = stage
        registry.variants[stage.name] = {}
        variant(stage.name, "numpy", "sound")(reference)
        kept: dict[str, Any] = {}
        for task in (EdgeCasesTask(stage.name, 1), ExamTask(stage.name, "one", 1, SEED)):
            outcome = run(task, kept)
            assert outcome.ending == "done", outcome.detail
            kept |= outcome.found
            kept |= outcome.found["kept"]
        return kept

    def judged(stage: Stage, reference: Callable[..., Any], call: Callable[..., Any]) -> Outcome:
        if stage.name not in held:
            held[stage.name] = answers(stage, reference)
        registry.variants[stage.name].pop("tried", None)
        variant(stage.name, "numpy", "tried")(call)
        return run(ProbeTask(stage.name, "tried", 1, 30.0), held[stage.name])

    yield judged
    patch.undo()
    faulthandler.enable()


def fault_of(outcome: Outcome) -> Fault | str | None:
    """What a table says of it, see :func:`labkit.measure.checking.probe`."""
    from labkit.core.protected import WRITES

    if outcome.found.get("protected") and outcome.detail == "SIGSEGV":
        return Fault(WRITES, "changed_input")
    if outcome.ending != "done":
        return f"{outcome.ending} {outcome.detail}"
    found: Fault | str | None = outcome.found.get("fault") or outcome.found.get("edge_fault")
    return found


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_caught_by_what_is_meant_to_catch_it(gate: Callable[..., Outcome], attack: Attack) -> None:
    fault = fault_of(gate(*STAGES[attack.stage], attack.call))
    assert fault is not None, f"passed the gate; edge cases of seed {SEED}"
    assert attack.caught_by in fault
    assert getattr(fault, "key", "differs") == attack.key


@pytest.mark.parametrize(("stage", "call"), RIGHT.values(), ids=RIGHT)
def test_what_is_odd_but_right_passes(gate: Callable[..., Outcome], stage: str, call: Callable[..., Any]) -> None:
    outcome = gate(*STAGES[stage], call)
    assert fault_of(outcome) is None
    assert outcome.found["cost_s"] > 0


@pytest.mark.parametrize("name", ODD)
def test_answers_of_other_kinds_pass(gate: Callable[..., Outcome], name: str) -> None:
    def contract(image: np.ndarray) -> None:
        """A picture."""

    call, agreement = ODD[name]
    stage = define_stage(
        contract, name=name.replace(" ", "_"), reference="sound", workloads=one(photo()), agreement=agreement
    )
    assert stage.terms == Terms(parameters=("image",))
    assert fault_of(gate(stage, call, functools.partial(call))) is None


def test_there_are_many_of_each() -> None:
    assert len(ATTACKS) >= 46
    assert len(RIGHT) + len(ODD) >= 15
