"""Two runs in one report: what moved, and what that can't tell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from labkit.core.errors import UsageError
from labkit.measure.result import Row
from labkit.reports.document.facts import printable
from labkit.store import Run
from tests.reports.documents import HOSTILE, TURNED, Seen, hostile_rows, report_of, stored

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("own_registry")
FORMS: dict[str, Callable[..., str]] = {
    "html": lambda report: report.html(),
    "markdown": lambda report: MarkdownIt().enable("table").render(report.markdown()),
}


@pytest.fixture
def runs(tmp_path: Path, measurement_of: Make, measured: Make, baseline: Row) -> Callable[..., list[Run]]:
    """Two runs in which the arms have these ratios, before and after."""

    def make(*ratios: tuple[float, float], **machine: Any) -> list[Run]:
        made = []
        for moment, facts in ((0, {}), (1, machine)):
            rows = [measured(f"v{number}", pair[moment]) for number, pair in enumerate(ratios)]
            made.append(stored(measurement_of(baseline, *rows, machine=facts), tmp_path))
        return made

    return make


@pytest.mark.parametrize("form", FORMS)
def test_what_moved_is_told_first_and_drawn(runs: Make, form: str) -> None:
    page = FORMS[form](report_of(*runs((2.0, 3.0), (3.0, 2.0), (4.0, 4.0)), compared=True))
    text = " ".join(Seen(page).text.split())
    assert "Slower: blur/v1 on logo (-33.3 %)." in text
    assert "Faster: blur/v0 on logo (+50.0 %)." in text
    assert "No change is seen in 1 of 3 ratios to the baseline." in text
    assert text.index("▼ slower") < text.index("▲ faster") < text.index("= no change seen")
    assert page.count("<svg") == (form == "html")


@pytest.mark.parametrize("form", FORMS)
def test_what_two_runs_can_not_tell_is_told(runs: Make, form: str) -> None:
    text = Seen(FORMS[form](report_of(*runs((2.0, 3.0), cpu="Another", commit="fedcba"), compared=True))).text
    assert "Whether the variant or its baseline moved" in text
    assert "They differ in: cpu, commit." in text
    assert "taken on different machines" in text
    assert "labkit bench blur --against 0123456789" in text


@pytest.mark.parametrize("sources", [{"session": ["blur"]}, {"compared": {"blur": ["a.py:f", "a.py:g"]}}])
def test_of_what_no_revision_holds_as_a_stage_no_command_is_told_that_would_ask_for_it(
    runs: Make, sources: dict[str, Any]
) -> None:
    before, after = runs((2.0, 3.0))
    after.document["sources"] = {"projects": [], "load": []} | sources
    text = report_of(before, after, compared=True).markdown()
    assert "labkit compare" in text
    assert "--against" not in text


def test_a_file_of_ones_own_is_loaded_in_the_command_that_measures_both(runs: Make) -> None:
    before, after = runs((2.0, 3.0))
    after.document["sources"] = {"projects": [], "load": ["my stages.py"]}
    text = report_of(before, after, compared=True).markdown()
    assert "labkit bench blur --against 0123456789 --load 'my stages.py'" in text


def test_like_machines_are_not_called_different(runs: Make) -> None:
    text = report_of(*runs((2.0, 2.0)), compared=True).markdown()
    assert "different machines" not in text
    assert "They differ" not in text
    assert "Nothing is seen to have moved." in text


def test_regressions_are_counted(runs: Make) -> None:
    assert report_of(*runs((3.0, 2.0), (2.0, 3.0)), compared=True).regressions == 1
    assert report_of(*runs((2.0, 2.0))).regressions == 0


@pytest.mark.parametrize("count", [0, 1, 3])
def test_other_than_two_runs_are_refused(runs: Make, count: int) -> None:
    with pytest.raises(UsageError, match=f"compare=True: it takes two runs, before and after; {count} came"):
        report_of(*[*runs((2.0, 2.0)), *runs((2.0, 2.0))][:count], compared=True)


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_stay_text(tmp_path: Path, measurement_of: Make, measured: Make, form: str) -> None:
    made = []
    for ratio in (2.0, 3.0):
        rows = hostile_rows(measured)
        rows[1].ratio, rows[1].ratio_low, rows[1].ratio_high = ratio, ratio * 0.99, ratio * 1.01
        made.append(stored(measurement_of(*rows, machine={"cpu": HOSTILE + TURNED}), tmp_path))
    seen = Seen(FORMS[form](report_of(*made, compared=True)))
    assert not {tag for tag, _ in seen.elements} & {"img", "a", "iframe"}
    assert seen.count("script") == (form == "html")
    assert printable(HOSTILE + TURNED) in seen.text
