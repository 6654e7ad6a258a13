"""The quickest decoder of PNG and the quickest kernel, in a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from labkit.core import UsageError, registry, variant
from labkit.pipelines.main_colors_of_file import file_content, with_alpha
from labkit.stages.main_colors import MainColors

PARTS = (("decode", "kornia"), ("main_colors", "native_omp"))


def missing() -> str | None:
    """Which of the two parts this machine can't run, and why."""
    for stage, name in PARTS:
        found = registry.of(stage).get(name)
        reason = found.unavailable() if found else "is not there"
        if reason:
            return f"{stage}/{name}: {reason}"
    return None


@cache
def kernels() -> list[Callable[..., Any]]:
    """The functions of the two parts; looked up once a process."""
    functions = [registry.variant(stage, name).function for stage, name in PARTS]
    if missing() or None in functions:
        raise UsageError(f"main_colors_of_file/best can't run here: {missing()}")
    return functions  # type: ignore[return-value]


@variant("main_colors_of_file", kind="native", missing=missing)
def best(path: str | Path, n: int = 6) -> MainColors:
    """The file read whole, decoded by kornia-rs, counted by the C++ kernel on all cores."""
    decode, main_colors = kernels()
    data = file_content(path)
    try:
        image = decode(data)
    except UsageError as error:
        raise UsageError(f"path {path}: {error}") from error
    result: MainColors = main_colors(with_alpha(image, path), n)
    return result
