"""One plain loop, read three ways: interpreted, compiled by Numba, and compiled as it stands by Cython.

In a stage's ``loops.py``::

    from __future__ import annotations

    import cython

    from labkit.kinds import loops

    @loops("invert")
    def invert(image: cython.const[cython.uchar][:, ::1], out: cython.uchar[:, ::1]) -> None:
        \"\"\"One line that says what is special about it.\"\"\"
        y: cython.Py_ssize_t
        x: cython.Py_ssize_t
        for y in range(image.shape[0]):
            for x in range(image.shape[1]):
                out[y, x] = 255 - image[y, x]

The function gets the stage's inputs (for one of a few words its number), then the output to fill, then what ``scratch``
makes. Its annotations are C types for Cython and nothing to the others. Interpreted, arrays are memoryviews: their elements
are Python's integers, which do not wrap. The rules that keep the three alike are in CONTRIBUTING.md, "Loops". Source: Cython's
documentation, "Pure Python Mode".
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from labkit.core.registry import registry, variant
from labkit.core.unbuilt import why_unbuilt
from labkit.kinds.call import Face

Kernel = Callable[..., None]
COMPILED = (
    "_loops_cython"  # the extension that the build makes of a loops.py; a name of its own, or it would win the import
)


def loops(
    stage: str,
    *,
    scratch: Callable[..., tuple[Any, ...]] | None = None,
    output: Callable[..., Any] | None = None,
    result: Callable[[Any], Any] | None = None,
    channels: bool = False,
) -> Callable[[Kernel], Kernel]:
    """Decorator: the loop becomes the variants ``python``, ``numba_loop`` and ``cython_loop`` of a stage.

    ``scratch(*inputs)`` makes further arguments. ``output(*inputs)`` makes what is filled, where the contract's annotations
    don't say it, and ``result(filled)`` what comes back. With ``channels`` the loop fills three axes, also of a grey picture.

    Raises UsageError for an unknown stage.
    """

    def decorate(function: Kernel) -> Kernel:
        if not isinstance(function, FunctionType):
            return function  # this is Cython's reading of the file
        for name, kind, reading in (
            ("python", "python", Interpreted),
            ("numba_loop", "numba", Numba),
            ("cython_loop", "cython", Cython),
        ):
            missing = cython_missing(function) if reading is Cython else None
            made = reading(
                Face.of(name, function, registry.stage(stage)), function, stage, scratch, output, result, channels
            )
            variant(stage, kind, name, missing=missing, requires=("numba",) if reading is Numba else ())(made)
        return function

    return decorate


class Reading:
    """A callable with the stage's signature that runs a loop one way. Travels by its function; what it compiled stays behind."""

    def __init__(
        self, face: Face, function: Kernel, stage: str, scratch: Any, output: Any, result: Any, channels: bool
    ) -> None:
        self._made_of = (face, function, stage, scratch, output, result, channels)
        self._face, self.function, self._scratch, self._result = face, function, scratch, result
        self._channels = channels
        terms = registry.stage(stage).terms
        self._output = output or terms.output
        self._codes = [(terms.parameters.index(name), numbers) for name, numbers in terms.codes.items()]
        face.put_on(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._made_of

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        inputs = self._face.complete(inputs, named)
        out = self._output(*inputs)
        filled = out.reshape(*out.shape[:2], -1) if self._channels else out
        self.run(*self._coded(inputs), filled, *(self._scratch(*inputs) if self._scratch else ()))
        return self._result(out) if self._result else out

    def _coded(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """With the number of each word that is one of a few, as the contract lists them."""
        if not self._codes:
            return inputs
        coded = list(inputs)
        for place, numbers in self._codes:
            coded[place] = numbers[coded[place]]
        return tuple(coded)

    def run(self, *arguments: Any) -> None:
        """Call the kernel, with arrays in the form that this reading takes."""
        raise NotImplementedError


class Interpreted(Reading):
    """Plain Python over memoryviews."""

    def run(self, *arguments: Any) -> None:
        self.function(*_views(arguments))


class Numba(Reading):
    """Compiled by Numba on the first call, cached on disk, without the GIL."""

    def run(self, *arguments: Any) -> None:
        kernel, count = self.__globals__["kernel"], len(self._face.signature.parameters)
        if isinstance(kernel, FunctionType):  # a profiler has put the Python form in its place
            return kernel(*_views(arguments))
        kernel(*map(read_only, arguments[:count]), *arguments[count:])

    @property
    def __globals__(self) -> dict[str, Any]:
        """Where a profiler finds the compiled function, to put its Python form in its place."""
        return _jitted(self.function)


class Cython(Reading):
    """The same file, compiled by Cython when labkit was built, without the GIL."""

    def run(self, *arguments: Any) -> None:
        _cython_form(self.function)(*arguments)


@cache
def _jitted(function: FunctionType) -> dict[str, Any]:
    """A copy of the function's globals in which it, as ``kernel``, and the functions of its module are Numba's."""
    from numba import njit

    scope = dict(function.__globals__)
    for name, value in function.__globals__.items():
        if isinstance(value, FunctionType) and value.__module__ == function.__module__:
            scope[name] = njit(cache=True, nogil=True)(FunctionType(value.__code__, scope, name, value.__defaults__))
    scope["kernel"] = scope[function.__name__]
    return scope


def _views(arguments: tuple[Any, ...]) -> list[Any]:
    """Arrays as memoryviews, whose elements are Python's own numbers."""
    return [memoryview(one) if isinstance(one, np.ndarray) else one for one in arguments]  # type: ignore[arg-type]


def read_only(value: Any) -> Any:
    """An array as one that may not be written: to Numba that is another type, and it would compile twice."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value[...]
        value.flags.writeable = False
    return value


@cache
def _cython_form(function: FunctionType) -> Kernel:
    module = importlib.import_module(f"{function.__module__.rpartition('.')[0]}.{COMPILED}")
    found: Kernel = getattr(module, function.__name__)
    return found


def cython_missing(function: FunctionType) -> Callable[[], str | None]:
    """Why the compiled form can't be had; None when it can."""

    def missing() -> str | None:
        try:
            _cython_form(function)
        except ImportError:
            return why_unbuilt(Path(inspect.getfile(function)))
        return None

    return missing
