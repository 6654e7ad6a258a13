"""What each fact of the machine means: a level, and one line of figures. Pure functions of what was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labkit.diagnosis.finding import Level

Facts = Mapping[str, Any]
Judged = tuple[Level, str]

UNSEEN = "not visible here"
GIB = 2**30
MIB = 2**20
PRESSURE = {"cpu": (0.1, 2.0), "memory": (0.01, 0.1), "io": (0.2, 2.0)}
"""Shares of the last ten seconds that are worth a note, and a warning. None for CPUs, of which the run before may have been
short by itself (other programs are told apart from it), and none for disks, which are seldom timed."""


def _cpu_limit(now: Facts, _: Facts) -> Judged:
    limit, cpus, quota = now.get("cpu_limit"), now.get("cpus"), now.get("quota")
    if limit is None:
        return Level.OK, UNSEEN
    by = f" (the control group allows {quota:g})" if quota is not None else ""
    return Level.OK, f"{limit} of {cpus or limit} may be used{by}"


def _library_threads(threads: Facts, facts: Facts) -> Judged:
    limit = facts["surroundings"].get("cpu_limit")
    if not threads or limit is None:
        return Level.OK, UNSEEN
    value = ", ".join(f"{name} {count}" for name, count in threads.items())
    allowed = f"{limit} CPU{' is' if limit == 1 else 's are'} allowed"
    over = ", ".join(f"{name} may use {count} threads" for name, count in threads.items() if count > limit)
    return (Level.WARNING, f"{over}; {allowed}") if over else (Level.OK, f"{value}; {allowed}")


def _throttled(during: Facts, facts: Facts) -> Judged | None:
    share = during.get("throttled_share")
    if facts["surroundings"].get("quota") is None or share is None:
        return None
    level = Level.WARNING if share >= 0.05 else Level.NOTE if share > 0 else Level.OK
    return level, f"stopped in {_percent(share)} of the control group's periods"


def _cores(now: Facts, _: Facts) -> Judged:
    cores, limit = now.get("cores"), now.get("cpu_limit")
    if cores is None or limit is None:
        return Level.OK, UNSEEN
    if cores >= limit:
        return Level.OK, "each CPU that may be used is a core of its own"
    return Level.OK, f"{limit} CPUs are {cores} cores with hyper-threads"  # as nearly every PC: told, not warned of


def _governor(now: Facts, _: Facts) -> Judged:
    found = now.get("governors")
    if not found:
        return Level.OK, UNSEEN
    return Level.OK if found == ["performance"] else Level.NOTE, ", ".join(found)


def _boost(now: Facts, _: Facts) -> Judged:
    boost = now.get("boost")
    if boost is None:
        return Level.OK, UNSEEN
    return (Level.NOTE, "on") if boost else (Level.OK, "off")


def _clock(now: Facts, _: Facts) -> Judged:
    clock, cap, full = (now.get(key) for key in ("clock_hz", "clock_cap_hz", "clock_full_hz"))
    if cap and full and cap < 0.95 * full:
        return Level.NOTE, f"at most {_gigahertz(cap)} of {_gigahertz(full)}"
    if not clock:
        return Level.OK, UNSEEN
    return Level.OK, f"{_gigahertz(clock)} now" + (f", at most {_gigahertz(full)}" if full else "")


def _hypervisor(now: Facts, _: Facts) -> Judged:
    found = now.get("hypervisor")
    return Level.OK, UNSEEN if found is None else f"a virtual machine ({found})" if found else "none"


def _load(now: Facts, _: Facts) -> Judged:
    load, cpus = now.get("load_1min"), now.get("cpus")
    if load is None or cpus is None:
        return Level.OK, UNSEEN
    value = f"{load:.1f} tasks on {cpus} CPUs in the last minute"
    return (Level.NOTE if load > 1.5 * cpus else Level.OK), value


def _neighbours(during: Facts, facts: Facts) -> Judged:
    """Others matter where they take CPUs that the measurement may use: on 64 CPUs two busy ones leave room for eight threads."""
    now = facts["surroundings"]
    others, cpus, limit = during.get("others_cpus"), now.get("cpus"), now.get("cpu_limit")
    if others is None or cpus is None or limit is None:
        return Level.OK, UNSEEN
    value = f"they use {others:.2f} of {cpus} CPUs"
    taken = limit - (cpus - others)
    if taken > 0.25 * limit:
        return Level.WARNING, value
    return (Level.NOTE if taken > 0.1 * limit else Level.OK), value


def _steal(during: Facts, _: Facts) -> Judged:
    share = during.get("steal_share")
    if share is None:
        quiet = during.get("others_cpus") is not None
        return Level.OK, "too little ran to tell" if quiet else UNSEEN
    level = Level.WARNING if share >= 0.05 else Level.NOTE if share >= 0.01 else Level.OK
    return level, f"{_percent(share)} of the time in which there was work to do"


def _pressure(now: Facts, _: Facts) -> Judged:
    found = {name: share for name, share in (now.get("pressure") or {}).items() if share is not None}
    if not found:
        return Level.OK, UNSEEN
    level = Level.OK
    if any(share >= PRESSURE[name][1] for name, share in found.items()):
        level = Level.WARNING
    elif any(share >= PRESSURE[name][0] for name, share in found.items()):
        level = Level.NOTE
    waited = ", ".join(f"{name} {_percent(share)}" for name, share in found.items())
    return level, f"tasks waited for {waited} of the last 10 s"


def _memory(now: Facts, _: Facts) -> Judged:
    total, available = now.get("memory_bytes"), now.get("memory_available_bytes")
    if not total or available is None:
        return Level.OK, UNSEEN
    short = available < 0.05 * total or available < GIB / 4
    level = Level.WARNING if short else Level.NOTE if available < 0.1 * total else Level.OK
    return level, f"{available / GIB:.1f} of {total / GIB:.1f} GiB available"


def _swap(now: Facts, facts: Facts) -> Judged:
    used, moving = now.get("swap_used_bytes"), (facts.get("during") or {}).get("swapped_bytes_per_s") or 0
    if used is None:
        return Level.OK, UNSEEN
    if moving > MIB:
        return Level.WARNING, f"{used / MIB:.0f} MiB in use, and {moving / MIB:.0f} MiB/s are swapped"
    return (Level.NOTE if used > 16 * MIB else Level.OK), f"{used / MIB:.0f} MiB in use"


def _page_cache(data: Facts, _: Facts) -> Judged:
    total, resident = data.get("bytes") or 0, data.get("resident_bytes") or 0
    if not total:
        return Level.OK, UNSEEN
    share = resident / total
    value = f"{_percent(share)} of {total / MIB:.1f} MiB in the page cache"
    return (Level.NOTE if 0.05 < share < 0.95 else Level.OK), value


def _timer(timer: Facts, facts: Facts) -> Judged:
    step, cost, named = timer["step_s"], timer["cost_s"], facts["surroundings"].get("clocksource")
    source = f" ({named})" if named else ""
    level = Level.WARNING if max(step, cost) > 1e-5 else Level.NOTE if max(step, cost) > 1e-6 else Level.OK
    return level, f"steps of {1e9 * step:.0f} ns, {1e9 * cost:.0f} ns a reading{source}"


def _lock(lock: Facts, _: Facts) -> Judged:
    holder = lock.get("holder")
    return (Level.NOTE, f"waited for {holder}") if holder else (Level.OK, "no other of labkit's was under way")


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.1 else 1}f} %"


def _gigahertz(hertz: float) -> str:
    return f"{hertz / 1e9:.2f} GHz"


# Which part of the facts each lint judges; a part that was not looked at is passed over.
JUDGES: dict[str, tuple[str, Callable[[Facts, Facts], Judged | None]]] = {
    "cpu_limit": ("surroundings", _cpu_limit),
    "library_threads": ("threads", _library_threads),
    "throttled": ("during", _throttled),
    "cores": ("surroundings", _cores),
    "governor": ("surroundings", _governor),
    "boost": ("surroundings", _boost),
    "clock": ("surroundings", _clock),
    "hypervisor": ("surroundings", _hypervisor),
    "load": ("surroundings", _load),
    "neighbours": ("during", _neighbours),
    "steal": ("during", _steal),
    "pressure": ("surroundings", _pressure),
    "memory": ("surroundings", _memory),
    "swap": ("surroundings", _swap),
    "data_cached": ("data", _page_cache),
    "timer": ("timer", _timer),
    "turn": ("turn", _lock),
}
