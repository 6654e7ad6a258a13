"""A run that is stopped or killed: what is kept, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engines.tasks import left_behind, named_blocks

TOY = Path(__file__).with_name("toy.py")
COMMAND = (sys.executable, "-c", "from labkit.cli import main; main()", "bench", "toy_sum", "--load", str(TOY))


@pytest.fixture
def blocks():
    """Shared memory that there was before."""
    return named_blocks()


@pytest.fixture
def running(tmp_path, blocks):
    """A long measurement in a process of its own, already at its launches."""
    words = ["--variants", "plain,twice,plain@processes", "--workloads", "big", "--budget", "60", "--json"]
    log = tmp_path / "progress"
    with log.open("w") as progress:
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=os.environ | {"LABKIT_RESULTS": str(tmp_path / "results"), "LABKIT_LAUNCHERS": "5"},  # as users have it
            stdout=subprocess.PIPE,
            stderr=progress,
        )
    workers = _wait_for(
        lambda: [pid for pid in _family(process.pid) if _depth(pid, process.pid) > 2], "a launch's workers"
    )
    assert workers
    yield process, tmp_path / "results"
    process.kill()
    process.wait()


def test_ctrl_c_stores_what_is_done_and_says_that_it_was_stopped(running):
    process, results = running
    opened = set()  # processes that have opened plain@processes: one or two that check it, then a launch each

    def launched():
        opened.update(_parent(pid) for pid in _family(process.pid) if _depth(pid, process.pid) > 2)
        return len(opened) >= 4

    _wait_for(launched, "the end of a launch")
    process.send_signal(signal.SIGINT)
    document = json.loads(process.communicate(timeout=120)[0])
    assert process.returncode == 130
    assert document["stopped"]
    assert [path.parent.name for path in results.glob("*/run.json")] == [document["run"]]
    row = next(row for row in document["rows"] if row["variant"] == "twice")
    assert (row["status"], row["verdict"], row["reason"]) == ("measured", "unresolved", "stopped")


def test_kill_leaves_no_process_no_shared_memory_and_no_half_written_run(blocks, running):
    process, results = running
    family = _family(process.pid)
    assert len(family) > 6
    process.kill()
    process.wait()
    _wait_for(lambda: not any(_alive(pid) for pid in family), "the end of every process")
    _wait_for(lambda: not left_behind(named_blocks() - blocks), "the end of all shared memory")
    assert not list(results.glob("*")) or not results.exists()


def _family(root):
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except OSError:
        return []
    return [pid for child in map(int, children) for pid in (child, *_family(child))]


def _depth(pid, root):
    depth = 0
    while pid not in (root, 0):
        pid = _parent(pid)
        depth += 1
    return depth if pid else 0


def _parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def _wait_for(condition, what, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")
