"""labkit: make slow image pipelines fast, and prove it.

``import labkit as lk`` gives ``lk.stage`` and ``lk.variant`` to bring your own code, ``lk.add_pictures`` to bring your own
pictures, ``lk.bench`` to check and time variants against one another, ``lk.check`` to check them alone, ``lk.profile`` and
``lk.diff`` to see which line takes how long, ``lk.sweep`` to see how speed follows workers, chunk or size, ``lk.runs`` and
``lk.history`` to read what was measured before, ``lk.report`` to tell a team, ``lk.doctor`` to learn what would mislead you
here, and ``lk.workbench`` to do all of it by hand in a notebook.
"""

from __future__ import annotations

from typing import Any

from labkit.core import (
    BGR,
    BGRA,
    Boxes,
    Drawn,
    Exact,
    Grey,
    Image,
    Many,
    Odd,
    OneOf,
    OutsideMask,
    Psnr,
    Real,
    Rows,
    SameShape,
    Shaped,
    Share,
    Split,
    UsageError,
    Whole,
    Within,
    Workload,
    stage,
    variant,
)
from labkit.core.version import __version__ as __version__

_MEASURING = (
    "add_pictures",
    "bench",
    "check",
    "compare",
    "diff",
    "doctor",
    "history",
    "load",
    "memory",
    "pictures",
    "profile",
    "report",
    "runs",
    "show_progress",
    "sweep",
    "workbench",
)
__all__ = [
    "BGR",
    "BGRA",
    "Boxes",
    "Drawn",
    "Exact",
    "Grey",
    "Image",
    "Many",
    "Odd",
    "OneOf",
    "OutsideMask",
    "Psnr",
    "Real",
    "Rows",
    "SameShape",
    "Shaped",
    "Share",
    "Split",
    "UsageError",
    "Whole",
    "Within",
    "Workload",
    "stage",
    "variant",
    *_MEASURING,
]


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext labkit`` in a notebook brings its magics."""
    from labkit.notebook.magics import LabMagics

    shell.register_magics(LabMagics)


def __getattr__(name: str) -> Any:
    """The measuring side is imported on first use: a process that only runs a variant never pays for it."""
    if name == "workbench":  # widgets are for notebooks alone
        from labkit.notebook.dashboard import workbench

        return workbench
    if name == "compare":
        from labkit.functions.compare import compare

        return compare
    if name == "add_pictures":
        from labkit.functions.pictures import add_pictures

        return add_pictures
    if name in _MEASURING:
        from labkit import api

        return getattr(api, name)
    raise AttributeError(f"module 'labkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What one means by ``lk.<Tab>``: the product, whether it is imported yet or not."""
    return sorted(__all__)
