"""The tries on disk: one file a harness, one line of JSON a try, each compressed by itself and appended in one write.

So a recording can be stopped at any moment and goes on later: a line that was cut off is left out, and overwritten.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NANO = 1e9


class Ledger:
    """The tries of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, entry: dict[str, Any]) -> None:
        """Append an entry to the file of that name. OSError where it can't be written; the file then ends as it did before."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        packer = zlib.compressobj(9, wbits=31)
        line = packer.compress(json.dumps(entry, allow_nan=False).encode() + b"\n") + packer.flush()
        with path.open("ab") as file:
            end = file.tell()
            try:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise

    def entries(self, name: str) -> list[dict[str, Any]]:
        """All whole entries, oldest first; what follows a line that was cut off is cut off the file."""
        path = self._path(name)
        if not path.exists():
            return []
        packed = path.read_bytes()
        found, whole = [], 0
        for text, end in _members(packed):
            found.append(json.loads(text))
            whole = end
        if whole < len(packed):
            os.truncate(path, whole)
        return found

    def names(self) -> list[str]:
        return sorted(path.name.removesuffix(".jsonl.gz") for path in self.folder.glob("*.jsonl.gz"))

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl.gz"


def _members(packed: bytes) -> Iterator[tuple[bytes, int]]:
    """Each gzip member that is whole, with where it ends."""
    place = 0
    while place < len(packed):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            text = unpacker.decompress(packed[place:])
        except zlib.error:
            return
        if not unpacker.eof:
            return
        place = len(packed) - len(unpacker.unused_data)
        yield text, place


def packed_samples(samples: list[float]) -> list[int | None]:
    """Seconds as whole nanoseconds; NaN, which ends a launch, as null."""
    return [None if math.isnan(value) else round(value * NANO) for value in samples]


def unpacked_samples(samples: list[int | None]) -> list[float]:
    return [math.nan if value is None else value / NANO for value in samples]
