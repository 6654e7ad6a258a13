"""Profiles, diffs of profiles, memory profiles and sweeps on disk: one JSON file each, beside the runs.

As with runs: written whole or not at all (temporary file, fsync, rename), never changed afterwards, read without pickle.
"""

from __future__ import annotations

import errno
import json
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit.core.errors import UsageError, listed
from labkit.core.whole import write_whole
from labkit.store.run import results_folder

FOLDERS = {"profile": "profiles", "diff": "diffs", "memory": "memory", "sweep": "sweeps"}


def save_artefact(document: dict[str, Any], kind: str, folder: Path | None = None) -> Path:
    """Store a document as ``FOLDER/{profiles,diffs,memory,sweeps}/ID.json`` and return where it is.

    The file also holds ``artefact`` (the kind) and ``id`` (the document's own, or a fresh one that sorts by time).
    ``folder`` is the results folder when None. Raises UsageError for an unknown kind, ValueError for a document that
    JSON can't hold (NaN), OSError, with nothing left behind, when it can't be written or the id is taken.
    """
    if kind not in FOLDERS:
        raise UsageError(f"unknown artefact {kind!r}; artefacts: {listed(FOLDERS)}")
    identity = str(document.get("id") or new_id())
    if not re.fullmatch(r"[\w.-]+", identity) or identity.startswith("."):
        raise UsageError(f"artefact id {identity!r}: take letters, digits, _, - and .")
    content = json.dumps({"artefact": kind, "id": identity} | document, indent=1, allow_nan=False) + "\n"
    home = (folder or results_folder()) / FOLDERS[kind]
    final = home / f"{identity}.json"
    if final.exists():
        raise FileExistsError(errno.EEXIST, "an artefact with this id is stored already", str(final))
    write_whole(final, content.encode(), durable=True)
    return final


def read_artefact(path: str | Path) -> dict[str, Any]:
    """The document of a stored artefact; raises UsageError when the file is missing or is none."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}; give a file such as results/profiles/ID.json") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict) or content.get("artefact") not in FOLDERS:
        raise UsageError(f"{path} is no artefact of labkit; artefacts: {listed(FOLDERS)}")
    return content


def new_id() -> str:
    """A fresh id that sorts by time, such as ``20261120T101213345-9f86d0``."""
    stamp = re.sub("[-:.]", "", datetime.now(UTC).isoformat(timespec="milliseconds").partition("+")[0])
    return f"{stamp}-{secrets.token_hex(3)}"


def keep_artefact(document: dict[str, Any], kind: str, folder: Path | None = None) -> tuple[Path | None, str | None]:
    """Store a document if that can be: where it is, or one line that says what kept it from being stored."""
    try:
        return save_artefact(document, kind, folder), None
    except OSError as error:
        problem = error.strerror or " ".join(str(error).split())
        return None, f"{problem}: {error.filename}" if error.filename else problem
