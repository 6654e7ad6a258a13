"""The transport between processes: arrays travel in shared memory, a pipe carries only their description.

The memory is an anonymous file whose descriptor is handed over. It has no name, so there is nothing to unlink, nothing
that a killed process could leave behind, and no resource tracker that unlinks it too early.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
from multiprocessing import reduction
from typing import Any

ALIGNMENT = 64  # bytes: a cache line


class SharedBlock:
    """Memory that two processes see. Values are written by one and read by the other; it grows as needed."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):
            self._fd = os.memfd_create("labkit")
        else:
            with tempfile.TemporaryFile() as file:
                self._fd = os.dup(file.fileno())
        self._map: mmap.mmap | None = None

    def __getstate__(self) -> Any:
        return reduction.DupFd(self._fd)  # only while a process is being started

    def __setstate__(self, state: Any) -> None:
        self._fd = state.detach()
        self._map = None

    def write(self, value: Any) -> tuple[bytes, list[tuple[int, int]], int]:
        """Copy a value's arrays in; returns the message by which :meth:`read` finds them."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        views = [buffer.raw() for buffer in buffers]
        places, end = [], 0
        for view in views:
            places.append((end, view.nbytes))
            end += -(-view.nbytes // ALIGNMENT) * ALIGNMENT
        memory = self._mapped(end) if end else memoryview(bytearray())
        for (start, size), view in zip(places, views, strict=True):
            memory[start : start + size] = view
        return head, places, end

    def read(self, message: tuple[bytes, list[tuple[int, int]], int], *, copy: bool) -> Any:
        """The value that a message describes; without ``copy`` its arrays lie in the shared memory itself."""
        head, places, end = message
        memory = self._mapped(end) if end else memoryview(bytearray())
        pieces = [memory[start : start + size] for start, size in places]
        return pickle.loads(head, buffers=[bytearray(piece) if copy else piece for piece in pieces])

    def _mapped(self, size: int) -> memoryview:
        if self._map is None or len(self._map) < size:
            size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
            if os.fstat(self._fd).st_size < size:
                os.ftruncate(self._fd, size)
            self._map = mmap.mmap(self._fd, os.fstat(self._fd).st_size)
        return memoryview(self._map)

    def close(self) -> None:
        """Give the descriptor back; the memory goes when the last process that maps it does."""
        self._map = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
