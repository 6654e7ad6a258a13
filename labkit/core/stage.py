"""A stage: one step of a pipeline with a contract that every variant keeps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.core.agreement import Agreement, Exact
from labkit.core.errors import UsageError, listed
from labkit.core.workload import Workload

KINDS = ("python", "numpy", "library", "numba", "cython", "native", "gpu")


@dataclass(frozen=True)
class Split:
    """How a stage is cut into parts that can be computed apart.

    ``parts(count, *inputs)`` gives the argument tuples of at most ``count`` parts;
    ``combine(results, *inputs)`` makes the stage's output of the partial results.
    A variant runs under an engine when it brings a ``partial`` that maps one part to one partial result.
    """

    along: str
    parts: Callable[..., list[tuple[Any, ...]]]
    combine: Callable[..., Any]


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    The contract is a function: its docstring says what goes in and what comes out, its signature is the one
    that every variant has, and its body checks the input (it raises TypeError or ValueError, or returns None).
    """

    name: str
    contract: Callable[..., None]
    reference: str
    workloads: Mapping[str, Workload]
    edge_cases: Callable[[], Mapping[str, tuple[Any, ...]]] = dict
    agreement: Agreement = field(default_factory=Exact)
    floor_bytes: Callable[..., int] | None = None
    split: Split | None = None
    items: Callable[..., int] | None = None
    empty_cells: Mapping[str, str] = field(default_factory=dict)

    @property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.contract)

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.contract) or "").partition("\n")[0]

    def workload(self, name: str) -> Workload:
        if name not in self.workloads:
            raise UsageError(f"stage {self.name} has no workload {name!r}; it has: {listed(self.workloads)}")
        return self.workloads[name]


def define_stage(
    contract: Callable[..., None],
    *,
    reference: str,
    workloads: Sequence[Workload],
    name: str | None = None,
    **facts: Any,
) -> Stage:
    """Make a Stage of its contract; raises UsageError when a workload's name comes twice or a cell's kind is unknown."""
    stage = Stage(name or contract.__name__, contract, reference, {load.name: load for load in workloads}, **facts)
    if len(stage.workloads) != len(workloads):
        raise UsageError(f"stage {stage.name}: two workloads share a name: {listed(load.name for load in workloads)}")
    for cell in stage.empty_cells:
        if cell not in (*KINDS, "multiprocess"):
            raise UsageError(f"stage {stage.name}: empty cell of unknown kind {cell!r}; kinds: {listed(KINDS)}")
    return stage
