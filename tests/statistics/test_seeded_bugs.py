"""Every bug seeded into a copy of the statistics is caught by a check that passes without it."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from labkit.measure import statistics
from tests.statistics.checks import CHECKS, Stats
from tests.statistics.seeded_bugs import BUGS, Bug

SOURCE = Path(statistics.__file__).parent
COPY = "labkit_statistics_copy"


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[[Bug | None], ModuleType]]:
    """Import a copy of the package, with a bug or without, under another name; forgotten afterwards."""

    def load_copy(bug: Bug | None) -> ModuleType:
        folder = Path(shutil.copytree(SOURCE, tmp_path / COPY, ignore=shutil.ignore_patterns("__pycache__")))
        if bug is not None:
            text = (folder / bug.file).read_text()
            assert text.count(bug.right) == 1, f"{bug.file} holds {text.count(bug.right)} of {bug.right!r}"
            (folder / bug.file).write_text(text.replace(bug.right, bug.wrong))
        spec = importlib.util.spec_from_file_location(COPY, folder / "__init__.py")
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[COPY] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load_copy
    for name in [name for name in sys.modules if name.partition(".")[0] == COPY]:
        del sys.modules[name]


def failing(stats: Stats) -> str | None:
    """The first check that fails."""
    for check in CHECKS:
        try:
            check(stats)
        except Exception:  # a bug may show as a false figure or as a crash: both are caught
            return check.__name__
    return None


def test_a_copy_without_a_bug_passes_every_check(load: Callable[[Bug | None], ModuleType]) -> None:
    assert failing(load(None)) is None


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_check_catches(bug: Bug, load: Callable[[Bug | None], ModuleType]) -> None:
    assert failing(load(bug)) is not None
