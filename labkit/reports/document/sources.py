"""Where the code and the inputs of a run are from, in words."""

from __future__ import annotations

from typing import Any

Project = dict[str, Any]


def projects(run: dict[str, Any]) -> list[Project]:
    """The projects whose code was measured, the first of them checked out; of an older run labkit, which alone is known."""
    if "sources" in run:
        return list(run["sources"]["projects"])
    known = {name: run["machine"].get(name) for name in ("commit", "dirty")}
    return [{"project": "labkit", "version": None, "files": [], "defines": [], **known}]


def is_labkit(project: Project) -> bool:
    return bool(project["project"] == "labkit" and not project["files"])


def named(project: Project) -> str:
    """A project in a few words: ``pages at 0123456789, changed since``."""
    text = " ".join(filter(None, (project["project"], project["version"])))
    if project["commit"]:
        text += f" at {project['commit'][:10]}"
    elif not project["version"]:
        text += ", in no git checkout"
    return text + (", changed since" if project["dirty"] else "")


def source(run: dict[str, Any]) -> str:
    """All of them with the files that are loaded, and what was defined in a notebook."""
    said = [named(found) + (f": {', '.join(found['files'])}" if found["files"] else "") for found in projects(run)]
    session = run.get("sources", {}).get("session", ())
    return "; ".join([*said, *([f"a session: {', '.join(session)}"] if session else [])])


def changed(run: dict[str, Any]) -> str:
    """What a commit can't bring back."""
    said = []
    if session := run.get("sources", {}).get("session"):
        names = ", ".join(session)
        said.append(
            f"{names}: defined in a session (a notebook, a prompt, compare), whose source the run does not keep."
        )
    found = projects(run)
    unknown = [project["project"] for project in found if not project["commit"] and not project["version"]]
    if "sources" not in run and unknown:
        said.append("It was measured outside a git checkout: which source ran is not known.")
    elif unknown:
        said.append(f"{', '.join(unknown)} lies in no git checkout: which source ran is not known.")
    if any(project["dirty"] for project in found):
        said.append("The source had been changed since this commit, so the commit alone does not bring it back.")
    return " ".join(said)


def inputs(runs: list[dict[str, Any]]) -> str:
    """Where the inputs are from: those of labkit's stages, and those of others'."""
    said = []
    own = {table["stage"]: _home(table["stage"], run) for run in runs for table in run["tables"]}
    if "" in own.values():
        said.append(
            "Inputs of labkit’s stages are built the same way everywhere: “make data” in its checkout, or their first use, "
            "writes them to data/, whose README names their sources."
        )
    for stage, home in own.items():
        if home:
            said.append(
                f"The inputs of {stage} are made by its own workloads ({home}): what they read is not kept here."
            )
    return " ".join([*said, "Every random choice of the measurement follows from the seed."])


def _home(stage: str, run: dict[str, Any]) -> str:
    """Where a stage is defined that is not labkit's; empty for one that is."""
    others = [found for found in projects(run) if not is_labkit(found) and stage in found["defines"]]
    if others:
        return ", ".join(others[0]["files"]) or str(others[0]["project"])
    return "in a session" if stage in run.get("sources", {}).get("session", ()) else ""
