"""A file that is there whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

PART = ".labkit-"  # begins the name of a file that is being written, before the number of the process that writes it


def is_replaceable(path: Path) -> bool:
    """May a file be put in this place? Not in that of a folder, a device or a pipe, nor of a name that stands for one."""
    place = path.absolute().parent.resolve()
    system = place == Path("/dev") or Path("/proc") in (place, *place.parents)
    return not system and (not os.path.lexists(path.resolve()) or os.path.isfile(path))


def write_whole(path: Path, data: bytes | memoryview, *, durable: bool = False) -> None:
    """Write a file under another name in the same folder, which is made if need be, then give it its own name.

    ``durable``: it lies on the disk before it has its name. Raises OSError, with nothing left behind.
    """
    part = path.with_name(f"{PART}{os.getpid()}-{threading.get_ident()}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(data)
        if durable:
            to_disk(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if durable:
        to_disk(path.parent)


def to_disk(path: Path) -> None:
    """See that a file's content, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are gone had begun to write under a folder."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(PART) and not _alive(name[len(PART) :].partition("-")[0]):
                Path(place, name).unlink(missing_ok=True)


def _alive(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # another user's
    return True
