"""A git revision, built beside today's tree: its whole tree and an environment of its own, once for each commit.

They lie in ``$LABKIT_CACHE`` (or ``$XDG_CACHE_HOME/labkit``, or ``~/.cache/labkit``), which may be deleted at any time::

    revisions/myproject-5f2c81aa/1a2b3c4d5e6f-90ab12cd/
        tree/      every file of the commit, its extensions built in place
        python/    a virtual environment; what it does not hold itself it takes from today's
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import signal
import site
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError
from labkit.measure.against.needs import Needs, install_words
from labkit.processes.lock import MeasurementLock
from labkit.processes.stop import wait

ASK_EVERY_S = 0.05


@dataclass(frozen=True)
class Revision:
    """A commit of the repository at ``root``; ``own_libraries``: it declared to need others than today's code does."""

    given: str
    commit: str
    root: Path
    home: Path
    own_libraries: bool

    @property
    def short(self) -> str:
        return self.commit[:7]

    @property
    def tree(self) -> Path:
        return self.home / "tree"

    @property
    def python(self) -> Path:
        return self.home / "python" / "bin" / "python"

    def then(self, path: Path) -> Path:
        """Where the commit has what lies at ``path`` today."""
        return self.tree / path.relative_to(self.root)


def cache_folder() -> Path:
    """Where revisions are built: ``$LABKIT_CACHE``, else ``labkit`` in the user's cache folder."""
    if named := os.environ.get("LABKIT_CACHE"):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labkit"


def find_revision(folder: Path, given: str) -> Revision:
    """The commit that ``given`` names in the repository around a folder; nothing is built yet.

    Raises UsageError outside a git checkout and for what names no commit.
    """
    root = Path(_git(folder, "rev-parse", "--show-toplevel"))
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{given}^{{commit}}")
    own_libraries = Needs.today(root) != Needs.at(root, commit)
    base = f"{sys.prefix}\n{sys.version}\n{own_libraries}"
    place = f"{root.name}-{_digest(str(root))}", f"{commit[:12]}-{_digest(base)}"
    return Revision(given, commit, root, cache_folder() / "revisions" / place[0] / place[1], own_libraries)


def build(revision: Revision) -> None:
    """Check the commit out and build it, unless that was done before; it is there whole or not at all.

    Nothing is measured on this machine meanwhile, and a second builder waits for the first. Raises UsageError, in one
    line, for what can't be built.
    """
    try:
        revision.home.parent.mkdir(parents=True, exist_ok=True)
        with _alone(revision.home.with_suffix(".lock")):
            if revision.home.exists():
                return
            with MeasurementLock(f"nothing yet, but builds {revision.short},"):
                _tell(f"builds {revision.short} in {revision.home} (once)")
                _build_in(revision, revision.home.with_suffix(".unfinished"))
    except OSError as error:
        raise UsageError(
            f"--against: {error.filename or revision.home}: {error.strerror or error}; $LABKIT_CACHE names another folder"
        ) from None


def _build_in(revision: Revision, unfinished: Path) -> None:
    shutil.rmtree(unfinished, ignore_errors=True)  # of one that was killed
    tree, python = unfinished / "tree", unfinished / "python" / "bin" / "python"
    try:
        tree.mkdir(parents=True)
        git = ["git", "-C", str(revision.root), "archive", revision.commit]
        archive = subprocess.run(git, capture_output=True, check=False)
        if archive.returncode:
            raise UsageError(f"--against: git archive {revision.short}: {_last_line(archive.stderr)}")
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(tree, filter="data")
        venv = [sys.executable, "-m", "venv", "--without-pip", str(unfinished / "python")]
        _run(venv, tree, f"{revision.short} gets no environment")
        _let_it_see_todays(unfinished / "python")
        if revision.own_libraries:
            words = install_words(Needs.at(revision.root, revision.commit), tree)
            _tell(f"installs what {revision.short} declares to need, which is not what today's code does")
            pip = ["-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
            if words:
                _run([sys.executable, *pip, *words], tree, f"what {revision.short} needs can't be installed")
        if (tree / "setup.py").exists():
            setup = ["setup.py", "--quiet", "build_ext", "--inplace", "--parallel", str(cpu_limit())]
            _run([python, *setup], tree, f"{revision.short} can't be built")
            shutil.rmtree(tree / "build", ignore_errors=True)
        unfinished.rename(revision.home)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _let_it_see_todays(environment: Path) -> None:
    """Behind its own libraries the environment sees those of the running one, and what is installed there for editing."""
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    (own,) = environment.glob("lib/python*/site-packages")
    lines = [f"import site; site.addsitedir({folder!r})" for folder in folders]
    (own / "labkit_today.pth").write_text("\n".join(lines) + "\n")


def _run(words: Sequence[object], folder: Path, otherwise: str) -> None:
    """Run a program in a process group of its own, which is gone when this returns; UsageError with its last line if it fails."""
    with subprocess.Popen(
        list(map(str, words)),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as program:
        try:
            said = _until_it_ends(program)
        except BaseException:
            os.killpg(program.pid, signal.SIGKILL)
            raise
    if program.returncode:
        raise UsageError(f"--against: {otherwise}: {_last_line(said)}")


def _until_it_ends(program: subprocess.Popen[bytes]) -> bytes:
    assert program.stdout is not None
    while True:
        try:
            return program.communicate(timeout=ASK_EVERY_S)[0]
        except subprocess.TimeoutExpired:
            wait(None, 0)  # raises KeyboardInterrupt where a notebook's stop is asked for


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """While another process holds the lock, wait."""
    with lock.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                wait(None, ASK_EVERY_S)
        yield


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().partition("\n")[0] or f"no such revision: {words[-1].partition('^')[0]}"
        raise UsageError(f"--against: {said}")
    return done.stdout.strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _tell(what: str) -> None:
    print(f"labkit: {what}", file=sys.stderr, flush=True)
