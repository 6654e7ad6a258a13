"""What is written in C++ becomes variants of a stage: a kernel of rows ``native`` and ``native_omp``, a function what it says.

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
    scope = sys._getframe(1).f_globals
    source, origin = Path(scope["__file__"]).with_suffix(".cpp"), scope["__name__"]
    settings = {"kernel": kernel or stage, "worth": worth, "whole": whole, "axis": axis}
    for threaded in (False, True):
        said = f"The same on all cores{'' if whole else ': OpenMP over bands of rows'}." if threaded else summary
        label = f"{name}_omp" if threaded else name
        made = Native(label, origin, said, stage, source, threaded=threaded, **settings)
        variant(stage, "native", label, missing=made.missing, parallel=threaded)(made)


def function(stage: str, name: str, summary: str, *, parallel: bool = False, partial: str | None = None) -> None:
    """Register a function of the ``.cpp`` beside the calling file (see ``function.hpp``) under its name there.

    ``partial`` is another one, that computes a part of the stage's split. Raises UsageError for an unknown stage.
    """
    scope = sys._getframe(1).f_globals
    source, origin = Path(scope["__file__"]).with_suffix(".cpp"), scope["__name__"]
    made = Function(name, origin, summary, stage, source)
    part = Symbol(source, partial) if partial else None
    variant(stage, "native", name, missing=made.missing, parallel=parallel, partial=part)(made)


class Compiled:
    """A callable with the stage's signature whose work is done in a library. Travels by what it was made of."""

    def __init__(self, name: str, origin: str, summary: str, stage: str, source: Path, **settings: Any) -> None:
        self._made_of, self._settings = (name, origin, summary, stage, source), settings
        self.stage, self.source = stage, source
        self._face = Face(name, origin, summary, registry.stage(stage).signature)
        self._count = len(self._face.signature.parameters)
        self._call: Callable[..., Any] | None = None
        self._face.put_on(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), self._made_of, self._settings)

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        if self._call is None:
            self._call = self._loaded()
        if named or len(inputs) != self._count:
            inputs = self._face.complete(inputs, named)
        return self._call(*inputs)

    def missing(self) -> str | None:
        """Why it can't be had; None when it can."""
        return None if library(self.source, simd()).exists() else why_unbuilt(self.source)

    def _loaded(self) -> Callable[..., Any]:
        raise NotImplementedError


def _made_again(kind: type[Compiled], made_of: tuple[Any, ...], settings: dict[str, Any]) -> Compiled:
    return kind(*made_of, **settings)


class Native(Compiled):
    """A kernel of rows."""

    def _loaded(self) -> Callable[..., Any]:
        from labkit.kinds._call import Caller

        settings = dict(self._settings)
        symbol = getattr(ctypes.CDLL(str(library(self.source, simd()))), f"labkit_{settings.pop('kernel')}")
        terms = registry.stage(self.stage).terms
        arrays, codes = _inputs(terms)
        made: Callable[..., Any] = Caller(
            address=ctypes.cast(symbol, ctypes.c_void_p).value,
            names=list(arrays),
            types=list(arrays.values()),
            codes=codes,
            output=_output(terms),
            **settings,
        )
        return made


class Function(Compiled):
    """A function that reads and makes Python's objects by itself."""

    def _loaded(self) -> Callable[..., Any]:
        return _symbol(self.source, self._face.name)


class Symbol:
    """A function of a library, under no stage's signature."""

    def __init__(self, source: Path, name: str) -> None:
        self.source, self.name = source, name
        self._call: Callable[..., Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.name)

    def __call__(self, *inputs: Any) -> Any:
        if self._call is None:
            self._call = _symbol(self.source, self.name)
        return self._call(*inputs)


def _symbol(source: Path, name: str) -> Callable[..., Any]:
    """A function of a library for the path that is taken, called with the GIL; objects go in and one comes out."""
    found = getattr(ctypes.PyDLL(str(library(source, simd()))), f"labkit_{name}")
    found.restype = ctypes.py_object

    def call(*inputs: Any) -> Any:
        return found(*map(ctypes.py_object, inputs))

    return call


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
