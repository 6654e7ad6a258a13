"""A stage: one step of a pipeline with a contract that every variant keeps."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.core import derived
from labkit.core.agreement import Agreement, Exact
from labkit.core.contract import Terms, checking, read_terms
from labkit.core.derived import Many
from labkit.core.errors import UsageError, listed
from labkit.core.split import Split
from labkit.core.workload import Workload

KINDS = ("python", "numpy", "library", "numba", "cython", "native", "gpu")


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline.

    The contract is a function: its docstring says what goes in and what comes out, its signature is the one
    that every variant has, and its body checks the input (it raises TypeError or ValueError, or returns None).
    ``terms`` is what its annotations say; ``many`` the pictures of the stage ``NAME_many`` that follows from it, if one does.
    ``in_place`` says that variants may write into their inputs; they are handed copies.
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
    terms: Terms = field(default_factory=Terms)
    many: Many | None = None
    in_place: bool = False

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


def by_name(function: Callable[..., Any], what: str, parameters: Sequence[str]) -> Callable[..., Any]:
    """The function as one that takes all of a stage's inputs in order, and is given those that it names.

    Where its names are others than the stage's ``parameters`` it is given as many of the first as it takes. Raises UsageError,
    which begins with ``what``, for a function that can't be called so.
    """
    try:
        own = list(inspect.signature(function).parameters.values())
    except ValueError:
        return function  # compiled, and does not tell
    if any(one.kind is one.VAR_POSITIONAL for one in own):
        return function
    wanted = [one.name for one in own if one.kind is not one.VAR_KEYWORD]
    if set(wanted) <= set(parameters) and all(one.kind is not one.POSITIONAL_ONLY for one in own):
        return lambda *inputs: function(
            **{key: value for key, value in zip(parameters, inputs, strict=False) if key in wanted}
        )
    count = sum(one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) for one in own)
    needed = sum(one.default is one.empty for one in own if one.kind is not one.VAR_KEYWORD)
    if needed > min(count, len(parameters)):
        raise UsageError(
            f"{what} takes ({', '.join(wanted)}); let it take some of the contract's: {listed(parameters)}"
        )
    return lambda *inputs: function(*inputs[:count])


def define_stage(
    contract: Callable[..., None],
    *,
    reference: str,
    workloads: Sequence[Workload] | None = None,
    name: str | None = None,
    edge_cases: Callable[[], Mapping[str, tuple[Any, ...]]] | None = None,
    try_also: Mapping[str, Sequence[Any]] | None = None,
    **facts: Any,
) -> Stage:
    """Make a Stage of its contract. What is not said follows from the annotations, where they say enough.

    ``workloads``, ``floor_bytes``, ``items`` and ``many`` take the place of what would follow; ``edge_cases`` are tried
    beside the small pictures that follow, each of these also with every value of ``try_also``, by parameter.
    ``floor_bytes`` and ``items`` are called with those of the inputs that they name.

    With ``in_place`` variants may write into their inputs and answer with them, or with nothing: then the answer is what the
    inputs that hold arrays have become. Every call is handed copies, the same for all variants, also while the clock runs.

    Raises UsageError when a workload's name comes twice, a cell's kind is unknown, or nothing says what the workloads are.
    """
    terms = read_terms(contract)
    name = name or contract.__name__
    made: list[Callable[[], Mapping[str, tuple[Any, ...]]]] = [edge_cases] if edge_cases else []
    if terms.of_one_image:
        made.insert(0, lambda: derived.edge_cases(terms, try_also or {}))
        workloads = derived.workloads(terms) if workloads is None else workloads
        many = None if facts.get("in_place") else Many()  # what comes back of each image may be nothing
        facts = {"items": lambda *inputs: 1, "many": many} | facts
    if workloads is None:
        raise UsageError(f"stage {name}: say its workloads; only of annotated images they follow from the contract")
    facts.setdefault("floor_bytes", derived.floor_bytes(terms))
    for fact in ("floor_bytes", "items"):
        if facts.get(fact) is not None:
            facts[fact] = by_name(facts[fact], f"stage {name}: {fact}", terms.parameters)
    stage = Stage(
        name,
        checking(contract, terms),
        reference,
        {load.name: load for load in workloads},
        edge_cases=lambda: {case: inputs for cases in made for case, inputs in cases().items()},
        terms=terms,
        **facts,
    )
    if len(stage.workloads) != len(workloads):
        raise UsageError(f"stage {stage.name}: two workloads share a name: {listed(load.name for load in workloads)}")
    for cell in stage.empty_cells:
        if cell not in (*KINDS, "multiprocess"):
            raise UsageError(f"stage {stage.name}: empty cell of unknown kind {cell!r}; kinds: {listed(KINDS)}")
    return stage
