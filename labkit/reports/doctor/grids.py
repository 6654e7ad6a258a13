"""What the doctor says as grids: the machine, then each stage and workload with its arms."""

from __future__ import annotations

from typing import Any

from labkit.diagnosis.machine_judges import UNSEEN
from labkit.reports import words
from labkit.reports.doctor.words import MARKS, Entry, place
from labkit.reports.grid import Cell, Grid

Rows = list[list[Cell]]


def grids(document: dict[str, Any]) -> list[Grid]:
    """One grid for the machine, and one for each stage and workload that was looked at."""
    machine = [entry for entry in document["doctor"] if not entry.get("stage")]
    made = [_grid("The machine", [row for entry in machine for row in _found(entry, entry["title"])])]
    for looked in document.get("examined", []):
        title = f"{looked['stage']} on {looked['workload']}"
        found = [entry for entry in document["doctor"] if place(entry) == title and entry["level"] != "ok"]
        rows: Rows = []
        for arm in looked["arms"]:
            own = [entry for entry in found if entry["subject"] == arm["arm"]]
            rows += [row for entry in own for row in _found(entry, arm["arm"])]
            if arm["reason"]:
                rows.append(_row("", arm["arm"], f"not looked at: {arm['reason']}"))
            elif not own:
                rows.append(_row("ok", arm["arm"], "nothing found"))
        arms = [arm["arm"] for arm in looked["arms"]]
        others = [entry for entry in found if entry["subject"] not in arms]
        made.append(_grid(title, [*rows, *(row for entry in others for row in _found(entry, entry["subject"]))]))
    return made


def _grid(title: str, rows: Rows) -> Grid:
    return Grid(("", "", ""), frozenset({0, 1, 2}), rows, title=title, prose=frozenset({2}))


def _found(entry: Entry, name: str) -> Rows:
    """What was found; below a note or warning what goes wrong by it, and the way out."""
    text = entry["found"] if name == entry["title"] else f"{entry['title']}: {entry['found']}"
    rows = [_row("" if entry["found"] == UNSEEN else entry["level"], name, text)]
    if entry["level"] != "ok":
        more = (Cell(words.one_line(entry["why"]), tone="idle"), Cell(f"→ {words.one_line(entry['way_out'])}"))
        rows += [[Cell(""), Cell(""), cell] for cell in more]
    return rows


def _row(level: str, name: str, text: str) -> list[Cell]:
    """``level`` is "" for what could not be looked at."""
    tone = level or "idle"
    finding = Cell(words.one_line(text), tone="" if level == "ok" else tone)
    return [Cell(MARKS.get(level, "–"), tone=tone), Cell(words.one_line(name)), finding]
