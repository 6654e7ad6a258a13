"""Every lint finds the variant that has it, with a figure, and leaves its nearest neighbour alone."""

import re
from pathlib import Path

import numpy as np
import pytest

from labkit.core.registry import registry
from labkit.diagnosis import cheap, variant
from labkit.diagnosis.finding import Level
from labkit.diagnosis.lints import LINTS
from labkit.engines.arm import ArmName
from labkit.measure.bench import make_settings
from labkit.measure.checking import new_row
from labkit.measure.probe import EdgeCasesTask, ExamTask, ProbeTask
from labkit.measure.result import Samples, Table
from labkit.processes.fleet import Fleet
from labkit.processes.parent import Limits

TRIES = 4
PLANTED = Path(__file__).with_name("planted.py")
ILL = [
    ("planted_mirror", "built_each_time", "work_rebuilt", r"Mirror at .*planted.py:\d+ with the same arguments: \d+ %"),
    ("planted_mirror", "composed_each_time", "work_rebuilt", r"(Compose|HorizontalFlip) at .* and 1 more: \d+ %"),
    ("planted_mirror", "jitted_inside", "jit_in_timed_part", r"\d+ compilations in \d+ calls"),
    ("planted_mirror", "view", "lazy_view", "view of the input"),
    ("planted_mirror", "iterator", "lazy_view", "is a generator"),
    ("planted_mirror", "remembers_by_first_row", "memoised_answer", "remembers the answer .* elements"),
    ("planted_mirror", "remembers_by_content", "memoised_answer", "is that of the first"),
    (
        "planted_mirror",
        "remembers_and_copies",
        "memoised_answer",
        r"new content took \S+ ms, an equal copy of it \S+ ms",
    ),
    ("planted_mirror", "not_joined", "work_after_return", r"\d+ ms of CPU time followed"),
    *(
        ("planted_mirror", name, "work_after_return", r"was there \d+(\.\d)? ms later")
        for name in ("queued", "promised", "queued_on_cuda")
    ),
    ("planted_mirror", "six_threads", "oversubscribed", r"[3-6]\.\d threads .* 2 CPUs .* cv2 \d"),
    ("planted_mirror", "six_workers", "oversubscribed", r"[3-6]\.\d threads .* 2 CPUs"),
    ("planted_mirror", "plain@processes", "large_pickles", r"1\.5 MiB a call"),
    ("planted_mirror", "forks_beside_a_thread", "fork_after_threads", r"\d+ forks .*: reader"),
    (
        "planted_mirror",
        "seeds_all",
        "global_state",
        r"numpy.random is seeded anew .*; by seeds_all \(.*planted.py:\d+\)",
    ),
    ("planted_mirror", "switches_the_jit_off", "global_state", "DISABLE_JIT .* 0 before, 1 after"),
    ("planted_mirror", "widened_in_a_line", "widened_to_float64", r"6\.0 MiB of float64 as .*planted.py:\d+"),
    ("planted_mirror", "widened_by_name", "widened_to_float64", r"6\.0 MiB of float64 as canvas in widened_by_name"),
    ("planted_mirror", "row_by_row", "small_cv2_calls", r"cv2.flip is called 512 times a call .* µs each"),
    ("planted_mirror", "crashes_later", "not_examined", "killed by SIGSEGV while its threads were counted"),
    ("planted_mirror", "hangs", "not_examined", "did not end within 1 s"),
    ("planted_noise", "one_stream", "same_random_stream", "two forked workers"),
    ("planted_noise", "global_stream", "same_random_stream", "two forked workers"),
]
SOUND = [
    *(("planted_mirror", name) for name in ("plain", "built_once", "built_for_the_size", "works_on_each_row")),
    *(("planted_mirror", name) for name in ("jitted_once", "contiguous", "beside_a_poller", "two_workers")),
    *(
        ("planted_mirror", name)
        for name in ("works_each_time", "joined", "queued_and_waited_for", "two_threads", "forks_alone")
    ),
    *(("planted_mirror", name) for name in ("puts_all_back", "narrow_enough", "band_by_band", "plain@shared_memory")),
    ("planted_noise", "stream_of_its_own"),
]
CHEAP = {
    "plain": None,
    "jitted_inside": "jit_in_timed_part",
    "view": "lazy_view",
    "remembers_by_first_row": "memoised_answer",
    "six_workers": "oversubscribed",
    "plain@processes": "large_pickles",
    "forks_beside_a_thread": "fork_after_threads",
    "switches_the_jit_off": "global_state",
    "puts_all_back": None,
    "plain@shared_memory": None,
}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLANTED_FOLDER", str(tmp_path_factory.mktemp("planted")))
        for module in (variant, cheap):
            patch.setattr(module, "cpu_limit", lambda: 2)
        registry.load(PLANTED)
        with Fleet(2, np.random.default_rng(7), launchers=0) as made:
            yield made


@pytest.fixture(scope="module")
def examine(fleet):
    """Examine arms on a workload of their stage, its first if none is named, where two CPUs may be used."""

    def run(stage, arms, workload=None, time_limit_s=30.0):
        name = workload or next(iter(registry.stage(stage).workloads))
        settings = make_settings(threads=2, seed=3, time_limit_s=time_limit_s)
        return variant.examine(fleet, stage, name, [ArmName.parse(arm) for arm in arms], settings)

    return run


@pytest.fixture(scope="module")
def examined(examine):
    """What was found of each planted arm: all of a stage are examined one after the other."""
    cases = [(stage, arm) for stage, arm, *_ in ILL if arm != "hangs"] + SOUND + [("planted_mirror", "draws_from_all")]
    arms = {stage: [arm for place, arm in cases if place == stage] for stage, _ in cases}
    found = [finding for stage in arms for finding in examine(stage, arms[stage])]
    return {arm: [finding for finding in found if finding.subject == arm] for _, arm in cases}


@pytest.fixture(scope="module")
def probed(fleet):
    """A table whose arms were probed and never timed, as far as the doctor reads it."""
    for task in (ExamTask("planted_mirror", "picture", 2), EdgeCasesTask("planted_mirror", 2)):
        fleet.clean.run(task, Limits(30.0))
    table = Table("planted_mirror", "picture", "plain", [], Samples(()))
    for arm in CHEAP:
        row = new_row("planted_mirror", "picture", ArmName.parse(arm))
        found = fleet.clean.run(ProbeTask("planted_mirror", arm, 2, 30.0), Limits(30.0)).found
        row.reason, table.seen[arm] = found.get("fault") or found.get("edge_fault"), found["seen"]
        table.rows.append(row)
    return table


@pytest.mark.parametrize(("stage", "arm", "lint", "told"), ILL, ids=[case[1] for case in ILL])
def test_a_planted_fault_is_found_with_its_figure(examine, examined, stage, arm, lint, told):
    found = examine(stage, [arm], time_limit_s=1.0) if arm == "hangs" else examined[arm]
    for _ in range(TRIES):
        matching = [finding for finding in found if finding.lint == lint and re.search(told, finding.found)]
        if matching:
            break
        found = examine(stage, [arm])  # other tests may have kept the CPUs from the threads that were to be seen
    assert matching, found
    assert all((finding.subject, finding.level) == (arm, Level.WARNING) for finding in matching)


@pytest.mark.parametrize("arm", [arm for _, arm in SOUND])
def test_its_nearest_neighbour_is_left_alone(examined, arm):
    assert examined[arm] == []


def test_drawing_from_a_global_generator_is_worth_a_note(examined):
    (finding,) = examined["draws_from_all"]
    assert (finding.lint, finding.level) == ("global_state", Level.NOTE)
    assert "numpy.random is left changed by a call; by draws_from_all" in finding.found


def test_a_call_too_long_to_be_traced_is_told_and_no_fault_of_the_variant(examine):
    (finding,) = examine("planted_mirror", ["slow"], time_limit_s=1.5)
    assert (finding.lint, finding.level) == ("partly_examined", Level.NOTE)
    assert re.fullmatch(r"one call takes 0\.\d+ s: too long to be traced", finding.found)


def test_files_in_memory_are_told_only_where_the_workload_says_disk(examine):
    (finding,) = examine("planted_file", ["sum_of_bytes"], "from_disk")
    assert (finding.lint, finding.level, finding.subject) == ("page_cache", Level.WARNING, "inputs")
    assert finding.found == "100 % of 0.286 MiB in 1 input file lay in the page cache"
    assert examine("planted_file", ["sum_of_bytes"], "from_memory") == []


def test_a_bench_tells_the_cheap_lints_from_what_its_probes_noted(probed):
    found = cheap.cheap_findings(probed)
    told = {arm: {finding.lint for finding in found if finding.subject == arm} for arm in CHEAP}
    assert told == {arm: {lint} - {None} for arm, lint in CHEAP.items()}
    assert all(LINTS[finding.lint].cheap for finding in found)


def test_a_bench_tells_of_files_in_memory_where_the_workload_says_disk(tmp_path):
    file = tmp_path / "read.bin"
    file.write_bytes(bytes(10_000))
    table = Table("planted_file", "from_disk", "sum_of_bytes", [], Samples(()), disk_files=[file])
    assert [finding.lint for finding in cheap.cheap_findings(table)] == ["page_cache"]


@pytest.mark.parametrize(
    ("stage", "workload", "arms"),
    [
        ("main_colors", "tiny", ("numba_loop", "native_omp", "native@shared_memory")),
        ("crop_boxes", "few", ("numba_loop", "native_omp")),
        ("augment", "256", ("cv2", "native_omp")),
    ],
)
def test_the_fast_variants_of_the_house_give_no_warning(examine, stage, workload, arms):
    able = [arm for arm in arms if registry.variant(stage, ArmName.parse(arm).variant).unavailable() is None]
    assert [finding for finding in examine(stage, able, workload) if finding.level is Level.WARNING] == []


def test_every_lint_is_planted():
    planted = {lint for _, _, lint, _ in ILL} | {"page_cache", "partly_examined"}
    assert planted == LINTS.keys()
