"""Machines made of files: folders that hold ``proc`` and ``sys`` as a kernel would show them."""

from __future__ import annotations

from pathlib import Path

from labkit.measure.surroundings import Reading

CPU = "sys/devices/system/cpu"
GIB_IN_KIB = 1 << 20
CALM = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"


def stat(busy: int = 0, steal: int = 0, cpus: int = 4) -> str:
    """``/proc/stat`` after so many ticks of work and of steal, all CPUs together."""
    return f"cpu {busy} 0 0 900 0 0 0 {steal} 0 0\n" + "".join(f"cpu{n} 0 0 0 0 0 0 0 0 0 0\n" for n in range(cpus))


def sane() -> dict[str, str]:
    """Four cores of one's own, a steady clock, memory to spare, and nobody else."""
    files = {
        "proc/self/status": "Name:\tpython\nCpus_allowed_list:\t0-3\n",
        "proc/self/cgroup": "0::/\n",
        "proc/stat": stat(),
        "proc/vmstat": "pswpin 0\npswpout 0\n",
        "proc/loadavg": "0.50 0.40 0.30 1/90 1113\n",
        "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu avx2\n",
        "proc/meminfo": f"MemTotal: {16 * GIB_IN_KIB} kB\nMemAvailable: {12 * GIB_IN_KIB} kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
        f"{CPU}/intel_pstate/no_turbo": "1\n",
        "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
        "sys/fs/cgroup/cpu.max": "max 100000\n",
        "sys/fs/cgroup/memory.max": "max\n",
    }
    files |= {f"proc/pressure/{name}": CALM for name in ("cpu", "memory", "io")}
    for number in range(4):
        files |= {
            f"{CPU}/cpu{number}/cpufreq/scaling_governor": "performance\n",
            f"{CPU}/cpu{number}/cpufreq/scaling_cur_freq": "3000000\n",
            f"{CPU}/cpu{number}/cpufreq/scaling_max_freq": "3000000\n",
            f"{CPU}/cpu{number}/cpufreq/cpuinfo_max_freq": "3000000\n",
            f"{CPU}/cpu{number}/topology/thread_siblings_list": f"{number}\n",
        }
    return files


def build(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def reading(at: float, busy_s: float, **counts: float | None) -> Reading:
    """Counters at a moment; those not named stand still."""
    still: dict[str, float | None] = {"steal_s": 0.0, "swapped_bytes": 0, "periods": 0, "throttled": 0, "own_s": 0.0}
    return Reading(at=at, busy_s=busy_s, **(still | counts))  # type: ignore[arg-type]
