"""What can be chosen in the dashboard, and what is: plain data, checked before it is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.engines import ENGINES
from labkit.engines.arm import ArmName
from labkit.measure.bench import DEFAULT_BUDGET_S, make_settings, plan_requests
from labkit.measure.request import Request


@dataclass(frozen=True)
class VariantFacts:
    """A variant of the stage: ``unavailable`` says why it can't run here, ``engines`` names those it also runs under."""

    name: str
    kind: str
    summary: str
    unavailable: str | None
    engines: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What is to be compared: arms (``variant`` or ``variant@engine``), for so many seconds, with so many threads a library."""

    stage: str
    variants: tuple[str, ...]
    workload: str
    budget_s: float
    threads: int
    baseline: str

    @property
    def threads_asked(self) -> int | None:
        """None where it is what a call takes by itself on this machine."""
        return None if self.threads == cpu_limit() else self.threads


def first_choice(stage: str) -> Choice:
    """The reference and every other variant that can run here, on the stage's first workload."""
    if not isinstance(stage, str):
        raise UsageError(f"stage is {stage!r}; give a name")
    found = registry.stage(stage)
    able = tuple(v.name for v in registry.of(stage).values() if v.unavailable() is None)
    return Choice(stage, able, next(iter(found.workloads)), DEFAULT_BUDGET_S, cpu_limit(), found.reference)


def still_there(choice: Choice) -> Choice:
    """The choice without what is gone since: a cell or a file may have been run anew."""
    stage = registry.stages.get(choice.stage)
    if stage is None:
        return first_choice(min(registry.stages))
    known = registry.of(choice.stage)
    return replace(
        choice,
        variants=tuple(arm for arm in choice.variants if ArmName.parse(arm).variant in known),
        workload=choice.workload if choice.workload in stage.workloads else next(iter(stage.workloads)),
        baseline=choice.baseline if ArmName.parse(choice.baseline).variant in known else stage.reference,
    )


def planned(choice: Choice) -> list[Request]:
    return plan_requests([choice.stage], choice.variants, [choice.workload], choice.baseline)


def checked(choice: Choice) -> Choice:
    """The choice with its arms as they are written, each once; raises UsageError for what does not exist or is out of range."""
    if not isinstance(choice.variants, tuple) or not all(isinstance(name, str) for name in choice.variants):
        raise UsageError(f"variants is {choice.variants!r}; give names in a tuple, such as ('naive', 'native@threads')")
    for field, name in (("stage", choice.stage), ("workload", choice.workload), ("baseline", choice.baseline)):
        if not isinstance(name, str):
            raise UsageError(f"{field} is {name!r}; give a name")
    registry.stage(choice.stage).workload(choice.workload)
    make_settings(choice.budget_s, choice.threads)
    arms = tuple(dict.fromkeys(str(ArmName.parse(arm)) for arm in choice.variants))
    choice = replace(choice, variants=arms, baseline=str(ArmName.parse(choice.baseline)))
    planned(choice)
    return choice


def variant_facts(stage: str) -> list[VariantFacts]:
    """The variants of a stage as they are now."""
    found = registry.stage(stage)
    engines = tuple(name for name, kind in ENGINES.items() if kind.missing() is None) if found.split else ()
    return [
        VariantFacts(v.name, v.kind, v.summary, v.unavailable(), engines if v.partial else ())
        for v in registry.of(stage).values()
    ]
