"""A sweep: one thing varied along an axis, all else alike. How speed follows workers, chunk, or the size of the inputs.

    workers   variant@engine:1, :2, :4 …             arms of one table, told against one worker
    chunk     variant@chunks:Wx1, x2, x4 …           arms of one table, told against chunks of one
    size      a table for each workload of the stage, told against the first variant

Everything is measured by :func:`labkit.measure.bench.measure`; here is only what is asked for. What the tables then say
along the axis is in ``sweep_facts``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError, listed
from labkit.core.registry import registry
from labkit.engines import engine_missing
from labkit.measure import bench
from labkit.measure.bench import Measurement, make_settings, plan_requests
from labkit.measure.request import DEFAULT_TIME_LIMIT_S, Listener, Request

DEFAULT_BUDGET_S = 20.0  # a curve has more arms than most tables
AXES = ("workers", "chunk", "size")
ENGINE = {"workers": "threads", "chunk": "chunks"}
MOST = 4096  # workers, or tasks in a chunk: beyond that it is a slip of the finger
FEW_CORES = 8  # up to so many, each number of workers is a point of its own


@dataclass(frozen=True)
class Sweep:
    """What a sweep asks for. ``points`` maps each value of the axis to its arm; a sweep over sizes has none.

    ``serial`` is the same variant under no engine, an arm of the same table: a curve that begins at a slow first point
    rises steeply and may yet never reach it (McSherry, Isard & Murray, "Scalability! But at what COST?", HotOS 2015).
    """

    stage: str
    axis: str
    requests: tuple[Request, ...]
    cores: int
    variant: str | None = None
    engine: str | None = None
    workers: int | None = None
    points: tuple[tuple[int, str], ...] = ()
    serial: str | None = None


def plan_sweep(
    stage: str,
    over: str,
    variants: Sequence[str] | None = None,
    engine: str | None = None,
    values: Sequence[object] | None = None,
    workload: str | None = None,
    workers: int | None = None,
) -> Sweep:
    """Name the tables and arms of a sweep.

    Parameters
    ----------
    over : ``workers``, ``chunk`` or ``size``.
    variants : one for workers and chunk (the reference if it can be split, else the first that can, when None); any
        number for size (all when None), the first of them the baseline, each also as ``variant@engine``.
    engine : ``threads`` for workers and ``chunks`` for chunk when None; for size none, or one for every variant.
    values : whole numbers; for size names or patterns of workloads. Sane ones for this machine and stage when None.
    workload : for workers and chunk; the stage's first when None. workers : for chunk; the CPU limit when None.

    Raises
    ------
    UsageError : something named does not exist, does not fit, or is out of range; a stage that can't be split.
    """
    if over not in AXES:
        raise UsageError(f"unknown axis {over!r}; sweeps go over: {listed(AXES)}")
    registry.stage(stage)
    if engine is not None and (not engine or set(engine) & set(":@")):
        raise UsageError(f"engine {engine!r}: give its name alone, such as threads; counts are given as values")
    if workers is not None and over != "chunk":
        raise UsageError(
            "workers are held fixed in a sweep over chunk only; for a sweep over workers give them as values"
        )
    if over == "size":
        return _sizes(stage, variants, engine, values, workload)
    if variants is not None and len(variants) != 1:
        raise UsageError(f"a sweep over {over} takes one variant, not {len(variants)}: {listed(variants)}")
    variant = _splittable(stage, variants[0] if variants else None)
    engine = engine or ENGINE[over]
    if missing := engine_missing(engine):
        raise UsageError(f"engine {engine} can't run here: {missing}")
    if engine == "serial":
        raise UsageError("engine serial has one worker and hands over one task at a time: there is nothing to sweep")
    workload = _workload(stage, workload)
    cores = cpu_limit()
    if over == "workers":
        counts = default_workers(cores) if values is None else whole_numbers("workers", values)
        arms = [f"{variant}@{engine}:{count}" for count in counts]
    else:
        workers = cores if workers is None else whole_numbers("workers", [workers], first=None)[0]
        chunks = None if values is None else whole_numbers("chunk", values)
        counts = chunks or _default_chunks(stage, workload, workers)
        arms = [f"{variant}@{engine}:{workers}x{count}" for count in counts]
    serial = f"{variant}@serial"
    requests = plan_requests([stage], [*arms, serial], [workload], baseline=arms[0])
    return Sweep(
        stage, over, tuple(requests), cores, variant, engine, workers, tuple(zip(counts, arms, strict=True)), serial
    )


def measure_sweep(
    sweep: Sweep,
    budget_s: float = DEFAULT_BUDGET_S,
    threads: int | None = None,
    seed: int | None = None,
    listener: Listener | None = None,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
) -> Measurement:
    """Measure the tables of a sweep as one run.

    ``threads`` is what libraries may use inside an arm. For workers and chunk one each when None: were cv2 or BLAS to
    use all cores within each worker, one worker would be as fast as two. For size all CPUs when None, as in a bench.
    """
    if threads is None and sweep.axis != "size":
        threads = 1
    return bench.measure(sweep.requests, make_settings(budget_s, threads, seed, time_limit_s=time_limit_s), listener)


def default_workers(cores: int) -> list[int]:
    """Every number of workers up to the cores (powers of two and three quarters on large machines), and then to twice that.

    Beyond the cores it is seen what too many cost; those points take no part in the fit.
    """
    counts = {1, cores, 2 * cores, -(-3 * cores // 2)}
    if cores <= FEW_CORES:
        counts |= set(range(1, cores + 1))
    else:
        counts |= {1 << power for power in range(cores.bit_length()) if 1 << power <= cores} | {3 * cores // 4}
    return sorted(counts)


def default_chunks(tasks: int, workers: int) -> list[int]:
    """Powers of two up to an equal share for each worker, that share, and a quarter of it (the usual advice)."""
    share = -(-tasks // workers)
    powers = {1 << power for power in range(share.bit_length()) if 1 << power <= share}
    return sorted(powers | {share, max(1, tasks // (4 * workers))})


def whole_numbers(axis: str, values: Sequence[object], first: int | None = 1) -> list[int]:
    """Values of an axis as rising whole numbers, ``first`` (the baseline) among them; UsageError for anything else."""
    found = set() if first is None else {first}
    for value in values:
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST:
            raise UsageError(f"{axis} is {value!r}; give whole numbers from 1 to {MOST}, such as 1,2,4")
        found.add(number)
    if first is not None and len(found) < 2:
        raise UsageError(f"a sweep over {axis} needs a value beside {first}, which the others are told against")
    return sorted(found)


def _splittable(stage: str, variant: str | None) -> str:
    """The variant asked for, or one that brings a partial; UsageError when there is none."""
    fit = [v.name for v in registry.of(stage).values() if v.partial]
    if registry.stage(stage).split is None or not fit:
        why = "declares no split" if registry.stage(stage).split is None else "has no variant with a partial"
        raise UsageError(f"stage {stage} {why}, so nothing of it runs on several workers; a sweep over size works")
    if variant is None:
        reference = registry.stage(stage).reference
        return (
            reference
            if reference in fit
            else next((v for v in fit if not registry.variant(stage, v).unavailable()), fit[0])
        )
    if "@" in variant:
        raise UsageError(f"variant {variant!r}: give the variant alone, and the engine as engine")
    if reason := registry.variant(stage, variant).unavailable():
        raise UsageError(f"variant {variant} of stage {stage} can't run here: {reason}")
    return variant


def _workload(stage: str, workload: str | None) -> str:
    return registry.stage(stage).workload(workload or next(iter(registry.stage(stage).workloads))).name


def _default_chunks(stage: str, workload: str, workers: int) -> list[int]:
    declared = registry.stage(stage)
    if declared.split is None:
        raise UsageError(f"stage {stage} declares no split")
    tasks = len(declared.split.parts(workers, *declared.workload(workload).build()))
    if tasks <= workers:
        raise UsageError(
            f"stage {stage} on {workload} is cut into {tasks} parts for {workers} workers: there is nothing to hand over "
            "in chunks; take a stage over many images, or a larger workload"
        )
    return default_chunks(tasks, workers)


def _sizes(
    stage: str,
    variants: Sequence[str] | None,
    engine: str | None,
    values: Sequence[object] | None,
    workload: str | None,
) -> Sweep:
    if workload is not None:
        raise UsageError("a sweep over size goes over workloads: give them as values, such as 256,512,1080p")
    names = None if values is None else [str(value) for value in values]
    if variants is None and engine is not None:
        variants = [v.name for v in registry.of(stage).values() if v.partial]
    if variants is not None and not variants:
        raise UsageError(f"no variant named, or none of stage {stage} that runs under {engine}")
    arms = None if variants is None else [v if "@" in v or engine is None else f"{v}@{engine}" for v in variants]
    requests = plan_requests([stage], arms, names, baseline=arms[0] if arms else None)
    if len(requests) < 2:
        known = listed(registry.stage(stage).workloads)
        raise UsageError(f"a sweep over size needs two workloads or more; stage {stage} has: {known}")
    if arms is None:  # an engine is another axis
        requests = [replace(r, engines=()) for r in requests]
    if len(requests[0].arms) < 2:
        raise UsageError(f"a sweep over size needs two variants or more to compare; it has: {requests[0].baseline}")
    return Sweep(stage, "size", tuple(requests), cpu_limit())
