"""Apply a chain to a folder of images: what there is, what is missing, the work itself, and what became of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from labkit import __version__
from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError
from labkit.engines import ENGINES, Outcome, open_engine
from labkit.engines.stream import Engine
from labkit.folders import sheet
from labkit.folders.choice import AUTO, Choice, choose
from labkit.folders.files import BadFile, remove_leftovers
from labkit.folders.listing import list_images
from labkit.folders.memory import MARGIN, Admission, Room, TreeMemory
from labkit.folders.plan import FileTask, Plan, check_folders, keep_settings, make_plan
from labkit.folders.report import Report
from labkit.folders.work import Done, Work, one_image, prepared
from labkit.pipelines.chains import Chain
from labkit.report import words

MAX_PIXELS = 250_000_000  # the largest phone cameras have 200 million
IN_PROCESS = ("serial", "threads")


@dataclass(frozen=True)
class Job:
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
        if self.time_limit_s is not None and self.engine in IN_PROCESS:
            raise UsageError(
                f"--time-limit needs an engine whose workers can be ended, and {self.engine} has none; give auto"
            )


class Listener:
    """Is told how far the work is. ``begins`` and ``told`` come once or twice, ``advanced`` after each image."""

    def told(self, line: str) -> None: ...

    def begins(self, images: int) -> None: ...

    def advanced(self, images: int, failed: int) -> None: ...


def run(job: Job, listener: Listener | None = None) -> Report:
    """Make the outputs that are missing; Ctrl-C ends it early and keeps what is done (``Report.stopped``).

    Every failure is listed with its reason and costs that image alone. The output folder also gets labkit.json (what made
    its content), failed.csv (when something failed) and a contact sheet.
    Raises UsageError, before anything is written, for folders and options that can't be.
    """
    job.check()
    listener = listener or Listener()
    listing = list_images(job.source)
    plan = make_plan(listing, job.target, job.copies, job.limit)
    keep_settings(job.target, plan, _settings(job), job.overwrite)
    remove_leftovers(job.target)
    report = Report(str(job.source), str(job.target), job.chain.name, job.seed, memory_limit=job.memory_limit)
    report.images, report.existing = len(plan.tasks), len(plan.existing)
    report.other_files, report.linked_folders = listing.other_files, listing.linked_folders
    report.failures = sorted(listing.failures.items())
    missing = plan.missing()
    with TreeMemory() as memory:
        report.memory_before = memory.before
        try:
            if missing:
                _work(job, missing, report, listener, memory)
        except KeyboardInterrupt:
            report.stopped = True
        report.memory_after, report.memory_peak = memory.now(), memory.peak
    remove_leftovers(job.target)
    report.write_failures(job.target)
    _write_sheet(job, plan, report)
    return report


def _settings(job: Job) -> dict[str, Any]:
    return {
        "command": "augment" if job.copies is None else "ocr-dataset",
        "chain": job.chain.identity,
        "seed": job.seed,
        "yaml": getattr(job.chain, "text", None),
        "labkit": __version__,
    }


def _work(job: Job, missing: list[FileTask], report: Report, listener: Listener, memory: TreeMemory) -> None:
    work = Work(job.source, job.target, job.chain, job.seed, job.max_pixels)
    choice = _chosen(job, missing, work, report, listener)
    report.engine, report.workers = choice.engine, choice.workers
    listener.begins(len(missing))
    limited = job.memory_limit is not None
    with open_engine(
        choice.engine,
        one_image,
        choice.workers,
        chunk=1 if limited else job.chunk,
        in_flight=choice.workers if limited else None,
        time_limit_s=job.time_limit_s,
        once=partial(prepared, work),
    ) as engine:
        begin = time.perf_counter()
        try:
            if job.memory_limit is not None:
                _limited(engine, missing, job, report, listener, memory)
            else:
                tasks: list[tuple[FileTask]] = [(task,) for task in missing]
                for outcome in engine.stream(tasks):
                    _settle(missing[outcome.index], outcome, report, listener, begin)
        finally:
            report.seconds = time.perf_counter() - begin


def _chosen(job: Job, missing: list[FileTask], work: Work, report: Report, listener: Listener) -> Choice:
    if job.engine != AUTO:
        workers = 1 if job.engine == "serial" else job.workers or cpu_limit()
        return Choice(job.engine, workers)
    engines = [name for name in ENGINES if job.time_limit_s is None or name not in IN_PROCESS]
    choice = choose(work, missing, engines, job.workers, frugal=job.memory_limit is not None)
    report.measured = choice.measured
    listener.told(choice.reason)
    return choice


def _limited(
    engine: Engine, missing: list[FileTask], job: Job, report: Report, listener: Listener, memory: TreeMemory
) -> None:
    """The work under a memory limit: an image starts when there is room, and one that ran short is tried again alone."""
    assert job.memory_limit is not None
    held = memory.now()
    if held is None:
        raise UsageError("--memory-limit needs to know how much memory processes take, which this system does not tell")
    room = Room(int(MARGIN * job.memory_limit) - held)
    if room.room <= 0:
        raise UsageError(
            f"--memory-limit {words.size(job.memory_limit)}: the program and its {report.workers} workers alone take "
            f"{words.size(held)}, before any image; give more, or fewer --workers"
        )
    admission = Admission(missing, job.source, room)
    begin = time.perf_counter()
    for outcome in engine.stream(admission.tasks()):
        task, allowance = admission.handed[outcome.index]
        done: Done | None = outcome.value
        room.leave(task.image, done.pixels if done else 0, done.peak_bytes if done else None)
        short = done.short_of_memory if done else "died" in (outcome.error or "")
        if short and allowance < room.room and admission.again(task):
            report.tried_again += 1
            continue
        if short and done:
            needs = (
                f"needs more memory than --memory-limit {words.size(job.memory_limit)} leaves ({words.size(allowance)})"
            )
            outcome = Outcome(outcome.index, done._replace(failures=(("", needs),)))
        _settle(task, outcome, report, listener, begin)
    report.at_most_in_work = room.at_most


def _settle(task: FileTask, outcome: Outcome, report: Report, listener: Listener, begin: float) -> None:
    """Count what became of one image."""
    if outcome.error is not None:
        report.failures.append((task.image, outcome.error))
        listener.advanced(report.done, len(report.failures))
        return
    done: Done = outcome.value
    report.written += done.written
    report.failures += [
        (task.image, f"{output}: {reason}" if output not in ("", task.image) else reason)
        for output, reason in done.failures
    ]
    if not done.failures:
        report.done += 1
        if report.first_s is None:
            report.first_s = time.perf_counter() - begin
    listener.advanced(report.done, len(report.failures))


def _write_sheet(job: Job, plan: Plan, report: Report) -> None:
    """A picture of some inputs and outputs; that it can't be made is no failure of the work."""
    complete = [task for task in plan.tasks if all((job.target / output).is_file() for _, output in task.outputs)]
    shown = sheet.chosen([task.image for task in complete])
    by_name = {task.image: task for task in complete}
    names = {output for task in plan.tasks for _, output in task.outputs}
    path = job.target / next(name for name in sheet.NAMES if name not in names)
    columns = [
        (image, [job.source / image, *(job.target / output for _, output in by_name[image].outputs)]) for image in shown
    ]
    try:
        if sheet.write_sheet(path, f"chain {job.chain.name}, seed {job.seed}: inputs above, outputs below", columns):
            report.contact_sheet = str(path)
    except (BadFile, OSError) as error:
        report.problems.append(f"{path}: {error}")
