"""Input, output and difference of a variant, as a run keeps them, to lie inside the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from labkit.reports import words
from labkit.store import Run
from labkit.store.pictures import read_pictures

NOT_KEPT = "This run keeps no pictures; labkit bench makes them when it measures."


@dataclass(frozen=True)
class Pictured:
    """Pictures of one variant on one workload, each with its title, as data URIs; ``note`` says what they show."""

    variant: str
    workload: str
    images: tuple[tuple[str, str], ...]
    note: str


def pictured(run: Run, document: dict[str, Any], stage: str) -> Pictured | str:
    """The pictures of a stage that a run keeps, or why there are none; empty where there is nothing to look at.

    ``document`` is the run's, printable.
    """
    kept = document.get("pictures")
    if kept is None:
        return NOT_KEPT
    number, found = next(((n, found) for n, found in enumerate(kept) if found["stage"] == stage), (0, None))
    if found is None:
        return ""
    parts = read_pictures(run.folder, number)
    if not found["differing"]:
        parts.pop("difference", None)
    titles = {
        "input": "input",
        "output": f"output of {found['variant']}",
        "difference": f"where it differs from the reference (white: by {_most(found)})",
    }
    images = tuple((titles[part], data_uri(content)) for part, content in parts.items())
    if "output" in parts:
        return Pictured(found["variant"], found["workload"], images, _note(found))
    return f"There are no pictures of {found['variant']}: {found['reason']}." if found["reason"] else ""


def data_uri(content: bytes) -> str:
    """A WebP file as an address that holds it."""
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")


def _note(found: dict[str, Any]) -> str:
    caption = "Made when this run was measured."
    if found["differing"] == 0 and found["elements"]:
        return f"The output equals the reference’s in all {words.count(found['elements'])} elements. {caption}"
    if found["differing"] and found["elements"]:
        what = "within" if found["status"] == "measured" else "beyond"
        caption = (
            f"{words.count(found['differing'])} of {words.count(found['elements'])} elements differ from the reference’s, "
            f"by at most {_most(found)}, {what} what the stage tolerates. {caption}"
        )
    return f"{words.one_line(found['reason'])}. {caption}" if found["reason"] else caption


def _most(found: dict[str, Any]) -> str:
    return words.UNKNOWN if found["largest"] is None else f"{found['largest']:.3g}"
