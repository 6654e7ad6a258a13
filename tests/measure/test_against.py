"""Earlier code as arms beside today's: taken from git, registered under another name, measured like any other."""

import subprocess
import sys

import pytest

from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.engines.arm import ArmName, open_arm
from labkit.measure.against import bring_revision

STAGE = """
import numpy as np
import labkit as lk

@lk.stage(reference="plain", workloads=[lk.Workload("one", lambda: (np.ones(4, np.uint8),))])
def {name}(image):
    "Which version am I?"

@lk.variant("{name}", kind="numpy")
def plain(image):
    return {answer}
"""
ADDED = """
@lk.variant("{name}", kind="numpy")
def added(image):
    return 2
"""


def git(folder, *words):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(folder, path, name):
    """A stage whose answer was 1 when it was committed, and is 2 with a new variant now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAGE.format(name=name, answer=1))
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    path.write_text(STAGE.format(name=name, answer=2) + ADDED.format(name=name))
    return git(folder, "rev-parse", "--short=7", "HEAD")


def answer(stage, arm):
    with open_arm(stage, ArmName(arm), 1) as call:
        return call(None)


def test_a_loaded_file_is_compared_with_itself_at_a_revision(tmp_path, own_registry):
    commit = committed(tmp_path, tmp_path / "my stage 한글.py", "of_a_file")
    registry.load(tmp_path / "my stage 한글.py")
    arms = bring_revision(["of_a_file"], ["plain"], "HEAD")
    assert arms == ["plain", f"plain_at_{commit}"]
    assert [answer("of_a_file", arm) for arm in arms] == [2, 1]


def test_a_stage_folder_is_compared_with_itself_at_a_revision(tmp_path, monkeypatch, own_registry):
    commit = committed(tmp_path, tmp_path / "pack" / "of_a_folder" / "__init__.py", "of_a_folder")
    monkeypatch.syspath_prepend(tmp_path)
    registry.import_folder("pack.of_a_folder")
    arms = bring_revision(["of_a_folder"], None, "HEAD")
    assert arms == ["plain", f"plain_at_{commit}"]
    assert [answer("of_a_folder", arm) for arm in arms] == [2, 1]
    assert f"pack_at_{commit}.of_a_folder" in sys.modules


@pytest.fixture
def stage(tmp_path, own_registry):
    committed(tmp_path, tmp_path / "asked.py", "asked")
    registry.load(tmp_path / "asked.py")


@pytest.mark.parametrize(
    ("stages", "variants", "revision", "words"),
    [
        (["asked"], ["added"], "HEAD", "HEAD has no variant added of asked; it has: plain_at_"),
        (["asked"], ["plain"], "no_such_branch", "no such revision: no_such_branch"),
        (["asked", "decode"], None, "HEAD", "one stage at a time"),
        ([], None, "HEAD", "one stage at a time"),
    ],
)
def test_what_git_does_not_have_is_said(stage, stages, variants, revision, words):
    with pytest.raises(UsageError, match=words):
        bring_revision(stages, variants, revision)
