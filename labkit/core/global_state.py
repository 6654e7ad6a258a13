"""Code that seeds and draws from the process's global generators, made repeatable, and without leaving a trace.

A library that calls ``random.random()`` or ``np.random.rand()`` shares one stream with everything else in the process:
with the user's code, and with every other thread. :func:`isolated` gives such a library the whole process for a while
(one lock; threads wait), and then puts every generator back to where it was. So the library can be seeded, but two
threads can't run it side by side: they need processes, or a form of the library that draws from streams of its own.

cv2's generator is left alone: its state can be set, but not read, so it could not be put back.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

_lock = threading.RLock()


def _fresh_lock() -> None:
    """A child forked while another thread held the lock would wait for a thread that it does not have."""
    global _lock
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_fresh_lock)


def _numba_generators() -> tuple[Any, tuple[Any, ...]]:
    """Numba's access to its generators, and pointers to this thread's two: that of ``random``, that of ``numpy.random``."""
    if "numba" not in sys.modules:
        return None, ()
    access: Any = importlib.import_module(
        "numba._helperlib"
    )  # no public way leads there; Numba's own tests take this one
    return access, (access.rnd_get_py_state_ptr(), access.rnd_get_np_state_ptr())


def seed_numba(seed: int) -> None:
    """Seed what compiled Numba functions draw from in this thread; nothing happens where Numba was never imported.

    They don't see ``random.seed`` and ``np.random.seed``: each thread has generators of its own, seeded by the system.
    """
    access, generators = _numba_generators()
    for generator in generators:
        access.rnd_seed(generator, seed)


@contextmanager
def numba_restored() -> Iterator[None]:
    """Put Numba's generators of this thread back at the end."""
    access, generators = _numba_generators()
    before = [access.rnd_get_state(generator) for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, before, strict=True):
            access.rnd_set_state(generator, state)


def seed_globals(seed: int) -> None:
    """Seed ``random``, ``numpy.random`` and this thread's Numba generators, within :func:`isolated`; 0 ≤ seed < 2**32."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  that is what the library draws from
    seed_numba(seed)


@contextmanager
def isolated() -> Iterator[None]:
    """Hold the global generators alone; ``random``, ``numpy.random``, Numba's and its JIT switch come back as they were.

    Reentrant in a thread. Other threads wait at the entry; those that draw from the global generators without entering
    here are not held back: they see a foreign stream meanwhile.
    """
    with _lock:
        python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
        config: Any = sys.modules.get("numba.core.config")
        jit_disabled = getattr(config, "DISABLE_JIT", None)
        try:
            with numba_restored():
                yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002
            if config is not None:
                config.DISABLE_JIT = jit_disabled
