"""Calls as the code that a user would write, and facts as the words that a user reads."""

from __future__ import annotations

from typing import Any

from labkit.measure.pictures import Inputs
from labkit.report import words


def call(function: str, *positions: Any, **named: Any) -> str:
    """A call of labkit's Python face, such as ``lk.bench('main_colors', ['fast'], ['logo'], threads=2)``."""
    given = [repr(value) for value in positions] + [f"{name}={value!r}" for name, value in named.items()]
    return f"lk.{function}({', '.join(given)})"


def facts_of(inputs: Inputs | None) -> dict[str, str]:
    """What is known of a workload's inputs; nothing before they were looked at."""
    if inputs is None:
        return {}
    facts = dict(inputs.arguments)
    if inputs.bytes:
        facts["in all"] = words.size(inputs.bytes)
    if inputs.items is not None and inputs.items != 1:
        facts["items"] = words.count(inputs.items)
    return facts
