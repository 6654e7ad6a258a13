"""The variants of one stage as they were at a revision, in the registry beside those of today."""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle

from labkit.core.errors import UsageError, listed
from labkit.core.registry import COMPILED, registry
from labkit.core.variant import Variant
from labkit.engines.arm import ArmName
from labkit.measure.against.hosted import Host
from labkit.measure.against.revision import Revision, build, find_revision


@dataclass(frozen=True)
class Beside:
    """What is compared: arms as (today's, the earlier one's), and the variants that only one of the two has."""

    stage: str
    revision: Revision
    pairs: tuple[tuple[str, str], ...]
    only_now: tuple[str, ...]
    only_then: tuple[str, ...]


@contextmanager
def beside_revision(stages: Sequence[str], variants: Sequence[str] | None, given: str) -> Iterator[Beside]:
    """Build a revision and register, within this context, its variants of one stage; ``native`` becomes ``native_at_1a2b3c4``.

    ``variants`` are arms of today's code; without them all variants that both have.

    Raises UsageError, in one line, outside a git checkout, for an unknown revision or variant, for a revision that can't be
    built or is too old to be asked, and where nothing can be compared.
    """
    if len(stages) != 1:
        raise UsageError(f"--against compares one stage at a time; name one (you named {listed(stages)})")
    (stage,) = stages
    source, module = _source(stage)
    revision = find_revision(source.parent, given)
    known = registry.of(stage)
    arms = [ArmName(name) for name in known] if variants is None else [ArmName.parse(arm) for arm in variants]
    for arm in arms:
        registry.variant(stage, arm.variant)
    package = sys.modules.get(module.partition(".")[0])
    for folder in getattr(package, "__path__", []):
        for stale in stale_builds(Path(folder)):
            print(f"labkit: {stale} is newer than what was built of it; build first (make)", file=sys.stderr)
    build(revision)
    host = _host(stage, source, module, revision)
    offered = _offered(host, stage, revision)
    then = [name for name in offered if name not in known]
    both = [arm for arm in dict.fromkeys(arms) if arm.variant in offered]
    now = [str(arm) for arm in dict.fromkeys(arms) if arm.variant not in offered]
    if not both:
        asked = f"none of {listed(now)}" if variants else f"no variant of {stage} that today's code has"
        raise UsageError(f"--against: {given} ({revision.short}) has {asked}; it has: {listed(offered)}")
    pairs = tuple((str(arm), str(replace(arm, variant=arm.variant + host.suffix))) for arm in both)
    brought, variants_before = list(registry.brought), dict(known)
    try:
        for name in dict.fromkeys(arm.variant for arm in both):
            registry.add_variant(_earlier(stage, name, known[name], offered[name], host))
        yield Beside(stage, revision, pairs, tuple(now), tuple(then if variants is None else ()))
    finally:
        registry.variants[stage], registry.brought = variants_before, brought


def _source(stage: str) -> tuple[Path, str]:
    """The file that defines a stage, and its module."""
    contract = registry.stage(stage).contract
    file = inspect.getsourcefile(contract)
    if file is None or not Path(file).is_file():
        raise UsageError(f"--against: stage {stage} has no source file; put it into a file under git")
    return Path(file).resolve(), contract.__module__


def _host(stage: str, source: Path, module: str, revision: Revision) -> Host:
    """Where the revision's arms live, and with them today's."""
    today = Host(sys.executable, tuple(sys.path), (), cloudpickle.dumps(registry.brought), module, stage)
    base = source.parent.parent if source.name == "__init__.py" else source.parent
    for _ in module.split(".")[1:]:
        base = base.parent
    first, last = [str(revision.then(base))], []
    for path in (Path(path or ".").resolve() for path in sys.path):
        if path.is_relative_to(revision.root) and revision.then(path).is_dir():
            first.append(str(revision.then(path)))
        else:
            last.append(str(path))
    files = [_then(thing, revision) for thing in registry.brought if isinstance(thing, Path)]
    return Host(
        str(revision.python),
        tuple(dict.fromkeys(first)),
        tuple(last),
        pickle.dumps([file for file in files if file is not None]),
        module,
        stage,
        f"_at_{revision.short}",
        today,
    )


def _then(file: Path, revision: Revision) -> Path | None:
    """A loaded file as the commit has it; None where it has none; a file from outside the repository as it is."""
    if not file.resolve().is_relative_to(revision.root):
        return file
    then = revision.then(file.resolve())
    return then if then.exists() else None


def _offered(host: Host, stage: str, revision: Revision) -> dict[str, tuple[str, bool, str | None]]:
    """Execute the revision's code once, and ask which variants it has. Raises UsageError where it can't answer."""
    try:
        with host.execute() as process:
            labkit = Path(process.prepared()).resolve()
            found: dict[str, tuple[str, bool, str | None]] = process.ask("offers", stage)
        here = Path(sys.modules["labkit"].__file__ or "").resolve()
        if here.is_relative_to(revision.root) and not labkit.is_relative_to(revision.tree.resolve()):
            raise UsageError(
                f"--against: {revision.short} would run with the labkit of {labkit.parent}, not with its own"
            )
        return found
    except RuntimeError as error:
        name = type(error).__name__
        said = str(error) if name in ("UsageError", "HostLost") else f"{name}: {error}"
        if "No module named 'labkit." in said:
            said += "; it is older than what --against needs, take a later revision"
        raise UsageError(
            f"--against: {revision.given} ({revision.short}) can't be measured: {' '.join(said.split())}"
        ) from None


def stale_builds(folder: Path) -> list[Path]:
    """Sources under a package's folder that are newer than what was built of them: what runs is then not today's code."""
    stale = []
    for source in (path for path in sorted(folder.rglob("*")) if path.suffix in COMPILED):
        built = [path.stat().st_mtime for path in source.parent.glob(f"{source.stem}.*.so")]
        if built and max(built) < source.stat().st_mtime:
            stale.append(source)
    return stale


def _earlier(stage: str, name: str, today: Variant, offer: tuple[str, bool, str | None], host: Host) -> Variant:
    kind, under_engines, unavailable = offer
    return Variant(
        stage,
        name + host.suffix,
        kind,
        partial=_elsewhere if under_engines else None,
        missing=partial(_said, unavailable) if unavailable else None,
        origin=f"{today.origin}{host.suffix}",
        summary=f"{name} as it was at {host.suffix.removeprefix('_at_')}",
        host=host,
    )


def _elsewhere(*part: Any) -> Any:
    raise NotImplementedError("this partial lives in a host")


def _said(reason: str) -> str:
    return reason
