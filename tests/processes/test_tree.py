"""What a tree of processes holds: shared memory once, or once for each."""

from __future__ import annotations

import mmap
import os
import signal
import time

import numpy as np
import pytest

from labkit.processes.tree import TreePeak, tree_resident

MIB = 1 << 20


def fill_shared_memory_in_three_processes() -> None:
    shared = np.frombuffer(mmap.mmap(-1, 48 * MIB), np.uint8)
    for _ in range(2):
        if os.fork() == 0:
            shared[:] = 2
            time.sleep(0.2)
            os._exit(0)
    shared[:] = 1
    for _ in range(2):
        os.wait()


def test_memory_that_processes_share_counts_once() -> None:
    reading, writing = os.pipe()
    watched = os.fork()
    if watched == 0:
        with TreePeak() as tree:
            _, peak, _ = tree.peak_of(fill_shared_memory_in_three_processes)
            os.write(writing, str(peak).encode())
        os._exit(0)
    os.waitpid(watched, 0)
    peak = int(os.read(reading, 100))
    os.close(reading)
    os.close(writing)
    assert peak == pytest.approx(48 * MIB, rel=0.2)


def test_resident_memory_counts_for_each_process_and_for_childrens_children() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        held = np.ones(48 * MIB, np.uint8)
        if os.fork() == 0:
            os.write(writing, held[:1].tobytes())
        time.sleep(60)
        os._exit(0)
    try:
        os.read(reading, 1)  # both are there
        assert tree_resident(child) > 2 * 48 * MIB
    finally:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
