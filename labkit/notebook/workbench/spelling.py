"""Calls as the code that a user would write."""

from __future__ import annotations

from typing import Any


def call(function: str, *positions: Any, **named: Any) -> str:
    """A call of labkit's Python face, such as ``lk.bench('main_colors', ['fast'], ['logo'], threads=2)``."""
    given = [repr(value) for value in positions] + [f"{name}={value!r}" for name, value in named.items()]
    return f"lk.{function}({', '.join(given)})"


def given(**named: Any) -> dict[str, Any]:
    """The arguments that a call has to name: those that are not None."""
    return {name: value for name, value in named.items() if value is not None}
