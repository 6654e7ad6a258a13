"""A kernel in C++ becomes the variants ``native`` and ``native_omp`` of a stage.

In a stage's ``native.py``, beside ``native.cpp`` which holds the kernel (see ``rows.hpp``)::

    from labkit.kinds import native

    native("invert", "C++: four bytes at once.")

The build makes a library of the ``.cpp`` for each path of instructions; the one that this processor has is loaded with the
first call.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from labkit.core.contract import Array, Either, Image, Same, Terms
from labkit.core.registry import registry, variant
from labkit.core.simd import simd
from labkit.core.unbuilt import why_unbuilt
from labkit.kinds.call import Face

WORTH_A_THREAD = 1 << 21  # bytes of input that a light kernel gets through while a thread is woken, 20 to 80 µs
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def native(
    stage: str,
    summary: str,
    kernel: str | None = None,
    *,
    name: str = "native",
    worth: int = WORTH_A_THREAD,
    whole: bool = False,
    axis: int = 0,
) -> None:
    """Register ``name`` (one thread) and ``name_omp`` (bands of rows on all cores) of a stage.

    Parameters
    ----------
    kernel : its name in the ``.cpp`` beside the calling file; the stage's unless told.
    worth : bytes of input for which it pays to wake one thread more: less for a kernel that has more to do with a byte.
    whole : the kernel makes all rows in one call, on as many threads as it is given.
    axis : of the output, that is cut into bands.

    Raises UsageError for an unknown stage.
    """
    source = Path(sys._getframe(1).f_globals["__file__"]).with_suffix(".cpp")
    origin = sys._getframe(1).f_globals["__name__"]
    for threaded in (False, True):
        label = f"{name}_omp" if threaded else name
        said = "The same on all cores: OpenMP over bands of rows." if threaded else summary
        if threaded and whole:
            said = "The same on all cores."
        made = Native(label, origin, said, stage, source, kernel or stage, worth, threaded, whole, axis)
        variant(stage, "native", label, missing=made.missing, parallel=threaded)(made)


class Native:
    """A callable with the stage's signature that runs a kernel of C++. Travels by what it was made of."""

    def __init__(
        self,
        name: str,
        origin: str,
        summary: str,
        stage: str,
        source: Path,
        kernel: str,
        worth: int,
        threaded: bool,
        whole: bool,
        axis: int,
    ) -> None:
        self._made_of = (name, origin, summary, stage, source, kernel, worth, threaded, whole, axis)
        self.stage, self.source, self.kernel = stage, source, kernel
        self._settings = {"worth": worth, "threaded": threaded, "whole": whole, "axis": axis}
        self._face = Face(name, origin, summary, registry.stage(stage).signature)
        self._count = len(self._face.signature.parameters)
        self._call: Callable[..., Any] | None = None
        self._face.put_on(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._made_of

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        call = self._call or self._loaded()
        if named or len(inputs) != self._count:
            inputs = self._face.complete(inputs, named)
        return call(*inputs)

    def missing(self) -> str | None:
        """Why it can't be had; None when it can."""
        return None if library(self.source, simd()).exists() else why_unbuilt(self.source)

    def _loaded(self) -> Callable[..., Any]:
        from labkit.kinds._call import Caller

        loaded = ctypes.CDLL(str(library(self.source, simd())))
        address = ctypes.cast(getattr(loaded, f"labkit_{self.kernel}"), ctypes.c_void_p).value
        terms = registry.stage(self.stage).terms
        arrays, codes = _inputs(terms)
        made: Callable[..., Any] = Caller(
            address=address,
            names=list(arrays),
            types=list(arrays.values()),
            codes=codes,
            output=_output(terms),
            **self._settings,
        )
        self._call = made
        return made


def library(source: Path, path: str) -> Path:
    """The library that the build makes of a kernel for a path of instructions."""
    return source.with_name(f"_{source.stem}_{path}{SUFFIX}")


def _inputs(terms: Terms) -> tuple[dict[str, int], list[dict[Any, int] | None]]:
    """The arrays among a stage's parameters, which come first, with NumPy's numbers of their types; codes of the others."""
    arrays: dict[str, int] = {}
    for name, taken in terms.takes.items():
        if isinstance(taken, Image | Either | Array):
            arrays[name] = int(np.dtype(taken.dtype if isinstance(taken, Array) else np.uint8).num)
    return arrays, [terms.codes.get(name) for name in terms.parameters if name not in arrays]


def _output(terms: Terms) -> Any:
    """How the output is made: in C++ where it is of the image's form or a grey one, else as the contract says."""
    if isinstance(terms.gives, Same) and terms.images:
        return "same"
    return "grey" if terms.gives == Image(1) and terms.images else terms.output
