"""What workers are asked to do in tests of engines. Also how tests see what is left."""

from __future__ import annotations

import gc
import os
import re
import resource
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

PROCESS_ENGINES = ("processes", "chunks", "pool_imap", "shared_memory")
LOCAL_ENGINES = ("serial", "threads", *PROCESS_ENGINES)
HELPERS = ("resource_tracker", "forkserver")  # multiprocessing's own, one of each for the whole process


class OwnError(Exception):
    """An error whose class only the tests have."""


class LockedError(Exception):
    """An error that can't be pickled."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.lock = threading.Lock()


def act(order: str, *values: Any) -> Any:
    match order:
        case "own error":
            raise OwnError(*values)
        case "locked error":
            raise LockedError(*values)
        case "error":
            raise LookupError(*values)
        case "leave":
            raise SystemExit(*values)
        case "lock":
            return threading.Lock()
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "die once":
            if not Path(values[0]).exists():
                Path(values[0]).touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(600)
        case "sleep":
            time.sleep(values[0])
        case "hoard":
            resource.setrlimit(resource.RLIMIT_AS, (2**31, resource.RLIM_INFINITY))
            try:
                return len(np.ones(2**33, np.uint8))
            finally:
                resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        case "negative":
            return 255 - values[0]
        case "process":
            return os.getpid()
    return values


def shared_files(pid: int | str = "self") -> set[str]:
    """Shared memory that a process maps: named segments, semaphores, the anonymous files of engines."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line[line.index("/") :] for line in lines if "/dev/shm/" in line or "/memfd:" in line}


def named_blocks() -> set[str]:
    """All shared memory with a name, of every program on this machine."""
    return {str(path) for path in Path("/dev/shm").iterdir()}


def left_behind(blocks: set[str]) -> set[str]:
    """Those of these blocks that are nobody's: other programs run beside the tests, and theirs come and go meanwhile."""
    left = {block for block in blocks if os.path.exists(block)}
    for process in psutil.process_iter() if left else ():
        try:
            left -= shared_files(process.pid)
        except OSError:  # it has ended, or is another user's
            continue
    numbers = {block: re.search(r"-(\d+)-", block) for block in left}  # joblib names its own after its process
    return {block for block in left if not (numbers[block] and psutil.pid_exists(int(numbers[block][1])))}


def left() -> tuple[set[str], set[int], int]:
    """Shared memory, child processes and descriptors of this process."""
    gc.collect()
    me = psutil.Process()
    helpers = {child.pid for child in me.children() if any(word in " ".join(child.cmdline()) for word in HELPERS)}
    children = {child.pid for child in me.children(recursive=True)} - helpers
    return shared_files(), children, len(os.listdir("/proc/self/fd"))
