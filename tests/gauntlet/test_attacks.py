"""Attacks on the gate, a table: each wrong variant is caught by what is meant to catch it, each odd but right one passes."""

from __future__ import annotations

import faulthandler
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe
from typing import Any, NamedTuple

import numpy as np
import pytest

from labkit.core.contract import Terms
from labkit.core.fault import Fault
from labkit.core.protected import WRITES
from labkit.core.registry import registry, variant
from labkit.core.stage import Stage, define_stage
from labkit.measure import probe
from labkit.measure.probe import EdgeCasesTask, ExamTask, ProbeTask
from labkit.processes import parent
from labkit.processes.parent import Limits, Outcome
from tests.gauntlet.attacks import ATTACKS, RIGHT, STAGES, odd_stages, one, photo

SEED = 20261201
ODD = {name: (call, agreement) for name, call, agreement in odd_stages()}


class Judged(NamedTuple):
    """What a table would say of a variant, and what a warm call took."""

    fault: str | None
    key: str
    cost_s: float


@contextmanager
def probing() -> Iterator[Callable[..., Outcome]]:
    """Probes a variant as a bench does: in a process of its own, with the reference's answers at hand."""
    faulthandler.disable()  # some children are to end by a fault
    registry.discover()  # once here, not in each process
    probe.LONG_ENOUGH_S = 0.005
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


def serve(asked: Connection) -> None:
    """Judge what is named until the other side is gone."""
    with probing() as judged, suppress(EOFError):
        while True:
            table, name = asked.recv()
            asked.send(judge(judged, table, name))


def judge(judged: Callable[..., Outcome], table: str, name: str) -> Judged:
    if table == "attacks":
        outcome = judged(*STAGES[ATTACKS[name].stage], ATTACKS[name].call)
    elif table == "right":
        stage_name, call = RIGHT[name]
        outcome = judged(*STAGES[stage_name], call)
    else:
        call, agreement = ODD[name]
        stage = define_stage(
            a_picture, name=name.replace(" ", "_"), reference="sound", workloads=one(photo()), agreement=agreement
        )
        assert stage.terms == Terms(parameters=("image",))
        outcome = judged(stage, call, functools.partial(call))
    fault = fault_of(outcome)
    return Judged(
        None if fault is None else str(fault), getattr(fault, "key", "differs"), outcome.found.get("cost_s", 0)
    )


def a_picture(image: np.ndarray) -> None:
    """A picture."""


@pytest.fixture(scope="module")
def gate() -> Iterator[Callable[[str, str], Judged]]:
    """In a process executed afresh: one in which tests have used OpenMP may not fork."""
    ours, theirs = Pipe()
    process = get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    theirs.close()

    def ask(table: str, name: str) -> Judged:
        ours.send((table, name))
        answer = ours.recv()
        assert isinstance(answer, Judged)
        return answer

    yield ask
    ours.close()
    process.join()


def fault_of(outcome: Outcome) -> Fault | str | None:
    """What a table says of it, see :func:`labkit.measure.checking.probe`."""
    if outcome.found.get("protected") and outcome.detail == "SIGSEGV":
        return Fault(WRITES, "changed_input")
    if outcome.ending != "done":
        return f"{outcome.ending} {outcome.detail}"
    found: Fault | str | None = outcome.found.get("fault") or outcome.found.get("edge_fault")
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_caught_by_what_is_meant_to_catch_it(gate: Callable[[str, str], Judged], name: str) -> None:
    found = gate("attacks", name)
    assert found.fault is not None, f"passed the gate; edge cases of seed {SEED}"
    words = ATTACKS[name].caught_by
    assert any(text in found.fault for text in ((words,) if isinstance(words, str) else words))
    assert found.key == ATTACKS[name].key


@pytest.mark.parametrize(("table", "name"), [*(("right", name) for name in RIGHT), *(("odd", name) for name in ODD)])
def test_what_is_odd_but_right_passes(gate: Callable[[str, str], Judged], table: str, name: str) -> None:
    found = gate(table, name)
    assert found.fault is None
    assert found.cost_s > 0


def test_there_are_many_of_each() -> None:
    assert len(ATTACKS) >= 80
    assert len(RIGHT) + len(ODD) >= 40
