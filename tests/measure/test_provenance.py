"""Where what is measured comes from: the user's project and file, labkit apart from it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import labkit
from labkit.core.registry import registry
from labkit.functions.stage import stage_of
from labkit.measure.provenance import commit_of, provenance

STAGE = """
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("w", lambda: (3,))])
def {name}(number):
    "A stage of somebody's own."

@lk.variant("{name}", kind="python")
def plain(number):
    return number
"""


def git(folder, *words):
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    done = subprocess.run(["git", "-C", folder, *who, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A project ``pages`` with a committed file of a stage, in which one works."""
    root = tmp_path / "pages"
    (root / "stages").mkdir(parents=True)
    (root / "stages" / "mine.py").write_text(STAGE.format(name="own_number"))
    (root / "notes.txt").write_text("one")
    git(tmp_path, "init", "-q", root)
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    monkeypatch.chdir(root)
    registry.load(root / "stages" / "mine.py")
    yield root
    registry.forget(root / "stages" / "mine.py")


def test_a_loaded_file_is_told_with_the_commit_of_its_own_project(checkout):
    found = provenance({("own_number", "plain")})
    (project,) = found["projects"]
    assert (project["project"], project["commit"]) == ("pages", git(checkout, "rev-parse", "HEAD"))
    assert (project["dirty"], project["files"]) == (False, ["stages/mine.py"])
    assert project["defines"] == ["own_number", "own_number/plain"]
    assert (found["load"], found["folder"], found["script"], found["session"]) == (["stages/mine.py"], ".", None, [])
    assert commit_of(found) == {"commit": project["commit"], "dirty": False}


def test_paths_are_as_seen_from_where_one_works(checkout, monkeypatch, tmp_path):
    monkeypatch.chdir(checkout / "stages")
    found = provenance({("own_number", "plain")})
    assert (found["load"], found["folder"]) == (["mine.py"], "stages")
    monkeypatch.chdir(tmp_path)
    found = provenance({("own_number", "plain")})
    assert (found["load"], found["folder"]) == ([str(checkout / "stages" / "mine.py")], None)


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        (lambda root: (root / "stages" / "mine.py").write_text("# changed"), True),
        (lambda root: (root / "notes.txt").write_text("two"), False),
        (lambda root: (root / "scratch.py").write_text("1 / 0"), False),
        (lambda root: git(root, "rm", "-q", "--cached", "stages/mine.py"), True),
    ],
    ids=["the file", "no source", "a file not in the commit", "the file was never added"],
)
def test_changed_means_that_sources_differ_from_the_commit(checkout, change, dirty):
    change(checkout)
    assert provenance({("own_number", "plain")})["projects"][0]["dirty"] is dirty


def test_of_several_files_one_that_was_never_added_is_enough(checkout):
    (checkout / "other.py").write_text(STAGE.format(name="other_number"))
    registry.load(checkout / "other.py")
    try:
        (project,) = provenance({("own_number", "plain"), ("other_number", "plain")})["projects"]
    finally:
        registry.forget(checkout / "other.py")
    assert (sorted(project["files"]), project["dirty"]) == (["other.py", "stages/mine.py"], True)


def test_a_file_that_git_ignores_or_that_lies_in_no_checkout_has_no_commit(checkout):
    git(checkout, "rm", "-qr", "--cached", "stages")
    (checkout / ".gitignore").write_text("stages/\n")
    (project,) = provenance({("own_number", "plain")})["projects"]
    assert (project["commit"], project["dirty"], project["project"]) == (None, None, "stages")


def test_labkit_is_a_project_apart_and_comes_last(checkout):
    found = provenance({("own_number", "plain"), ("grey", "numpy")})
    own, labkits = found["projects"]
    assert (own["project"], labkits["project"]) == ("pages", "labkit")
    assert labkits["defines"] == ["grey", "grey/numpy"]
    assert commit_of(found)["commit"] == own["commit"]


def test_what_a_notebook_defines_is_told_as_such_with_the_commit_around_it(checkout, monkeypatch):
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    namespace = {"__name__": "__main__"}
    exec(STAGE.format(name="cell_number"), namespace)
    try:
        found = provenance({("cell_number", "plain")})
    finally:
        registry.forget_stage("cell_number")
    assert found["session"] == ["cell_number", "cell_number/plain"]
    assert [project["project"] for project in found["projects"]] == ["pages"]
    assert found["load"] == []


def test_functions_that_are_compared_are_told_with_the_library_that_one_is_of(checkout):
    name = stage_of(np.flipud, np.fliplr, on=np.eye(3))
    try:
        found = provenance({(name, "flipud"), (name, "fliplr")})
    finally:
        registry.forget_stage(name)
    assert found["session"] == [name]
    assert [(project["project"], project["version"]) for project in found["projects"]] == [
        ("pages", None),
        ("numpy", np.__version__),
    ]
    assert found["projects"][1]["commit"] is None


def test_functions_that_a_command_compares_are_told_by_what_it_was_given(checkout):
    name = stage_of(np.flipud, np.fliplr, on=np.eye(3))
    registry.compared[name] = ["numpy:flipud", "numpy:fliplr"]
    try:
        found = provenance({(name, "flipud"), (name, "fliplr")})
    finally:
        registry.forget_stage(name)
        del registry.compared[name]
    assert (found["session"], found["compared"]) == ([], {name: ["numpy:flipud", "numpy:fliplr"]})


def test_a_script_that_measures_itself_is_told(tmp_path):
    script = tmp_path / "mine.py"
    told = """
from labkit.functions.stage import stage_of
from labkit.measure.provenance import provenance
name = stage_of(plain, lambda number: number, on=3)
print(provenance({("own", "plain"), (name, "plain"), (name, "lambda")}))
"""
    script.write_text(STAGE.format(name="own") + told)
    environment = {"PYTHONPATH": str(Path(labkit.__file__).parents[1]), "PATH": ""}
    words = [sys.executable, "mine.py"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "'script': 'mine.py'" in done.stdout
    assert "'load': []" in done.stdout
    assert "'session': []" in done.stdout
