"""Whether a run can be stored, asked before it is measured; and that one could not be, told to those who come after it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from labkit.core.errors import UsageError

ENOUGH = 1 << 20  # bytes: about what a run takes
NOT_STORED = ".not-stored"  # holds when the last run was begun, if it could not be stored


def check_room(home: Path) -> None:
    """Raise UsageError, in one line, where a run could not be stored in this folder: it is none, is read-only, or is full."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(bytes(ENOUGH))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(
            f"a run can't be stored in {home}: {error.strerror or error}; make room there, or let $LABKIT_RESULTS name another "
            "folder"
        ) from None


def note_not_stored(home: Path, started: str) -> None:
    """Leave word that the run begun then is not here, if that much can be written."""
    try:
        (home / NOT_STORED).write_text(started, encoding="utf-8")
    except OSError:
        return


def forget_not_stored(home: Path) -> None:
    """A later run is here."""
    (home / NOT_STORED).unlink(missing_ok=True)


def not_stored(home: Path) -> str | None:
    """When the last run was begun, if it could not be stored; else None."""
    try:
        return (home / NOT_STORED).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
