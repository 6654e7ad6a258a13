"""Old code against new code: a stage's variants as they were at a git revision, as arms beside those of today."""

from __future__ import annotations

import atexit
import inspect
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from labkit.core.errors import UsageError, listed
from labkit.core.registry import COMPILED, registry
from labkit.engines.arm import ArmName

CODE = {".py", ".pyx", ".c", ".h", ".cpp", ".hpp"}
LOADER = """\
import importlib
import sys
from labkit.core.registry import registry
sys.path.insert(0, {home!r})
with registry.renaming({suffix!r}):
    {action}
"""


def bring_revision(stages: Sequence[str], variants: Sequence[str] | None, revision: str) -> list[str]:
    """Register the named variants of one stage as they were at ``revision``, and name all arms to measure.

    The stage's folder (or the user's loaded file) is taken from git as it was and imported under another name; what it
    imports from elsewhere is today's. An old ``native`` becomes ``native_at_1a2b3c4``. Without ``variants``: those that
    the revision holds as well.

    Raises UsageError outside a git checkout, for an unknown revision, and when the revision lacks the stage or variant.
    """
    if len(stages) != 1:
        raise UsageError(f"--against compares one stage at a time; name one (you named {listed(stages)})")
    contract = inspect.getsourcefile(registry.stage(stages[0]).contract)
    if contract is None:
        raise UsageError(f"--against: stage {stages[0]} has no source file; put it into a file under git")
    source = Path(contract).resolve()
    folder = source.parent if source.name == "__init__.py" else source
    root = Path(_git(folder.parent, "rev-parse", "--show-toplevel"))
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    suffix = f"_at_{commit[:7]}"
    home = Path(tempfile.mkdtemp(prefix="labkit-against-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    registry.load(_take(root, folder, commit, suffix, home))
    known = registry.of(stages[0])
    then = [name for name in known if name.endswith(suffix)]
    if variants is None:
        arms = [name.removesuffix(suffix) for name in then if name.removesuffix(suffix) in known]
    else:
        arms = list(variants)
        for arm in arms:
            if ArmName.parse(arm).variant + suffix not in known:
                raise UsageError(f"{revision} has no variant {arm} of {stages[0]}; it has: {listed(then)}")
    return [each for arm in arms for each in (arm, str(_earlier(arm, suffix)))]


def _earlier(arm: str, suffix: str) -> ArmName:
    name = ArmName.parse(arm)
    return replace(name, variant=name.variant + suffix)


def _take(root: Path, folder: Path, commit: str, suffix: str, home: Path) -> Path:
    """Put the folder or file as it was under ``home``, build what is compiled, and write the file that loads it."""
    inside = folder.relative_to(root)
    archive = subprocess.run(["git", "-C", str(root), "archive", commit, "--", str(inside)], capture_output=True)
    if archive.returncode:
        raise UsageError(f"--against: {inside} does not exist at {commit[:7]}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(home, filter="data")
    if folder.is_dir():
        package = ".".join(inside.parts)
        earlier = ".".join((inside.parts[0] + suffix, *inside.parts[1:]))
        (home / inside.parts[0]).rename(home / (inside.parts[0] + suffix))
        for path in (home / earlier.replace(".", "/")).rglob("*"):
            if path.suffix in CODE:
                path.write_text(path.read_text().replace(package, earlier))
        _build(root, home, earlier.partition(".")[0])
        action = f"registry.import_folder({earlier!r})"
    else:
        module = folder.stem + suffix
        (home / inside).rename(home / f"{module}.py")
        action = f"importlib.import_module({module!r})"  # a name may hold spaces
    loader = home / f"load{suffix}.py"
    loader.write_text(LOADER.format(home=str(home), suffix=suffix, action=action))
    return loader


def _build(root: Path, home: Path, top: str) -> None:
    """Build the earlier .pyx, .c and .cpp in place; what can't be built is unavailable, as at any install."""
    if any(path.suffix in COMPILED for path in home.rglob("*")):
        command = f"import os; os.environ['LABKIT_BUILD'] = {top!r}; exec(open({str(root / 'setup.py')!r}).read())"
        words = [sys.executable, "-c", command, "--quiet", "build_ext", "--inplace"]
        subprocess.run(words, cwd=home, capture_output=True, check=False)


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().partition("\n")[0] or f"no such revision: {words[-1].partition('^')[0]}"
        raise UsageError(f"--against: {said}")
    return done.stdout.strip()
