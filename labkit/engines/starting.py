"""How worker processes start, and what each does first."""

from __future__ import annotations

import atexit
import fcntl
import multiprocessing
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from typing import Any

import cloudpickle

from labkit.core.cpus import set_threads, thread_environment, threads_each
from labkit.core.errors import UsageError, one_line
from labkit.core.process import die_with_parent
from labkit.engines import reuse
from labkit.engines.batches import Result, Task
from labkit.engines.board import Board
from labkit.engines.local import compute, ready_call

# A process that may have started threads (a notebook's kernel, a server) must not be forked. A launch is single-threaded
# when it opens its arms and already holds everything that a worker needs: it says so by setting this to "fork".
start_method = "forkserver"
_server_starter: int | None = None  # the process that started the fork server


def context() -> Any:
    """The multiprocessing context that workers are started in."""
    chosen = multiprocessing.get_context(start_method)
    if start_method == "forkserver":
        # Heeded by a fork server that has yet to start: a worker then starts in 20 ms instead of 200.
        chosen.set_forkserver_preload(["__main__", "labkit.engines.crew", "labkit.engines.pools"])
        _start_fork_server()
    return chosen


def _start_fork_server() -> None:
    """Start it deaf to Ctrl-C, which it would ignore only after it has imported all that: until then it died with a traceback.

    A closed terminal (SIGHUP) is for the process in front too: it, the tracker and all workers are started deaf to that.
    The resource tracker comes first, because its own start lets the signal through again (multiprocessing.resource_tracker).
    """
    global _server_starter
    if _server_starter != os.getpid():
        _server_starter = os.getpid()
        atexit.register(_end_fork_server)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_fork_server() -> None:
    """It leaves by itself, but not while it imports: seconds during which whoever reads our standard error would wait."""
    pid = getattr(forkserver._forkserver, "_forkserver_pid", None)  # type: ignore[attr-defined]
    if pid is not None and _server_starter == os.getpid() and not multiprocessing.active_children():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def pack(function: Callable[..., Any], once: Callable[[], Any] | None, engine: str) -> bytes:
    """Function and factory as they travel. Raises UsageError, naming what can't be pickled and the way out."""
    for part, what in ((once, "once factory"), (function, "function")):
        try:
            cloudpickle.dumps(part)
        except Exception as error:
            name = getattr(part, "__qualname__", None) or repr(part)
            raise UsageError(
                f"{what} {name} can't be pickled ({one_line(error)}), so engine {engine} can't send it to its workers: make "
                "what it holds inside of it or by once=, a factory that each worker calls, or take engine threads or serial"
            ) from None
    packed: bytes = cloudpickle.dumps((function, once))
    return packed


@dataclass(frozen=True)
class Orders:
    """What a worker is told at its start."""

    packed: bytes
    threads: int
    board: Board
    parent: int | None  # whose direct child it is, where that is known: under fork

    @classmethod
    def of(cls, packed: bytes, workers: int, board: Board) -> Orders:
        return cls(packed, threads_each(workers), board, os.getpid() if start_method == "fork" else None)


class Labour:
    """What a worker process does with batches. Made once, in that process."""

    def __init__(self, orders: Orders) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process in front, which ends its workers
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if orders.parent is not None:
            die_with_parent(orders.parent)
        else:
            _die_with_starter()
        limit_libraries(orders.threads)
        reuse.hold()
        reuse.use(True)
        try:
            self._call = ready_call(*cloudpickle.loads(orders.packed))
        except Exception as error:
            self._call = broken(error)  # what it needs is not there: every task says so
        set_threads(orders.threads)
        self.post = orders.board.claim()

    def run(self, ticket: int, tasks: list[Task]) -> list[Result]:
        """A batch's results; the board tells which task is at work."""
        results: list[Result] = []
        for position, task in enumerate(tasks):
            self.post.begin(ticket, position)
            results += compute(self._call, [task])
        return results


def limit_libraries(threads: int) -> None:
    """Tell this process's libraries, also those it has yet to import, to use so many threads."""
    os.environ.update(thread_environment(threads) | {"OPENCV_FOR_THREADS_NUM": str(threads)})
    if numba := sys.modules.get("numba"):  # it read its variables before this process was forked
        parallel = sys.modules.get("numba.np.ufunc.parallel")
        if not getattr(parallel, "_is_initialized", False):
            numba.config.NUMBA_NUM_THREADS = threads


def broken(error: Exception) -> Callable[..., Any]:
    """A function that raises this error."""

    def fail(*task: Any) -> Any:
        raise error

    return fail


def _die_with_starter() -> None:
    """End this process when the one that asked the fork server for it ends, even while it hangs in a C function."""
    starter = multiprocessing.parent_process()
    if starter is None:
        return
    pipe = starter.sentinel
    if sys.platform.startswith("linux"):  # a closed pipe sends a signal: fcntl(2), F_SETSIG
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)  # type: ignore[attr-defined]
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([pipe], [], [], 0)[0]:
            os._exit(1)
    else:
        threading.Thread(target=lambda: (wait([pipe]), os._exit(1)), daemon=True).start()
