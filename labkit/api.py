"""The workbench as Python calls: what the commands do, returned as objects that a notebook shows as tables."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.diagnosis.examination import diagnosis
from labkit.diagnosis.record import of_run
from labkit.measure import bench as measuring
from labkit.measure.against.beside import beside_revision
from labkit.measure.against.pairs import measure_pairs
from labkit.measure.bench import DEFAULT_BUDGET_S, LONGEST_BUDGET_S, Measurement, make_settings, plan_requests
from labkit.measure.pictures import make_pictures
from labkit.measure.request import DEFAULT_TIME_LIMIT_S, Listener
from labkit.measure.sweep.facts import sweep_facts
from labkit.measure.sweep.run import DEFAULT_BUDGET_S as SWEEP_BUDGET_S
from labkit.measure.sweep.run import measure_sweep, plan_sweep
from labkit.profiling.diff import diff_profiles
from labkit.profiling.memory import measure_memory
from labkit.profiling.run import DEFAULT_BUDGET_S as PROFILE_BUDGET_S
from labkit.profiling.run import profile_arms
from labkit.reports.check import CheckShown
from labkit.reports.doctor.shown import DoctorShown
from labkit.reports.history.shown import HistoryShown
from labkit.reports.runs.forms import markdown
from labkit.reports.shown import (
    DiffShown,
    MemoryShown,
    PicturesShown,
    ProfileShown,
    Shown,
    shown_diff,
    shown_memory,
    shown_pictures,
    shown_profile,
)
from labkit.reports.sweep.shown import SweepShown
from labkit.store import Run, all_runs, find_run, results_folder, save
from labkit.store.artefact import keep_artefact
from labkit.store.compare import RunComparison, compare_runs
from labkit.store.history import read_history
from labkit.store.room import check_room, forget_not_stored, note_not_stored
from labkit.store.run import COLUMNS, document

if TYPE_CHECKING:
    from labkit.reports.document.report import Report


def bench(
    stages: str | Sequence[str] = (),
    variants: Sequence[str] | None = None,
    workloads: Sequence[str] | None = None,
    *,
    baseline: str | None = None,
    budget: float = DEFAULT_BUDGET_S,
    threads: int | None = None,
    seed: int | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT_S,
    listener: Listener | None = None,
    against: str | None = None,
    results: str | Path | None = None,
) -> Shown:
    """Check variants against their stage's reference, time those that agree, and store the run.

    One measurement runs at a time on a machine, so that none times another; a second waits and says so on standard error.
    The run keeps small pictures of each stage's best variant, made in two seconds at most when its first table is done.

    Parameters
    ----------
    stages : names; all when empty. variants : names, ``name@engine`` among them; all when None.
    workloads : names or patterns (``logo*``); all when None. baseline : what speed-ups are told against; the reference when None.
    budget : measuring seconds for each stage × workload. threads : how many each library may use; all CPUs that this
        process may use when None. seed : of every random choice; a fresh one when None, stored either way.
    time_limit : seconds after which a variant that hangs is ended; all calls of its check together may take as long.
    against : a git revision; every variant named is measured beside itself as it was then, in whole: the revision is
        built in a folder and an environment of its own, once. ``document["regressions"]`` says which got slower.
    results : the folder to store the run in; ``$LABKIT_RESULTS`` or ``results/`` when None.

    Raises
    ------
    UsageError : something named does not exist, a number is out of range, or the run could not be stored.
    """
    names, variants, workloads = name_lists(stages=stages, variants=variants, workloads=workloads)
    if against is not None and baseline is not None:
        raise UsageError(f"baseline is {baseline!r}: with --against each variant is told against itself; leave one out")
    requests = plan_requests(names, variants, workloads, baseline)
    settings = make_settings(budget, threads, seed, time_limit_s=time_limit, pictures=against is None)
    home = _home(results)
    check_room(home)
    with beside_revision(names, variants, against) if against is not None else nullcontext() as beside:
        if beside is None:
            measurement = measuring.measure(requests, settings, listener)
        else:
            measurement = measure_pairs(beside, workloads, settings, listener)
        measurement.doctor = of_run(measurement)
    run, problem = _stored(measurement, home)
    return Shown(run, run.document if run else document(measurement), problem)


def _home(results: str | Path | None) -> Path:
    return Path(results) if results else results_folder()


def _stored(measurement: Measurement, home: Path) -> tuple[Run | None, str | None]:
    """The stored run, or one line that says what kept it from being stored."""
    try:
        run = save(measurement, markdown, home)
        forget_not_stored(home)
        return run, None
    except OSError as error:
        note_not_stored(home, measurement.started)
        problem = error.strerror or " ".join(str(error).split())
        return None, f"{problem}: {error.filename}" if error.filename else problem


def sweep(
    stage: str,
    over: str = "workers",
    variant: str | Sequence[str] | None = None,
    *,
    engine: str | None = None,
    values: Sequence[int | str] | None = None,
    workload: str | None = None,
    workers: int | None = None,
    budget: float = SWEEP_BUDGET_S,
    threads: int | None = None,
    seed: int | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT_S,
    listener: Listener | None = None,
    results: str | Path | None = None,
) -> SweepShown:
    """How speed follows the number of workers, the tasks handed over at a time, or the size of the inputs; stored as a run.

    Over workers a fit of the Universal Scalability Law says what more cores would bring, with its interval and its limits;
    over size it is told where one variant overtakes another. The sweep itself is stored as ``results/sweeps/RUN.json``.

    Parameters
    ----------
    over : ``workers``, ``chunk`` or ``size``.
    variant : one name; for size several, the first of them the baseline. See :func:`labkit.measure.sweep.run.plan_sweep` for
        what is taken when None, and for ``engine``, ``values``, ``workload`` and ``workers``.
    budget : measuring seconds for a curve over workers or chunk, and for each workload of one over size.
    threads : how many a library may use inside an arm; for workers and chunk 1 when None, so that only workers add up.
    seed, time_limit, listener, results : as for :func:`bench`.

    Raises
    ------
    UsageError : something named does not exist, does not fit, is out of range, or the run could not be stored.

    Source: N. J. Gunther, "Guerrilla Capacity Planning" (2007), for the law.
    """
    if not isinstance(stage, str) or not isinstance(over, str):
        raise TypeError(f"stage is {stage!r} and over is {over!r}; give a name each")
    if isinstance(values, str) or not (values is None or isinstance(values, Sequence)):
        raise TypeError(f"values is {values!r}; give a list, such as [1, 2, 4]")
    _, variants, _ = name_lists(stages=[], variants=[variant] if isinstance(variant, str) else variant, workloads=None)
    plan = plan_sweep(stage, over, variants, engine, values, workload, workers)
    make_settings(budget, threads, seed, time_limit_s=time_limit)  # raises first for what is out of range
    home = _home(results)
    check_room(home)
    measurement = measure_sweep(plan, budget, threads, seed, listener, time_limit)
    run, problem = _stored(measurement, home)
    stored = run.document if run else document(measurement)
    kept = ("run", "started", "wall_s", "stopped", "machine", "settings", "rows")
    found = sweep_facts(plan, measurement) | {name: stored[name] for name in kept}
    if run is None:
        return SweepShown(found, problem=problem)
    path, problem = keep_artefact({"id": run.id} | found, "sweep", home)
    return SweepShown(found, run, path, problem)


def name_lists(stages: Any, **others: Any) -> tuple[list[str], list[str] | None, list[str] | None]:
    """Names as lists; one stage may come alone. Raises TypeError for what is no name or sequence of names."""
    given = {"stages": [stages] if isinstance(stages, str) else stages, **others}
    for argument, names in given.items():
        good = isinstance(names, Sequence) and not isinstance(names, str) and all(isinstance(n, str) for n in names)
        if not good and (names is not None or argument == "stages"):
            raise TypeError(f"{argument} is {names!r}; give names in a list, such as ['naive', 'native@threads']")
    return list(given["stages"]), given["variants"], given["workloads"]


def check(
    stages: str | Sequence[str] = (),
    variants: Sequence[str] | None = None,
    workloads: Sequence[str] | None = None,
    *,
    threads: int | None = None,
    seed: int | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT_S,
    listener: Listener | None = None,
) -> CheckShown:
    """Only the agreement gate: a frame of one row an arm with its status and, where it differs, what and where.

    ``threads``, ``seed`` (of the edge cases that are drawn) and ``time_limit`` as for :func:`bench`.
    """
    names, variants, workloads = name_lists(stages=stages, variants=variants, workloads=workloads)
    requests = plan_requests(names, variants, workloads)
    rows = measuring.check(requests, make_settings(LONGEST_BUDGET_S, threads, seed, time_limit_s=time_limit), listener)
    columns = ["stage", "workload", "variant", "kind", "engine", "status", "reason", "note"]
    return CheckShown([vars(row) for row in rows], columns=columns)


def doctor(
    stage: str | None = None,
    variants: Sequence[str] | None = None,
    workloads: Sequence[str] | None = None,
    *,
    budget: float | None = None,
    threads: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
) -> DoctorShown:
    """Look for what would fool whoever reads the figures, and say the way out.

    Without a stage the machine, and a self-test: identical code is measured against itself, which says what differences
    can be seen here now. With a stage the machine, and each of its variants by itself.

    Parameters
    ----------
    variants, workloads : of the stage, as for :func:`bench`; all variants, and the first workload, when None.
    budget : measuring seconds of the self-test, 10 when None. threads, seed, listener : as for :func:`bench`.

    Raises
    ------
    UsageError : something named does not exist, is out of range, or does not fit together.
    """
    if stage is not None and not isinstance(stage, str):
        raise TypeError(f"stage is {stage!r}; give one name")
    _, variants, workloads = name_lists(stages=[], variants=variants, workloads=workloads)
    return DoctorShown(diagnosis(stage, variants, workloads, budget, threads, seed, listener))


def runs(folder: str | Path | None = None) -> pd.DataFrame:
    """Every stored run as one tidy frame: one row an arm, with the run's id, time, host, commit and seed."""
    frames = []
    for run in all_runs(Path(folder) if folder else None):
        frame = run.frame
        about = {
            "run": run.id,
            "started": run.document["started"],
            "host": run.machine["host"],
            "commit": run.machine["commit"],
            "seed": run.document["settings"]["seed"],
        }
        for place, (name, value) in enumerate(about.items()):
            frame.insert(place, name, value)
        frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=["run", "started", "host", "commit", "seed", *COLUMNS])
    return pd.concat(frames, ignore_index=True)


def history(stage: str, results: str | Path | None = None) -> HistoryShown:
    """A stage over the stored runs of this machine, and since which run its ratios lie elsewhere: worth a look.

    Only ratios to the baseline and to the limit are put beside each other, of runs with the same baseline and threads.
    ``frame`` has one row an arm and run, ``worth_a_look`` one a step. Stored runs are other moments: a step is no
    regression, which :func:`bench` with ``against`` finds. ``results`` is the folder of the runs; ``$LABKIT_RESULTS`` or
    ``results/`` when None. Raises UsageError for a name that is no stage and in no stored run.

    Source: L1 Potts, see :mod:`labkit.measure.statistics.steps`.
    """
    return HistoryShown(read_history(stage, Path(results) if results else None))


def compare(before: str, after: str, folder: Path | None = None) -> RunComparison:
    """How each ratio to the baseline moved between two stored runs (ids, beginnings of ids, or ``last``)."""
    return compare_runs(find_run(before, folder), find_run(after, folder))


def profile(
    stage: str,
    variant: str,
    workload: str | None = None,
    *,
    budget: float = PROFILE_BUDGET_S,
    calls: int | None = None,
    threads: int | None = None,
    seed: int | None = None,
    results: str | Path | None = None,
) -> ProfileShown:
    """Which line of a variant takes how long: a line profile, taken in a process of its own and stored.

    Helper functions of one's own that the variant calls are shown too. Numba's functions are interpreted, Cython's are
    built once more with tracing, C++ and GPU are one row, and the workers of an engine are recorded and merged.

    Parameters
    ----------
    variant : a name, or ``name@engine``. workload : a name; the stage's first when None. budget : seconds to record for.
    calls : exactly so many recorded calls instead. threads, seed, results : as for :func:`bench`.

    Raises
    ------
    UsageError : something named does not exist or can't run here, or a number is out of range.
    VariantFailed : the variant raised, crashed, hung, or took too much memory.

    Source: line_profiler 5 (R. Kern and others) times the lines.
    """
    found = profile_arms(stage, [variant], workload, budget_s=budget, calls=calls, threads=threads, seed=seed)
    made = shown_profile(found[0])
    _keep(made.document, "profile", results)
    return made


def diff(
    stage: str,
    a: str,
    b: str,
    workload: str | None = None,
    *,
    budget: float = PROFILE_BUDGET_S,
    calls: int | None = None,
    threads: int | None = None,
    seed: int | None = None,
    results: str | Path | None = None,
) -> DiffShown:
    """Two variants side by side: each block of lines with its time and share in either, profiled in one process and stored.

    Lines belong together that stand under the same ``# block: name`` comment, else those that are unchanged; what
    matches nothing says so. Parameters and errors are those of :func:`profile`.
    """
    profiles = profile_arms(stage, [a, b], workload, budget_s=budget, calls=calls, threads=threads, seed=seed)
    made = shown_diff(diff_profiles(*profiles))
    _keep(made.document, "diff", results)
    return made


def memory(
    stage: str,
    variant: str,
    workload: str | None = None,
    *,
    threads: int | None = None,
    results: str | Path | None = None,
) -> MemoryShown:
    """Peak memory of one call of a variant, and what each of its lines allocates; measured apart, and stored.

    ``path`` of the answer is where it is stored, ``problem`` why it is not. Raises UsageError for what does not exist
    or can't run here, VariantFailed when the variant raised, crashed, hung, or took too much memory.
    """
    made = shown_memory(measure_memory(stage, variant, workload, threads))
    path, problem = keep_artefact(made.document, "memory", Path(results) if results else None)
    return replace(made, path=path, problem=problem)


def pictures(stage: str, variant: str, workload: str | None = None, *, threads: int | None = None) -> PicturesShown:
    """Input, output and difference from the reference of one variant on a workload (the stage's first when None), to look at.

    Raises UsageError for what does not exist, VariantFailed when the reference does not answer; what becomes of the
    variant is said by ``status`` and ``reason`` of the answer.
    """
    return shown_pictures(make_pictures(stage, [variant], workload, threads=threads)[0])


def report(
    runs: str | Shown | Sequence[str | Shown] = (),
    to: str | Path | None = None,
    *,
    compare: bool = False,
    notebook: str | Path | None = None,
    title: str | None = None,
    comment: str | None = None,
    code: bool = False,
    profile: bool = False,
    pictures: bool = True,
    paper: str = "A4",
    results: str | Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Report:
    """One file that tells a team which variant to use, and why: ``.html`` that loads nothing, ``.md`` or ``.pdf``.

    Parameters
    ----------
    runs : ids, beginnings of ids, ``last``, or what :func:`bench` gave; the last run when there is none.
    to : where to write it, an existing file is replaced; nothing is written when None.
    compare : what moved between two runs instead. notebook : a notebook without its code instead.
    title : in place of the report's own. comment : what you have to say, below the title, a paragraph a line.
    code : show source lines. profile : make a line diff where none is stored. pictures : show those that the runs keep.
    paper : ``A4`` or ``Letter``, of a ``.pdf``. results : the folder of the runs. tell : is told what takes time.

    Raises
    ------
    UsageError : no such run, a file that can't be written, no browser that prints a PDF, a notebook that fails.
    """
    from labkit.reports.document.report import (  # matplotlib takes its time
        FORMS,
        NOTEBOOK_FORMS,
        check_form,
        export_notebook,
        make_report,
    )

    tell = tell or (lambda text: None)
    if to is not None:
        check_form(to, paper, FORMS if notebook is None else NOTEBOOK_FORMS)
    named = list(runs) if isinstance(runs, Sequence) and not isinstance(runs, str) else [runs]
    if notebook is not None:
        if named or compare:
            raise UsageError("a report is of runs or of a notebook, not of both")
        made = export_notebook(Path(notebook), tell)
    else:
        home = Path(results) if results else None
        if not named and not all_runs(home):
            raise UsageError(f"no runs in {home or results_folder()} yet: labkit bench makes one")
        found = [_run_of(run, home) for run in named or ["last"]]
        made = make_report(found, compared=compare, code=code, profile=profile, pictures=pictures, tell=tell)
    made = replace(made, title=title, comment=comment)
    if to is not None:
        made.save(to, paper)
    return made


def _run_of(run: str | Shown, home: Path | None) -> Run:
    if isinstance(run, str):
        return find_run(run, home)
    if not isinstance(run, Shown):
        raise TypeError(f"runs holds {run!r}; give ids of runs, or what bench gave")
    if run.run is None:
        raise UsageError(f"a run that is not stored can't be reported: {run.problem}")
    return run.run


def _keep(document: dict[str, Any], kind: str, results: str | Path | None) -> None:
    """Store an artefact; a results folder that can't be written costs a warning, not the artefact."""
    _, problem = keep_artefact(document, kind, Path(results) if results else None)
    if problem:
        warnings.warn(f"the {kind} is not stored: {problem}", stacklevel=3)


def load(path: str | Path) -> None:
    """Run a Python file that defines stages or variants of your own."""
    registry.load(path)


def show_progress() -> Listener:
    """A listener that tells on standard error how far a measurement is; for :func:`bench` and :func:`check`."""
    from labkit.reports.progress import Progress

    return Progress(sys.stderr)
