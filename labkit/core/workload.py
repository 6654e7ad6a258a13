"""A workload: named, concrete, deterministic inputs of a stage; and where its files live."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from labkit.core.whole import write_whole


@dataclass(frozen=True)
class Workload:
    """Named inputs of a stage.

    ``build()`` gives the inputs, one for each parameter without default (or more, in the order of the signature).
    ``other()`` gives inputs of the same shapes and sizes with another content and another answer: with them the
    agreement gate refills the very buffers that a variant has already seen. Without it, the middle half of every
    uint8 array is inverted bit by bit in an uneven pattern.
    ``storage="disk"`` says that reading the inputs' files from a disk is part of what is timed: then the doctor warns
    where they come from memory, the page cache, instead.
    """

    name: str
    build: Callable[[], tuple[Any, ...]]
    summary: str = ""
    other: Callable[[], tuple[Any, ...]] | None = None
    storage: Literal["memory", "disk"] = "memory"


def input_files(inputs: Any) -> list[Path]:
    """The files that exist among (nested) inputs: each a ``Path``, or a ``str`` that is the path of one."""
    if isinstance(inputs, str | Path):
        try:
            return [Path(inputs)] if os.path.isfile(inputs) else []
        except ValueError:  # a text with a null character
            return []
    inner = inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, list | tuple) else ()
    return [file for value in inner for file in input_files(value)]


def project_folder() -> Path:
    """Where ``data/`` and ``results/`` lie: the nearest folder upwards that holds ``pyproject.toml`` or ``.git``, else this one.

    So a notebook in ``notebooks/`` finds the same inputs, and stores beside the same runs, as a command in the project's folder.
    """
    here = Path.cwd()
    marked = (
        folder for folder in (here, *here.parents) if (folder / "pyproject.toml").exists() or (folder / ".git").exists()
    )
    return next(marked, here)


def data_folder() -> Path:
    """The folder of generated inputs: ``$LABKIT_DATA``, or ``data/`` in the project's folder."""
    named = os.environ.get("LABKIT_DATA")
    return Path(named).absolute() if named else project_folder() / "data"


def data_file(name: str, make: Callable[[], bytes]) -> Path:
    """The path of a generated input file, made on first use and then whole or not at all."""
    path = data_folder() / name
    if not path.exists():
        write_whole(path, make())
    return path
