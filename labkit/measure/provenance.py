"""Where the code that is measured comes from: its project, commit and file. labkit's own is one project among others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from labkit.core.registry import registry

SOURCES = (
    *(".py", ".pyx", ".pxd", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp"),
    *(".toml", ".yaml", ".yml"),
)  # a change of these may change what is measured
GIT_S = 10.0
OWN = Path(__file__).resolve().parents[1]
OF_THE_DASHBOARD = "labkit-own-"  # how the folders begin in which it keeps sources that came without a file


def provenance(wanted: Collection[tuple[str, str]]) -> dict[str, Any]:
    """Where these (stage, variant) are defined, as ``sources`` of ``run.json``.

    ``projects``, those of others before labkit's, each with ``project`` (its name), ``commit`` and ``dirty`` (None where
    it is in no git checkout), ``version`` of an installed package, ``files`` that are loaded (as seen from the top of the
    checkout) and ``defines``: stages, and variants as ``stage/variant``. ``session``: what was defined in a notebook, at a
    prompt, or by comparing functions. ``script``: the program that measures itself. ``folder``: where it ran, as seen from
    the top of the first project; ``load``: the files to be loaded, as seen from there. ``chains``: what names a chain;
    ``compared``: what the command that compares functions was given.
    """
    homes: dict[Path, list[str]] = {}
    session: list[str] = []
    for name, module in _defined(wanted):
        home = _home(module)
        (session if home is None else homes.setdefault(home, [])).append(name)
    script = _file_of("__main__")
    if script is not None and script in homes:  # it, and no prompt, compares the functions
        homes[script] += session
        session = []
    compared = {name: registry.compared[name] for name, _ in sorted(wanted) if name in registry.compared}
    session = [name for name in session if name not in compared]
    found: dict[Path, dict[str, Any]] = {}
    tops: dict[Path, Path] = {}
    for home, names in homes.items():
        top, project = _project(home)
        place = home if home.is_dir() else top  # a package is a project of its own, lone files of a checkout are one
        known = found.setdefault(place, project)
        known["defines"] += names
        known["dirty"] = known["dirty"] or project["dirty"]  # each file may be one that was never added
        known["files"] += [os.path.relpath(home, top)] if home.is_file() else []
        tops[place] = top
    if session and not any(project["commit"] for place, project in found.items() if place != OWN):
        top, project = _project(Path.cwd())
        found.setdefault(top, project)
        tops[top] = top
    ordered = sorted(found, key=lambda place: (place == OWN, found[place]["commit"] is None))
    here, top = Path.cwd(), tops[ordered[0]] if ordered else Path.cwd()
    inside = here.is_relative_to(top)

    def seen(path: Path) -> str:
        return os.path.relpath(path, here) if inside and path.is_relative_to(top) else str(path)

    return {
        "projects": [found[place] for place in ordered],
        "session": session,
        "script": seen(script) if script is not None and script in homes else None,
        "folder": os.path.relpath(here, top) if inside else None,
        "load": [seen(home) for home in homes if home != script and home.is_file()],
        "compared": compared,
        "chains": {stage: registry.chains[stage] for stage, _ in sorted(wanted) if stage in registry.chains},
    }


def commit_of(sources: dict[str, Any]) -> dict[str, Any]:
    """The ``commit`` that was measured, and whether its sources had been changed since: of the first project."""
    first: dict[str, Any] = next(iter(sources["projects"]), {})
    return {"commit": first.get("commit"), "dirty": first.get("dirty")}


def of_labkit() -> dict[str, Any]:
    """labkit alone as what was measured."""
    return {"projects": [_project(OWN)[1]]}


def _defined(wanted: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Each stage, and each variant of today's code, with the module that defines it; "" where none does."""
    places: dict[str, str] = {}
    for stage, name in sorted(wanted):
        variant = registry.variant(stage, name)
        places[stage] = registry.origins.get(stage, "")
        if variant.host is None:
            places[f"{stage}/{name}"] = variant.origin
    for name, origin in places.items():
        module, colon, _ = origin.partition(":")
        if colon or "/" not in origin:  # not one that could not be imported
            yield name, module if colon else ""


def _home(module: str) -> Path | None:
    """A package's folder, or a file that stands alone; None for what was defined in a notebook, or a file of its own making."""
    top = sys.modules.get(module.partition(".")[0])
    if path := getattr(top, "__path__", None):
        return Path(next(iter(path))).resolve()
    file = _file_of(module)
    return None if file is None or file.parent.name.startswith(OF_THE_DASHBOARD) else file


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if file and Path(file).is_file() else None


def _project(home: Path) -> tuple[Path, dict[str, Any]]:
    """The top of a package's or file's checkout, or its folder without one; and what is known of it."""
    folder = home if home.is_dir() else home.parent
    found: dict[str, Any] = {"project": folder.name, "commit": None, "dirty": None, "version": None}
    found |= {"files": [], "defines": []}
    try:
        root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        if _ignored(home):
            raise subprocess.SubprocessError  # a library inside somebody's environment
        package = (folder / "__init__.py").is_file()
        found |= {"project": folder.name if package else root.name, "commit": _git(root, "rev-parse", "HEAD").strip()}
        found["dirty"] = _changed(folder if package else root, home)
        return root, found
    except (OSError, subprocess.SubprocessError):
        return folder, found | {"version": _version(home) if home.is_dir() else None}


def _changed(folder: Path, home: Path) -> bool:
    """Do sources below a folder differ from the commit, or is the file itself not in it?"""
    told = _git(folder, "status", "--porcelain", "-z", "--untracked-files=no", "--", ".").split("\0")
    untracked = home.is_file() and not _git(home.parent, "ls-files", "--", home.name)
    return untracked or any(entry.endswith(SOURCES) for entry in told)


def _ignored(home: Path) -> bool:
    words = ["git", "-C", str(home.parent), "check-ignore", "--quiet", str(home)]
    return subprocess.run(words, capture_output=True, timeout=GIT_S).returncode == 0


def _version(home: Path) -> str | None:
    """The version of the installed package that lies in a folder."""
    try:
        return version(packages_distributions().get(home.name, [home.name])[0])
    except PackageNotFoundError:
        return None


def _git(folder: Path, *words: str) -> str:
    line = ["git", "-C", str(folder), *words]
    return subprocess.run(line, capture_output=True, text=True, check=True, timeout=GIT_S).stdout
