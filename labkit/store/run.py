"""A run on disk: ``run.json`` (versioned schema), ``samples.parquet`` (raw), ``table.csv``, ``table.md``, and pictures."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labkit.core.errors import PassedOver, UsageError, listed
from labkit.core.whole import to_disk
from labkit.core.workload import project_folder
from labkit.measure.bench import Measurement
from labkit.measure.result import Row, Table
from labkit.store.pictures import picture_facts, write_pictures
from labkit.store.room import not_stored

SCHEMA = 1
COLUMNS = (
    "stage",
    "workload",
    "variant",
    "kind",
    "engine",
    "status",
    "reason",
    "threads",
    "median_s",
    "device_s",
    "setup_s",
    "first_call_s",
    "ratio",
    "ratio_low",
    "ratio_high",
    "verdict",
    "limit_ratio",
    "limit_low",
    "limit_high",
    "peak_bytes",
    "items_per_s",
    "note",
)


@dataclass(frozen=True)
class Run:
    """A stored run: its document (the content of ``run.json``) and its folder."""

    document: dict[str, Any]
    folder: Path

    @property
    def id(self) -> str:
        return str(self.document["run"])

    @property
    def rows(self) -> list[dict[str, Any]]:
        return list(self.document["rows"])

    @property
    def tables(self) -> list[dict[str, Any]]:
        return list(self.document["tables"])

    @property
    def machine(self) -> dict[str, Any]:
        return dict(self.document["machine"])

    @property
    def frame(self) -> pd.DataFrame:
        """One row an arm, in the columns of the contract."""
        return rows_frame(self.rows)

    @property
    def samples(self) -> pd.DataFrame:
        """The raw timings: one row a sample."""
        return pd.read_parquet(self.folder / "samples.parquet")


def results_folder() -> Path:
    """Where runs are kept: ``$LABKIT_RESULTS``, or ``results/`` in the project's folder."""
    named = os.environ.get("LABKIT_RESULTS")
    return Path(named).absolute() if named else project_folder() / "results"


def rows_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Rows as a data frame with the contract's columns, in its order."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS))


def document(measurement: Measurement) -> dict[str, Any]:
    """A measurement as the JSON document that is stored and printed; what is unknown is null."""
    stamp = re.sub("[-:.]", "", measurement.started.partition("+")[0])
    return {
        "schema": SCHEMA,
        "run": f"{stamp}-{secrets.token_hex(3)}",
        "started": measurement.started,
        "wall_s": measurement.wall_s,
        "stopped": measurement.stopped,
        "machine": measurement.machine,
        "settings": asdict(measurement.settings),
        "tables": [_table(table) for table in measurement.tables],
        "rows": [row_facts(row) for row in measurement.rows],
        **measurement.against,
    } | _optional(measurement)


def _optional(measurement: Measurement) -> dict[str, Any]:
    """What only some runs have."""
    pictures = measurement.pictures
    found = {
        "doctor": measurement.doctor,
        "sources": measurement.sources,
        "pictures": None if pictures is None else [picture_facts(made) for made in pictures],
    }
    return {name: value for name, value in found.items() if value is not None}


def _table(table: Table) -> dict[str, Any]:
    best = None
    if table.best is not None:
        best = {
            "best": table.best.best,
            "runner_up": table.best.runner_up,
            "decided": table.best.decided,
            "reason": str(table.best.reason),
            "ratio": _finite(table.best.interval.ratio),
            "ratio_low": _finite(table.best.interval.ratio_low),
            "ratio_high": _finite(table.best.interval.ratio_high),
        }
    launches = [{k: v for k, v in launch.items() if k not in ("samples", "arms")} for launch in table.samples.launches]
    return {
        "stage": table.stage,
        "workload": table.workload,
        "baseline": table.baseline,
        "best": best,
        "looks": list(table.looks),
        "facts": table.facts,
        "launches": launches,
    }


def row_facts(row: Row) -> dict[str, Any]:
    """A row in the contract's columns, as JSON has it: what is unknown is None."""
    found = {name: getattr(row, name) for name in COLUMNS}
    return {
        k: _finite(v) if isinstance(v, float) else str(v) if k in ("status", "verdict") and v else v
        for k, v in found.items()
    }


def _finite(value: float) -> float | None:
    """JSON knows no NaN and no infinity; an interval without an end has none to tell."""
    return value if value == value and 0 < value < float("inf") else None


def _samples(measurement: Measurement) -> pa.Table:
    pieces = []
    for table in measurement.tables:
        for launch in table.samples.launches:
            columns = launch["samples"]
            pieces.append(
                pd.DataFrame(
                    {
                        "stage": table.stage,
                        "workload": table.workload,
                        "launch": launch["launch"],
                        "parent": launch["parent"],
                        "round": columns["round"],
                        "position": columns["position"],
                        "arm": [launch["arms"][number] for number in columns["arm"]],
                        "calls": columns["calls"],
                        "seconds": columns["seconds"],
                        "device_seconds": columns["device_seconds"],
                        "put_aside": columns["put_aside"],
                    }
                )
            )
    names = ["stage", "workload", "launch", "parent", "round", "position", "arm", "calls", "seconds"]
    names += ["device_seconds", "put_aside"]
    frame = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=names)
    return pa.Table.from_pandas(frame, preserve_index=False)


def save(measurement: Measurement, markdown: Callable[[dict[str, Any]], str], folder: Path | None = None) -> Run:
    """Write a run under the results folder; ``markdown`` words its tables for ``table.md``.

    Raises OSError when the folder can't be written; nothing half-written is left then.
    """
    home = folder or results_folder()
    run = document(measurement)
    home.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=home))
    try:
        pq.write_table(_samples(measurement), unfinished / "samples.parquet", compression="zstd")
        rows_frame(run["rows"]).to_csv(unfinished / "table.csv", index=False)
        (unfinished / "table.md").write_text(markdown(run), encoding="utf-8")
        (unfinished / "run.json").write_text(json.dumps(run, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        for number, made in enumerate(measurement.pictures or ()):
            write_pictures(made, unfinished, number)
        for path in [*unfinished.iterdir(), unfinished]:
            to_disk(path)
        unfinished.chmod(0o755)
        final = home / run["run"]
        unfinished.rename(final)
        to_disk(home)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return Run(run, final)


def all_runs(folder: Path | None = None, tell: Callable[[str], None] | None = None) -> list[Run]:
    """Every whole run under the results folder, oldest first.

    What has a ``run.json`` that can't be read, or one that a newer labkit wrote, is passed over, and ``tell`` told so in
    one line for all of them together; a `PassedOver` warning when None. Folders without a ``run.json`` are no runs.
    """
    home = folder or results_folder()
    found, troubles = [], []
    for path in sorted(home.glob("*/run.json")):
        if path.parent.name.startswith("."):
            continue
        run = _read(path.parent)
        if isinstance(run, Run):
            found.append(run)
        else:
            troubles.append(f"{path.parent.name}: {run}")
    if troubles:
        number, first = ("a stored run", "") if len(troubles) == 1 else (f"{len(troubles)} stored runs", "the first ")
        line = f"passed over {number} in {home} that can't be read, {first}{troubles[0]}"
        if tell is None:
            warnings.warn(line, PassedOver, stacklevel=2)
        else:
            tell(line)
    return found


def _read(folder: Path) -> Run | str:
    """The run in a folder, or what keeps it from being read."""
    try:
        content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except OSError as error:
        return error.strerror or str(error)
    except ValueError:
        return "its run.json is not JSON"
    if not isinstance(content, dict) or "schema" not in content:
        return "its run.json is not of labkit"
    if content["schema"] != SCHEMA:
        return f"its run.json has schema {content['schema']}; this labkit reads {SCHEMA}"
    return Run(content, folder)


def find_run(name: str, folder: Path | None = None) -> Run:
    """A run by its id, by the beginning of it, by its folder's path, or ``last``; raises UsageError when there is none such.

    Where a later run could not be stored, ``last`` is none.
    """
    known = all_runs(folder)
    if name == "last" and known:
        if begun := not_stored(folder or results_folder()):
            raise UsageError(
                f"the last run, begun {begun}, could not be stored; name the last that is, {known[-1].id}, to have that one"
            )
        return known[-1]
    if name and isinstance(named := _read(Path(name).resolve()), Run):
        return named
    matching = [run for run in known if run.id == name] or [run for run in known if run.id.startswith(name)]
    if len(matching) != 1:
        what = "is ambiguous" if matching else "does not exist"
        among = listed(run.id for run in (matching or known)[-8:])
        raise UsageError(f"run {name!r} {what} in {folder or results_folder()}; runs: {among}")
    return matching[0]
