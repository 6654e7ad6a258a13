"""augraphy with streams of its own: its source run a second time, in modules that find other generators under their names.

What augraphy calls ``random`` and ``np.random`` is looked up in its modules. Here those modules are executed once more
under private names, and an import hook hands them stand-ins, which draw from the generators of the call at hand (a
context variable: one per thread). A Random and a RandomState of a seed give the very sequences that the seeded global
generators give, so the page is the same bit by bit; but nothing global is touched, nobody waits for a lock, and threads
run side by side wherever cv2 and NumPy let go of the GIL.

Compiled functions are taken from the original modules: they can't be compiled against stand-ins. The one among them
that draws (the rollers' streaks) uses Numba's generators of its thread, which are seeded and put back; interpreted,
under NUMBA_DISABLE_JIT=1, it draws from ``random``, so a page with streaks is another one then.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from labkit.core import variant
from labkit.core.global_state import isolated, numba_restored, seed_numba
from labkit.stages.augment_documents.draw import Choices
from labkit.stages.augment_documents.operations import run
from labkit.stages.augment_documents.serial import WholeRandom, fill_wave_mask, folding_noise, smooth


class Streams(NamedTuple):
    """The two generators of one call, as ``random`` and ``numpy.random`` have one each."""

    python: random.Random
    legacy: np.random.RandomState


_streams: ContextVar[Streams] = ContextVar("labkit_augraphy_streams")


def current() -> Streams:
    """The generators of the call that this thread is in."""
    return _streams.get()


@contextmanager
def own_streams() -> Iterator[Callable[[int], None]]:
    """Within it the private augraphy may be called in this thread; gives the function that seeds its streams."""

    def seed(number: int) -> None:
        streams.python.seed(number)
        streams.legacy.seed(number)
        seed_numba(number)

    streams = Streams(random.Random(), np.random.RandomState())
    token = _streams.set(streams)
    try:
        with numba_restored(), np.errstate(over="ignore"):
            yield seed
    finally:
        _streams.reset(token)


class _Python:
    """Stands for the module random."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_streams.get().python, name)


class _Legacy:
    """Stands for numpy.random."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_streams.get().legacy, name)


def _make_blobs(**arguments: Any) -> Any:
    """scikit-learn's function on the call's own stream."""
    from sklearn.datasets import make_blobs  # type: ignore[import-untyped]

    return make_blobs(**arguments, random_state=_streams.get().legacy)


def _numpy() -> ModuleType:
    """Stands for numpy: the same functions, another ``random``."""
    stand_in = ModuleType("numpy")
    stand_in.__dict__.update({name: value for name, value in vars(np).items() if not name.startswith("__")})
    stand_in.__dict__["random"] = _Legacy()
    return stand_in


PARALLEL = {"smooth": smooth, "add_folding_noise": folding_noise(_Legacy()), "fill_wave_mask": fill_wave_mask}


def _compiled(module: str, *_: Any, **__: Any) -> Callable[[Any], Any]:
    """Stands for ``numba.jit`` in a copy of ``module``: the function that the original has compiled, or its serial equal."""

    def decorate(function: Any) -> Any:
        if function.__name__ in PARALLEL:
            return PARALLEL[function.__name__]
        found: Any = importlib.import_module(module)
        for name in function.__qualname__.split("."):
            found = getattr(found, name)
        return found if hasattr(found, "py_func") else function  # NUMBA_DISABLE_JIT: nothing was compiled

    return decorate


class _Copies:
    """Private copies of augraphy's modules, each made when another one imports it."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.numpy = _numpy()
        self.random = WholeRandom(_Python())
        self.package = SimpleNamespace()

    def module(self, name: str) -> ModuleType:
        if name not in self.modules:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                raise ImportError(f"augraphy has no module {name}")
            copy = self.modules[name] = ModuleType(f"labkit.private.{name}")
            copy.__file__ = spec.origin
            copy.__dict__["__builtins__"] = {**vars(builtins), "__import__": partial(self.importing, name)}
            with open(spec.origin, encoding="utf-8") as source:
                exec(compile(source.read(), spec.origin, "exec"), copy.__dict__)
        return self.modules[name]

    def importing(
        self, into: str, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        """``__import__`` as seen by the copy of module ``into``."""
        if name == "random":
            return self.random
        if name == "numpy":
            return self.numpy
        if name == "numba":
            return SimpleNamespace(jit=partial(_compiled, into), prange=range, config=SimpleNamespace())
        if name == "sklearn.datasets":
            return SimpleNamespace(make_blobs=_make_blobs)
        if name == "augraphy.utilities":  # from augraphy.utilities import *
            return self.utilities()
        if name.startswith("augraphy."):
            return self.module(name)
        return builtins.__import__(name, globals, locals, fromlist, level)

    def utilities(self) -> ModuleType:
        package = ModuleType("labkit.private.augraphy.utilities")
        package.__dict__["OverlayBuilder"] = self.module("augraphy.utilities.overlaybuilder").OverlayBuilder
        return package


CLASSES = {
    "InkBleed": "augmentations.inkbleed",
    "Letterpress": "augmentations.letterpress",
    "LowInkRandomLines": "augmentations.lowinkrandomlines",
    "LowInkPeriodicLines": "augmentations.lowinkperiodiclines",
    "ColorPaper": "augmentations.colorpaper",
    "WaterMark": "augmentations.watermark",
    "Folding": "augmentations.folding",
    "LightingGradient": "augmentations.lightinggradient",
    "DirtyRollers": "augmentations.dirtyrollers",
    "SubtleNoise": "augmentations.subtlenoise",
    "Jpeg": "augmentations.jpeg",
    "Markup": "augmentations.markup",
    "Faxify": "augmentations.faxify",
    "BadPhotoCopy": "augmentations.badphotocopy",
    "PaperFactory": "base.paperfactory",
    "OverlayBuilder": "utilities.overlaybuilder",
}


@cache
def private_augraphy() -> SimpleNamespace:
    """The classes of augraphy that this project uses, from the private copies; made once a process."""
    with isolated():
        importlib.import_module("augraphy")
        copies = _Copies()
        return SimpleNamespace(
            **{name: getattr(copies.module(f"augraphy.{place}"), name) for name, place in CLASSES.items()}
        )


@variant("augment_documents", kind="library", requires=("augraphy",))
def augraphy_streams(image: np.ndarray, choices: Choices) -> np.ndarray:
    """augraphy's own code on streams of its own: no lock, nothing global touched, threads run side by side."""
    library = private_augraphy()
    with own_streams() as seed:
        return run(image, choices, library, seed)
