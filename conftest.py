"""How many tests run at a time, what is said of those skipped, and that a magic used wrongly fails its notebook's cell."""

import atexit
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit.core.cpus import cpu_limit
from labkit.processes.memory import default_limit
from tests.skipped import told

# Tests queue with those of their own process alone: what they find is no timing, so nobody needs to wait for them.
os.environ["LABKIT_LOCK"] = str(Path(tempfile.gettempdir(), f"labkit-tests-{os.getpid()}.lock"))
atexit.register(Path(os.environ["LABKIT_LOCK"]).unlink, missing_ok=True)
# Two processes that launch, not five, each of which imports for itself: also in the programs that tests start.
os.environ["LABKIT_LAUNCHERS"] = "2"

WORKER_BYTES = 2 << 30
"""What a worker and the programs that its tests start take at most, together."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One for each CPU, as far as memory reaches; beyond eight the longest file decides how long all take."""
    return max(1, min(cpu_limit(), default_limit() // WORKER_BYTES, 8))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    line = told(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
    if line:
        terminalreporter.write_line(line, yellow=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    for output in getattr(item, "test_outputs", None) or []:
        if output.get("name") == "stderr" and "UsageError" in output.get("text", ""):
            raise AssertionError(output["text"])


def pytest_configure() -> None:
    """Start a notebook's kernel again where it died before it answered, once.

    It is told ports that were free a moment before; where two workers start one at a time, the other's may have them by now.
    """
    try:
        from nbval import kernel
    except ImportError:
        return  # what tests need is not installed
    start = kernel.start_new_kernel

    def started(*arguments: Any, **options: Any) -> Any:
        try:
            return start(*arguments, **options)
        except RuntimeError as error:
            if "died before replying" not in str(error):
                raise
            return start(*arguments, **options)

    kernel.start_new_kernel = started
