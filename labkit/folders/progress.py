"""How far a folder is, and what became of it, in words: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from labkit.folders.report import Report
from labkit.folders.run import Listener
from labkit.reports import words

LINE_EVERY_S = 10.0
ENOUGH = 4  # images, after the first, that tell a rate and how long the rest will take
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
            TextColumn("{task.fields[left]}"),
        ]
        self._bar = Bar(*columns, console=Console(file=stream), transient=True) if stream.isatty() else None
        self._images, self._line_at = 0, 0.0
        self._first: tuple[float, int] | None = None  # when so many images were finished: workers had started then

    def say(self, line: str) -> None:
        if self._bar is not None and self._bar.live.is_started:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            self._stream.write(line + "\n")
            self._stream.flush()

    def begins(self, images: int) -> None:
        self._images = images
        self._line_at = time.monotonic() + LINE_EVERY_S
        if self._bar is not None:
            self._task = self._bar.add_task("images", total=images, rate="", left="")
            self._bar.start()

    def advanced(self, images: int, failed: int) -> None:
        now = time.monotonic()
        finished = min(images + failed, self._images)
        if self._first is None:
            self._first = now, finished
        since, before = self._first
        rate = left = ""  # nobody knows yet: the first image waited for workers to start and for what they import
        if finished - before >= ENOUGH:
            pace = (finished - before) / max(now - since, 1e-9)
            rate, left = rate_of(pace), f"{_patience((self._images - finished) / pace)} left"
        misses = f"{failed} failed" if failed else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=finished, rate=", ".join(filter(None, (rate, misses))), left=left)
        elif now >= self._line_at:
            self._line_at = now + LINE_EVERY_S
            done = f"{words.count(finished)} of {words.counted(self._images, 'image')}"
            self.say(", ".join(filter(None, (done, rate, misses, left))))

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def rate_of(images_per_s: float | None, what: str = "images") -> str:
    """``21.7 images/s``; a dash when it is not known."""
    if images_per_s is None:
        return words.UNKNOWN
    return f"{images_per_s:.{0 if images_per_s >= 100 else 1 if images_per_s >= 1 else 3}f} {what}/s"


def _patience(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3 h 5 min``: more nobody knows beforehand."""
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def failure_lines(report: Report) -> list[str]:
    """What failed and why, a line each, and what was not taken from files; for standard error."""
    lines = [
        f"labkit: {words.one_line(file)}: {words.one_line(reason)}" for file, reason in report.failures[:MOST_FAILURES]
    ]
    if more := len(report.failures) - len(lines):
        lines.append(f"labkit: and {more} more; all are in {report.failed_csv}")
    lines += [f"labkit: {_noted(files)}: {words.one_line(note)}" for note, files in report.notes.items()]
    lines += [f"labkit: {words.one_line(problem)}" for problem in report.problems]
    if report.stopped:
        lines.append(
            f"labkit: stopped; {_kept(report.written)}. Run the same command again (without --overwrite) to go on"
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
        names = ", ".join(f"{number}: {words.one_line(name)}" for number, name in report.numbered_on_sheet.items())
        lines.append(f"contact sheet: {report.contact_sheet}" + (f" ({names})" if names else ""))
    if report.failed_csv:
        lines.append(f"failures: {report.failed_csv}; {command} again tries them again")
    return lines


def _noted(files: list[str]) -> str:
    """The file, or how many there are with the first of them."""
    first = words.one_line(files[0])
    return first if len(files) == 1 else f"{first} and {words.count(len(files) - 1)} more"


def _done(report: Report) -> str:
    if report.existing and not report.done and not report.failures and not report.stopped:
        return f"nothing to do: {_all(report.existing)} in {report.target} already"
    done, written = words.counted(report.done, "image"), words.counted(report.written, "output")
    parts = [f"{done} done, {written} in {report.target}"]
    if report.existing:
        parts.append(f"{words.count(report.existing)} were there already")
    if report.failures:
        parts.append(f"{words.count(len(report.failures))} failed")
    if report.other_files:
        others = (
            "1 file that is no image"
            if report.other_files == 1
            else f"{words.count(report.other_files)} files that are no images"
        )
        parts.append(f"{others} left alone")
    if report.linked_folders:
        parts.append(f"{words.counted(report.linked_folders, 'linked folder')} not entered")
    return "; ".join(parts)


def _limit(report: Report) -> str:
    if report.memory_limit is None:
        return ""
    again = f", {report.tried_again} tried again alone" if report.tried_again else ""
    in_work = words.counted(report.at_most_in_work or 0, "image")
    return f" (limit {words.size(report.memory_limit)}; at most {in_work} in work{again})"


def _all(outputs: int) -> str:
    return "the output is" if outputs == 1 else f"all {words.count(outputs)} outputs are"


def _kept(outputs: int) -> str:
    if not outputs:
        return "nothing was made yet"
    return (
        "the output that was made is kept"
        if outputs == 1
        else f"the {words.count(outputs)} outputs that were made are kept"
    )
