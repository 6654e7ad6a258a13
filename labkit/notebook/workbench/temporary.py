"""Where lies what a dashboard was given without a file, sources and pictures, while this process lives."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def temporary_folder() -> Path:
    """One folder of this process, which is gone with it."""
    folder = tempfile.mkdtemp(prefix="labkit-own-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
