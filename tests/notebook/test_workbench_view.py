"""The dashboard's widgets without a browser: what a click does, what is shown then, and that nothing from outside is markup."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from IPython.core.interactiveshell import InteractiveShell

import labkit as lk
from labkit.core.registry import registry
from labkit.notebook.workbench import pieces, style
from labkit.notebook.workbench.job import Job
from labkit.notebook.workbench.model import Workbench
from labkit.notebook.workbench.painter import repaint_while_running
from labkit.notebook.workbench.view import WorkbenchView
from tests.notebook.test_workbench_view_drawings import Parsed

TOY = Path(__file__).with_name("toy_images.py")
OWN_SCRIPTS = {pieces.COPY, style.KEEP_ARROWS}


@pytest.fixture(scope="module", autouse=True)
def toy() -> Iterator[None]:
    """A stage with sound and wrong variants; whatever tests bring besides is forgotten with it."""
    before = list(registry.brought)
    registry.load(TOY)
    yield
    for thing in [thing for thing in registry.brought if thing not in before and isinstance(thing, Path)]:
        registry.forget(thing)


@pytest.fixture
def view(tmp_path: Path) -> Iterator[WorkbenchView]:
    made = lk.workbench("toy_negative", ["plain", "xor"], "small", budget=1, results=tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def hostile() -> str:
    return next(name for name in registry.stage("toy_negative").workloads if "<script>" in name)


@pytest.fixture(scope="module")
def ran(hostile: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WorkbenchView, list[str]]]:
    """A dashboard that has compared three variants on a workload with a hostile name, and the tables that were seen."""
    home = tmp_path_factory.mktemp("results")
    made = lk.workbench("toy_negative", ["plain", "xor", "wrong_pixel"], hostile, budget=2, results=home)
    tables: list[str] = []
    made.compare.table.observe(lambda change: tables.append(change["new"]), "value")
    work(made, made.bar.run)
    yield made, tables
    made.close()


def wait_until(condition: Any, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def work(view: WorkbenchView, button: widgets.Button) -> Job:
    """Press a button that starts a job, and wait until what it found is painted."""
    before = view.job
    button.click()
    job = view.job
    assert job is not None
    assert job is not before
    wait_until(lambda: not view.bar.run.disabled, f"the end of {job}: {job.progress}")
    return job


def shown(box: widgets.Widget) -> list[str]:
    """Every piece of HTML in a part of the dashboard."""
    found = [box.value] if isinstance(box, widgets.HTML) else []
    return found + [text for child in getattr(box, "children", ()) for text in shown(child)]


def said(box: widgets.Widget) -> str:
    return " ".join(Parsed(text).said for text in shown(box))


def tab(view: WorkbenchView, title: str) -> Any:
    return next(page for page in view.tabs if page.title == title)


def ticks(view: WorkbenchView) -> dict[str, widgets.Checkbox]:
    return {box.arm: box for box in view.choice.variants.children}


def test_the_tabs_are_those_of_the_contract(view: WorkbenchView) -> None:
    assert list(view.pages.titles) == ["Compare", "Lines", "Scaling", "Pictures", "History", "Your variant"]


@pytest.mark.parametrize(
    ("field", "wrong", "allowed"),
    [
        ("budget", 99_999.0, "give seconds above 0, at most 86400"),
        ("budget", -1.0, "give seconds above 0, at most 86400"),
        ("threads", 0, "give a whole number from 1 to 1024"),
        ("threads", 5_000, "give a whole number from 1 to 1024"),
    ],
)
def test_a_wrong_number_says_what_is_allowed_and_is_put_back(
    view: WorkbenchView, field: str, wrong: float, allowed: str
) -> None:
    widget = getattr(view.choice, field)
    before = widget.value
    widget.value = wrong
    assert widget.value == before
    assert allowed in view.choice.trouble.value


def test_it_opens_with_what_it_was_told(view: WorkbenchView) -> None:
    choice = view.choice
    values = [w.value for w in (choice.stage, choice.workload, choice.baseline, choice.budget)]
    assert values == ["toy_negative", "small", "plain", 1]
    assert choice.ticked == ("plain", "xor")


def test_ticks_and_fields_choose_in_the_model(view: WorkbenchView) -> None:
    ticks(view)["wrong_pixel"].value = True
    ticks(view)["plain"].value = False
    view.choice.budget.value = 2
    view.choice.threads.value = 1
    view.choice.workload.value = "large"
    chosen = view.model.choice
    assert (chosen.variants, chosen.budget_s, chosen.threads, chosen.workload) == (
        ("xor", "wrong_pixel"),
        2,
        1,
        "large",
    )


def test_all_ticks_what_can_run_here_and_none_nothing(view: WorkbenchView) -> None:
    view.choice.all.click()
    assert set(view.model.choice.variants) == set(registry.of("toy_negative")) - {"absent"}
    view.choice.none.click()
    assert view.model.choice.variants == ()


def test_a_variant_that_cannot_run_here_says_why_and_cannot_be_ticked(view: WorkbenchView) -> None:
    box = ticks(view)["absent"]
    assert box.disabled
    assert "no CUDA device" in box.description


def test_a_variant_under_an_engine_joins_the_list_ticked(view: WorkbenchView) -> None:
    view.choice.engine.value = "plain@threads:2"
    assert view.model.choice.variants == ("plain", "xor", "plain@threads:2")
    assert ticks(view)["plain@threads:2"].value
    assert view.choice.engine.value == ""
    ticks(view)["plain@threads:2"].value = False
    view.refresh()
    assert not ticks(view)["plain@threads:2"].value


def test_what_the_model_refuses_is_told_and_changes_nothing(view: WorkbenchView) -> None:
    before = view.model.choice
    view.choice.engine.value = "<b>nobody@threads"
    assert view.model.choice == before
    assert "role='alert'" in view.choice.trouble.value
    assert "<b>nobody" in Parsed(view.choice.trouble.value).said
    view.choice.budget.value = 3
    assert view.choice.trouble.value == ""


def test_a_field_that_the_model_refuses_goes_back_to_what_holds(view: WorkbenchView) -> None:
    view.choice.budget.value = 0
    assert "give seconds above 0" in Parsed(view.choice.trouble.value).said
    assert view.choice.budget.value == view.model.choice.budget_s == 1


@pytest.mark.parametrize("budget", [0.05, 86_400])
def test_the_fields_show_whatever_a_call_may_ask_for(tmp_path: Path, budget: float) -> None:
    made = lk.workbench("toy_negative", budget=budget, threads=1024, results=tmp_path)
    assert (made.choice.budget.value, made.choice.threads.value) == (budget, 1024)
    made.close()


def test_to_run_nothing_is_refused_in_one_line(view: WorkbenchView) -> None:
    view.choice.none.click()
    view.bar.run.click()
    assert view.job is None
    assert "no variant of toy_negative is chosen" in Parsed(view.bar.progress.value).said


def test_another_stage_brings_its_own_workloads_and_variants(view: WorkbenchView) -> None:
    view.choice.stage.value = "main_colors"
    assert view.choice.workload.value == "logo"
    assert "naive" in ticks(view)
    assert "xor" not in ticks(view)
    assert "image, n=6" in tab(view, "Your variant").source.value


def test_the_table_fills_while_it_is_measured_and_holds_every_figure_at_the_end(ran: Any) -> None:
    view, tables = ran
    assert view.job.state == "done"
    assert any("waits to be checked" in table for table in tables)
    assert any("so far" in table for table in tables)
    assert "▲ faster" in tables[-1] or "▼ slower" in tables[-1] or "same" in tables[-1] or "unresolved" in tables[-1]
    assert tables[-1].count("<tr") == 4
    assert "✓ Done. Stored as run" in Parsed(view.bar.progress.value).said
    assert "<details>" in view.compare.figure.value


def test_the_code_below_the_table_is_a_cell_that_gives_it_anew(ran: Any) -> None:
    copied = Parsed(ran[0].compare.code.value).said.removesuffix("Copy as code")
    namespace: dict[str, Any] = {}
    first, _, call = copied.partition("\n\n")
    exec(first, namespace)
    assert callable(namespace["lk"].bench)
    assert call == ran[0].job.code
    compile(call, "cell", "exec")


def test_a_variant_that_differs_shows_where_and_gets_no_time(ran: Any) -> None:
    view, tables = ran
    assert "first at (3, 5, 0)" in Parsed(view.compare.differences.value).said
    assert "<img" in view.compare.differences.value
    row = tables[-1].partition(">wrong_")[2].partition("</tr>")[0]
    assert "≠ differs" in row
    assert "×" not in row


def test_history_tells_the_runs_when_it_is_turned_to(ran: Any, view: WorkbenchView) -> None:
    view.pages.selected_index = 4
    assert "No stored run" in said(tab(view, "History").box)
    ran[0].pages.selected_index = 4
    assert ran[0].job.result.run.id in said(tab(ran[0], "History").box)


def test_where_there_are_no_widgets_a_table_stands_in(ran: Any, view: WorkbenchView) -> None:
    fresh, done = view._repr_mimebundle_(), ran[0]._repr_mimebundle_()
    for bundle in (fresh, done):
        assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= bundle.keys()
        assert {"script", "style", "svg"}.isdisjoint(Parsed(bundle["text/html"]).tags)
    assert "plain, xor" in Parsed(fresh["text/html"]).said
    assert "× limit" in Parsed(done["text/html"]).said
    assert "| xor |" in done["text/plain"]


def test_hostile_names_stay_text_everywhere(ran: Any) -> None:
    view = ran[0]
    pictures = tab(view, "Pictures")
    pictures.variant.value = "wrong_pixel"
    work(view, pictures.start)
    for page in range(6):
        view.pages.selected_index = page
    texts = [*shown(view.box), view._repr_mimebundle_()["text/html"]]
    assert sum("alert(1)" in Parsed(text).said for text in texts) > 3
    for text in texts:
        seen = Parsed(text)
        assert "script" not in seen.tags
        assert {value for name, value in seen.attributes if name.startswith("on")} <= OWN_SCRIPTS
        assert all(str(value).startswith("data:") for name, value in seen.attributes if name == "src")


def test_stop_is_for_work_and_run_for_rest(view: WorkbenchView) -> None:
    view.choice.budget.value = 15
    assert (view.bar.run.disabled, view.bar.stop.disabled) == (False, True)
    view.bar.run.click()
    job = view.job
    assert job is not None
    assert (view.bar.run.disabled, view.bar.stop.disabled) == (True, False)
    wait_until(lambda: "launch 2 of" in view.bar.progress.value, "two launches")
    view.bar.run.click()
    assert view.job is job
    view.bar.stop.click()
    wait_until(lambda: "Stopped" in view.bar.progress.value, "the end")
    assert (view.bar.run.disabled, view.bar.stop.disabled) == (False, True)
    assert "xor" in Parsed(view.compare.table.value).said


def test_the_lines_of_two_variants_stand_side_by_side(view: WorkbenchView) -> None:
    lines = tab(view, "Lines")
    lines.variant.value, lines.other.value = "xor", "plain"
    work(view, lines.start)
    assert "return image ^ 255" in said(lines.box)
    assert "all lines" in said(lines.box)
    assert "lk.diff('toy_negative', 'xor', 'plain', 'small'" in said(lines.box)


def test_a_sweep_shows_its_curve(view: WorkbenchView) -> None:
    scaling = tab(view, "Scaling")
    scaling.over.value = "workers"
    assert (scaling.variant.value, scaling.engine.value) == ("plain", "threads")
    work(view, scaling.start)
    assert "toy_negative on small: plain under threads, over workers" in said(scaling.box)
    assert "lk.sweep('toy_negative', 'workers'" in said(scaling.box)


def test_pictures_are_laid_over_each_other_and_the_slider_wipes(view: WorkbenchView) -> None:
    pictures = tab(view, "Pictures")
    pictures.variant.value = "wrong_pixel"
    work(view, pictures.start)
    assert "1 of 4,800 elements" in said(pictures.box)
    assert pictures.compared.layout.display == "flex"
    assert all("<img" in layer.value for layer in (pictures.under, pictures.over))
    pictures.wipe.value = 80
    assert pictures.front.layout.width == "80%"


def test_ones_own_function_is_checked_and_joins_the_list(view: WorkbenchView) -> None:
    own = tab(view, "Your variant")
    assert "def mine(image):" in own.source.value
    own.source.value = "def inverted(image):\n    return ~image\n"
    work(view, own.start)
    assert "✓ inverted agrees with the reference" in said(own.box)
    assert ticks(view)["inverted"].value
    own.source.value = "def unlike(image):\n    return image.copy()\n"
    work(view, own.start)
    assert "unlike differs from the reference" in said(own.box)
    assert not ticks(view)["unlike"].value


def test_ones_own_nonsense_is_told_in_one_line(view: WorkbenchView) -> None:
    own = tab(view, "Your variant")
    own.source.value = "def mine(image:"
    work(view, own.start)
    assert "role='alert'" in view.bar.progress.value
    assert "SyntaxError" in Parsed(view.bar.progress.value).said


def test_a_variant_of_a_cell_stands_in_the_list_when_the_cell_has_run(tmp_path: Path) -> None:
    shell = InteractiveShell.instance()
    before = list(registry.brought)
    try:
        view = WorkbenchView(Workbench("toy_negative", results=tmp_path))
        cell = "@lk.variant('toy_negative', kind='numpy')\ndef of_a_cell(image):\n    return 255 - image"
        shell.run_cell(f"import labkit as lk\n{cell}")
        assert "of_a_cell" in ticks(view)
        heard = len(shell.events.callbacks["post_run_cell"])
        view.close()
        assert len(shell.events.callbacks["post_run_cell"]) == heard - 1
    finally:
        InteractiveShell.clear_instance()
        registry.variants["toy_negative"].pop("of_a_cell", None)
        registry.brought[:] = before


def test_every_control_has_a_name_of_its_own(view: WorkbenchView) -> None:
    controls = [w for w in all_widgets(view.box) if isinstance(w, widgets.Button | widgets.ValueWidget)]
    named = [w.description for w in controls if not isinstance(w, widgets.HTML)]
    assert all(named)
    assert sorted(named) == sorted(set(named))


def all_widgets(box: widgets.Widget) -> list[widgets.Widget]:
    return [box] + [found for child in getattr(box, "children", ()) for found in all_widgets(child)]


def test_many_changes_are_painted_a_few_times_and_the_last_one_always() -> None:
    painted: list[tuple[str, str]] = []
    begun = threading.Event()

    def changes(job: Job) -> None:
        begun.wait()
        for number in range(1000):
            job.say(str(number))

    job = Job("many changes", changes, "")
    painter = repaint_while_running(job, lambda: painted.append((job.state, job.progress.text)), threading.RLock())
    begun.set()
    assert job.wait(60)
    painter.join(60)
    assert painted[-1] == ("done", "999")
    assert len(painted) < 100


def test_a_button_writes_the_report_beside_the_notebook(
    ran: tuple[WorkbenchView, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, _ = ran
    monkeypatch.chdir(tmp_path)
    view.compare.write.click()
    (written,) = tmp_path.glob("*.html")
    assert f"The report is in {written}" in Parsed(view.compare.written.value).said
    assert written.name in view.compare.report.value
    monkeypatch.setattr("labkit.notebook.workbench.compare_tab.report_file", lambda shown: "nowhere/at.html")
    view.compare.write.click()
    assert "the folder" in view.compare.written.value
    assert "--to" not in view.compare.written.value
