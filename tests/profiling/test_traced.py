"""Cython's lines come from a build with tracing, or the reason is told why there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.core.registry import registry
from labkit.profiling import traced as tracing
from labkit.profiling.profile import Profile
from labkit.profiling.run import profile_arms
from labkit.profiling.traced import NotTraced, is_cython, to_be_built, traced

ARMS = ("cython_loop", "cython_loop@threads", "native", "native@threads")


@pytest.fixture(scope="module")
def profiles(cache: Path) -> dict[str, Profile]:
    variant = registry.variant("main_colors", "cython_loop")
    for name in ("cython_loop", "native"):
        assert registry.variant("main_colors", name).unavailable() is None
    said: list[str] = []
    made = dict(zip(ARMS, profile_arms("main_colors", ARMS, "tiny", calls=2, threads=2, tell=said.append), strict=True))
    assert said[0].endswith("first a build with line tracing, once")
    assert not to_be_built(variant)
    return made


def test_cython_shows_its_lines_functions_without_the_gil_too(profiles: dict[str, Profile]) -> None:
    profile = profiles["cython_loop"]
    assert profile.how == "traced"
    assert {"cython_loop", "counted", "count_runs", "find", "fill", "top"} <= {f.name for f in profile.functions}
    (count_runs,) = [function for function in profile.functions if function.name == "count_runs"]
    hits = {line.source.strip(): line.hits for line in count_runs.lines}
    assert hits["return 0"] == 2
    assert hits["pixel = pixels[i]"] == hits["start = i"] > 2
    assert count_runs.file == "labkit/stages/main_colors/cython_loop.pyx"


def test_the_traced_build_computes_the_same(profiles: dict[str, Profile]) -> None:
    assert profiles["cython_loop"].notes == ()


@pytest.mark.parametrize(
    ("arm", "why"),
    [
        ("native", "compiled (native): it has no lines that Python could see"),
        ("native@threads", "compiled (native): it has no lines that Python could see"),
        ("cython_loop@threads", "compiled by Cython; its lines are shown without the engine, as cython_loop"),
    ],
)
def test_what_has_no_lines_is_one_row_with_its_time_and_the_reason(
    profiles: dict[str, Profile], arm: str, why: str
) -> None:
    profile = profiles[arm]
    assert (profile.how, profile.notes) == ("whole", (why,))
    assert profile.total_ns == sum(profile.plain_ns) > 0


def test_the_build_is_kept(profiles: dict[str, Profile], cache: Path) -> None:
    (library,) = (cache / "labkit" / "traced").rglob("cython_loop*.so")
    before = library.stat().st_mtime_ns
    assert profile_arms("main_colors", ["cython_loop"], "tiny", calls=1)[0].how == "traced"
    assert library.stat().st_mtime_ns == before


def test_without_its_source_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tracing, "_source", lambda variant: tmp_path / "cython_loop.pyx")
    variant = registry.variant("main_colors", "cython_loop")
    assert not to_be_built(variant)
    with pytest.raises(NotTraced, match=r"its source cython_loop\.pyx is not beside it"):
        traced(variant)


def test_a_source_that_does_not_compile_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = tmp_path / "broken.pyx"
    source.write_text("cdef int half(\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tracing, "_source", lambda variant: source)
    with pytest.raises(NotTraced, match="a build with line tracing failed: ") as told:
        traced(registry.variant("main_colors", "cython_loop"))
    assert "\n" not in str(told.value)
    assert not list((tmp_path / "cache").rglob("*.so"))


def test_a_cache_that_can_not_be_written_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(NotTraced, match=r"a file.* can't be written"):
        traced(registry.variant("main_colors", "cython_loop"))


def test_helpers_alone_are_not_shown_as_if_they_were_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    (profile,) = profile_arms("main_colors", ["cython_loop"], "tiny", calls=1)
    assert [function.name for function in profile.functions] == ["cython_loop"]
    assert "can't be written" in profile.notes[0]
    assert profile.total_ns == sum(profile.plain_ns)


def test_a_build_that_can_not_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "cython_loop.so"
    library.write_bytes(b"no library")
    monkeypatch.setattr(tracing, "_library", lambda source: library)
    with pytest.raises(NotTraced, match="can't be loaded: ImportError"):
        traced(registry.variant("main_colors", "cython_loop"))


@pytest.mark.parametrize(
    ("name", "cython"), [("cython_loop", True), ("cython_typed", True), ("naive", False), ("native", False)]
)
def test_cython_is_told_by_the_function_not_by_the_kind(name: str, cython: bool) -> None:
    variant = replace(registry.variant("main_colors", name), kind="python")
    assert is_cython(variant.function) is cython
