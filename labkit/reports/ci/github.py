"""GitHub Actions: annotations beside the code, and the summary on a job's page.

Source: GitHub's documentation, "Workflow commands for GitHub Actions". The runner reads commands on both streams.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from labkit.reports import words
from labkit.reports.ci.findings import Finding

SHOWN = 10  # annotations of each level that GitHub shows of one step
LARGEST_SUMMARY = 1_000_000  # bytes; GitHub refuses more than 1 MiB
VALUE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = VALUE | {":": "%3A", ",": "%2C"}


def on_github(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def annotation_lines(findings: Sequence[Finding]) -> list[str]:
    """A command a finding, at most as many of a level as GitHub shows; the last of them says how many more there are."""
    lines = []
    for level in ("error", "warning"):
        own = [finding for finding in findings if finding.level == level]
        kept = own if len(own) <= SHOWN else own[: SHOWN - 1]
        lines += [annotation(level, one.title, one.message, one.file, one.line) for one in kept]
        if more := len(own) - len(kept):
            lines.append(annotation(level, f"{more} more", "the summary and the log have all of them"))
    return lines


def annotation(level: str, title: str, message: str, file: Path | None = None, line: int | None = None) -> str:
    """One finding as a command: ``::error file=stages.py,line=7,title=labkit%3A regression::…``; no file outside the project."""
    place = _in_workspace(file)
    known = {"file": place, "line": line if place else None, "title": f"labkit: {title}"}
    told = ",".join(f"{name}={_escaped(str(value), PROPERTY)}" for name, value in known.items() if value is not None)
    return f"::{level} {told}::{_escaped(words.one_line(message), VALUE)}"


def summary(heading: str, findings: Sequence[Finding], markdown: str) -> str:
    """The Markdown of a job's page: what came of it in one line, then the tables."""
    count = {level: sum(finding.level == level for finding in findings) for level in ("error", "warning")}
    told = ", ".join(words.counted(number, level) for level, number in count.items() if number)
    return f"## {heading}: {told or 'all well'}\n\n{markdown}\n"


def write_summary(text: str) -> None:
    """Append to the file that GitHub shows on the job's page; raises OSError where it can't be written."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text.encode(errors="replace")[:LARGEST_SUMMARY].decode(errors="ignore"))


def _in_workspace(file: Path | None) -> str | None:
    """A path as GitHub shows it: relative to the repository; None for a file that lies outside."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE", "."))
    if file is None or not file.resolve().is_relative_to(workspace.resolve()):
        return None
    return file.resolve().relative_to(workspace.resolve()).as_posix()


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(letter, letter) for letter in text)
