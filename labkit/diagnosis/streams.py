"""Do workers draw the same random numbers? Two children, forked as an engine forks its workers, answer the same input twice."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from typing import Any

from labkit.core.cpus import set_threads
from labkit.core.parts import copied, settled
from labkit.engines.arm import ArmName, open_arm

WORKERS, ANSWERS = 2, 2


def content(output: Any) -> bytes | None:
    """Two outputs of the same content give the same few bytes; None for one that can't be pickled."""
    try:
        return hashlib.blake2b(pickle.dumps(output), digest_size=16).digest()
    except Exception:
        return None


@dataclass(frozen=True)
class StreamsTask:
    """Sends ``same``: did forked workers give the same answers, one by one, where those of one worker differ?

    To be run in a process of its own that has called nothing yet: it forks, and a worker begins as its parent is.
    """

    stage: str
    variant: str

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        readers = []
        for _ in range(WORKERS):
            reader, writer = Pipe(duplex=False)
            if os.fork() == 0:
                self._work(held["exam"].inputs, writer)
            writer.close()
            readers.append(reader)
        answers = [reader.recv() for reader in readers]
        alike = all(answer == answers[0] for answer in answers)
        send("same", alike and len(set(answers[0])) == ANSWERS)

    def _work(self, inputs: tuple[Any, ...], writer: Connection) -> None:
        """A worker's life. It never returns."""
        try:
            warnings.simplefilter("ignore")
            set_threads(1)
            with open_arm(self.stage, ArmName(self.variant), 1) as call:
                writer.send([content(settled(call(*copied(inputs)))) for _ in range(ANSWERS)])
        finally:
            os._exit(0)
