"""A file written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from labkit.core.errors import UsageError


def check_target(path: Path) -> None:
    """Raise UsageError when a file can't be put there, before any work is done for it."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"--to {path}: the folder {folder} does not exist")
    if path.exists() and not path.is_file():
        raise UsageError(f"--to {path} is no file that could be replaced; name another")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"--to {path}: the folder {folder} can't be written to")


def write_whole(path: Path, content: bytes) -> None:
    """Put a file there at once, in the place of an older one. Raises UsageError, with nothing left behind."""
    check_target(path)
    target = path.resolve()  # through a link, which stays
    unfinished = None
    try:
        descriptor, unfinished = tempfile.mkstemp(prefix=".unfinished-", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, target)
    except OSError as error:
        raise UsageError(f"--to {path}: {error.strerror or error}") from error
    finally:
        if unfinished and os.path.exists(unfinished):
            os.unlink(unfinished)
