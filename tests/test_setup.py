"""Set-up: both lists of packages name the same, versions are exact, and nothing of this machine is in the project."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from labkit.measure.bench import plan_requests

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"pytorch": "torch", "ray-data": "ray"}
ONLY_CONDA = {"pip", "gxx"}  # the installer of the packages that conda-forge lacks, and the compiler
EXTRAS = {name: wanted for name, wanted in PROJECT["optional-dependencies"].items() if name != "all"}


def bounds(requirements: Iterator[str]) -> dict[str, set[str]]:
    """Package to version bounds."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(wanted.name): {str(bound) for bound in wanted.specifier} for wanted in parsed}


def wanted_by_pyproject() -> dict[str, set[str]]:
    everything = [*PROJECT["dependencies"], *(wanted for extra in EXTRAS.values() for wanted in extra)]
    return bounds(iter(everything)) | {
        "python": {str(b) for b in Requirement(f"p{PROJECT['requires-python']}").specifier}
    }


def environment_lines() -> Iterator[str]:
    """The entries of environment.yml's two lists (conda's and pip's); YAML's other features are not used in it."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    for line in text.partition("dependencies:")[2].splitlines():
        entry = re.fullmatch(r"\s*- ([^#]*?)\s*(#.*)?", line)
        if entry and not entry.group(1).endswith(":") and not entry.group(1).startswith("--"):
            yield entry.group(1)


def test_environment_and_pyproject_name_the_same_packages_with_the_same_bounds() -> None:
    found = bounds(environment_lines())
    assert {CONDA_NAMES.get(name, name): wanted for name, wanted in found.items() if name not in ONLY_CONDA} == (
        wanted_by_pyproject()
    )


def test_the_extra_all_names_every_other_extra() -> None:
    (every,) = [Requirement(text) for text in PROJECT["optional-dependencies"]["all"]]
    assert every.name == PROJECT["name"]
    assert every.extras == set(EXTRAS)


LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = [line for line in LOCK.splitlines() if line and not line.startswith("#")]


def test_the_lock_file_has_only_exact_versions() -> None:
    assert [line for line in LOCKED if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.]*", line)] == []


def test_the_lock_file_says_how_it_is_refreshed() -> None:
    assert "make lock" in LOCK
    assert re.search(r"^lock:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_lock_file_names_every_dependency_within_its_bounds() -> None:
    versions = {canonicalize_name(name): Version(version) for name, version in (line.split("==") for line in LOCKED)}
    for text in [*PROJECT["dependencies"], *(wanted for extra in EXTRAS.values() for wanted in extra)]:
        wanted = Requirement(text)
        assert canonicalize_name(wanted.name) in versions, f"{text} is not locked: make lock"
        assert versions[canonicalize_name(wanted.name)] in wanted.specifier, f"{text} is locked elsewhere: make lock"


def test_continuous_integration_runs_the_readmes_test_command_with_everything_installed() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test EXTRAS=all" in script.splitlines()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_make_help_lists_every_target_that_people_call() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "bench", "test", "lab", "simulation", "gauntlet", "lock"):
        assert re.search(rf"^  make {target} +\S", said, re.MULTILINE)


def test_make_bench_measures_one_table_of_each_stage_that_it_names() -> None:
    """So it takes as long however many stages there are."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    stages, workloads = (re.findall(rf"^{name} \?= (.*)$", text, re.MULTILINE)[0] for name in ("STAGES", "WORKLOADS"))
    requests = plan_requests(stages.split(), workloads=workloads.split(","))
    assert [request.stage for request in requests] == stages.split()
    assert len(requests) == 6


INSTALLER = '#!/bin/sh\necho "$0 $*" >> {log}\nexit {status}\n'


@pytest.mark.parametrize(
    ("target", "uv", "installers"),
    [
        ("ready", 0, ["uv"]),
        ("ready", 1, ["uv", "python"]),  # no network of its own, say
        ("ready", None, ["python"]),
        ("test", 0, ["uv", "uv"]),
        ("test-gpu", 0, ["uv", "uv", "python"]),
    ],
)
def test_uv_installs_and_pip_does_where_it_can_not_or_may_not(
    tmp_path: Path, target: str, uv: int | None, installers: list[str]
) -> None:
    """Extras may hold torch, of which uv might take a build for another kind of machine."""
    log, programs = tmp_path / "log", tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / ".venv" / "python").touch()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    for name, status in (("uv", uv), ("python", 0)):
        if status is not None:
            (programs / name).write_text(INSTALLER.format(log=log, status=status))
            (programs / name).chmod(0o755)
    subprocess.run(["make", f".venv/{target}"], cwd=tmp_path, check=True, capture_output=True)
    calls = log.read_text().splitlines()
    assert [Path(call.split()[0]).name for call in calls] == installers
    assert all("--constraint requirements.lock --editable ." in call for call in calls)


def test_uv_is_not_asked_for_torch() -> None:
    asked = [*PROJECT["dependencies"], *EXTRAS["test"]]
    assert not {"torch", "kornia"} & {canonicalize_name(Requirement(text).name) for text in asked}


def project_files() -> list[Path]:
    """Everything that git keeps or would keep."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def own_places() -> list[str]:
    """Folders of this machine that must not be written down; names that could be anyone's are not among them."""
    places = {str(ROOT), sys.prefix, sys.base_prefix} - {"/usr/local"}
    return [str(Path.home()), *sorted(place for place in places if place.count("/") > 1)]


INDEX_HOSTS = ("pypi" + ".org", "python" + "hosted.org", "download.pytorch" + ".org", "anaconda" + ".org")
FORBIDDEN = {
    "a package index": "|".join(map(re.escape, INDEX_HOSTS)) + "|index" + "-url[ =]+http",
    "a place on this machine": "|".join(rf"(?<![\w.~-]){re.escape(place)}(?![\w-])" for place in own_places()),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_of_the_project_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what].encode())
    files = project_files()
    assert len(files) > 50
    assert [str(path.relative_to(ROOT)) for path in files if pattern.search(path.read_bytes())] == []
