"""A sweep as text, HTML and pictures: the figures, what they don't tell, and what came from outside as text."""

import html as html_parser
import io
import math
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from labkit.core.errors import UsageError
from labkit.engines.arm import ArmName
from labkit.measure.request import Request
from labkit.measure.statistics.scalability import Law
from labkit.measure.sweep.facts import sweep_facts
from labkit.measure.sweep.run import Sweep, default_workers
from labkit.reports.document.svg import inline
from labkit.reports.sweep.grid import grid
from labkit.reports.sweep.shown import SweepShown, print_sweep
from labkit.reports.sweep.words import interval, notes
from labkit.store.run import document
from tests.measure.simulated import Seconds, simulate

HOSTILE = "<script>alert(1)</script> [red]$x_{"
KEPT = ("run", "started", "wall_s", "stopped", "machine", "settings", "rows")
SIZES = {"256": 256 * 256 * 6, "512": 512 * 512 * 6, "1080p": 1920 * 1080 * 6}
Curve = Callable[..., SweepShown]


def request(workload: str, arms: list[str], stage: str = "blur") -> Request:
    return Request(stage, workload, tuple(ArmName.parse(arm) for arm in arms), arms[0])


def shown(sweep: Sweep, seconds: Seconds, **more: Any) -> SweepShown:
    measurement = simulate(sweep.requests, seconds, **more)
    told = document(measurement)
    return SweepShown(sweep_facts(sweep, measurement) | {name: told[name] for name in KEPT})


def over_workers(law: Law, cores: int, stage: str = "blur", serial: float = 0.01, **more: Any) -> SweepShown:
    points = tuple((count, f"fast@threads:{count}") for count in default_workers(cores))
    arms = [*(arm for _, arm in points), "fast@serial"]

    def seconds(arm: str, workload: str) -> float:
        if arm == "fast@serial":
            return serial
        workers = int(arm.rpartition(":")[2])
        return 0.01 / law.speedup(min(workers, cores)) * (1.1 if workers > cores else 1.0)

    made = Sweep(stage, "workers", (request("256", arms, stage),), cores, "fast", "threads", None, points, arms[-1])
    return shown(made, more.pop("seconds", seconds), **more)


def over_chunk(**more: Any) -> SweepShown:
    points = tuple((count, f"fast@chunks:2x{count}") for count in (1, 4, 16))
    arms = [*(arm for _, arm in points), "fast@serial"]
    made = Sweep("blur", "chunk", (request("256", arms),), 2, "fast", "chunks", 2, points, arms[-1])
    return shown(made, lambda arm, w: 0.02 / (1 + math.log2(int(arm[-1]))) if "x" in arm else 0.01, **more)


def over_size(times: Callable[[float], Mapping[str, float | None]], **more: Any) -> SweepShown:
    """``times(bytes)`` says how long each variant takes, the baseline first."""
    made = Sweep("blur", "size", tuple(request(name, list(times(1.0))) for name in SIZES), 2)
    facts = {name: {"floor_bytes": size} for name, size in SIZES.items()}
    return shown(made, lambda arm, workload: times(SIZES[workload])[arm], facts=facts, **more)


def overtaking(size: float) -> dict[str, float | None]:
    return {"plain": size * 3e-9, "fast": 2e-3 + size * 1e-10}


@pytest.fixture(scope="module")
def two_cores() -> SweepShown:
    return over_workers(Law(0.08, 0.0), 2, peaks=lambda arm: 20 * 2**20 * int(arm[-1]) if ":" in arm else 2**20)


@pytest.fixture(scope="module")
def eight_cores() -> SweepShown:
    return over_workers(Law(0.03, 0.004), 8, facts={"256": {"items": 64}})


def test_the_table_has_a_row_for_each_number_of_workers(two_cores: SweepShown) -> None:
    part = grid(two_cores.document)
    assert part.title == "blur on 256: fast under threads, over workers (2 cores)"
    assert [row[0] for row in part.texts] == ["1", "★ 2", "3", "4"]
    second = dict(zip(part.headings, part.texts[1], strict=True))
    assert second["speed-up over one"].startswith("1.8")
    assert (second["per worker"], second["peak memory"]) == ("93%", "40 MiB")
    assert second["the law"].startswith("1.8")
    assert [row[part.headings.index("the law")] for row in part.texts[2:]] == ["–", "–"]


def test_columns_of_which_nothing_is_known_are_left_out(two_cores: SweepShown, eight_cores: SweepShown) -> None:
    assert "items/s" not in grid(two_cores.document).headings
    assert "items/s" in grid(eight_cores.document).headings


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_in_a_narrow_terminal_columns_give_way_and_are_named(two_cores: SweepShown, width: int) -> None:
    stream = io.StringIO()
    print_sweep(two_cores.document, to=Console(file=stream, width=width))
    printed = stream.getvalue().splitlines()
    table = next(number for number, line in enumerate(printed) if line.startswith("workers"))
    assert max(len(line) for line in printed[table : table + 5]) <= width
    assert "…" not in "".join(printed[table : table + 5])
    left_out = [line for line in printed if "not shown for want of width" in line]
    shown = printed[table] + "".join(left_out)
    assert all(name in shown for name in grid(two_cores.document).headings)


def test_the_advice_comes_first_and_names_the_best_with_its_lead(two_cores: SweepShown) -> None:
    first = notes(two_cores.document)[0]
    assert re.match(
        r"best: 2 workers, 1\.8\d+× \[1\.8\d+, 1\.8\d+\] as fast as one; ahead of [34] workers by 1\.", first
    )


def test_a_best_that_is_not_decided_names_what_it_can_not_be_told_from() -> None:
    found = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: 0.02 if arm.endswith((":1", "l")) else 0.01)
    first = notes(found.document)[0]
    assert re.search(r"not told from \d and \d by this run", first)
    assert found.best == 2 or "the fewest of these is 2" in first
    assert "a larger budget" in first


def test_a_best_that_is_not_decided_gets_no_star() -> None:
    found = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: 0.02 if arm.endswith((":1", "l")) else 0.01)
    assert not found.document["best"]["decided"]
    assert [row[0].text for row in grid(found.document).rows] == ["1", "2", "3", "4"]
    assert {row[0].tone for row in grid(found.document).rows} == {""}


@pytest.mark.parametrize(
    ("of_fast", "starred"),
    [
        ({"verdict": "unresolved", "ratio": 1.2, "ratio_low": 0.9, "ratio_high": 1.5}, set()),
        ({"verdict": "same", "ratio": 1.001, "ratio_low": 0.999, "ratio_high": 1.003}, set()),
        ({"verdict": "faster", "ratio": 1.5, "ratio_low": 1.4, "ratio_high": 1.6}, {"★ fast"}),
        ({"verdict": "slower", "ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6}, {"★ plain"}),
    ],
)
def test_over_size_a_star_stands_only_where_it_is_told_from_all_others(of_fast: Any, starred: set[str]) -> None:
    document = over_size(overtaking).document
    for curve in document["curves"]:
        for point in curve["points"]:
            one = {"verdict": None, "ratio": 1.0, "ratio_low": 1.0, "ratio_high": 1.0}
            point |= of_fast if curve["arm"] == "fast" else one
    part = grid(document)
    names = {row[part.headings.index("variant")].text for row in part.rows}
    assert {name for name in names if name.startswith("★")} == starred


@pytest.mark.parametrize("scale", [1.0, 1e-3, 3e2])
def test_axes_are_worded_in_plain_numbers(scale: float, two_cores: SweepShown) -> None:
    drawn = over_size(lambda size: {name: time and scale * time for name, time in overtaking(size).items()}).figure()
    for figure in (drawn, two_cores.figure()):
        figure.draw_without_rendering()
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                marks = [mark.get_text() for mark in (*axis.get_ticklabels(), *axis.get_ticklabels(minor=True))]
                assert any(marks) or axis is axes.xaxis  # which the lower of two panels words for both
                assert not [mark for mark in marks if "^" in mark or "$" in mark or "e+" in mark]
                assert axis.get_offset_text().get_text() == ""


def test_in_a_report_a_sweep_is_drawn_in_the_colours_of_the_page(eight_cores: SweepShown) -> None:
    drawn = inline(eight_cores.figure(), "a sweep", "f1")
    assert not re.findall("#000000|#ffffff|#666666|black|white", drawn)
    assert {"currentColor", "var(--soft)", "var(--ground)"} <= set(re.findall(r"currentColor|var\(--\w+\)", drawn))


def test_two_cores_are_told_to_give_bounds_and_not_the_law(two_cores: SweepShown) -> None:
    told = "\n".join(notes(two_cores.document))
    assert "two points (1 and 2 workers on 2 cores) don't determine the Universal Scalability Law" in told
    assert re.search(r"an upper bound\): 4 cores: 2\.\d+× to 3\.\d+×; 8 cores: \d\.\d+× to 5\.\d+×; 16 cores:", told)
    assert "they take no part in the fit" in told
    assert "most at" not in told


def test_eight_cores_give_the_law_with_intervals(eight_cores: SweepShown) -> None:
    told = "\n".join(notes(eight_cores.document))
    assert re.search(r"over 1, 2, 3, 4, 5, 6, 7, 8 workers: σ = 0\.0\d+ \[0\.0\d+, 0\.0\d+\] \(contention\)", told)
    assert re.search(r"most at 1\d(\.\d)? \[1\d(\.\d)?, \d\d(\.\d)?\] workers", told)
    assert re.search(r"16 cores: 6\.\d+× \[6\.\d+, [67]\.\d+\]; 32 cores: 5\.", told)


def test_memory_is_told_along_the_curve(two_cores: SweepShown) -> None:
    assert "peak memory of the whole process tree: 20 MiB with one worker, 20 MiB more for each" in notes(
        two_cores.document
    )


@pytest.mark.parametrize(
    ("serial", "said"),
    [
        (0.01, "against the same work in one loop without an engine"),
        (0.001, "no engine is better here"),
        (0.0054, "no gain over"),
    ],
)
def test_the_best_is_told_against_no_engine_at_all(serial: float, said: str) -> None:
    assert any(note.startswith(said) for note in notes(over_workers(Law(0.08, 0.0), 2, serial=serial).document))


def test_a_point_without_a_time_has_its_reason_below() -> None:
    found = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: None if arm.endswith(":3") else 0.01)
    assert "fast@threads:3: crashed: killed by SIGSEGV" in notes(found.document)


@pytest.mark.parametrize("make", [over_chunk, lambda: over_workers(Law(0.0, 0.0), 1)])
def test_where_there_is_no_law_none_is_told(make: Callable[[], SweepShown]) -> None:
    assert "Universal" not in repr(make())


def test_without_a_count_within_the_cores_it_is_said_why_no_law_is_told() -> None:
    assert "one core: what more cores would bring can't be told" in notes(over_workers(Law(0.0, 0.0), 1).document)
    found = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: None if arm.endswith(":2") else 0.01)
    (said,) = [note for note in notes(found.document) if "more cores" in note]
    assert said.startswith("no count of workers beside one that the cores have room for")


def test_over_chunk_the_best_is_a_number_of_tasks() -> None:
    found = over_chunk()
    assert "over tasks a chunk (2 cores)" in repr(found)
    assert notes(found.document)[0].startswith("best: chunks of 16, ")
    assert found.best == 16


def test_a_crossover_is_told_with_its_sizes_and_place() -> None:
    found = over_size(overtaking)
    (line,) = notes(found.document)
    told = r"crossover: fast overtakes plain between 256 and 512, interpolated at (\d+) KiB \[(\d+) KiB, (\d+) KiB\]"
    place, low, high = map(int, re.fullmatch(told, line).groups())  # type: ignore[union-attr]
    assert 384 < low <= place <= high < 1536


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (0.5, "faster than plain at every size"),
        (2.0, "slower than plain at every size"),
        (1.0, "as fast as plain at every size"),
    ],
)
def test_no_crossover_is_said_where_none_is_seen(factor: float, said: str) -> None:
    found = over_size(lambda size: {"plain": size * 1e-9, "fast": size * 1e-9 * factor}, noise=0.002)
    assert f"no crossover seen: fast is {said}" in notes(found.document)


def test_each_size_marks_its_fastest_variant() -> None:
    part = grid(over_size(overtaking).document)
    assert [row[part.headings.index("variant")] for row in part.texts] == [
        "★ plain", "fast", "plain", "★ fast", "plain", "★ fast"
    ]  # fmt: skip
    assert [row[0] for row in part.texts] == ["256", "", "512", "", "1080p", ""]


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (6.123, 5.81, 6.4, "6.12× [5.81, 6.40]"),
        (0.0312, 0.0, 0.05, "0.031× [0, 0.050]"),
        (9.0, 7.0, None, "9.0× [7.0, ∞]"),
        (None, 12.4, None, "∞ [12, ∞]"),
        (None, None, None, "∞"),
        (3.0, None, None, "3.0×"),
        (2.0, 2.0, 2.0, "2.0000× [2.0000, 2.0000]"),
    ],
)
def test_an_interval_has_the_digits_it_lets_be_known(
    value: float | None, low: float | None, high: float | None, shown: str
) -> None:
    assert interval({"value": value, "low": low, "high": high}) == shown


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)


def test_html_holds_what_the_terminal_says_and_a_picture_without_script(two_cores: SweepShown) -> None:
    page = two_cores._repr_html_()
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags
    assert "src='data:image/svg+xml;base64," in page
    for note in notes(two_cores.document):
        assert note in html_parser.unescape(page)
        assert note in repr(two_cores)


def test_names_from_outside_stay_text() -> None:
    found = over_workers(Law(0.08, 0.0), 2, stage=HOSTILE)
    assert "<script" not in found._repr_html_()
    assert HOSTILE in repr(found)


def test_the_frame_has_a_row_for_each_point(two_cores: SweepShown) -> None:
    assert two_cores.frame["value"].tolist() == [1, 2, 3, 4]
    assert two_cores.best == 2
    assert over_size(overtaking).frame["arm"].tolist() == ["plain"] * 3 + ["fast"] * 3
    assert over_size(overtaking).best is None


def test_a_stopped_sweep_says_so() -> None:
    found = over_workers(Law(0.0, 0.0), 2, launches=4, stopped=True)
    assert "stopped early" in repr(found)
    assert "stopped early" in found._repr_html_()


# Pictures


def panels(found: SweepShown) -> dict[str, Any]:
    figure = found.figure()
    return {axes.get_ylabel() or axes.get_xlabel(): axes for axes in figure.axes}


def test_the_curve_is_drawn_with_its_intervals_the_ideal_and_the_law(eight_cores: SweepShown) -> None:
    axes = panels(eight_cores)["speed-up over one worker"]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["one loop, no engine", "ideal", "scalability law", "measured"]
    (drawn,) = axes.containers
    assert drawn.lines[0].get_xdata().tolist() == default_workers(8)
    assert drawn.lines[0].get_ydata() == pytest.approx(eight_cores.frame["ratio"].to_numpy())
    ends = drawn.lines[2][0].get_segments()
    assert [segment[:, 1].tolist() for segment in ends[1:]] == [
        pytest.approx([low, high])
        for low, high in zip(eight_cores.frame["ratio_low"][1:], eight_cores.frame["ratio_high"][1:], strict=True)
    ]


def test_the_best_is_marked_with_a_star_only_when_it_is_decided(two_cores: SweepShown) -> None:
    tie = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: 0.02 if arm.endswith((":1", "l")) else 0.01)
    for found, marker in ((two_cores, "*"), (tie, "o")):
        axes = panels(found)["speed-up over one worker"]
        best = next(line for line in axes.lines if line.get_fillstyle() == "none")
        assert (best.get_marker(), list(best.get_xdata())) == (marker, [found.best])
    assert "best not decided" in axes.texts[0].get_text()


def test_what_is_extrapolated_has_a_panel_of_its_own(two_cores: SweepShown, eight_cores: SweepShown) -> None:
    for found, law in ((two_cores, "all loss is contention (Amdahl): the most"), (eight_cores, "scalability law")):
        axes = panels(found)["speed-up"]
        line = next(line for line in axes.lines if line.get_label() == law)
        counts, values = line.get_data()
        fit = found.document["fit"]
        truth = [Law(fit["sigma"]["value"], fit["kappa"]["value"]).speedup(count) for count in counts]
        assert values == pytest.approx(np.array(truth))
        assert max(counts) >= 16
        assert "it is the law that speaks" in axes.get_title("left")
    assert "speed-up" not in panels(over_chunk())


def test_memory_is_drawn_below(two_cores: SweepShown) -> None:
    (line,) = panels(two_cores)["peak memory,\nMiB"].lines
    assert line.get_ydata().tolist() == [20, 40, 60, 80]


def test_crossovers_are_marked_where_they_are() -> None:
    found = over_size(overtaking)
    (cross,) = found.document["crossovers"]
    for axes in found.figure().axes:
        assert axes.get_xscale() == axes.get_yscale() == "log"
        assert cross["size"] in [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 2]
    (note,) = [text.get_text() for text in found.figure().axes[0].texts]
    assert note.startswith("fast overtakes plain\nat ")


def test_names_of_sizes_that_lie_close_are_set_apart() -> None:
    close = {"256": 100_000, "512": 101_000, "1080p": 10_000_000}
    made = Sweep("blur", "size", tuple(request(name, ["plain", "fast"]) for name in close), 2)
    facts = {name: {"floor_bytes": size} for name, size in close.items()}
    figure = shown(made, lambda arm, workload: 1e-3 if arm == "plain" else 2e-3, facts=facts).figure()
    marks = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert [mark.startswith("\n\n") for mark in marks] == [False, True, False]
    assert [mark.split()[0] for mark in marks] == list(close)


def test_a_sweep_without_timings_is_not_drawn_but_shown() -> None:
    found = over_workers(Law(0.0, 0.0), 2, seconds=lambda arm, w: None)
    with pytest.raises(UsageError, match="too few timings to be drawn"):
        found.figure()
    assert "img" not in found._repr_html_()
    assert "fast@threads:2: crashed" in repr(found)
    nothing = over_size(lambda size: {"plain": None, "fast": None})
    assert "fast on 512: crashed: killed by SIGSEGV" in repr(nothing)
