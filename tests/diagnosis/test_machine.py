"""The machine, judged: faults that are planted in the kernel's files are found, and a sane machine has none."""

import os
import subprocess
import sys

import pytest

from labkit.core.cpus import cpu_limit
from labkit.diagnosis.finding import Level
from labkit.diagnosis.library_threads import library_threads
from labkit.diagnosis.lints import LINTS
from labkit.diagnosis.machine import judge, machine_conditions
from labkit.diagnosis.machine_judges import JUDGES, UNSEEN
from labkit.diagnosis.machine_lints import MACHINE_LINTS
from labkit.diagnosis.timer import timer_facts
from labkit.measure.surroundings import Reading, between, surroundings
from tests.diagnosis.machines import CPU, GIB_IN_KIB, build, reading, sane, stat

QUIET = between(reading(0.0, 0.0), reading(10.0, 0.1))
MIB = 1 << 20
GUEST = {"proc/cpuinfo": "flags : fpu hypervisor\n", "sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}
QUOTA = {"sys/fs/cgroup/cpu.max": "250000 100000\n"}
SIBLINGS = {f"{CPU}/cpu{n}/topology/thread_siblings_list": f"{n % 2},{n % 2 + 2}\n" for n in range(4)}
CAPPED = {f"{CPU}/cpu{n}/cpufreq/scaling_max_freq": "1500000\n" for n in range(4)}
SHORT = {"proc/meminfo": f"MemTotal: {16 * GIB_IN_KIB} kB\nMemAvailable: {GIB_IN_KIB // 2} kB\n"}
CONTAINER = {
    "sys/fs/cgroup/memory.max": str(2 << 30),
    "sys/fs/cgroup/memory.current": str(2000 * MIB),
    "sys/fs/cgroup/memory.stat": f"anon 1\ninactive_file {100 * MIB}\n",
}
SWAPPED = {"proc/meminfo": f"SwapTotal: {4 * GIB_IN_KIB} kB\nSwapFree: {3 * GIB_IN_KIB} kB\n"}


def found(facts, lint):
    return next(finding for finding in judge(facts) if finding.lint == lint)


def judged(tmp_path, lint, files, during=QUIET):
    """What is said of a sane machine with some files of another content."""
    root = build(tmp_path, sane() | files)
    return found({"surroundings": surroundings(root), "during": during}, lint)


def test_a_sane_machine_gives_no_cause_to_speak(tmp_path):
    facts = {"surroundings": surroundings(build(tmp_path, sane())), "during": QUIET, "threads": {"cv2": 4, "numba": 4}}
    facts |= {"timer": {"step_s": 2e-8, "cost_s": 5e-8}, "data": {"bytes": 100, "resident_bytes": 100}, "turn": {}}
    told = judge(facts)
    assert {finding.level for finding in told} == {Level.OK}
    assert [finding.lint for finding in told] == [key for key in MACHINE_LINTS if key in JUDGES and key != "throttled"]


def test_a_system_that_shows_nothing_is_not_warned_of(tmp_path):
    empty = Reading.take(tmp_path)
    facts = {"surroundings": surroundings(tmp_path), "during": between(empty, Reading.take(tmp_path)), "threads": None}
    told = judge(facts | {"data": {"bytes": 0, "resident_bytes": 0}})
    assert len(told) > 10
    assert {(finding.level, finding.found) for finding in told} == {(Level.OK, UNSEEN)}


@pytest.mark.parametrize(
    ("lint", "files", "level", "words"),
    [
        ("cpu_limit", QUOTA, Level.OK, "2 of 4 may be used (the control group allows 2.5)"),
        ("cpu_limit", {"proc/self/status": "Cpus_allowed_list: 0,2-3\n"}, Level.OK, "3 of 4 may be used"),
        ("cores", SIBLINGS, Level.OK, "4 CPUs are 2 cores"),
        ("governor", {f"{CPU}/cpu2/cpufreq/scaling_governor": "powersave\n"}, Level.NOTE, "performance, powersave"),
        ("boost", {f"{CPU}/intel_pstate/no_turbo": "0\n"}, Level.NOTE, "on"),
        ("clock", CAPPED, Level.NOTE, "at most 1.50 GHz of 3.00 GHz"),
        ("hypervisor", GUEST, Level.OK, "a virtual machine (Amazon EC2)"),
        ("load", {"proc/loadavg": "9.12 1.0 1.0 1/9 1\n"}, Level.NOTE, "9.1 tasks on 4 CPUs"),
        ("pressure", {"proc/pressure/memory": "some avg10=12.50 avg60=0.00\n"}, Level.WARNING, "memory 12 %"),
        ("pressure", {"proc/pressure/cpu": "some avg10=23.00 avg60=0.00\n"}, Level.NOTE, "cpu 23 %"),
        ("pressure", {"proc/pressure/io": "some avg10=90.00 avg60=0.00\n"}, Level.NOTE, "io 90 %"),
        ("memory", SHORT, Level.WARNING, "0.5 of 16.0 GiB available"),
        ("memory", CONTAINER, Level.WARNING, "0.1 of 2.0 GiB available"),
        ("swap", SWAPPED, Level.NOTE, "1024 MiB in use"),
    ],
)
def test_what_is_planted_in_the_kernels_files_is_found(tmp_path, lint, files, level, words):
    told = judged(tmp_path, lint, files)
    assert told.level is level
    assert words in told.found


@pytest.mark.parametrize(
    ("lint", "after", "level", "words"),
    [
        ("steal", reading(10.0, 8.8, steal_s=1.2), Level.WARNING, "12 % of the time in which there was work"),
        ("steal", reading(10.0, 9.8, steal_s=0.2), Level.NOTE, "2.0 %"),
        ("steal", reading(10.0, 0.1, steal_s=0.1), Level.OK, "too little ran to tell"),
        ("neighbours", reading(10.0, 20.0), Level.WARNING, "they use 2.00 of 4 CPUs"),
        ("neighbours", reading(10.0, 6.0), Level.NOTE, "they use 0.60 of 4 CPUs"),
        ("neighbours", reading(10.0, 30.0, own_s=29.0), Level.OK, "they use 0.10 of 4 CPUs"),
        ("swap", reading(10.0, 0.0, swapped_bytes=500 * MIB), Level.WARNING, "50 MiB/s are swapped"),
    ],
)
def test_what_happens_meanwhile_is_found(tmp_path, lint, after, level, words):
    told = judged(tmp_path, lint, {}, between(reading(0.0, 0.0), after))
    assert told.level is level
    assert words in told.found


def test_others_on_cpus_that_are_not_ours_do_no_harm(tmp_path):
    files = {"sys/fs/cgroup/cpu.max": "100000 100000\n"}
    told = judged(tmp_path, "neighbours", files, between(reading(0.0, 0.0), reading(10.0, 25.0)))
    assert told.level is Level.OK


@pytest.mark.parametrize(("stops", "level"), [(0, Level.OK), (1, Level.NOTE), (20, Level.WARNING)])
def test_a_quota_that_stops_the_measurement_is_found(tmp_path, stops, level):
    files = {"sys/fs/cgroup/cpu.max": "200000 100000\n", "sys/fs/cgroup/cpu.stat": "nr_periods 100\nnr_throttled 3\n"}
    before = Reading.take(build(tmp_path, sane() | files))
    files["sys/fs/cgroup/cpu.stat"] = f"nr_periods 200\nnr_throttled {3 + stops}\n"
    after = Reading.take(build(tmp_path, files))
    told = found({"surroundings": surroundings(tmp_path), "during": between(before, after)}, "throttled")
    assert told.level is level
    assert f"{stops}" in told.found


def test_the_kernels_counters_are_read_in_seconds(tmp_path):
    ticks = os.sysconf("SC_CLK_TCK")
    before = Reading.take(build(tmp_path, sane()))
    after = Reading.take(build(tmp_path, {"proc/stat": stat(88 * ticks, 12 * ticks)}))
    assert (after.busy_s, after.steal_s) == (88.0, 12.0)
    assert between(before, after)["steal_share"] == pytest.approx(0.12)


def test_eight_threads_where_two_cpus_are_allowed_are_found(tmp_path):
    root = build(tmp_path, sane() | {"sys/fs/cgroup/cpu.max": "200000 100000\n"})
    told = found({"surroundings": surroundings(root), "threads": {"cv2": 8, "numba": 2}}, "library_threads")
    assert told.level is Level.WARNING
    assert told.found == "cv2 may use 8 threads; 2 CPUs are allowed"


def test_libraries_are_asked_in_a_process_with_the_users_environment():
    told = library_threads(environment=os.environ | {"NUMBA_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1"})
    assert told is not None
    assert told["numba"] == 3
    assert told["OpenBLAS"] == 1
    assert told["cv2"] >= 1


@pytest.mark.parametrize(("step_ns", "level"), [(20, Level.OK), (4_000, Level.NOTE), (15_000_000, Level.WARNING)])
def test_a_coarse_timer_is_found(tmp_path, step_ns, level):
    count = iter(range(10**9))
    facts = timer_facts(lambda: next(count) // 10 * step_ns)  # ten readings a step
    assert facts["step_s"] == pytest.approx(step_ns * 1e-9)
    assert facts["cost_s"] == pytest.approx(step_ns * 1e-10, rel=0.01)
    told = found({"surroundings": surroundings(build(tmp_path, sane())), "timer": facts}, "timer")
    assert told.level is level


def test_files_of_which_a_part_is_in_the_page_cache_are_told(tmp_path):
    facts = {
        "surroundings": surroundings(build(tmp_path, sane())),
        "data": {"bytes": 8 * MIB, "resident_bytes": 2 * MIB},
    }
    told = found(facts, "data_cached")
    assert (told.level, told.found) == (Level.NOTE, "25 % of 8.0 MiB in the page cache")


def test_this_machine_allows_what_measurements_take_for_allowed():
    assert surroundings()["cpu_limit"] == cpu_limit()


def test_cpu_time_of_processes_that_have_ended_is_ours():
    before = Reading.take()
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert Reading.take().own_s - before.own_s >= 0.2


def test_looking_at_this_machine_answers_every_question(tmp_path):
    (tmp_path / "input").write_bytes(b"x" * 10_000)
    facts = machine_conditions(data=tmp_path)
    asked = {lint for lint, (part, _) in JUDGES.items() if part in facts}
    assert asked - {finding.lint for finding in judge(facts)} <= {"throttled"}
    assert facts["data"] == {"folder": str(tmp_path), "bytes": 10_000, "resident_bytes": 10_000}
    assert facts["during"]["seconds"] >= 1.0


def test_a_lint_of_the_machine_has_the_name_of_no_other():
    assert not MACHINE_LINTS.keys() & LINTS.keys()
    assert JUDGES.keys() <= MACHINE_LINTS.keys()
