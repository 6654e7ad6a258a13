"""A variant of one's own from an editor or a file: what is taken up, and what is refused in one line."""

from pathlib import Path

import pytest

import labkit as lk
from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.notebook.workbench.model import Workbench
from labkit.notebook.workbench.own import take_up

TOY = Path(__file__).with_name("toy_images.py")
GOOD = "import numpy as np\n\n\ndef mine(image):\n    return np.subtract(255, image)\n"
DECORATED = (
    "import labkit as lk\n\n@lk.variant('toy_negative', kind='{kind}')\ndef {name}(image):\n    return 255 - image\n"
)


@pytest.fixture
def model(tmp_path):
    registry.load(TOY)
    before = list(registry.brought)
    made = Workbench("toy_negative", results=tmp_path / "results")
    made.choose(variants=("xor",), budget_s=0.3)
    yield made
    made.close()
    for thing in registry.brought:
        if isinstance(thing, Path) and thing not in before:
            registry.forget(thing)
    registry.forget(TOY)


def names():
    return set(registry.of("toy_negative"))


def test_a_plain_function_becomes_a_variant_is_checked_and_can_be_run(model):
    job = model.check_own(GOOD)
    assert job.wait(60)
    assert (job.state, job.error) == ("done", None)
    assert list(job.result.variant) == ["plain", "mine"]
    assert {row["status"] for row in job.table} == {"measured"}
    assert model.choice.variants == ("xor", "mine")
    run = model.run()
    assert run.wait(60)
    assert {row["variant"]: row["status"] for row in run.table}["mine"] == "measured"


def test_its_code_makes_the_same_variant_in_a_cell(model):
    job = model.check_own(GOOD)
    assert job.wait(60)
    registry.forget([thing for thing in registry.brought if isinstance(thing, Path)][-1])
    *_, last = job.code.splitlines()
    exec(job.code.removesuffix(last), space := {"__name__": "a_cell"})
    assert "mine" in names()
    assert last == "lk.check('toy_negative', ['mine'], ['small'])"
    assert space["mine"] is registry.variant("toy_negative", "mine").function
    del registry.variants["toy_negative"]["mine"]
    registry.brought.pop()


def test_a_wrong_one_is_listed_with_what_differs_but_not_chosen(model):
    job = model.check_own("def mine(image):\n    return image.copy()\n")
    assert job.wait(60)
    assert job.state == "done"
    assert job.table[-1]["status"] == "differs"
    assert "differs in" in job.table[-1]["reason"]
    assert model.choice.variants == ("xor",)


def test_the_same_function_again_takes_the_place_of_the_earlier_one(model):
    take_up("toy_negative", GOOD)
    first = registry.variant("toy_negative", "mine").function
    take_up("toy_negative", GOOD.replace("255,", "254,"))
    assert registry.variant("toy_negative", "mine").function is not first


def test_a_source_that_registers_itself_keeps_its_kind_and_one_it_no_longer_defines_is_gone(model):
    both = DECORATED.format(name="one", kind="library") + DECORATED.format(name="two", kind="python")
    assert take_up("toy_negative", both).names == ("two", "one")
    assert registry.variant("toy_negative", "one").kind == "library"
    take_up("toy_negative", DECORATED.format(name="two", kind="numpy"))
    assert registry.variant("toy_negative", "two").kind == "numpy"
    assert "one" not in names()
    job = model.run()  # the launch processes find no two that share a name
    assert job.wait(60)
    assert (job.state, job.error) == ("done", None)


def test_a_file_is_taken_as_it_is_or_its_last_function(model, tmp_path):
    whole, bare = tmp_path / "whole.py", tmp_path / "bare.py"
    whole.write_text(DECORATED.format(name="filed", kind="numpy"))
    bare.write_text("def helper(): pass\n\ndef naked(image):\n    return 255 - image\n")
    assert take_up("toy_negative", whole).path == whole
    assert take_up("toy_negative", bare).names == ("naked",)
    whole.write_text(DECORATED.format(name="renamed", kind="numpy"))
    take_up("toy_negative", whole)
    assert names() >= {"naked", "renamed"}
    assert "filed" not in names()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def mine(:", r"SyntaxError: .* \(line 1\)"),
        ("x = 1\n\ny = 1 / 0", r"ZeroDivisionError: division by zero \(line 3\)"),
        ("raise SystemExit('bye')", r"SystemExit: bye \(line 1\)"),
        ("raise ValueError('two\\nlines')", r"ValueError: two lines \(line 1\)"),
        ("", "defines no function"),
        ("\0", "null bytes"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("def mine(picture, n): pass", r"mine takes \(picture, n\), but stage toy_negative asks for"),
        ("def xor(image): return image", "has a variant xor already"),
        ("def limit(image): return image", "limit.* is taken"),
        ("mine = 3\ndef f(image): pass\nf = 3", "f is a function at first and then something else"),
    ],
)
def test_what_cannot_be_taken_up_is_refused_in_one_line_and_leaves_everything_as_it_was(model, source, told):
    before = names(), list(registry.brought)
    with pytest.raises(UsageError, match=told) as refused:
        take_up("toy_negative", source)
    assert "\n" not in str(refused.value)
    assert (names(), list(registry.brought)) == before


@pytest.mark.parametrize("file", ["missing.py", "folder.py", "notes.txt", "latin.py"])
def test_a_file_that_is_none_is_refused_in_one_line(model, tmp_path, file):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "notes.txt").write_text("def mine(image): pass")
    (tmp_path / "latin.py").write_bytes(b"# \xe9")
    with pytest.raises(UsageError, match=file):
        take_up("toy_negative", tmp_path / file)


def test_a_source_that_ends_its_process_costs_the_kernel_nothing(model):
    with pytest.raises(VariantFailed, match="killed by SIGSEGV"):
        take_up("toy_negative", "import ctypes\nctypes.string_at(0)")
    job = model.check_own("import os\nos._exit(3)")
    assert job.wait(60)
    assert (job.state, job.error) == ("failed", "your code ended with exit status 3")


def test_a_variant_of_a_cell_is_offered_and_measured(model):
    @lk.variant("toy_negative", kind="numpy")
    def from_a_cell(image):
        return 255 - image

    model.choose(variants=("from_a_cell",))
    job = model.run()
    assert job.wait(60)
    assert {row["variant"]: row["status"] for row in job.table}["from_a_cell"] == "measured"
    del registry.variants["toy_negative"]["from_a_cell"]
    registry.brought.pop()
    assert model.choice.variants == ()
