"""Apply a chain to a folder of images: reading, limits, engines, writing, resuming, and the report of it.

``run(FolderRequest(...))`` does it all; the commands ``labkit augment`` and ``labkit ocr-dataset`` only add words.
"""

from __future__ import annotations

from labkit.folders.report import Report
from labkit.folders.run import FolderRequest, Listener, run

__all__ = ["FolderRequest", "Listener", "Report", "run"]
