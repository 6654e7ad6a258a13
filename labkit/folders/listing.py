"""Which images a folder holds, and what number each has for its random choices."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from labkit.core.errors import UsageError
from labkit.core.whole import PART
from labkit.imagefiles.image import SUFFIXES


@dataclass
class Listing:
    """Image files under ``folder``, as paths relative to it with /, sorted; and what was seen besides."""

    folder: Path
    images: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # relative path: reason
    other_files: int = 0
    linked_folders: int = 0


def list_images(folder: Path) -> Listing:
    """All files under a folder whose suffix is that of an image, subfolders too; links to folders are not followed.

    Raises UsageError when the folder does not exist, can't be read or holds no image.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}; give a folder of images")
    found = Listing(folder)
    _walk(folder, "", found)
    if not found.images and not found.failures:
        raise UsageError(
            f"{folder} holds no images ({found.other_files} other files); a name must end in {', '.join(SUFFIXES)}"
        )
    found.images.sort()
    return found


def _walk(folder: Path, inside: str, found: Listing) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        if not inside:
            raise UsageError(f"{folder} can't be read: {error.strerror}; give a folder of images") from error
        found.failures[inside.rstrip("/")] = f"a folder that can't be read: {error.strerror}"
        return
    for entry in entries:
        name = inside + entry.name
        image = entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(("._", PART))
        try:
            is_folder = entry.is_dir()
        except OSError:  # a link that leads to itself: who reads it says so
            is_folder = False
        if is_folder:
            if image:
                found.failures[name] = "a folder, not a file"
            if entry.is_symlink():
                found.linked_folders += 1
            else:
                _walk(folder / entry.name, name + "/", found)
        elif image:
            found.images.append(name)
        else:
            found.other_files += 1


def index_of(name: str, copy: int | None = None) -> int:
    """The number from which an image's random choices are drawn, below 2^63: it depends on the relative path (and the copy).

    So an image keeps its output when others come or go, and a renamed one gets another. Letters are composed first
    (Unicode NFC): macOS stores 가 as two, and the image is the same.
    """
    key = unicodedata.normalize("NFC", name) + ("" if copy is None else f"\0{copy}")
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big") >> 1
