"""How far a folder is, and what became of it, in words: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from labkit.folders.report import Report
from labkit.folders.run import Listener
from labkit.report import words

LINE_EVERY_S = 10.0
MOST_FAILURES = 20  # on the screen; the rest is in failed.csv


class FolderProgress(Listener):
    """Tells on a stream how many images are done, at what rate, and how long the rest will take."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        ]
        self._bar = Bar(*columns, console=Console(file=stream), transient=True) if stream.isatty() else None
        self._images, self._begin, self._line_at = 0, 0.0, 0.0

    def told(self, line: str) -> None:
        if self._bar is not None and self._bar.live.is_started:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            self._stream.write(line + "\n")
            self._stream.flush()

    def begins(self, images: int) -> None:
        self._images, self._begin = images, time.monotonic()
        self._line_at = self._begin + LINE_EVERY_S
        if self._bar is not None:
            self._task = self._bar.add_task("images", total=images, rate="")
            self._bar.start()

    def advanced(self, images: int, failed: int) -> None:
        now = time.monotonic()
        rate = images / max(now - self._begin, 1e-9)
        finished = min(images + failed, self._images)
        if self._bar is not None:
            told = rate_of(rate) + (f", {failed} failed" if failed else "")
            self._bar.update(self._task, completed=finished, rate=told)
        elif now >= self._line_at:
            self._line_at = now + LINE_EVERY_S
            left = words.duration((self._images - finished) * (now - self._begin) / max(finished, 1))
            self.told(f"{finished} of {self._images} images, {rate_of(rate)}, {failed} failed, {left} left")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def rate_of(images_per_s: float | None, what: str = "images") -> str:
    """``21.7 images/s``; a dash when it is not known."""
    if images_per_s is None:
        return words.UNKNOWN
    return f"{images_per_s:.{0 if images_per_s >= 100 else 1 if images_per_s >= 1 else 3}f} {what}/s"


def failure_lines(report: Report) -> list[str]:
    """What failed and why, a line each; for standard error."""
    lines = [
        f"labkit: {words.one_line(file)}: {words.one_line(reason)}" for file, reason in report.failures[:MOST_FAILURES]
    ]
    if more := len(report.failures) - len(lines):
        lines.append(f"labkit: and {more} more; all are in {report.failed_csv}")
    lines += [f"labkit: {words.one_line(problem)}" for problem in report.problems]
    if report.stopped:
        lines.append(
            f"labkit: stopped; the {words.count(report.written)} outputs that were made are kept. Run the same command again "
            "(without --overwrite) to go on"
        )
    return lines


def summary_lines(report: Report, command: str) -> list[str]:
    """What was done, how fast, with how much memory; for standard output."""
    lines = [_done(report)]
    if report.done:
        took = words.duration(report.seconds)
        rates = rate_of(report.images_per_s)
        if report.written != report.done:
            rates += f", {rate_of(report.outputs_per_s, 'outputs')}"
        workers = "" if report.engine == "serial" else f" × {report.workers}"
        lines.append(f"{rates} in {took}, engine {report.engine}{workers}, chain {report.chain}, seed {report.seed}")
        lines.append(
            f"memory of all processes: {words.size(report.memory_before)} before, {words.size(report.memory_after)} after, "
            f"{words.size(report.memory_peak)} at most" + _limit(report)
        )
    if report.contact_sheet:
        lines.append(f"contact sheet: {report.contact_sheet}")
    if report.failed_csv:
        lines.append(f"failures: {report.failed_csv}; {command} again tries them again")
    return lines


def _done(report: Report) -> str:
    if report.existing and not report.done and not report.failures and not report.stopped:
        return f"nothing to do: all {words.count(report.existing)} outputs are in {report.target} already"
    parts = [f"{words.count(report.done)} images done, {words.count(report.written)} outputs in {report.target}"]
    if report.existing:
        parts.append(f"{words.count(report.existing)} were there already")
    if report.failures:
        parts.append(f"{words.count(len(report.failures))} failed")
    if report.other_files:
        parts.append(f"{words.count(report.other_files)} files that are no images left alone")
    if report.linked_folders:
        parts.append(f"{words.count(report.linked_folders)} linked folders not entered")
    return "; ".join(parts)


def _limit(report: Report) -> str:
    if report.memory_limit is None:
        return ""
    again = f", {report.tried_again} tried again alone" if report.tried_again else ""
    return f" (limit {words.size(report.memory_limit)}; at most {report.at_most_in_work} images in work{again})"
