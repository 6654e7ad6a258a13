"""The board: shared memory in which each worker process writes what it is at, so that its death can be explained."""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from typing import NamedTuple

from labkit.engines.transport import SharedBlock

PID, TICKET, POSITION, SINCE = range(4)
FIELDS = 8  # of 8 bytes: a cache line for each post
POSTS = 256


class Work(NamedTuple):
    """The task at ``position`` of a batch, running since (seconds of the monotonic clock, which processes share)."""

    ticket: int
    position: int
    since: float


class Board(SharedBlock):
    """Posts of the workers of one engine. Read by the parent, each written by one worker."""

    def _posts(self) -> memoryview:
        return self._mapped(POSTS * FIELDS * 8).cast("q")

    def claim(self) -> Post:
        """A post for this process; raises RuntimeError when all are taken."""
        posts = self._posts()
        fcntl.lockf(self._fd, fcntl.LOCK_EX)
        try:
            for number in range(POSTS):
                if posts[number * FIELDS + PID] == 0:
                    posts[number * FIELDS + PID] = os.getpid()
                    return Post(posts[number * FIELDS : (number + 1) * FIELDS])
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)
        raise RuntimeError(f"an engine has at most {POSTS} workers at a time")

    def read(self) -> dict[int, Work | None]:  # type: ignore[override]
        """What each worker that has started (by process id) is at; None: it waits."""
        posts, found = self._posts(), {}
        for start in range(0, POSTS * FIELDS, FIELDS):
            pid, ticket, position, since = posts[start : start + 4].tolist()
            if pid:
                found[pid] = Work(ticket, position, since / 1e9) if ticket else None
        return found

    def clear(self, pid: int) -> None:
        """Give the post of a dead worker free."""
        posts = self._posts()
        for start in range(0, POSTS * FIELDS, FIELDS):
            if posts[start + PID] == pid:
                posts[start + TICKET] = posts[start + PID] = 0


class Post:
    """One worker's place on the board."""

    def __init__(self, fields: memoryview) -> None:
        self._fields = fields

    def begin(self, ticket: int, position: int) -> None:
        fields = self._fields
        fields[TICKET] = 0
        fields[POSITION] = position
        fields[SINCE] = time.monotonic_ns()
        fields[TICKET] = ticket

    def end(self) -> None:
        self._fields[TICKET] = 0


assert FIELDS * 8 * POSTS % mmap.PAGESIZE == 0
