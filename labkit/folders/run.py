"""Apply a chain to a folder of images: what there is, what is missing, the work itself, and what became of it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError, one_line
from labkit.core.version import __version__
from labkit.core.whole import remove_leftovers
from labkit.engines import ENGINES, Outcome
from labkit.folders import sheet
from labkit.folders.choice import AUTO, Chooser, EngineChoice, Settle
from labkit.folders.drive import Driver
from labkit.folders.listing import list_images
from labkit.folders.memory import TreeMemory
from labkit.folders.plan import FileTask, Plan, check_folders, keep_settings, make_plan
from labkit.folders.report import Report
from labkit.folders.work import Done, Work
from labkit.imagefiles.image import BadFile
from labkit.pipelines.chains import LARGEST_SEED, Chain

MAX_PIXELS = 250_000_000  # the largest phone cameras have 200 million
IN_PROCESS = ("serial", "threads")


@dataclass(frozen=True)
class FolderRequest:
    """What is asked for. ``copies``: outputs an image, as STEM_aug_K.png; None: one, under the image's own name."""

    source: Path
    target: Path
    chain: Chain
    seed: int = 0
    copies: int | None = None
    engine: str = AUTO
    workers: int | None = None
    chunk: int | None = None
    memory_limit: int | None = None  # bytes
    time_limit_s: float | None = None
    max_pixels: int = MAX_PIXELS
    limit: int | None = None
    overwrite: bool = False

    def check(self) -> None:
        """Raise UsageError for what can't be."""
        check_folders(self.source, self.target)
        if self.engine != AUTO and self.engine not in ENGINES:
            raise UsageError(f"unknown engine {self.engine!r}; give auto, {', '.join(ENGINES)}")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise UsageError(f"--seed is {self.seed}; give a whole number from 0 to 2^63-1")
        if self.time_limit_s is not None and self.engine in IN_PROCESS:
            raise UsageError(
                f"--time-limit needs an engine whose workers can be ended, and {self.engine} has none; give auto"
            )
        if self.time_limit_s is not None and not 0 < self.time_limit_s < math.inf:
            raise UsageError(f"--time-limit is {self.time_limit_s}; give a number of seconds above 0")


class Listener:
    """Is told how far the work is. ``begins`` and ``told`` come once or twice, ``advanced`` after each image."""

    def say(self, line: str) -> None: ...

    def begins(self, images: int) -> None: ...

    def advanced(self, images: int, failed: int) -> None: ...


def run(request: FolderRequest, listener: Listener | None = None) -> Report:
    """Make the outputs that are missing; Ctrl-C ends it early and keeps what is done (``Report.stopped``).

    Every failure is listed with its reason and costs that image alone. The output folder also gets labkit.json (what made
    its content), failed.csv (when something failed) and a contact sheet.
    Raises UsageError, before anything is written, for folders and options that can't be.
    """
    request.check()
    listener = listener or Listener()
    listing = list_images(request.source)
    plan = make_plan(listing, request.target, request.copies, request.limit)
    keep_settings(request.target, plan, _settings(request), request.overwrite)
    remove_leftovers(request.target)
    report = Report(
        str(request.source), str(request.target), request.chain.name, request.seed, memory_limit=request.memory_limit
    )
    report.images, report.existing = len(plan.tasks), len(plan.existing)
    report.other_files, report.linked_folders = listing.other_files, listing.linked_folders
    report.failures = sorted(listing.failures.items())
    missing = plan.missing()
    with TreeMemory() as memory:
        report.memory_before = memory.before
        try:
            if missing:
                _work(request, list(missing), report, listener, memory)
        except KeyboardInterrupt:
            report.stopped = True
            _recount(request, missing, report)
        report.memory_after, report.memory_peak = memory.now(), memory.peak
    remove_leftovers(request.target)
    report.failures.sort()  # the same lists whatever the engine
    report.notes = {note: sorted(files) for note, files in sorted(report.notes.items())}
    report.write_failures(request.target)
    if not report.stopped:  # whoever pressed Ctrl-C waits for the end
        _write_sheet(request, plan, report)
    return report


def _settings(request: FolderRequest) -> dict[str, Any]:
    return {
        "command": "augment" if request.copies is None else "ocr-dataset",
        "chain": request.chain.identity,
        "seed": request.seed,
        "yaml": getattr(request.chain, "text", None),
        "labkit": __version__,
    }


def _work(
    request: FolderRequest, missing: list[FileTask], report: Report, listener: Listener, memory: TreeMemory
) -> None:
    work = Work(request.source, request.target, request.chain, request.seed, request.max_pixels)
    driver = Driver(work, memory, request.memory_limit, request.time_limit_s, request.chunk)
    begin, unreadable = time.perf_counter(), len(report.failures)

    def settle(task: FileTask, outcome: Outcome) -> None:
        _count(task, outcome, report)
        if report.first_s is None and report.done:
            report.first_s = time.perf_counter() - begin
        listener.advanced(report.done, len(report.failures) - unreadable)

    listener.begins(len(missing))
    try:
        choice = _chosen(request, missing, driver, settle)
        report.engine, report.workers, report.measured = choice.engine, choice.workers, choice.measured
        if choice.reason:
            listener.say(choice.reason)
        if missing:
            with driver.open(choice.engine, choice.workers) as engine:
                main, before = time.perf_counter(), report.done
                try:
                    for task, outcome in driver.outcomes(engine, missing):
                        settle(task, outcome)
                finally:
                    report.main_seconds, report.main_images = time.perf_counter() - main, report.done - before
        _once_more(driver, settle)
    finally:
        report.seconds = time.perf_counter() - begin
        report.tried_again = driver.tried_again
        if request.memory_limit is not None:
            report.at_most_in_work = driver.at_most_in_work


def _once_more(driver: Driver, settle: Settle) -> None:
    """Images that took too much memory: once more, without other workers that take some."""
    tasks, driver.short, driver.lean = driver.short, [], True
    if tasks:
        driver.tried_again += len(tasks)
        with driver.open("serial" if driver.time_limit_s is None else "shared_memory", 1) as engine:
            for task, outcome in driver.outcomes(engine, tasks):
                settle(task, outcome)


def _chosen(request: FolderRequest, missing: list[FileTask], driver: Driver, settle: Settle) -> EngineChoice:
    """The engine asked for, or the one that is fastest; to find that some of the missing images are done."""
    if request.engine != AUTO:
        most = 1 if request.engine == "serial" else len(missing)  # a worker without an image would start for nothing
        return EngineChoice(request.engine, max(1, min(most, request.workers or cpu_limit())))
    engines = [name for name in ENGINES if request.time_limit_s is None or name not in IN_PROCESS]
    return Chooser(driver, missing, settle).choose(engines, request.workers)


def _count(task: FileTask, outcome: Outcome, report: Report) -> None:
    """Add what became of one image to the report."""
    if outcome.error is not None:
        report.failures.append((task.image, outcome.error.removeprefix("WorkerDied: ").removeprefix("TimeLimit: ")))
        return
    done: Done = outcome.value
    report.written += done.written
    report.done += not done.failures
    for note in done.notes:
        report.notes.setdefault(note, []).append(task.image)
    for output, reason in done.failures:
        report.failures.append((task.image, reason if output in ("", task.image) else f"{output}: {reason}"))


def _recount(request: FolderRequest, missing: list[FileTask], report: Report) -> None:
    """Workers had written more than they could tell before they were stopped."""
    made = [[os.path.isfile(request.target / output) for _, output in task.outputs] for task in missing]
    report.written, report.done = sum(map(sum, made)), sum(map(all, made))


def _write_sheet(request: FolderRequest, plan: Plan, report: Report) -> None:
    """A picture of some inputs and outputs; that it can't be made is no failure of the work."""
    complete = [
        task for task in plan.tasks if all(os.path.isfile(request.target / output) for _, output in task.outputs)
    ]
    shown = sheet.chosen([task.image for task in complete])
    by_name = {task.image: task for task in complete}
    names = {output for task in plan.tasks for _, output in task.outputs}
    path = request.target / next(name for name in sheet.NAMES if name not in names)
    columns = [
        (image, [request.source / image, *(request.target / output for _, output in by_name[image].outputs)])
        for image in shown
    ]
    try:
        title = f"chain {request.chain.name}, seed {request.seed}: inputs above, outputs below"
        numbered = sheet.write_sheet(path, title, columns)
        if numbered is not None:
            report.contact_sheet, report.numbered_on_sheet = str(path), numbered
    except Exception as error:  # of a file, a font, a letter: the work itself is done
        reason = str(error) if isinstance(error, BadFile) else one_line(error)
        report.problems.append(f"{path}: {reason}")
