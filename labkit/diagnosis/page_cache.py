"""How much of a file lies in the page cache: what is read from there was never read from a disk.

Source: mincore(2). Since Linux 5.2 it answers «all of it» to whoever may not write the file, so those get no answer here.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

_mincore = getattr(ctypes.CDLL(None, use_errno=True), "mincore", None)
if _mincore is not None:
    _mincore.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    _mincore.restype = ctypes.c_int


def resident_share(path: str | Path) -> float | None:
    """The share of a file's pages that lie in the page cache, 0 to 1; looking brings none of them in.

    None where nothing can be told: an empty or missing file, one that this user may not write, a system without mincore.
    """
    pages = _pages(Path(path))
    return None if pages is None else sum(pages) / len(pages)


def resident_bytes(paths: Iterable[Path]) -> tuple[int, int]:
    """Bytes in the page cache, and bytes in all, of those files of which it can be told."""
    resident = total = 0
    for path in paths:
        share = resident_share(path)
        if share is not None:
            size = path.stat().st_size
            resident, total = resident + round(share * size), total + size
    return resident, total


def _pages(path: Path) -> bytes | None:
    """One byte a page, 1 where it is resident."""
    if _mincore is None:
        return None
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            if facts.st_uid != os.geteuid() and not os.access(path, os.W_OK):
                return None
            # Private and writable, for ctypes takes the address of nothing else; nothing is ever written.
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):
        return None
    with mapping:
        found = (ctypes.c_ubyte * -(-len(mapping) // mmap.PAGESIZE))()
        start = ctypes.c_char.from_buffer(mapping)
        failed = _mincore(ctypes.addressof(start), len(mapping), ctypes.addressof(found))
        del start  # else the mapping can't be closed
    return None if failed else bytes(page & 1 for page in found)
