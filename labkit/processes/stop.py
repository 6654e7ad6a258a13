"""Stop what is measured in another thread, as Ctrl-C stops what is measured in the main one.

Ctrl-C reaches the main thread alone, and it is the kernel's: a notebook that measures beside it needs another way. So a
thread measures inside a :class:`Stop`, and whoever asks for the stop makes it raise KeyboardInterrupt where it waits for
the measuring processes. Everything that is kept on Ctrl-C is then kept as well.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from contextvars import ContextVar, Token
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Any

_current: ContextVar[Stop | None] = ContextVar("stop", default=None)


class Stop:
    """Asked for in any thread, it ends what the thread that entered it measures. It is of use once."""

    def __init__(self) -> None:
        self.asked = False
        self._here, self._there = socket.socketpair()
        self._there.setblocking(False)
        self._outer: Token[Stop | None] | None = None

    def ask(self) -> None:
        """End it; returns at once. Asked before it began, it ends at its beginning; asked after its end, nothing happens."""
        self.asked = True
        with suppress(OSError):  # asked a thousand times, or too late
            self._there.send(b"\0")

    def fileno(self) -> int:
        return self._here.fileno()

    def __enter__(self) -> Stop:
        self._outer = _current.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        assert self._outer is not None
        _current.reset(self._outer)
        self._here.close()
        self._there.close()


def stopped() -> bool:
    """Has what this thread measures been asked to stop?"""
    stop = _current.get()
    return stop is not None and stop.asked


def wait(connection: Connection | None, seconds: float | None = None) -> bool:
    """Is there something to be read within so many seconds (None: whenever it comes)?

    Without a connection the seconds just pass. Raises KeyboardInterrupt as soon as this thread is asked to stop.
    """
    stop = _current.get()
    if not stopped():
        watched: list[Any] = [one for one in (connection, stop) if one is not None]
        ready = wait_for(watched, seconds)
        if not stopped():
            return connection in ready
    raise KeyboardInterrupt
