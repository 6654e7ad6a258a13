"""What a measurement runs among: facts of the machine that may mislead its reader. Numbers, read from the kernel's files.

What the system does not show is None. ``root`` is the folder that holds ``proc`` and ``sys``: ``/``, or a copy in tests.
Sources: proc(5); Linux kernel documentation, admin-guide/pm/cpufreq.rst, accounting/psi.rst and scheduler/sched-bwc.rst.
"""

from __future__ import annotations

import math
import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.core.cpus import cgroup_quota
from labkit.processes.memory import cgroup_memory

ROOT = Path("/")
TICKS = os.sysconf("SC_CLK_TCK")
LEAST_RUN_S = 0.25  # CPU seconds below which a share of them says nothing: the kernel counts in ticks of 10 ms
CLOCKS = {"clock_hz": "scaling_cur_freq", "clock_cap_hz": "scaling_max_freq", "clock_full_hz": "cpuinfo_max_freq"}
MOST_CLOCKS = 16  # CPUs whose clocks are read: some processors are asked for theirs one by one
RESOURCES = ("cpu", "memory", "io")


def surroundings(root: Path = ROOT) -> dict[str, Any]:
    """What needs no waiting: CPUs that may be used, clock, memory, load and pressure now. Bytes, hertz, shares from 0 to 1."""
    devices = root / "sys/devices/system/cpu"
    allowed = _allowed(root)
    quota = cgroup_quota(root / "sys/fs/cgroup", root / "proc/self/cgroup")
    limit = len(allowed) if quota is None else max(1, min(len(allowed), math.floor(quota)))
    clocks = {key: _hertz(devices, f"cpufreq/{name}", allowed[:MOST_CLOCKS]) for key, name in CLOCKS.items()}
    return {
        "cpus": len(_cpus(root)) or None,
        "cpu_limit": limit or None,
        "quota": quota,
        "cores": _cores(devices, allowed),
        "governors": sorted({line for line in _each(devices, "cpufreq/scaling_governor", allowed) if line}),
        "boost": _boost(devices),
        **clocks,
        "hypervisor": _hypervisor(root),
        "clocksource": _line(root / "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "load_1min": _number(_line(root / "proc/loadavg")),
        "pressure": {name: _pressure(root / "proc/pressure" / name) for name in RESOURCES},
        **_memory(root),
    }


@dataclass(frozen=True)
class Reading:
    """Counters of the kernel at one moment: seconds of all CPUs, pages, periods; and the CPU seconds that were ours."""

    at: float
    busy_s: float | None
    steal_s: float
    swapped_bytes: int | None
    periods: int | None
    throttled: int
    own_s: float

    @classmethod
    def take(cls, root: Path = ROOT) -> Reading:
        """Now. Ours is this process with its threads, and the processes it started that have ended since."""
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ticks = next((line.split()[1:] for line in _lines(root / "proc/stat") if line.startswith("cpu ")), None)
        seconds = [int(tick) / TICKS for tick in ticks or ()]
        paged = _pairs(root / "proc/vmstat")
        swapped = paged["pswpin"] + paged["pswpout"] if {"pswpin", "pswpout"} <= paged.keys() else None
        held = _throttling(root)
        return cls(
            at=time.monotonic(),
            busy_s=None if ticks is None else sum(seconds[:3]) + sum(seconds[5:7]),  # user, nice, system, interrupts
            steal_s=seconds[7] if len(seconds) > 7 else 0.0,
            swapped_bytes=None if swapped is None else swapped * os.sysconf("SC_PAGE_SIZE"),
            periods=held.get("nr_periods"),
            throttled=held.get("nr_throttled", 0),
            own_s=sum(used.ru_utime + used.ru_stime for used in own),
        )


def between(before: Reading, after: Reading) -> dict[str, Any]:
    """What happened between two readings: ``steal_share`` is of the time in which CPUs had work, ``others_cpus`` a mean."""
    seconds = max(after.at - before.at, 1e-9)
    steal = others = swapped = throttled = None
    if before.busy_s is not None and after.busy_s is not None:
        busy, stolen = after.busy_s - before.busy_s, after.steal_s - before.steal_s
        steal = stolen / (busy + stolen) if busy + stolen >= LEAST_RUN_S else None
        others = max(0.0, busy - (after.own_s - before.own_s)) / seconds
    if before.swapped_bytes is not None and after.swapped_bytes is not None:
        swapped = (after.swapped_bytes - before.swapped_bytes) / seconds
    if before.periods is not None and after.periods is not None and after.periods > before.periods:
        throttled = (after.throttled - before.throttled) / (after.periods - before.periods)
    return {
        "seconds": seconds,
        "steal_share": steal,
        "others_cpus": others,
        "swapped_bytes_per_s": swapped,
        "throttled_share": throttled,
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _line(path: Path) -> str | None:
    return next(iter(_lines(path)), None)


def _number(text: str | None) -> float | None:
    try:
        return float((text or "").split()[0])
    except (ValueError, IndexError):
        return None


def _pairs(path: Path) -> dict[str, int]:
    """Lines such as ``name 12``, or ``Name: 12 kB``, by their names."""
    words = [line.replace(":", " ").split() for line in _lines(path)]
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdigit()}


def _listed(text: str) -> list[int]:
    """CPU numbers of a list such as ``0-3,8``."""
    found: list[int] = []
    for part in text.strip().split(",") if text.strip() else []:
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _cpus(root: Path) -> list[int]:
    names = [line.split()[0] for line in _lines(root / "proc/stat") if line.startswith("cpu")]
    return [int(name[3:]) for name in names if name != "cpu"]


def _allowed(root: Path) -> list[int]:
    """The CPUs that this process may run on; all where that is not told."""
    shown = [line for line in _lines(root / "proc/self/status") if line.startswith("Cpus_allowed_list:")]
    return _listed(shown[0].partition(":")[2]) if shown else _cpus(root)


def _each(devices: Path, name: str, cpus: list[int]) -> list[str | None]:
    return [_line(devices / f"cpu{cpu}" / name) for cpu in cpus]


def _hertz(devices: Path, name: str, cpus: list[int]) -> float | None:
    """The highest of the CPUs' clocks; their files hold kHz."""
    found = [value for text in _each(devices, name, cpus) if (value := _number(text)) is not None]
    return 1e3 * max(found) if found else None


def _cores(devices: Path, cpus: list[int]) -> int | None:
    """How many cores the CPUs are: hyper-threads of one core share it."""
    siblings = _each(devices, "topology/thread_siblings_list", cpus)
    return len({text for text in siblings if text}) if siblings and all(siblings) else None


def _boost(devices: Path) -> bool | None:
    for path, on in ((devices / "intel_pstate/no_turbo", "0"), (devices / "cpufreq/boost", "1")):
        shown = _line(path)
        if shown is not None:
            return shown.strip() == on
    return None


def _hypervisor(root: Path) -> str | None:
    """What the machine is a guest of, "" on bare metal; None where it can't be told."""
    dmi = root / "sys/class/dmi/id"
    flags = next((line for line in _lines(root / "proc/cpuinfo") if line.startswith("flags")), None)
    if flags is None:
        return _line(root / "sys/hypervisor/type")
    if "hypervisor" not in flags.split():
        return ""
    named = [_line(root / "sys/hypervisor/type"), _line(dmi / "sys_vendor"), _line(dmi / "product_name")]
    return " ".join(name for name in named if name) or "unnamed hypervisor"


def _pressure(path: Path) -> float | None:
    """The share of the last ten seconds in which some task waited for the resource."""
    some = next((line for line in _lines(path) if line.startswith("some")), "")
    shown = next((word.partition("=")[2] for word in some.split() if word.startswith("avg10=")), None)
    share = _number(shown)
    return None if share is None else share / 100


def _memory(root: Path) -> dict[str, int | None]:
    """Memory that there is, that is to be had, and swap in use; a container's limit counts as the machine."""
    shown = {name: 1024 * kib for name, kib in _pairs(root / "proc/meminfo").items()}
    total, available = shown.get("MemTotal"), shown.get("MemAvailable")
    group = root / "sys/fs/cgroup"
    limit = cgroup_memory(group)
    if limit is not None and total is not None and available is not None and limit < total:
        used = _line(group / "memory.current") or _line(group / "memory/memory.usage_in_bytes")  # v2, v1
        counts = _pairs(group / "memory.stat") or _pairs(group / "memory/memory.stat")
        idle = counts.get("inactive_file", 0)  # given back when it is asked for
        total, available = limit, min(available, limit - int(_number(used) or 0) + idle)
    swap = shown["SwapTotal"] - shown["SwapFree"] if {"SwapTotal", "SwapFree"} <= shown.keys() else None
    return {"memory_bytes": total, "memory_available_bytes": available, "swap_used_bytes": swap}


def _throttling(root: Path) -> dict[str, int]:
    """How often the control group's quota has stopped this process (``cpu.stat``, v2 or v1)."""
    group = root / "sys/fs/cgroup"
    return next(
        (found for place in (group, group / "cpu") if "nr_periods" in (found := _pairs(place / "cpu.stat"))), {}
    )
