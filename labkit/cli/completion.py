"""What a shell offers for names on the command line: stages, and of the stage that is named its variants and workloads."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from labkit.cli import typed
from labkit.core.registry import registry
from labkit.core.stage import Stage


def stages(incomplete: str) -> list[str]:
    """The stages that begin so."""
    return _last_of_list(incomplete, _discovered())


def variants(incomplete: str) -> list[str]:
    """The variants of the stages that the line names; of a list with commas its last is completed."""
    return _last_of_list(incomplete, [name for stage in _named() for name in registry.of(stage.name)])


def workloads(incomplete: str) -> list[str]:
    """The workloads of the stages that the line names."""
    return _last_of_list(incomplete, [name for stage in _named() for name in stage.workloads])


def _named() -> list[Stage]:
    """The stages on the line; the parser does not tell of what stands before an option without its value."""
    known = _discovered()
    return [known[word] for word in typed() if word in known]


def _discovered() -> dict[str, Stage]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry.discover()
    return registry.stages


def _last_of_list(incomplete: str, names: Iterable[str]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return sorted({before + comma + name for name in names if name.startswith(last)})
