"""Pillow's own test pictures, from its source package: odd, old and damaged files of every format.

``make test EXTRAS=all`` fetches them into ``.venv/pillow``; ``$LABKIT_PILLOW_IMAGES`` names another folder.
"""

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get("LABKIT_PILLOW_IMAGES") or Path(__file__).parents[2] / ".venv" / "pillow" / "Tests" / "images"
)
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def pictures() -> list[Path]:
    """The files that are, or say that they are, of a format that labkit reads."""
    if not FOLDER.is_dir():
        pytest.skip("no test pictures of Pillow")
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    return [path for path in files if path.suffix in SUFFIXES or path.read_bytes().startswith(BEGINNINGS)]


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()
