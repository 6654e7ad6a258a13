"""The transport between processes: values travel in shared memory, a pipe carries only where they lie.

The memory is an anonymous file whose descriptor is handed over. It has no name, so there is nothing to unlink, nothing
that a killed process could leave behind, and no resource tracker that unlinks it too early. A block is used again and
again: its pages are there already, and in the page tables of both sides.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
import weakref
from collections.abc import Callable
from multiprocessing import reduction
from typing import Any

import numpy as np

ALIGNMENT = 64  # bytes: a cache line
LARGEST_INDEX = 1024  # bytes that go through the pipe itself: it holds 64 KiB, and neither side may ever wait for it
FLAGS = {"flags": mmap.MAP_SHARED | mmap.MAP_POPULATE} if hasattr(mmap, "MAP_POPULATE") else {}
Message = tuple[
    bytes | None, int, int, int
]  # index (None: it lies in the block), its place and size, bytes used in all


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

    def write(self, value: Any) -> Message:
        """Copy a value in; returns the message by which :meth:`read` finds it. Raises what pickling the value raises."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        views = [buffer.raw() for buffer in buffers]
        places, end = [], 0
        for view in views:
            places.append((end, view.nbytes))
            end += -(-view.nbytes // ALIGNMENT) * ALIGNMENT
        index: bytes | None = pickle.dumps((head, places), protocol=5)
        assert index is not None
        start, size = end, len(index)
        if size > LARGEST_INDEX:
            end += size
        if end:
            memory = self._mapped(end)
            for (first, count), view in zip(places, views, strict=True):
                memory[first : first + count] = view
            if size > LARGEST_INDEX:
                memory[start:end] = index
                index = None
        return index, start, size, end

    def read(self, message: Message, *, copy: bool = False, released: Callable[[], None] | None = None) -> Any:
        """The value that a message describes; without ``copy`` its arrays lie in the shared memory itself.

        ``released`` is called as soon as the block is not needed for this value any more: when the last of its arrays
        is gone, or before this returns.
        """
        index, start, size, end = message
        whole = np.frombuffer(self._mapped(end), np.uint8) if end else np.empty(0, np.uint8)
        memory = memoryview(whole)  # type: ignore[arg-type]
        head, places = pickle.loads(memory[start : start + size] if index is None else index)
        pieces: list[Any] = [memory[first : first + count] for first, count in places]
        if copy:
            pieces = [bytearray(piece) for piece in pieces]
        if released is not None and pieces and not copy:
            weakref.finalize(whole, released).atexit = False  # every array refers to it
            released = None
        del memory, whole
        value = pickle.loads(head, buffers=pieces)
        if released is not None:
            released()
        return value

    def _mapped(self, size: int) -> memoryview:
        if self._map is None or len(self._map) < size:
            size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
            if os.fstat(self._fd).st_size < size:
                os.ftruncate(self._fd, size)
            self._map = mmap.mmap(self._fd, os.fstat(self._fd).st_size, **FLAGS)
        return memoryview(self._map)

    def close(self) -> None:
        """Give the descriptor back; the memory goes when the last process that maps it does."""
        self._map = None
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
