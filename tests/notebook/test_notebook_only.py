"""A stage that lives in a notebook alone: every tab, magic and call that takes a stage works with it."""

import inspect
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import labkit as lk
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.notebook.magics import LabMagics
from labkit.notebook.workbench.own import take_up
from labkit.notebook.workbench.view import WorkbenchView

# The stage, its variants and what they need stand in cells of their own, as they do in a notebook.
CELLS = (
    "import numpy as np\nimport labkit as lk\n%load_ext labkit",
    "GAIN = 3\n\ndef clip(values):\n    return np.clip(values, 0, 255).astype(np.uint8)\n\n"
    "def noise(side):\n    return np.random.default_rng(side).integers(0, 255, (side, side, 3), dtype=np.uint8)",
    """@lk.stage(reference="plain", workloads=[lk.Workload(f"{side}px", lambda side=side: (noise(side),)) for side in (40, 80)],
          split=lk.Split("rows", lambda n, image: [(part,) for part in np.array_split(image, n)],
                         lambda parts, image: np.concatenate(parts)))
def brighten(image):
    "The image, GAIN times as bright.\"""",
    """@lk.variant("brighten", kind="numpy", partial=lambda image: clip(image.astype(int) * GAIN))
def plain(image):
    return clip(image.astype(int) * GAIN)

@lk.variant("brighten", kind="numpy")
def quick(image):
    return clip(image.astype(np.uint16) * GAIN)""",
)
OWN = "def of_the_editor(image):\n    return clip(image.astype(np.int32) * GAIN)\n"
MAGICS = {
    "labbench": "%labbench brighten --variants plain,quick --workloads 40px --budget 0.2",
    "labprofile": "%labprofile brighten plain --calls 2",
    "labdiff": "%labdiff brighten plain quick --calls 2",
    "labmemory": "%labmemory brighten plain",
    "labcompare": "%%labcompare plain --on noise(40) --budget 0.2\n"
    "def brightened(image):\n    return clip(image.astype(np.int64) * GAIN)",
    "labvariant": "%%labvariant brighten --budget 0.2 --against quick\n"
    "def of_a_cell(image):\n    return clip(image.astype(np.int64) * GAIN)",
}
CALLS = {
    "add_pictures": "import cv2, tempfile\ncv2.imwrite(place := tempfile.mkdtemp() + '/a.png', noise(30))\n"
    "lk.add_pictures('brighten', place)\nlk.check('brighten', ['quick'], ['a.png'])",
    "bench": "lk.bench('brighten', ['plain', 'quick'], ['40px'], budget=0.2)",
    "check": "lk.check('brighten', ['plain', 'quick', 'plain@processes'], ['40px'])",
    "diff": "lk.diff('brighten', 'plain', 'quick', calls=2)",
    "doctor": "lk.doctor('brighten', ['plain', 'quick'])",
    "history": "lk.history('brighten')",
    "memory": "lk.memory('brighten', 'quick')",
    "pictures": "lk.pictures('brighten', 'quick')",
    "profile": "lk.profile('brighten', 'plain@threads', calls=2)",
    "sweep": "lk.sweep('brighten', 'size', budget=0.2)",
    "workbench": "lk.workbench('brighten')",
}
TABS = ("Compare", "Lines", "Scaling", "Pictures", "History", "Your variant")
TROUBLE = ("Traceback", "Error", "crashed", "unknown stage", "NameError", "left out", "could not be")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InteractiveShell]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_RESULTS", str(tmp_path_factory.mktemp("results")))
        registry.discover()
        for name in ("stages", "origins"):
            patch.setattr(registry, name, dict(getattr(registry, name)))
        patch.setattr(registry, "variants", {stage: dict(known) for stage, known in registry.variants.items()})
        patch.setattr(registry, "brought", list(registry.brought))
        shell = InteractiveShell.instance()
        for cell in CELLS:
            assert shell.run_cell(cell, store_history=True).success
        yield shell
        InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def view(shell: InteractiveShell) -> Iterator[WorkbenchView]:
    made = lk.workbench("brighten", ["plain", "quick"], "40px", budget=0.2)
    made.tabs[-1].source.value = OWN
    yield made
    made.close()


@pytest.fixture(autouse=True)
def beside_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a report is written that has no folder in its name."""
    monkeypatch.chdir(tmp_path)


def outputs(shell: InteractiveShell, cell: str) -> str:
    """All that a cell says and shows; it must not fail."""
    with capture_output() as said:
        done = shell.run_cell(cell, store_history=True)
    shown = [text for output in said.outputs for form, text in output.data.items() if form.startswith("text/")]
    told = "\n".join([said.stdout, said.stderr, *shown])
    assert done.success, told
    return told


def every(kind: type, box: widgets.Widget) -> list[Any]:
    found = [box] if isinstance(box, kind) else []
    return found + [each for child in getattr(box, "children", ()) for each in every(kind, child)]


def test_every_tab_every_magic_and_every_call_that_takes_a_stage_is_tried_here(view: WorkbenchView) -> None:
    public = {name: getattr(lk, name) for name in lk.__all__}
    functions = {
        name: set(inspect.signature(thing).parameters)
        for name, thing in public.items()
        if inspect.isfunction(thing) and not thing.__module__.startswith("labkit.core")
    }
    assert CALLS.keys() == {name for name, takes in functions.items() if takes & {"stage", "stages"}}
    assert MAGICS.keys() == LabMagics.magics["line"].keys() | LabMagics.magics["cell"].keys()
    assert tuple(tab.title for tab in view.tabs) == TABS


@pytest.mark.parametrize("cell", [*MAGICS.values(), *CALLS.values()], ids=[*MAGICS, *CALLS])
def test_a_magic_or_a_call_works(shell: InteractiveShell, cell: str) -> None:
    told = outputs(shell, cell)
    assert "brighten" in told
    assert not [word for word in TROUBLE if word in told]


@pytest.mark.parametrize("title", TABS)
def test_every_button_of_a_tab_works(view: WorkbenchView, title: str) -> None:
    (tab,) = (tab for tab in view.tabs if tab.title == title)
    view.pages.selected_index = view.tabs.index(tab)
    for button in [*([view.bar.run] if title == "Compare" else []), *every(widgets.Button, tab.box)]:
        before = view.job
        button.click()
        if view.job is not before and view.job is not None:
            assert view.job.wait(60)
            while view.bar.run.disabled:  # until it is painted
                time.sleep(0.02)
            assert (view.job.state, view.job.error) == ("done", None)
            assert {row["status"] for row in view.job.table} <= {"measured"}, view.job.table
    told = " ".join(page.value for page in every(widgets.HTML, tab.box))
    assert not [word for word in TROUBLE if word in told], told


def test_the_cell_of_a_stage_may_be_run_again_without_those_of_its_variants(shell: InteractiveShell) -> None:
    outputs(shell, CELLS[2])
    assert "agrees" in outputs(shell, "lk.check('brighten', ['quick'], ['40px'])")


def test_a_report_holds_lines_and_pictures_of_it(shell: InteractiveShell) -> None:
    outputs(shell, "ran = lk.bench('brighten', ['plain', 'quick'], ['40px'], budget=0.2)")
    report = outputs(shell, "print(lk.report(ran, profile=True).html())")
    assert not [word for word in TROUBLE if word in report]


def test_a_variant_of_the_editor_has_lines_and_is_measured(shell: InteractiveShell, view: WorkbenchView) -> None:
    take_up("brighten", OWN)
    assert "clip(image.astype(np.int32) * GAIN)" in outputs(shell, "lk.profile('brighten', 'of_the_editor', calls=2)")
    (row,) = lk.bench("brighten", ["of_the_editor"], ["40px"], budget=0.2).document["rows"][1:]
    assert row["status"] == "measured"


def test_what_can_not_be_sent_to_another_process_is_told_by_its_name(shell: InteractiveShell) -> None:
    outputs(shell, "import threading\nLOCK = threading.Lock()")
    with pytest.raises(UsageError, match="your code uses LOCK, which can't be sent to another process"):
        take_up("brighten", "def locked(image):\n    with LOCK:\n        return clip(image.astype(int) * GAIN)")
    outputs(shell, "@lk.variant('brighten', kind='numpy')\ndef locked(image):\n    with LOCK: return clip(image * 3)")
    with pytest.raises(UsageError, match="variant locked of stage brighten can't be sent to another process: "):
        lk.check("brighten", ["locked"], ["40px"])
    del registry.variants["brighten"]["locked"]
    registry.brought.pop()


def test_in_a_kernel_of_its_own_it_is_profiled_mended_measured_and_reported(tmp_path: Path) -> None:
    book = [
        f"%env LABKIT_RESULTS={tmp_path}",
        *CELLS,
        MAGICS["labprofile"],
        "bench = lk.workbench('brighten', ['plain', 'quick'], '40px', budget=0.2)\nbench",
        "for job in bench.model.profile('plain', 'quick'), bench.model.pictures('quick'), bench.model.run():\n"
        "    assert job.wait(100)\n    assert job.state == 'done', job.error",
        f"own = bench.model.check_own({OWN!r})\nassert own.wait(100)\n"
        "assert set(own.result.status) == {'measured'}, own.result\nlk.report(job.result, profile=True)",
    ]
    NotebookClient(new_notebook(cells=[*map(new_code_cell, book)]), timeout=300).execute()


def test_the_dashboard_takes_functions_as_they_are(shell: InteractiveShell) -> None:
    names = shell.user_ns
    view = lk.workbench(
        names["plain"], names["quick"], on={"40": names["noise"](40), "80": names["noise"](80)}, budget=0.2
    )
    try:
        assert view.model.choice.stage == "plain vs quick"
        assert view.model.choice.variants == ("plain", "quick")
        assert [load.name for load in view.model.workloads] == ["40", "80"]
        for title in ("Compare", "Lines", "Scaling", "Pictures"):
            test_every_button_of_a_tab_works(view, title)
    finally:
        view.close()
