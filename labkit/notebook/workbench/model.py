"""What the dashboard knows and does: plain Python, without widgets. A view draws it, a test drives it.

Nothing here computes in the kernel: work is a :class:`labkit.notebook.workbench.job.Job`, done by launch processes.
"""

from __future__ import annotations

import glob
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labkit import api
from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.measure.bench import DEFAULT_BUDGET_S, make_settings, plan_requests
from labkit.measure.pictures import make_pictures
from labkit.measure.sweep import DEFAULT_BUDGET_S as SWEEP_BUDGET_S
from labkit.measure.sweep import plan_sweep
from labkit.notebook.workbench.choice import (
    Choice,
    VariantFacts,
    check_choice,
    first_choice,
    planned,
    still_there,
    variant_facts,
)
from labkit.notebook.workbench.filling import Filling, empty_rows
from labkit.notebook.workbench.history import past_runs
from labkit.notebook.workbench.job import Job
from labkit.notebook.workbench.looks import Looks, WorkloadFacts
from labkit.notebook.workbench.own import take_up
from labkit.notebook.workbench.spelling import call
from labkit.profiling.diff import diff_profiles
from labkit.profiling.run import profile_arms
from labkit.store.artefact import keep_artefact

__all__ = ["Choice", "VariantFacts", "Workbench", "WorkloadFacts"]


class Workbench:
    """The model of one dashboard. Thread-safe; what it gives is plain data.

    ``stage``: what is chosen first, the first stage when None. ``results``: the folder to store runs in and to read
    past ones from; ``$LABKIT_RESULTS`` or ``results/`` when None. Raises UsageError for an unknown stage.
    """

    def __init__(self, stage: str | None = None, *, results: Path | None = None) -> None:
        registry.discover()
        self._results = None if results is None else Path(results)
        self._lock = threading.RLock()
        self._jobs: list[Job] = []
        self._looks = Looks()
        self._choice = first_choice(stage or self.stages[0])

    @property
    def stages(self) -> list[str]:
        return sorted(registry.stages)

    @property
    def summary(self) -> str:
        """The chosen stage in one line."""
        return registry.stage(self.choice.stage).summary

    @property
    def variants(self) -> list[VariantFacts]:
        """Those of the chosen stage, as they are now: a notebook cell may have brought one."""
        return variant_facts(self.choice.stage)

    @property
    def workloads(self) -> list[WorkloadFacts]:
        return self._looks.facts(self.choice.stage)

    def thumbnail(self, workload: str) -> np.ndarray | None:
        """The picture in a workload's inputs: uint8 (h, w, 3) BGR of at most 256 pixels a side; None where there is none.

        Made once, in a launch process, when it is this one's turn: it may take long, so ask in a thread of its own.
        A workload that can't be built has no picture. Raises UsageError when the stage has no such workload.
        """
        return self._looks.picture(self.choice.stage, workload)

    @property
    def choice(self) -> Choice:
        """What is chosen, but for what is no longer there: a cell or file may have been run anew."""
        return still_there(self._choice)

    @choice.setter
    def choice(self, choice: Choice) -> None:
        check_choice(choice)
        with self._lock:
            self._choice = choice

    def choose(self, **changes: Any) -> Choice:
        """Choose something else; another stage brings variants, workload and baseline of its own unless they are given.

        No variant at all may be chosen, though then nothing can be run. Raises UsageError, and leaves all as it was, for
        what does not exist or is out of range.
        """
        with self._lock:
            now = self.choice
            if changes.get("stage", now.stage) != now.stage:
                fresh = first_choice(changes["stage"])
                now = replace(fresh, budget_s=now.budget_s, threads=now.threads)
            unknown = changes.keys() - vars(now).keys()
            if unknown:
                raise UsageError(f"a choice has no {min(unknown)!r}; it has: {', '.join(vars(now))}")
            if isinstance(changes.get("variants"), list):
                changes["variants"] = tuple(changes["variants"])
            self.choice = replace(now, **changes)
            return self.choice

    def run(self) -> Job:
        """Compare the chosen variants: a job whose result is what ``lk.bench`` gives. Raises UsageError when none is chosen."""
        choice = self.choice
        if not choice.variants:
            raise UsageError(f"no variant of {choice.stage} is chosen; choose one or more")
        requests = planned(choice)
        asked = self._asked(choice, budget_s="budget", baseline=registry.stage(choice.stage).reference)
        positions = (choice.stage, list(choice.variants), [glob.escape(choice.workload)])

        def work(job: Job) -> api.Shown:
            shown = api.bench(*positions, **asked, listener=Filling(job, requests, choice.budget_s))
            table = [row | {"provisional": False} for row in shown.document["rows"]]
            job.change(table=table, problem=shown.problem, result=shown)
            wrong = [name for name, row in zip(_arms(table), table, strict=True) if row["status"] == "differs"]
            if wrong and not shown.document["stopped"]:
                job.say("pictures where variants differ")
                found = make_pictures(choice.stage, wrong, choice.workload, threads=choice.threads)
                job.change(differences=tuple(found))
            return shown

        return self._begun(
            Job(
                f"{choice.stage} on {choice.workload}",
                work,
                call("bench", *positions, **asked),
                table=empty_rows(requests),
                baseline=choice.baseline,
            )
        )

    def profile(self, variant: str, other: str | None = None) -> Job:
        """Which line takes how long: a job whose result is what ``lk.profile`` gives, or ``lk.diff`` for two."""
        choice, arms = self.choice, [variant] if other is None else [variant, other]
        plan_requests([choice.stage], arms)
        threads = self._asked(choice).get("threads")

        def work(job: Job) -> Any:
            profiles = profile_arms(choice.stage, arms, choice.workload, threads=threads, tell=job.say)
            made = profiles[0] if other is None else diff_profiles(*profiles)
            _, problem = keep_artefact(made.document, "profile" if other is None else "diff", self._results)
            job.change(problem=problem)
            return made

        code = call("profile" if other is None else "diff", choice.stage, *arms, choice.workload, **self._asked(choice))
        return self._begun(Job(f"lines of {' and '.join(arms)}", work, code))

    def sweep(
        self,
        over: str = "workers",
        variant: str | Sequence[str] | None = None,
        *,
        engine: str | None = None,
        values: Sequence[int | str] | None = None,
        workers: int | None = None,
        budget_s: float = SWEEP_BUDGET_S,
    ) -> Job:
        """How speed follows workers, chunk or size: a job whose result is what ``lk.sweep`` gives.

        Over size the chosen variants take part when ``variant`` is None, the baseline first; over workers and chunk a
        library has one thread, so that only workers add up.
        """
        choice = self.choice
        asked: dict[str, Any] = {} if over != "size" else self._asked(choice)
        asked |= self._asked(choice, results_only=True)
        if over == "size":
            variant = variant or list(dict.fromkeys([choice.baseline, *choice.variants]))
            asked["variant"] = variant
        else:
            asked |= {"variant": variant, "workload": choice.workload}
        asked |= {"engine": engine, "values": values, "workers": workers}
        asked |= {"budget": None if budget_s == SWEEP_BUDGET_S else budget_s}
        asked = {name: value for name, value in asked.items() if value is not None}

        def work(job: Job) -> Any:
            job.say("plans the points")
            names = [variant] if isinstance(variant, str) else variant
            workload = asked.get("workload")
            plan = plan_sweep(choice.stage, over, names, engine, values, workload, workers)
            job.change(table=empty_rows(plan.requests), baseline=plan.requests[0].baseline)
            shown = api.sweep(choice.stage, over, **asked, listener=Filling(job, plan.requests, budget_s))
            table = [row | {"provisional": False} for row in shown.document["rows"]]
            job.change(table=table, problem=shown.problem, result=shown)
            return shown

        make_settings(budget_s)
        return self._begun(Job(f"{choice.stage} over {over}", work, call("sweep", choice.stage, over, **asked)))

    def pictures(self, variant: str) -> Job:
        """Input, output and difference of one variant on the chosen workload: a job whose result is ``Pictures``."""
        choice = self.choice
        plan_requests([choice.stage], [variant])

        def work(job: Job) -> Any:
            job.say(f"{variant} answers")
            return make_pictures(choice.stage, [variant], choice.workload, threads=choice.threads)[0]

        code = call("pictures", choice.stage, variant, choice.workload, **self._asked(choice, stored=False))
        return self._begun(Job(f"pictures of {variant}", work, code))

    def check_own(self, given: str | Path) -> Job:
        """Take a source (str) or a Python file (Path) for a variant of the chosen stage, and check it on the chosen workload.

        It may register variants itself (``@lk.variant``); else its last function becomes one. It is tried in a launch
        process first: what it raises is the job's ``error``. The result is what ``lk.check`` gives; what agrees is added
        to the chosen variants, if the stage is still the same.
        """
        choice = self.choice

        def work(job: Job) -> pd.DataFrame:
            job.say("tries your code")
            own = take_up(choice.stage, given)
            workload = glob.escape(choice.workload)
            positions = (choice.stage, list(own.names), [workload])
            asked = self._asked(choice, stored=False)
            loaded = (
                f"lk.load({str(own.path)!r})"
                if isinstance(given, Path) and own.path == given.absolute()
                else own.source
            )
            requests = plan_requests([choice.stage], list(own.names), [workload])
            job.change(table=empty_rows(requests), code=f"{loaded.rstrip()}\n\n{call('check', *positions, **asked)}")
            found = api.check(*positions, **asked, listener=Filling(job, requests, 0.0))
            job.change(table=[row | {"provisional": False} for row in job.table], result=found)
            agree = [name for name in own.names if (found[found.variant == name].status == "measured").all()]
            with self._lock:
                if self.choice.stage == choice.stage:
                    self.choose(variants=tuple(dict.fromkeys([*self.choice.variants, *agree])))
            return found

        return self._begun(Job(f"your own variant of {choice.stage}", work, str(given)))

    def history(self, stage: str) -> pd.DataFrame:
        """This stage over the runs stored on this machine, oldest first: one row an arm that was timed.

        Columns: run, started, workload, variant (with its engine), ratio, low, high, limit_ratio, verdict.
        """
        return past_runs(registry.stage(stage).name, self._results)

    def close(self) -> None:
        """Stop whatever this dashboard has started; returns at once, and within a second no process of it is left."""
        self._looks.stop()
        with self._lock:
            for job in self._jobs:
                job.stop()

    def _begun(self, job: Job) -> Job:
        with self._lock:
            self._jobs = [known for known in self._jobs if not known.wait(0)] + [job]
        return job

    def _asked(self, choice: Choice, *, stored: bool = True, results_only: bool = False, **more: Any) -> dict[str, Any]:
        """What a call has to name because it is not the default: budget and baseline where asked for, threads, results."""
        asked: dict[str, Any] = {}
        if more.get("baseline", choice.baseline) != choice.baseline:
            asked["baseline"] = choice.baseline
        if "budget_s" in more and choice.budget_s != DEFAULT_BUDGET_S:
            asked["budget"] = choice.budget_s
        if choice.threads != cpu_limit() and not results_only:
            asked["threads"] = choice.threads
        if stored and self._results is not None:
            asked["results"] = str(self._results)
        return asked


def _arms(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [f"{row['variant']}@{row['engine']}" if row["engine"] else row["variant"] for row in rows]
