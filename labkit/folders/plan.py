"""What is to be done: which outputs each image has, which of them are there already, and what made those."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from labkit.core.errors import UsageError
from labkit.folders.listing import Listing, index_of
from labkit.imagefiles.image import BadFile, write_image

SETTINGS = "labkit.json"  # in the output folder: what made its content


@dataclass(frozen=True)
class FileTask:
    """One image and the outputs wanted of it: pairs of (index, path of the output relative to the output folder)."""

    image: str
    outputs: tuple[tuple[int, str], ...]


@dataclass
class Plan:
    """Every image with its outputs, of which ``existing`` are there already (perhaps of images beyond the limit too)."""

    tasks: list[FileTask] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)

    def missing(self) -> list[FileTask]:
        """The tasks with the outputs that are not there."""
        left = []
        for task in self.tasks:
            outputs = tuple(pair for pair in task.outputs if pair[1] not in self.existing)
            if outputs:
                left.append(FileTask(task.image, outputs))
        return left


def make_plan(listing: Listing, target: Path, copies: int | None, limit: int | None) -> Plan:
    """The plan for a folder: one output an image under its own relative name, or ``copies`` of it as STEM_aug_K.png.

    Raises UsageError when two outputs would have one name.
    """
    there = _existing(target)
    plan = Plan()
    names = {image: (image,) for image in listing.images} if copies is None else _copies(listing.images, copies)
    owner: dict[str, str] = {}
    for image, outputs in names.items():
        for output in outputs:
            if owner.setdefault(output.casefold(), image) != image:
                other = owner[output.casefold()]
                raise UsageError(f"{other} and {image} would both become {output}; rename one of them")
    for number, (image, outputs) in enumerate(names.items()):
        plan.existing.update(output for output in outputs if output in there)
        if limit is not None and number >= limit:
            continue
        numbers = [None] if copies is None else range(1, copies + 1)
        wanted = [(index_of(image, k), output) for k, output in zip(numbers, outputs, strict=True)]
        plan.tasks.append(FileTask(image, tuple(wanted)))
    return plan


def _copies(images: list[str], copies: int) -> dict[str, tuple[str, ...]]:
    """Names STEM_aug_K.png in the image's own subfolder. Images that share a stem keep their suffix: a.jpg_aug_1.png."""
    stems = Counter(str(PurePosixPath(image).with_suffix("")).casefold() for image in images)
    names = {}
    for image in images:
        stem = str(PurePosixPath(image).with_suffix(""))
        base = stem if stems[stem.casefold()] == 1 else image
        names[image] = tuple(f"{base}_aug_{k}.png" for k in range(1, copies + 1))
    return names


def _existing(target: Path) -> set[str]:
    """Files under the output folder, relative, with /. An empty one is none: a machine that lost power leaves such."""
    found = set()
    for place, _, names in os.walk(target):
        inside = Path(place).relative_to(target)
        for name in names:
            try:
                if os.stat(os.path.join(place, name)).st_size:
                    found.add((inside / name).as_posix())
            except OSError:
                continue
    return found


def check_folders(source: Path, target: Path) -> None:
    """Raise UsageError unless writing under ``target`` leaves everything under ``source`` alone."""
    inside, out = source.resolve(), target.resolve()
    if inside == out:
        raise UsageError(f"the output folder {target} is the input folder; give another: inputs are never overwritten")
    if inside in out.parents:
        raise UsageError(
            f"the output folder {target} lies inside the input folder, whose images a second run would take too"
        )
    if out in inside.parents:
        raise UsageError(f"the output folder {target} holds the input folder {source}; give one apart from it")
    if target.exists() and not target.is_dir():
        raise UsageError(f"the output folder {target} is a file; give a folder")


def keep_settings(target: Path, plan: Plan, settings: Mapping[str, Any], overwrite: bool) -> None:
    """Write down what makes the outputs, and refuse to mix them with those of other settings, or with strangers' files.

    With ``overwrite`` the outputs that exist are removed first, so that a run that is stopped leaves no mixture.
    Raises UsageError.
    """
    file = target / SETTINGS
    before = _settings_before(file)
    if before and before.get("command") != settings["command"]:
        raise UsageError(f"{target} belongs to labkit {before.get('command')}; give another output folder")
    if overwrite:
        for output in plan.existing:
            (target / output).unlink()
        plan.existing.clear()
    elif plan.existing:
        _check_settings(before, target, min(plan.existing), settings)
    try:
        write_image(file, json.dumps(dict(settings), indent=1, ensure_ascii=False).encode() + b"\n")
    except BadFile as error:
        raise UsageError(f"output folder {target}: {error}; give a folder that can be written to") from error


def _settings_before(file: Path) -> dict[str, Any] | None:
    """What the last run in this folder wrote down; None where there is none, or something else."""
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return before if isinstance(before, dict) else None


def _check_settings(before: dict[str, Any] | None, target: Path, existing: str, settings: Mapping[str, Any]) -> None:
    way_out = "give another output folder, or --overwrite to make these again"
    if before is None:
        raise UsageError(f"{target} holds {existing}, and no {SETTINGS} that says what made it; {way_out}")
    for word in ("chain", "seed"):
        if before.get(word) != settings[word]:
            raise UsageError(
                f"{target} holds outputs made with {word} {before.get(word)}, not {settings[word]}; {way_out}"
            )
