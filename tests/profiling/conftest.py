"""Profiles that several tests look at: all shapes of variants, taken in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labkit.core.registry import registry
from labkit.profiling.profile import Function, Profile
from labkit.profiling.run import profile_arms

SHAPES = Path(__file__).with_name("shapes.py")
STAGE = "total_of_values"
BROKEN = ("raises", "crashes", "leaves", "exits", "unmet")
CALLS, VALUES, PARTS = 3, 12, 4  # recorded calls; values in the workload, and parts that an engine is given

Hits = Callable[[Profile, str], dict[str, int]]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One folder for what is built once more with tracing, so that a test session builds it once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def shapes() -> dict[str, Profile]:
    """A profile of every sound variant in shapes.py, by its name, and of one under every engine."""
    registry.load(SHAPES)
    names = [name for name in registry.of(STAGE) if name not in BROKEN]
    arms = [*names, "plain@serial", "plain@threads", "plain@processes", "uses_jitted@threads", "in_c@threads"]
    return dict(zip(arms, profile_arms(STAGE, arms, calls=CALLS, threads=2, seed=3), strict=True))


@pytest.fixture(scope="session")
def hits() -> Hits:
    """The hits of a function's lines by their source, without those that never ran."""

    def of(profile: Profile, name: str) -> dict[str, int]:
        (function,) = functions(profile, name)
        return {line.source.strip(): line.hits for line in function.lines if line.hits}

    return of


def functions(profile: Profile, name: str) -> list[Function]:
    return [function for function in profile.functions if function.name == name]
