"""The magics: what they show, what they tell when used wrongly, and a cell that becomes a variant."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from labkit.core.registry import registry
from labkit.profiling.profile import Profile

MINE = """%%labvariant main_colors --workloads tiny --budget 0.3 {options}
import numpy as np
from labkit.stages.main_colors import top

def shown_before(image): return image

{decorator}
def {name}(image, n=6):
    pixels = image.reshape(-1, 4)
    opaque = pixels[pixels[:, 3] != 0].astype(np.uint32)
    packed = opaque[:, 0] << 16 | opaque[:, 1] << 8 | opaque[:, 2]
    return top(*np.unique(packed, return_counts=True), {n})
"""


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[InteractiveShell]:
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path))
    registry.discover()
    monkeypatch.setattr(registry, "variants", {stage: dict(known) for stage, known in registry.variants.items()})
    monkeypatch.setattr(registry, "brought", list(registry.brought))
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "labkit")
    shell.run_line_magic("reload_ext", "labkit")
    yield shell
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[Any, Any]:
    with capture_output() as said:
        done = shell.run_cell(cell)
    return done, said


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("%labprofile main_colors faster --workload tiny --calls 2", "main_colors/faster on tiny"),
        ("%labdiff main_colors naive faster -w tiny --calls 2", "all lines"),
        ("%labmemory main_colors faster --workload tiny", "memory of faster"),
        (
            "%labbench main_colors --variants naive,faster --workloads tiny --budget 0.3 --time-limit 90",
            "main_colors on tiny",
        ),
    ],
)
def test_each_is_displayed_as_text_and_as_html_and_returns_nothing(
    shell: InteractiveShell, line: str, text: str
) -> None:
    done, said = run(shell, line)
    assert done.success
    assert done.result is None
    (output,) = said.outputs
    assert {"text/plain", "text/html"} <= output.data.keys()
    assert all(text in output.data[form] for form in ("text/plain", "text/html"))


def test_with_o_the_object_comes_back(shell: InteractiveShell) -> None:
    done, said = run(shell, "found = %labprofile -o main_colors faster --workload tiny --calls 2")
    assert done.success
    assert isinstance(shell.user_ns["found"], Profile)
    assert len(said.outputs) == 1


def test_names_of_the_notebook_are_filled_in(shell: InteractiveShell) -> None:
    shell.user_ns.update(STAGE="main_colors", LOAD="tiny")
    done, said = run(shell, "%labprofile {STAGE} faster --workload $LOAD --calls 1")
    assert done.success
    assert "main_colors/faster on tiny" in said.outputs[0].data["text/plain"]


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("%labprofile main_colors", "the following arguments are required: VARIANT[@ENGINE]"),
        ("%labprofile main_colors nope", "stage main_colors has no variant 'nope'"),
        ("%labdiff nope a b", "unknown stage 'nope'"),
        ("%labbench main_colors --budget much", "invalid float value"),
        ("%labmemory main_colors naive --workload nope", "has no workload 'nope'"),
        ("%%labvariant nope\ndef mine(image, n=6): ...", "unknown stage 'nope'"),
        ("%%labvariant main_colors\nmine = 3", "the cell defines no function"),
        ("%%labvariant main_colors\ndef mine(image, n=6:", "the cell is not plain Python"),
        (
            "%%labvariant main_colors\ndef mine(picture): ...",
            "variant mine takes (picture), but stage main_colors asks for",
        ),
        ("%%labvariant main_colors --kind rust\ndef mine(image, n=6): ...", "invalid choice: 'rust'"),
    ],
)
def test_wrong_usage_is_one_line_and_no_traceback(shell: InteractiveShell, cell: str, complaint: str) -> None:
    done, said = run(shell, cell)
    assert not done.success
    assert "UsageError: " in said.stdout
    assert complaint in said.stdout
    assert "Traceback" not in said.stderr + said.stdout


def test_a_cell_becomes_a_variant_that_is_checked_compared_at_once_and_has_lines(shell: InteractiveShell) -> None:
    done, said = run(shell, MINE.format(name="of_a_cell", n="n", decorator="", options="--against fast"))
    assert done.success
    text = said.outputs[-1].data["text/plain"]
    assert all(f"| {name} |" in text for name in ("naive", "fast", "of_a_cell"))
    assert registry.variant("main_colors", "of_a_cell").kind == "numpy"
    done, _ = run(shell, "found = %labprofile -o main_colors of_a_cell --workload tiny --calls 2")
    assert done.success
    sources = {line.source.strip() for _, line in shell.user_ns["found"].executed}
    assert "pixels = image.reshape(-1, 4)" in sources


def test_a_wrong_one_is_told_what_differs_and_the_same_cell_may_be_run_again_mended(shell: InteractiveShell) -> None:
    done, said = run(shell, MINE.format(name="again", n="n - 1", decorator="", options=""))
    assert done.success
    assert "again: differs from the reference: output.colors: has shape" in said.outputs[-1].data["text/plain"]
    _, said = run(shell, MINE.format(name="again", n="n", decorator="", options=""))
    assert "differs" not in said.outputs[-1].data["text/plain"]


def test_a_jitted_function_is_of_the_kind_numba(shell: InteractiveShell) -> None:
    cell = (
        "%%labvariant cumulative_sum --workloads million --budget 0.5\n"
        "from numba import njit\n"
        "@njit\n"
        "def jitted(n):\n"
        "    total = 0\n"
        "    for i in range(n):\n"
        "        total += i\n"
        "    return total\n"
    )
    done, _ = run(shell, cell)
    assert done.success
    assert registry.variant("cumulative_sum", "jitted").kind == "numba"


def test_an_error_in_the_cell_is_shown_and_nothing_is_registered(shell: InteractiveShell) -> None:
    _, said = run(shell, "%%labvariant main_colors\ndef broken(image, n=6): ...\n1 / 0")
    assert "ZeroDivisionError" in said.stdout + said.stderr
    assert "broken" not in registry.of("main_colors")


def test_the_functions_of_a_cell_are_compared_as_they_are(shell: InteractiveShell) -> None:
    run(shell, "import numpy as np\npicture = np.arange(60, dtype=np.uint8)\ndef old(x): return x * np.uint8(2)")
    functions = "def twice(x): return x + x\ndef off(x): return x + x + np.uint8(1)"
    done, said = run(shell, f"%%labcompare old --on picture --budget 0.1\n{functions}")
    assert done.success, said.stdout
    (shown,) = said.outputs
    assert "old vs 2 others on input" in shown.data["text/plain"]
    assert "off: differs from the reference" in shown.data["text/plain"]
    assert "<table" in shown.data["text/html"]


def test_an_input_that_the_notebook_lacks_is_told_in_a_line(shell: InteractiveShell) -> None:
    done, _ = run(shell, "%%labcompare --on nothing_here\ndef f(x): return x\ndef g(x): return x")
    assert str(done.error_in_exec) == "--on nothing_here: NameError: name 'nothing_here' is not defined"
