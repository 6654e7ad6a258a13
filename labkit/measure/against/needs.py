"""What a project declares to need: ``pyproject.toml``'s dependencies, ``requirements*.txt`` and ``requirements.lock``."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

PROJECT, LOCK, LISTS = "pyproject.toml", "requirements.lock", "requirements*.txt"


@dataclass(frozen=True)
class Needs:
    """Dependencies of the project itself (not its extras), and the lines of each requirements file without comments."""

    dependencies: tuple[str, ...] = ()
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def today(cls, root: Path) -> Needs:
        """As the working tree has it."""
        return cls._of((path.name for path in root.iterdir()), lambda name: (root / name).read_text(encoding="utf-8"))

    @classmethod
    def at(cls, root: Path, commit: str) -> Needs:
        """As a commit had it."""

        def git(*words: str) -> str:
            done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True)
            return done.stdout.decode(errors="replace")

        return cls._of(git("ls-tree", "--name-only", commit).splitlines(), lambda name: git("show", f"{commit}:{name}"))

    @classmethod
    def _of(cls, names: Iterable[str], read: Callable[[str], str]) -> Needs:
        known = sorted(names)
        files = {name: _lines(read(name)) for name in known if name == LOCK or fnmatch(name, LISTS)}
        return cls(_dependencies(read(PROJECT)) if PROJECT in known else (), files)


def install_words(needs: Needs, tree: Path) -> list[str | Path]:
    """What to give to ``pip install`` for it; a lock file says which versions of what is needed."""
    words: list[str | Path] = [*needs.dependencies]
    for name in needs.files:
        if name != LOCK:
            words += ["-r", tree / name]
    if LOCK in needs.files:
        words += ["-c" if words else "-r", tree / LOCK]
    return words


def _dependencies(project: str) -> tuple[str, ...]:
    try:
        found = tomllib.loads(project).get("project", {}).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return ()  # whoever builds it will complain
    return tuple(sorted(map(str, found)))


def _lines(text: str) -> tuple[str, ...]:
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return tuple(sorted(line for line in lines if line and not line.startswith("#")))
