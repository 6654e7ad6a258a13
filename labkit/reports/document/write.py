"""Where a report may go."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.core import whole
from labkit.core.errors import ArgumentError


def check_target(path: Path) -> None:
    """Raise ArgumentError when a file can't be put there, before any work is done for it."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ArgumentError("to", path, f"the folder {folder} does not exist")
    if not whole.is_replaceable(path):
        raise ArgumentError("to", path, "no file that could be replaced; name another")
    if not os.access(folder, os.W_OK):
        raise ArgumentError("to", path, f"the folder {folder} can't be written to")


def write_report(path: Path, content: bytes) -> None:
    """Put a file there at once, in the place of an older one. Raises ArgumentError, with nothing left behind."""
    check_target(path)
    try:
        whole.write_whole(path.resolve(), content, durable=True)  # through a link, which stays
    except OSError as error:
        raise ArgumentError("to", path, str(error.strerror or error)) from error
