"""Tables as text, Markdown and HTML: nothing is hidden, and what came from outside stays text."""

import html as html_parser
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from labkit.api import Shown
from labkit.measure.result import Row, Status
from labkit.measure.schedule import plan_table
from labkit.reports.progress import Progress
from labkit.reports.runs.forms import html, markdown, print_run
from labkit.reports.runs.grids import HEADINGS, grids
from labkit.reports.terminal import console
from labkit.store.run import document

Make = Callable[..., Any]
HOSTILE = "<script>alert(1)</script> a|b `c` **d** [e](f) \\ \"g\" 'h' &amp; [red]i[/red]"
UNTIMED = {
    Status.DIFFERS: "output.panel: differs in 1 of 9 elements, first at (0, 1)",
    Status.UNAVAILABLE: "needs the module torch, which is not installed",
    Status.CRASHED: "killed by SIGSEGV",
    Status.TIMED_OUT: "did not end within 60 s",
    Status.TOO_SLOW: "one call takes 9 s: a budget of 120 s would take it in",
    Status.MEASURED: "the baseline plain has no time",
}


def plain_text(run: dict[str, Any], where: str | None = None) -> str:
    stream = io.StringIO()
    print_run(run, where, console(stream))
    return stream.getvalue()


FORMS = {"text": plain_text, "markdown": markdown, "html": lambda run: html_parser.unescape(html(run))}


@pytest.fixture
def run(measurement_of: Make, measured: Make, baseline: Row) -> dict[str, Any]:
    """A table of four arms that have times and one of each sort that has none."""
    untimed = [Row("blur", "logo", f"no_{s}", "native", status=s, reason=reason) for s, reason in UNTIMED.items()]
    unresolved = measured("close", 1.005, verdict="unresolved", reason="spans_gate")
    timed = [measured("fast", 12.5), unresolved, measured("late", 0.5, verdict="slower", engine="threads")]
    return document(measurement_of(baseline, *timed, *untimed))


@pytest.fixture
def hostile(measurement_of: Make, measured: Make) -> dict[str, Any]:
    place = {"stage": HOSTILE, "workload": HOSTILE}
    rows = [measured("plain", 1.0, 0.0, **place), measured(HOSTILE, kind=HOSTILE, **place)]
    rows.append(Row(HOSTILE, HOSTILE, "broken", "numpy", status=Status.CRASHED, reason=HOSTILE))
    return document(measurement_of(*rows, machine={"cpu": HOSTILE}))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", UNTIMED)
def test_every_row_without_a_time_is_listed_with_its_reason(run: dict[str, Any], form: str, status: Status) -> None:
    (line,) = [line for line in re.split(r"\n|</?li>", FORMS[form](run)) if f"no_{status}" in line]
    assert UNTIMED[status] in line


@pytest.mark.parametrize("form", FORMS)
def test_every_timed_row_shows_its_figures(run: dict[str, Any], form: str) -> None:
    shown = FORMS[form](run)
    for text in ("late@threads", "▼ slower", "12.50× [12.38, 12.63]", "5.0 MiB", "▲ faster", "baseline", "A Processor"):
        assert text in shown


@pytest.mark.parametrize("form", FORMS)
def test_an_unresolved_row_says_why(run: dict[str, Any], form: str) -> None:
    assert "unresolved (close): the interval crosses the ±1 % gate: a larger budget narrows it" in FORMS[form](run)


@pytest.mark.parametrize("form", FORMS)
def test_what_worked_on_a_device_shows_the_devices_own_time_beside_the_wall_time(
    measurement_of: Make, measured: Make, form: str
) -> None:
    on_gpu = measured("torch", 5.0, kind="gpu", device_s=2.5e-4)
    run = document(measurement_of(measured("plain", 1.0, 0.0), on_gpu))
    assert "2.00 ms (250 µs on the device)" in FORMS[form](run)
    for row in run["rows"]:
        del row["device_s"]  # as runs of old
    assert "2.00 ms" in FORMS[form](run)


@pytest.mark.parametrize("form", FORMS)
def test_what_a_reader_must_know_of_a_row_stands_below_its_table(
    measurement_of: Make, measured: Make, form: str
) -> None:
    noted = measured("fast")
    noted.tell("one thing")
    noted.tell("and another")
    assert "fast: one thing; and another" in FORMS[form](document(measurement_of(measured("plain", 1.0, 0.0), noted)))


def test_the_fastest_comes_first(run: dict[str, Any]) -> None:
    (table,) = grids(run)
    assert [row[0] for row in table.texts] == ["fast", "close", "plain", "late@threads"]
    assert all(len(row) == len(HEADINGS) for row in table.rows)


def test_a_plain_log_has_no_colour_codes(run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in plain_text(run)


def test_a_plain_log_cuts_and_breaks_nothing(
    measurement_of: Make, measured: Make, baseline: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = "a_variant_with_quite_a_long_name" * 5
    broken = Row("blur", "logo", "broken", "numpy", status=Status.CRASHED, reason="raised " + "word " * 60 + "end")
    shown = plain_text(document(measurement_of(baseline, measured(long, 2.0), broken)), "/a folder/" + "x" * 200)
    (line,) = [line for line in shown.splitlines() if line.startswith(long)]
    assert line.rstrip().endswith("5.0 MiB        1")
    assert "word end" in shown
    assert "/a folder/" + "x" * 200 in shown
    assert "…" not in shown


def test_a_stopped_run_says_so(run: dict[str, Any]) -> None:
    assert "stopped early" in plain_text(run | {"stopped": True})


def test_markup_in_names_is_text_on_the_terminal(hostile: dict[str, Any]) -> None:
    assert HOSTILE in plain_text(hostile)
    assert f"broken: crashed: {HOSTILE}" in plain_text(hostile)


def test_names_are_no_markup_in_markdown(hostile: dict[str, Any]) -> None:
    lines = markdown(hostile).splitlines()
    assert "<script>" not in "".join(lines)
    bare = [re.sub(r"\\.", "", line) for line in lines]
    assert not any(mark in line for line in bare for mark in ("`", "*", "](", "<"))
    table = [line for line in bare if line.startswith("|")]
    assert {line.count("|") for line in table} == {len(HEADINGS) + 1}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        assert {name for name, _ in attrs} <= {"style", "class", "scope"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_names_are_no_markup_in_html(hostile: dict[str, Any]) -> None:
    parser = Tags()
    parser.feed(html(hostile))
    assert parser.tags == {"h4", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "p", "small"}
    assert parser.open == []
    assert HOSTILE in parser.text


def test_a_run_shows_itself_in_a_notebook_and_in_a_console(run: dict[str, Any]) -> None:
    shown = Shown(None, run, "the disk is full")
    assert shown._repr_html_() == html(run)
    assert repr(shown) == markdown(run)
    assert len(shown.frame) == len(run["rows"])
    with pytest.raises(ValueError, match="samples of this run were not stored: the disk is full"):
        _ = shown.samples


def test_it_is_noted_which_kernel_alone_came_under_engines(measurement_of: Make, measured: Make, baseline: Row) -> None:
    arms = [measured("fast"), measured("fast", engine="threads"), measured("fast", engine="shared_memory")]
    measurement = measurement_of(baseline, *arms)
    assert not any("came under" in note for note in grids(document(measurement))[0].notes)
    measurement.tables[0].facts["under_engines"] = "fast"
    said = "of all kernels only fast, the quickest in its check, came under threads and shared_memory; another is measured so"
    assert any(note.startswith(said) for note in grids(document(measurement))[0].notes)


def test_progress_in_a_log_is_one_line_a_table(measurement_of: Make, measured: Make, baseline: Row) -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    measurement = measurement_of(baseline, measured("fast"))
    for table in measurement.tables * 2:
        progress.table_begins(table.stage, table.workload, 2)
        progress.probed(table.rows[0])
        progress.launched(1, 2)
        progress.table_ends(table)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"blur on logo: 2 arms, 2 launches, .* (s|ms|µs|ns)", line) for line in lines)


@pytest.mark.parametrize("terminal", [True, False])
def test_what_the_budget_must_be_is_said_before_the_first_launch(
    measurement_of: Make, measured: Make, baseline: Row, monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    progress = Progress(stream)
    (table,) = measurement_of(baseline, measured("fast"), measured("slow")).tables
    progress.table_begins("blur", "logo", 3)
    costs = {"plain": 2.0, "fast": 1.0, "slow": 5.0}
    progress.planned(table, plan_table(costs, "plain", 10.0), 10.0)
    assert "blur on logo: too slow for a budget of 10 s: slow; 88 s would take all of them in" in stream.getvalue()
    said = "blur on logo: a budget of 10 s is too small even for the baseline plain; it takes 33 s"
    assert said in stream.getvalue()
    stream.truncate(0)
    progress.planned(table, plan_table(costs, "plain", 200.0), 200.0)
    assert "budget" not in stream.getvalue()
    progress.close()


def test_progress_on_a_terminal_leaves_no_bar_behind(
    measurement_of: Make, measured: Make, baseline: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    progress = Progress(stream)
    (table,) = measurement_of(baseline, measured("fast")).tables
    progress.table_begins("blur", "logo", 2)
    progress.probed(table.rows[0])
    progress.launched(1, 2)
    progress.launched(2, 2)
    progress.table_ends(table)
    progress.close()
    assert "launch 2 of 2" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")
