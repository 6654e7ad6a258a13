"""Processes of other people's harnesses: started afresh, told what to time, and never left running."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from tests.gauntlet.tools.tool import Task

ROOT = Path(__file__).parents[3]
LONGEST_S = 600.0  # a harness that has not come back by then hangs
LEAVING_S = 0.3  # what a process needs, measured all, to write its file and to end


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a command prints, its warnings included; it runs in ``folder`` and can import the gauntlet's kernels.

    Raises RuntimeError where it fails, with the last line that names an error or else the last, and where it takes longer
    than ten minutes. Whatever ends this call early, Ctrl-C too, ends the command and all that it started.
    """
    words = [str(word) for word in command]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}  # set in git's hooks
    inherited = kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | dict(environment or {})
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=inherited,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes here alone, and all below it is ended in order
    )
    try:
        output, _ = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired as late:
        end(process)
        raise RuntimeError(f"{Path(words[0]).name} has not ended after {LONGEST_S:.0f} s") from late
    except BaseException:
        end(process)
        raise
    if process.returncode:
        lines = output.strip().splitlines() or ["it printed nothing"]
        why = next((line for line in reversed(lines) if "Error" in line), lines[-1])  # a summary may stand below it
        raise RuntimeError(f"{' '.join(words)} failed with status {process.returncode}: {why.strip()}")
    return output


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and all below it; some harnesses put theirs into groups of their own, so the tree is walked."""
    try:
        parent = psutil.Process(process.pid)
        parent.suspend()  # else it may start another one while these are listed
        tree = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        tree = []
    for member in tree:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            pass
    process.communicate()


def script(task: Task, begun: float, body: str) -> str:
    """The source of a script that times all arms in one process: ``CALLS``, ``seconds()`` for each of them, and ``body``.

    ``begun``: when the try began, by ``time.monotonic``, which all processes of a machine share. With a wall clock,
    what is left of it when ``seconds`` is called is divided among the arms.
    """
    until = None if task.wall_s is None else begun + task.wall_s - LEAVING_S
    arms = [(arm.kernel, arm.rows) for arm in task.arms]
    return f"""\
import json
import time
from pathlib import Path

from tests.gauntlet.kernels import call_of

CALLS = [call_of(*arm) for arm in {arms}]
UNTIL = {until}


def seconds():
    if UNTIL is None:
        return {task.measure_s} / len(CALLS)
    return max((UNTIL - time.monotonic()) / len(CALLS), 0.01)


{body}"""


def left_s(task: Task, begun: float) -> float:
    """Seconds of measuring for each arm, for harnesses whose start-up lies behind when this is asked."""
    if task.wall_s is None:
        assert task.measure_s is not None
        return task.measure_s / len(task.arms)
    return max((begun + task.wall_s - LEAVING_S - time.monotonic()) / len(task.arms), 0.01)
