"""From the job's thread to the widgets: a thread that repaints while a job runs, a few times a second.

What is known of ipykernel 7 and ipywidgets 8, and kept here:

- A widget may be changed from any thread: its message goes to the kernel's IOPub thread by a pipe of the sending thread.
- What the front end sends arrives in the main thread (VS Code, Notebook 6) or in the thread of a subshell (JupyterLab 4.4
  on), also while a cell runs. A hop to the main thread would therefore make the dashboard wait for that cell.
- Two threads that change *the same* widget disturb each other (``_property_lock`` and held notifications belong to the
  widget, not to the thread).

So: a painter changes only widgets that no user can change (HTML, layouts, whether a button is enabled), the callbacks of
the front end change the others, and both hold the view's lock. One exception: lists get longer when a variant has come.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from labkit.notebook.workbench.job import OVER, Job

REPAINT_S = 0.25  # four times a second


def repaint_while_running(job: Job, paint: Callable[[], None], lock: threading.RLock) -> threading.Thread:
    """Call ``paint`` under the lock whenever the job has changed, at most four times a second, and once when it is over."""
    changed = threading.Event()
    job.on_change(lambda _: changed.set())

    def repaint() -> None:
        while True:
            changed.clear()
            over = job.state in OVER  # read before it is painted: what comes later is painted once more
            with lock:
                paint()
            if over:
                return
            changed.wait()
            time.sleep(REPAINT_S)

    thread = threading.Thread(target=repaint, name="labkit-painter", daemon=True)
    thread.start()
    return thread
