"""Run, Stop, and how far the work is with the time left."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from labkit.notebook.workbench import pieces
from labkit.notebook.workbench.job import OVER, Job
from labkit.reports import words


class RunBar:
    """``run`` and ``stop`` are buttons; ``paint`` tells of a job, or of none."""

    def __init__(self) -> None:
        self.run = widgets.Button(
            description="Run", button_style="primary", tooltip="Check and time the ticked variants"
        )
        self.stop = widgets.Button(
            description="Stop", disabled=True, tooltip="End within a second and keep what is done"
        )
        self.progress = widgets.HTML()
        self.box = widgets.HBox([self.run, self.stop, self.progress])
        self.box.add_class("lk-run")
        self.paint(None)

    def tell(self, text: str, trouble: bool = False) -> None:
        """A line in the place of the progress."""
        self.progress.value = pieces.message(text, trouble)

    def paint(self, job: Job | None) -> None:
        busy = job is not None and job.state not in OVER
        self.run.disabled, self.stop.disabled = busy, not busy
        self.progress.value = progress_html(job) if job else pieces.message("Choose what to compare, then run.")


def progress_html(job: Job) -> str:
    """A bar and a line: what is being done, how far it is, and about how long it will take."""
    progress, state = job.progress, job.state
    if state == "failed":
        return pieces.message(job.error or "failed, without a reason", trouble=True)
    if state == "stopped":
        return pieces.message(f"■ Stopped: what is shown was done before. {kept(job)}")
    if state == "done":
        return pieces.message(f"✓ Done. {kept(job)}")
    left = ""
    if state == "running" and progress.seconds_left is not None:
        left = f", about {whole_seconds(progress.seconds_left)} left"
    what = "In the queue: " if state == "queued" else ""
    extent = f" value='{progress.done:g}' max='{progress.planned:g}'" if state == "running" and progress.planned else ""
    bar = f"<progress aria-label='Progress'{extent}></progress>"
    return f"<div class='lk-progress'>{bar}<span role='status'>{escape(what + words.one_line(progress.text) + left)}</span></div>"


def kept(job: Job) -> str:
    """Where the result is stored, as far as it is a run; or why it is not."""
    if job.problem:
        return f"Not stored: {job.problem}"
    run = getattr(job.result, "run", None)
    return f"Stored as run {run.id}." if run else ""


def whole_seconds(seconds: float) -> str:
    """A time left, no finer than is known: ``8 s``, ``2 min``."""
    return f"{max(1, round(seconds))} s" if seconds < 100 else f"{round(seconds / 60)} min"
