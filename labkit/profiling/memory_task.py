"""What a measuring process does to tell the memory of one call: for its peak, or line by line."""

from __future__ import annotations

import dataclasses
import gc
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from labkit.core.cpus import set_threads
from labkit.core.errors import NotOffered
from labkit.core.parts import settled
from labkit.core.registry import registry
from labkit.engines.arm import ArmName, open_arm
from labkit.processes.tree import TreePeak
from labkit.profiling.allocations import START, Part, call_variant, give_back, read_folder, tracking, without_lines
from labkit.profiling.sources import adopt


@dataclass(frozen=True)
class MemoryTask:
    """One call in a process of its own: with a ``folder`` under memray, whose files go there; without, for its peak."""

    stage: str
    workload: str
    arm: str
    threads: int
    sources: Mapping[str, list[str]]
    folder: str | None = None
    objects: bool = True

    def run(self, held: Mapping[str, Any], send: Callable[[str, Any], None], mark: Callable[[int], None]) -> None:
        with TreePeak() as tree:  # its watcher is forked while this process has but one thread
            adopt(dict(self.sources))
            arm = ArmName.parse(self.arm)
            variant = registry.variant(self.stage, arm.variant)
            if variant.partial is not None:
                part = Part(variant.partial, tree.root, self.folder, self.objects)
                registry.variants[self.stage][arm.variant] = replace(variant, partial=part)
            inputs = registry.stage(self.stage).workload(self.workload).build()
            send("input_bytes", bytes_held(inputs))
            set_threads(self.threads)
            gc.collect()
            give_back()
            before = tree.share()
            with open_arm(self.stage, arm, self.threads) as opened:
                call = opened if arm.engine else lambda *given: call_variant(opened, given)
                try:
                    call(*inputs)
                except NotOffered as error:
                    send("not_offered", str(error))
                    return
                gc.collect()
                give_back()
                if self.folder is None:
                    quiet = tree.share()
                    if before is not None and quiet is not None:
                        send("standing_bytes", max(0, quiet - before))
                    output, peak, seconds = tree.peak_of(lambda: settled(call(*inputs)), repeat=arm.engine is not None)
                    send("peak_bytes", peak)
                    send("call_s", seconds)
                    send("output_bytes", bytes_held(output))
                    send("workers", tree.children())
                    return
                (Path(self.folder) / START).touch()
                with tracking(self.folder, self.objects):
                    output = settled(call(*inputs))
            homes = _homes(self.stage, variant.function or variant.arm, variant.partial)
            why = without_lines(variant.partial if arm.engine else opened, homes)
            send("tracked", read_folder(self.folder, homes, (self.arm, f"{variant.kind}: {why}") if why else None))


def _homes(stage: str, *functions: Any) -> list[str]:
    """The folders whose code is the variant's own: where its functions are written, and its stage's contract."""
    files = []
    for function in [*functions, registry.stage(stage).contract]:
        try:
            files.append(inspect.getsourcefile(inspect.unwrap(function)))
        except TypeError:
            continue  # None, or compiled
    return [str(Path(file).absolute().parent) for file in files if file]


def bytes_held(value: Any) -> int:
    """Bytes of the arrays, buffers and strings in a value, each counted once; containers and objects are looked into."""
    seen: set[int] = set()

    def count(thing: Any) -> int:
        if id(thing) in seen:
            return 0
        seen.add(id(thing))
        if isinstance(size := getattr(thing, "nbytes", None), int | np.integer):
            return int(size)
        if isinstance(thing, bytes | bytearray | str):
            return len(thing)
        if isinstance(thing, Mapping):
            return sum(map(count, thing.values()))
        if isinstance(thing, list | tuple | set | frozenset):
            return sum(map(count, thing))
        if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            return sum(count(getattr(thing, f.name)) for f in dataclasses.fields(thing))
        return 0

    return count(value)
