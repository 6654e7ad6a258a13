"""The report as a page: what it tells, that it loads nothing, and that what came from outside stays text."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labkit as lk
from labkit.core.registry import Registry
from labkit.measure.pictured import Pictures
from labkit.measure.result import Row, Status
from labkit.measure.statistics.scalability import Law
from labkit.profiling.diff import diff_profiles
from labkit.profiling.profile import Function, Line, Profile
from labkit.reports.document import facts
from labkit.reports.document.facts import printable
from labkit.store import Run
from labkit.store.artefact import save_artefact
from tests.reports.documents import HOSTILE, TURNED, Seen, hostile_rows, report_of, stored
from tests.reports.test_sweep import over_workers

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("own_registry")


@pytest.fixture
def run(tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> Run:
    """A table with a best variant that needs a compiler, one that does not, and some without a time."""
    rows = [
        baseline,
        measured("fast", 12.5, kind="native"),
        measured("near", 9.0),
        measured("late", 0.5, verdict="slower"),
    ]
    rows.append(Row("blur", "logo", "wrong", "numpy", status=Status.DIFFERS, reason="differs in 1 of 9 elements"))
    rows.append(Row("blur", "logo", "broken", "native", status=Status.CRASHED, reason="killed by SIGSEGV"))
    return stored(measurement_of(*rows), tmp_path)


@pytest.fixture
def hostile(tmp_path: Path, measurement_of: Make, measured: Make) -> Run:
    return stored(measurement_of(*hostile_rows(measured), machine={"cpu": HOSTILE + TURNED, "host": HOSTILE}), tmp_path)


def profile(variant: str, *lines: tuple[str, str | None, int]) -> Profile:
    made = tuple(Line(n, source, block, 1, ns, ns) for n, (source, block, ns) in enumerate(lines, 1))
    return Profile("blur", "logo", variant, "numpy", "lines", (Function(variant, "", 1, made),), (9,), (9,), (), {})


def test_the_decision_comes_first(run: Run) -> None:
    text = " ".join(Seen(report_of(run).html()).text.split())
    assert "Use fast: 12.50× [12.38, 12.63] as fast as plain (10.0 ms → 0.800 ms)." in text
    for told in (
        "✓",
        "over plain",
        "Needs a C/C++ compiler at install; set-up 1.00 µs, first call 20.0 ms, peak memory 5.0 MiB.",
        "5.0 MiB (5.0 MiB)",
        "near, 9.00× [8.91, 9.09]",
    ):
        assert text.index("Decision") < text.index(told) < text.index("The machine")


def finding(lint: str, level: str, found: str = "they use 1.20 of 2 CPUs") -> dict[str, Any]:
    words = {"title": lint, "why": "…", "way_out": "…", "subject": lint}
    return {"lint": lint, "level": level, "found": found, "stage": None, "workload": None} | words


@pytest.mark.parametrize(
    ("lint", "level", "told"),
    [
        ("neighbours", "warning", True),
        ("steal", "warning", True),
        ("load", "note", True),
        ("neighbours", "note", False),
        ("neighbours", "ok", False),
        ("governor", "warning", False),
    ],
)
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_a_busy_machine_is_told_in_plain_words_before_the_first_decision(
    tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row, lint: str, level: str, told: bool, form: str
) -> None:
    run = stored(measurement_of(baseline, measured("fast"), doctor=[finding(lint, level)]), tmp_path)
    text = getattr(report_of(run), form)()
    caution = "Caution: the machine was busy while this was measured"
    assert (caution in text) is told
    if told:
        assert text.index(caution) < text.index("Use ")


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_its_author_gives_a_report_a_title_and_a_comment(run: Run, form: str) -> None:
    made = replace(report_of(run), title="Faster crops?", comment="We ship on Friday.\n\nTwo *parts* <b>then</b>.")
    text = getattr(made, form)()
    assert "Which variant to use" not in text
    assert text.index("Faster crops?") < text.index("We ship on Friday.") < text.index("Two ") < text.index("Use ")
    assert "<b>then" not in text
    if form == "html":
        assert "<title>Faster crops?</title>" in text
    else:
        assert "\\*parts\\*" in text


def test_what_got_no_time_is_told_with_its_reason_and_the_worst_first(run: Run) -> None:
    text = Seen(report_of(run).html()).text
    assert text.index("differs in 1 of 9 elements") < text.index("killed by SIGSEGV")


def test_the_machine_and_the_commands_are_told(run: Run) -> None:
    text = Seen(report_of(run).html()).text
    assert "git checkout 0123456789abcdef\nmake data\nlabkit bench blur --workloads logo --variants plain," in text
    assert "--baseline plain --budget 0.3 --threads 2 --seed 7" in text
    assert "A Processor" in text


def test_every_timed_row_stands_in_the_table_and_in_the_figure(run: Run) -> None:
    page = report_of(run).html()
    own = page[page.index('<section id="stage-1"') :]
    figure = own[own.index("<svg") : own.index("</svg>")]
    for arm in ("plain", "fast", "near", "late"):
        assert re.search(rf"<td[^>]*>{arm}</td>", page)
        assert re.search(rf"<text[^>]*>{arm}  ", figure)


def test_a_page_loads_nothing_and_is_small(run: Run) -> None:
    page = report_of(run).html()
    seen = Seen(page)
    assert all(address.startswith("#") for address in seen.addresses)
    assert not {tag for tag, _ in seen.elements} & {"link", "iframe", "object", "embed", "base", "form"}
    assert "url(http" not in page
    assert "@import" not in page
    assert len(page.encode()) < 3_000_000


def test_the_only_script_is_the_one_that_the_policy_knows(run: Run) -> None:
    page = report_of(run).html()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [attrs["content"] for tag, attrs in Seen(page).elements if attrs.get("http-equiv")]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy


def test_ids_are_not_used_twice(run: Run, hostile: Run) -> None:
    seen = Seen(report_of(run, hostile).html())
    ids = [attrs["id"] for _, attrs in seen.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = {address[1:] for address in seen.addresses if address.startswith("#")}
    assert wanted <= set(ids)


@pytest.mark.parametrize("paper", [None, "A4"])
def test_hostile_names_stay_text_on_the_page_and_in_its_figures(run: Run, hostile: Run, paper: str | None) -> None:
    good, bad = Seen(report_of(run).html(paper)), Seen(report_of(hostile).html(paper))
    assert {tag for tag, _ in bad.elements} <= {tag for tag, _ in good.elements} | {"wbr"}
    assert {name for _, attrs in bad.elements for name in attrs} <= {
        name for _, attrs in good.elements for name in attrs
    }
    assert bad.count("script") == (0 if paper else 1)
    assert bad.addresses == [address for address in bad.addresses if address.startswith("#")]
    assert printable(HOSTILE + TURNED) in bad.text
    assert "49" not in bad.text.replace(HOSTILE, "").split()
    assert not set(TURNED[:2]) & set(bad.text)


def test_hostile_docstrings_stay_text(own_registry: Registry, run: Run) -> None:
    def blur(image: Any) -> None: ...

    def fast(image: Any) -> None: ...

    blur.__doc__ = fast.__doc__ = HOSTILE
    lk.stage(reference="plain", workloads=[])(blur)
    lk.variant("blur", kind="native")(fast)
    seen = Seen(report_of(run).html())
    assert seen.text.count(printable(HOSTILE)) == 3  # below the stage's name, beside the decision, among the variants
    assert seen.count("img") == 0


def test_hostile_line_profiles_stay_text(run: Run, tmp_path: Path) -> None:
    a, b = (
        profile("plain", (HOSTILE, None, 5), ("x", HOSTILE, 5)),
        profile("fast", (HOSTILE, None, 5), ("y", HOSTILE, 1)),
    )
    save_artefact(diff_profiles(a, b).document, "diff", tmp_path)
    seen = Seen(report_of(run, code=True).html())
    assert (seen.count("img"), seen.count("script")) == (0, 1)
    assert HOSTILE in seen.text


def test_code_is_shown_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    a, b = profile("plain", ("secret_call(image)", None, 8), ("x", "load", 2)), profile("fast", ("x", "load", 2))
    save_artefact(diff_profiles(a, b).document, "diff", tmp_path)
    without, with_code = (Seen(report_of(run, code=code).html()).text for code in (False, True))
    assert "secret_call" not in without
    assert "plain, line 1" in without
    assert "80.0 %" in without
    assert "secret_call(image)" in with_code


def test_the_stored_diff_of_the_baseline_and_the_best_is_taken_before_a_newer_one(run: Run, tmp_path: Path) -> None:
    for number, other in enumerate(("fast", "near")):
        made = diff_profiles(profile("plain", ("x", "load", 2)), profile(other, ("x", "load", 1))).document
        save_artefact(made | {"id": f"2026112{number}"}, "diff", tmp_path)
    assert "line diff 20261120" in Seen(report_of(run).html()).text


def test_a_diff_is_made_and_kept_when_asked_for_and_none_is_stored(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def profiled(stage: str, arms: list[str], workload: str) -> list[Profile]:
        asked.append((stage, arms, workload))
        return [profile(arm, ("x", "load", 2)) for arm in arms]

    monkeypatch.setattr(facts, "profile_arms", profiled)
    for _ in range(2):
        assert "Which lines: plain → fast" in Seen(report_of(run, profile=True).html()).text
    assert asked == [("blur", ["plain", "fast"], "logo")]
    assert len(list((tmp_path / "diffs").iterdir())) == 1


def test_a_diff_that_can_not_be_made_is_told_and_costs_nothing_else(run: Run) -> None:
    assert "no line diff of blur: unknown stage 'blur'" in Seen(report_of(run, profile=True).html()).text


def test_a_sweep_of_another_run_stays_out_and_one_of_the_runs_reported_is_in(
    run: Run, tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    swept = stored(measurement_of(baseline, measured("fast", 2.0)), tmp_path)
    save_artefact(over_workers(Law(0.08, 0.0), 2).document | {"run": swept.id}, "sweep", tmp_path)
    assert "Scaling over workers" not in Seen(report_of(run).html()).text
    assert Seen(report_of(run, swept).html()).text.count("Scaling over workers") == 1


def test_a_sweep_that_is_one_of_the_runs_is_reproduced_as_a_sweep(run: Run, tmp_path: Path) -> None:
    save_artefact(over_workers(Law(0.08, 0.0), 2).document | {"run": run.id}, "sweep", tmp_path)
    text = Seen(report_of(run).html()).text
    assert "labkit sweep blur --over workers --variant fast --engine threads --workload 256 --values 1,2" in text
    assert "labkit bench" not in text.partition("make data")[2].partition("Inputs are")[0]


def test_an_artefact_that_can_not_be_read_costs_nothing_else(run: Run, tmp_path: Path) -> None:
    for folder, content in (
        ("diffs", "{"),
        ("sweeps", json.dumps({"artefact": "sweep", "stage": "blur", "schema": 99})),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "20261120.json").write_text(content)
    assert "Which variant to use: blur" in report_of(run).html()


def seen_of(variant: str = "fast", **facts: Any) -> Pictures:
    image = np.random.default_rng(3).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    drawn = {"input": image, "output": 255 - image, "reference": 255 - image, "difference": image[:, :, 0]}
    counts = {"largest": 2.0, "differing": 7, "elements": 9216}
    return Pictures("blur", "logo", variant, Status.MEASURED, **(drawn | counts | facts))


def with_pictures(folder: Path, measurement_of: Make, *rows: Row, of: Pictures) -> Run:
    return stored(measurement_of(*rows, pictures=[of]), folder)


def test_the_pictures_that_a_run_keeps_are_shown(
    tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    run = with_pictures(tmp_path, measurement_of, baseline, measured("fast"), of=seen_of())
    seen = Seen(report_of(run, pictures=True).html())
    assert [attrs["alt"] for tag, attrs in seen.elements if tag == "img"] == [
        "input",
        "output of fast",
        "where it differs from the reference (white: by 2)",
    ]
    assert all(address.startswith(("#", "data:image/webp;base64,")) for address in seen.addresses)
    assert (
        "7 of 9,216 elements differ from the reference’s, by at most 2, within what the stage tolerates." in seen.text
    )
    assert Seen(report_of(run, pictures=False).html()).count("img") == 0


def test_an_output_that_equals_the_reference_shows_no_difference(
    tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    run = with_pictures(tmp_path, measurement_of, baseline, measured("fast"), of=seen_of(differing=0, largest=0.0))
    seen = Seen(report_of(run, pictures=True).html())
    assert seen.count("img") == 2
    assert "The output equals the reference’s in all 9,216 elements." in seen.text


def test_a_run_from_before_pictures_were_kept_says_so_and_one_of_figures_alone_says_nothing(
    run: Run, tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    assert "This run keeps no pictures" in Seen(report_of(run, pictures=True).html()).text
    nothing = dict.fromkeys(("input", "output", "reference", "difference"))
    bare = with_pictures(tmp_path, measurement_of, baseline, measured("fast"), of=seen_of(**nothing))
    text = Seen(report_of(bare, pictures=True).html()).text
    assert "no pictures" not in text
    assert "Pictures" not in text


def test_pictures_that_could_not_be_made_are_told_with_the_reason(
    tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    made = Pictures("blur", "logo", "fast", Status.TIMED_OUT, "did not end within 2 s")
    run = with_pictures(tmp_path, measurement_of, baseline, measured("fast"), of=made)
    text = Seen(report_of(run, pictures=True).html()).text
    assert "There are no pictures of fast: did not end within 2 s." in text


def test_a_run_in_which_nothing_was_timed_decides_nothing(tmp_path: Path, measurement_of: Make) -> None:
    row = Row("blur", "logo", "plain", "numpy", status=Status.CRASHED, reason="killed by SIGSEGV")
    text = Seen(report_of(stored(measurement_of(row), tmp_path)).html()).text
    assert "Nothing could be timed, so nothing is decided." in text
    assert "killed by SIGSEGV" in text


def test_a_stopped_run_says_so(tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> None:
    run = stored(measurement_of(baseline, measured("fast"), stopped=True), tmp_path)
    assert "was stopped early" in Seen(report_of(run).html()).text


def test_several_runs_stand_in_one_report_each_under_its_own_name(
    run: Run, tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row
) -> None:
    other = stored(measurement_of(baseline, measured("fast", 2.0)), tmp_path)
    text = Seen(report_of(run, other).html()).text
    assert f"blur · {run.id}" in text
    assert f"blur · {other.id}" in text


def test_a_claim_of_the_talk_is_set_beside_what_was_found(tmp_path: Path, measurement_of: Make, measured: Make) -> None:
    place = {"stage": "main_colors_of_file", "workload": "logo"}
    rows = [measured("naive", 1.0, 0.0, verdict=None, **place), measured("faster", 2.0, **place)]
    text = " ".join(Seen(report_of(stored(measurement_of(*rows), tmp_path)).html()).text.split())
    assert "without the (n, 3) copy" in text
    assert "less than claimed, and yet faster" in text
