"""The kernels that every harness times, each on rows of one buffer. Light to import: no NumPy, for some harnesses start often.

500 rows against 500, 502, 505 or 510 rows of the same buffer is a difference of nothing, 0.4 %, 1 % or 2 % that no
compiler and no cache changes.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("kernels.c")
BUILT = SOURCE.parents[2] / "build" / "gauntlet"
MOST_ROWS = 510
ROW_BYTES = {"chain": 500, "spin": 500, "stream": 131072, "placed": 500}
PLACED_BYTES, PAGE = 65536, 4096


def built(name: str) -> Path:
    """``build/gauntlet/kernels.so`` or ``build/gauntlet/program``, built from the source if it is newer.

    Raises RuntimeError, with the compiler's first line, where it can't be built.
    """
    target = BUILT / name
    if target.exists() and target.stat().st_mtime >= SOURCE.stat().st_mtime:
        return target
    BUILT.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    how = ["-DPROGRAM"] if name == "program" else ["-shared", "-fPIC"]
    command = ["cc", "-O2", "-march=native", "-pthread", *how, str(SOURCE), "-o", str(unfinished)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{SOURCE.name} can't be built: {done.stderr.strip().partition(chr(10))[0]}")
    unfinished.replace(target)
    return target


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(built("kernels.so")))


def fill(memory: mmap.mmap) -> None:
    """Write the bytes that every harness reads."""
    _library().fill(ctypes.byref(ctypes.c_char.from_buffer(memory)), ctypes.c_int64(len(memory)))


@cache
def _buffer(row_bytes: int) -> mmap.mmap:
    """The buffer of this process, filled once."""
    memory = mmap.mmap(-1, MOST_ROWS * row_bytes)
    fill(memory)
    return memory


@cache
def function_of(kernel: str) -> Callable[..., int]:
    """The kernel as a function of where it reads and a number of rows; ``placed`` takes where it writes between the two.

    It releases the GIL. Raises ValueError for another kernel.
    """
    if kernel not in ROW_BYTES:
        raise ValueError(f"kernel is {kernel!r}; taken are {', '.join(ROW_BYTES)}")
    function = getattr(_library(), kernel)
    addresses = (ctypes.c_void_p,) * (2 if kernel == "placed" else 1)
    function.argtypes, function.restype = (*addresses, ctypes.c_int64), ctypes.c_uint64
    return function


def call_of(kernel: str, rows: int) -> Callable[[], int]:
    """The kernel on the process's own buffer, as a function without arguments.

    Raises ValueError for a kernel or a number of rows that there is not.
    """
    function = function_of(kernel)
    if not 1 <= rows <= MOST_ROWS:
        raise ValueError(f"rows is {rows!r}; taken are 1 to {MOST_ROWS}")
    address = ctypes.addressof(ctypes.c_char.from_buffer(_buffer(ROW_BYTES[kernel])))
    if kernel == "placed":
        own = mmap.mmap(-1, PLACED_BYTES + PAGE)
        target = ctypes.addressof(ctypes.c_char.from_buffer(own)) + 16 * (os.urandom(1)[0])
        return lambda memory=own: function(address, target, rows)
    return lambda: function(address, rows)
