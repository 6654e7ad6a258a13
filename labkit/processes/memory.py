"""How much memory a measurement may take, and how much this process holds."""

from __future__ import annotations

from pathlib import Path

import psutil

SHARE = 0.8  # of what is available now: the rest is for the machine's other work and for ours
CGROUPS = Path("/sys/fs/cgroup")


def cgroup_memory(root: Path = CGROUPS) -> int | None:
    """Bytes that the control group at ``root`` allows (v2 ``memory.max``, v1 ``memory.limit_in_bytes``); None without a limit."""
    for file in (root / "memory.max", root / "memory" / "memory.limit_in_bytes"):
        try:
            text = file.read_text().strip()
        except OSError:
            continue
        if text.isdigit() and int(text) < 1 << 60:  # v1 says «no limit» with a huge number
            return int(text)
    return None


def default_limit() -> int:
    """Bytes that one variant's process tree may hold: four fifths of what is available, or of the container's limit."""
    available = int(psutil.virtual_memory().available)
    allowed = cgroup_memory()
    return int(SHARE * (available if allowed is None else min(available, allowed)))


def resident(field: str) -> int | None:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most so far; None where the system does not tell."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def forget_high_water() -> bool:
    """Set this process's high-water mark (``VmHWM``) back to what it holds now; False where the kernel does not offer it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True
