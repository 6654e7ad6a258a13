"""Engine ``processes``: worker processes that stay up; parts and results travel through shared memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import cloudpickle

from labkit.core.cpus import cpu_limit, set_threads
from labkit.core.process import die_with_parent
from labkit.engines.transport import SharedBlock

Parts = list[tuple[Any, ...]]

# A process that may have started threads (a notebook's kernel, a server) must not be forked. A launch is single-threaded
# when it opens its arms and already holds everything that a worker needs: it says so by setting this to "fork".
start_method = "forkserver"


class Worker:
    """One worker process with a block of shared memory for each direction."""

    def __init__(self, context: Any, function: bytes, threads: int) -> None:
        self.inbox, self.outbox = SharedBlock(), SharedBlock()
        self.pipe, theirs = multiprocessing.Pipe()
        parent = os.getpid() if context.get_start_method() == "fork" else None
        self.process = context.Process(
            target=_serve, args=(function, theirs, self.inbox, self.outbox, threads, parent), daemon=True
        )
        self.process.start()
        theirs.close()

    def submit(self, part: tuple[Any, ...]) -> None:
        message = self.inbox.write(part)
        try:
            self.pipe.send(message)
        except ConnectionError:
            raise self._death() from None

    def result(self) -> Any:
        try:
            ok, message = self.pipe.recv()
        except (EOFError, ConnectionError):
            raise self._death() from None
        if not ok:
            raise cloudpickle.loads(message)
        return self.outbox.read(message, copy=True)

    def _death(self) -> RuntimeError:
        self.process.join(1)
        return RuntimeError(f"a worker process died ({_ending(self.process.exitcode)})")

    def dismiss(self) -> None:
        """Ask the worker to leave. Closing the pipe would not do: forked workers hold copies of each other's ends."""
        try:
            self.pipe.send(None)
        except (BrokenPipeError, ConnectionError):
            pass  # it has died already

    def close(self) -> None:
        self.process.join(1)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()
        self.pipe.close()
        self.inbox.close()
        self.outbox.close()


@contextmanager
def open_processes(function: Callable[..., Any], workers: int) -> Iterator[Callable[[Parts], list[Any]]]:
    """Start ``workers`` processes and yield ``run(parts) -> results``, in the order of the parts."""
    context = multiprocessing.get_context(start_method)
    threads = max(1, cpu_limit() // workers)
    packed = cloudpickle.dumps(function)
    crew: list[Worker] = []

    def run(parts: Parts) -> list[Any]:
        results: list[Any] = []
        for start in range(0, len(parts), len(crew)):
            results += _shift(list(zip(crew, parts[start : start + len(crew)], strict=False)))
        return results

    try:
        crew += (Worker(context, packed, threads) for _ in range(workers))
        yield run
    finally:
        for worker in crew:
            worker.dismiss()
        for worker in crew:
            worker.close()


def _shift(shift: list[tuple[Worker, tuple[Any, ...]]]) -> list[Any]:
    """One part for each worker. Every answer is taken even when one fails: the next shift must not find it in its pipe."""
    results, errors, busy = [], [], []
    for worker, part in shift:
        try:
            worker.submit(part)
            busy.append(worker)
        except Exception as error:
            errors.append(error)
    for worker in busy:
        try:
            results.append(worker.result())
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
    return results


def _serve(
    function: bytes, pipe: Connection, inbox: SharedBlock, outbox: SharedBlock, threads: int, parent: int | None
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process in front, which dismisses its workers
    if parent is not None:
        die_with_parent(parent)
    reply: tuple[bool, Any]
    broken: Exception | None = None
    try:
        compute = cloudpickle.loads(function)
    except Exception as error:
        broken = error  # what it needs is not there: told with the first answer
    set_threads(threads)
    while True:
        try:
            message = pipe.recv()
        except (EOFError, ConnectionError):
            return
        if message is None:
            return
        try:
            if broken:
                raise broken
            reply = True, outbox.write(compute(*inbox.read(message, copy=False)))
        except Exception as error:
            reply = False, _portable(error)
        pipe.send(reply)


def _portable(error: Exception) -> bytes:
    """The error, pickled, where that can be; else one with the same text."""
    try:
        packed: bytes = cloudpickle.dumps(error)
        cloudpickle.loads(packed)
    except Exception:
        packed = cloudpickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
    return packed


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"
