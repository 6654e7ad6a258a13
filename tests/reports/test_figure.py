"""The picture of a table: an entry for each arm that has a ratio, and names as they are."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from labkit.core.errors import UsageError
from labkit.measure.result import Row, Status
from labkit.profiling.profile import Function, Line, Profile
from labkit.reports.figure import block_shares, speedups
from labkit.reports.html import drawing
from labkit.reports.svg_text import save
from labkit.store.run import document

Make = Callable[..., Any]
PLACE = {"stage": "blur", "workload": "costs $5 <b> $x_{ and 로고"}


@pytest.fixture
def run(measurement_of: Make, measured: Make) -> dict[str, Any]:
    unresolved = measured("close", 1.005, verdict="unresolved", ratio_low=None, **PLACE)
    timed = [measured("fast", 12.5, **PLACE), unresolved, measured("late", 0.5, verdict="slower", **PLACE)]
    crashed = Row(variant="broken", kind="numpy", status=Status.CRASHED, **PLACE)
    return document(measurement_of(measured("plain", 1.0, 0.0, verdict=None, **PLACE), *timed, crashed))


def test_each_arm_with_a_ratio_is_drawn_fastest_on_top(run: dict[str, Any]) -> None:
    (axes,) = speedups(run, **PLACE).axes
    assert [label.get_text().split()[0] for label in axes.get_yticklabels()] == ["late", "plain", "close", "fast"]
    assert [text.get_text() for text in axes.texts] == [
        "0.500× [0.495, 0.505]",
        "1",
        "1.0×",
        "12.50× [12.38, 12.63]",
    ]


def test_a_short_axis_is_marked_between_the_powers_of_ten_in_the_same_form(
    measurement_of: Make, measured: Make
) -> None:
    arms = measured("plain", 1.0, 0.0, verdict=None), measured("twice", 1.4)
    figure = speedups(document(measurement_of(*arms)), "blur", "logo")
    figure.draw_without_rendering()
    texts = [label.get_text() for label in figure.axes[0].get_xticklabels(which="both") if label.get_text()]
    assert {"1×", "2×", "3×"} <= set(texts)
    assert all(text.endswith("×") for text in texts)


def test_names_are_text_of_an_svg_in_whatever_script_and_without_a_warning(
    run: dict[str, Any], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    figure = speedups(run, **PLACE)
    drawn = drawing(figure, "a figure", "").partition("base64,")[2].rstrip("'>")
    save(figure, tmp_path / "a.svg")
    for svg in (base64.b64decode(drawn), (tmp_path / "a.svg").read_bytes()):
        assert f"blur on {PLACE['workload']}" in ElementTree.fromstring(svg).itertext()
    assert not recwarn.list


def test_a_table_that_the_run_does_not_have_is_refused_with_those_it_has(run: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"has no timings of blur on 4k; it has: blur on costs"):
        speedups(run, "blur", "4k")


def test_the_shares_of_blocks_fill_a_bar_for_each_profile() -> None:
    def profile(variant: str, *lines: tuple[str | None, int]) -> Profile:
        made = [Line(n, "x", block, 1, ns, ns) for n, (block, ns) in enumerate(lines)]
        return Profile(
            "blur", "logo", variant, "numpy", "lines", (Function(variant, "", 1, tuple(made)),), (1,), (1,), (), {}
        )

    figure = block_shares([profile("a", ("load", 30), (None, 10)), profile("b", ("load", 5), ("count", 5))])
    (axes,) = figure.axes
    widths = {bars.get_label(): [bar.get_width() for bar in bars] for bars in axes.containers}
    assert widths == {"load": [75, 50], "other": [25, 0], "count": [0, 50]}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
