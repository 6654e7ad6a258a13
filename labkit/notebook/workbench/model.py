"""What the dashboard knows and does: plain Python, without widgets. A view draws it, a test drives it.

Nothing here computes in the kernel: work is a :class:`labkit.notebook.workbench.job.Job`, done by launch processes.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from labkit import api
from labkit.core.errors import UsageError, VariantFailed
from labkit.core.registry import registry
from labkit.functions.pictures import add_pictures
from labkit.measure.bench import DEFAULT_BUDGET_S, make_settings, plan_requests
from labkit.measure.pictures import make_pictures
from labkit.measure.result import arm_of
from labkit.measure.sweep.run import DEFAULT_BUDGET_S as SWEEP_BUDGET_S
from labkit.measure.sweep.run import plan_sweep
from labkit.notebook.workbench.choice import (
    Choice,
    VariantFacts,
    checked,
    first_choice,
    planned,
    still_there,
    variant_facts,
)
from labkit.notebook.workbench.filling import Filling, empty_rows
from labkit.notebook.workbench.job import Job
from labkit.notebook.workbench.looks import Looks, WorkloadFacts
from labkit.notebook.workbench.own import take_up
from labkit.notebook.workbench.spelling import call, given
from labkit.notebook.workbench.temporary import temporary_folder
from labkit.processes.fleet import ParentLost
from labkit.profiling.diff import diff_profiles
from labkit.profiling.run import profile_arms
from labkit.reports.shown import Shown, shown_diff, shown_pictures, shown_profile
from labkit.store.artefact import keep_artefact
from labkit.store.history import History, read_history

__all__ = ["Choice", "VariantFacts", "Workbench", "WorkloadFacts"]


class Workbench:
    """The model of one dashboard. Thread-safe; what it gives is plain data.

    ``stage``: what is chosen first, the first stage when None. ``results``: the folder to store runs in and to read
    past ones from; ``$LABKIT_RESULTS`` or ``results/`` when None. Raises UsageError for an unknown stage.
    """

    def __init__(self, stage: str | None = None, *, results: Path | None = None) -> None:
        registry.discover()
        self._folder = None if results is None else Path(results)
        self._results = None if results is None else str(results)  # as a call names it
        self._lock = threading.RLock()
        self._jobs: list[Job] = []
        self._looks = Looks()
        self._places: dict[tuple[str, str], str] = {}  # by stage and workload, where pictures of the user's own are
        self._choice = first_choice(stage or self.stages[0])

    @property
    def results(self) -> str | None:
        """The folder of the runs as a call names it; None where a call need not."""
        return self._results

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
        return still_there(self._choice)

    @choice.setter
    def choice(self, choice: Choice) -> None:
        choice = checked(choice)
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

    def add_pictures(self, place: str | Path) -> list[str]:
        """Make workloads of the chosen stage of pictures of one's own (a file, a folder, a pattern), and choose the first.

        Gives their names; raises UsageError as :func:`labkit.functions.pictures.add_pictures` does.
        """
        with self._lock:
            stage = self.choice.stage
            names = add_pictures(stage, place)
            self._places |= {(stage, name): str(place) for name in names}
            self.choose(workload=names[0])
            return names

    def add_uploads(self, files: Mapping[str, bytes]) -> list[str]:
        """The same of pictures that came by name with their content, which lie in a temporary folder from then on."""
        folder = Path(tempfile.mkdtemp(prefix="pictures-", dir=temporary_folder()))
        for name, content in files.items():
            (folder / Path(name).name).write_bytes(content)
        return self.add_pictures(folder)

    def run(self) -> Job:
        """Compare the chosen variants: a job whose result is what ``lk.bench`` gives. Raises UsageError when none is chosen."""
        choice = self.choice
        if not choice.variants:
            raise UsageError(f"no variant of {choice.stage} is chosen; choose one or more")
        requests = planned(choice)
        asked = given(
            baseline=None if choice.baseline == registry.stage(choice.stage).reference else choice.baseline,
            budget=None if choice.budget_s == DEFAULT_BUDGET_S else choice.budget_s,
            threads=choice.threads_asked,
            results=self._results,
        )
        positions = (choice.stage, list(choice.variants), [choice.workload])

        def work(job: Job) -> Shown:
            shown = api.bench(*positions, **asked, listener=Filling(job, requests, choice.budget_s))
            table = [row | {"provisional": False} for row in shown.document["rows"]]
            job.change(table=table, problem=shown.problem, result=shown)
            wrong = [arm_of(row) for row in table if row["status"] == "differs"]
            if wrong and not shown.document["stopped"]:
                job.say("pictures where variants differ")
                with suppress(UsageError, VariantFailed, ParentLost):  # the run itself is done
                    found = make_pictures(choice.stage, wrong, choice.workload, threads=choice.threads)
                    job.change(differences=tuple(found))
            return shown

        return self._begun(
            Job(
                f"{choice.stage} on {choice.workload}",
                work,
                self._code(choice, "bench", *positions, **asked),
                table=empty_rows(requests),
                baseline=choice.baseline,
            )
        )

    def profile(self, variant: str, other: str | None = None) -> Job:
        """Which line takes how long: a job whose result is what ``lk.profile`` gives, or ``lk.diff`` for two."""
        choice = self.choice
        arms, kind = ([variant], "profile") if other is None else ([variant, other], "diff")
        plan_requests([choice.stage], arms)
        asked = given(threads=choice.threads_asked, results=self._results)

        def work(job: Job) -> Any:
            profiles = profile_arms(choice.stage, arms, choice.workload, threads=choice.threads_asked, tell=job.say)
            made = shown_profile(profiles[0]) if other is None else shown_diff(diff_profiles(*profiles))
            _, problem = keep_artefact(made.document, kind, self._folder)
            job.change(problem=problem)
            return made

        code = self._code(choice, kind, choice.stage, *arms, choice.workload, **asked)
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
        sizes = over == "size"
        if sizes and variant is None:
            variant = list(dict.fromkeys([choice.baseline, *choice.variants]))
        workload = None if sizes else choice.workload
        asked = given(
            variant=variant,
            engine=engine,
            values=values,
            workload=workload,
            workers=workers,
            budget=None if budget_s == SWEEP_BUDGET_S else budget_s,
            threads=choice.threads_asked if sizes else None,
            results=self._results,
        )

        def work(job: Job) -> Any:
            job.say("plans the points")
            names = [variant] if isinstance(variant, str) else variant
            plan = plan_sweep(choice.stage, over, names, engine, values, workload, workers)
            job.change(table=empty_rows(plan.requests), baseline=plan.requests[0].baseline)
            shown = api.sweep(choice.stage, over, **asked, listener=Filling(job, plan.requests, budget_s))
            table = [row | {"provisional": False} for row in shown.document["rows"]]
            job.change(table=table, problem=shown.problem, result=shown)
            return shown

        make_settings(budget_s)
        return self._begun(
            Job(f"{choice.stage} over {over}", work, self._code(choice, "sweep", choice.stage, over, **asked))
        )

    def pictures(self, variant: str) -> Job:
        """Input, output and difference of one variant on the chosen workload: a job whose result is ``Pictures``."""
        choice = self.choice
        plan_requests([choice.stage], [variant])

        def work(job: Job) -> Any:
            job.say(f"{variant} answers")
            found = make_pictures(choice.stage, [variant], choice.workload, threads=choice.threads)
            return shown_pictures(found[0])

        code = self._code(
            choice, "pictures", choice.stage, variant, choice.workload, **given(threads=choice.threads_asked)
        )
        return self._begun(Job(f"pictures of {variant}", work, code))

    def check_own(self, source: str | Path) -> Job:
        """Take a source (str) or a Python file (Path) for a variant of the chosen stage, and check it on the chosen workload.

        It may register variants itself (``@lk.variant``); else its last function becomes one. It is tried in a launch
        process first: what it raises is the job's ``error``. The result is what ``lk.check`` gives; what agrees is added
        to the chosen variants, if the stage is still the same.
        """
        choice = self.choice

        def work(job: Job) -> pd.DataFrame:
            job.say("tries your code")
            own = take_up(choice.stage, source)
            positions = (choice.stage, list(own.names), [choice.workload])
            asked = given(threads=choice.threads_asked)
            loaded = f"lk.load({str(own.path)!r})" if own.as_it_is else own.source.rstrip()
            requests = plan_requests([choice.stage], *positions[1:])
            job.change(
                table=empty_rows(requests), code=f"{loaded}\n\n{self._code(choice, 'check', *positions, **asked)}"
            )
            found = api.check(*positions, **asked, listener=Filling(job, requests, 0.0))
            triples = zip(found.status, found.reason, job.table, strict=True)  # pandas has NaN where there is no reason
            reasons = [
                row
                | {"status": str(status), "reason": reason if isinstance(reason, str) else None, "provisional": False}
                for status, reason, row in triples
            ]
            job.change(table=reasons, result=found)
            agree = [name for name in own.names if (found[found.variant == name].status == "measured").all()]
            with self._lock:
                if self.choice.stage == choice.stage:
                    self.choose(variants=tuple(dict.fromkeys([*self.choice.variants, *agree])))
            return found

        return self._begun(Job(f"your own variant of {choice.stage}", work, str(source)))

    def write_report(self, shown: Shown, to: str) -> Path:
        """Write a report of a stored run; raises UsageError as ``lk.report`` does."""
        api.report(shown, to, results=self._results)
        return Path(to).absolute()

    def history(self, stage: str) -> History:
        """This stage over the runs stored on this machine, and where it steps from one level to another."""
        return read_history(registry.stage(stage).name, self._folder)

    def close(self) -> None:
        """Stop whatever this dashboard has started; returns at once, and within a second no process of it is left."""
        self._looks.stop()
        with self._lock:
            for job in self._jobs:
                job.stop()

    def _code(self, choice: Choice, function: str, *positions: Any, **named: Any) -> str:
        """The call that finds the same again, after that which brings the user's own pictures where they are chosen."""
        made = call(function, *positions, **named)
        place = self._places.get((choice.stage, choice.workload))
        return made if place is None else f"{call('add_pictures', choice.stage, place)}\n{made}"

    def _begun(self, job: Job) -> Job:
        with self._lock:
            self._jobs = [known for known in self._jobs if not known.wait(0)] + [job]
        return job
