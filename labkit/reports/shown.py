"""What was found, as a notebook and a terminal show it: the same values, with text, HTML and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labkit.measure.pictured import Pictures
from labkit.profiling.diff import ProfileDiff
from labkit.profiling.memory import MemoryProfile
from labkit.profiling.profile import Profile
from labkit.reports import memory, pictures
from labkit.reports.claims import Claim, claims
from labkit.reports.lines.html import diff_html, profile_html
from labkit.reports.lines.text import diff_text, profile_text
from labkit.reports.runs.forms import html, markdown
from labkit.store import Run, rows_frame

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Shown:
    """A run as a notebook shows it: ``frame`` (one row an arm), ``samples`` (raw), ``document`` (all of it), ``folder``.

    ``folder`` is None when the run could not be stored; ``problem`` then says why.
    """

    def __init__(self, run: Run | None, content: dict[str, Any], problem: str | None = None) -> None:
        self.run, self.document, self.problem = run, content, problem

    @property
    def folder(self) -> Path | None:
        return self.run.folder if self.run else None

    @property
    def frame(self) -> pd.DataFrame:
        return rows_frame(self.document["rows"])

    @property
    def samples(self) -> pd.DataFrame:
        if self.run is None:
            raise ValueError(f"the raw samples of this run were not stored: {self.problem}")
        return self.run.samples

    def figure(self, stage: str | None = None, workload: str | None = None) -> Figure:
        """The speed-ups of one table, drawn; of the first when not named. Raises UsageError for a table without timings."""
        from labkit.reports.figure import speedups  # matplotlib takes its time

        first = self.document["tables"][0] if self.document["tables"] else {"stage": "", "workload": ""}
        return speedups(self.document, stage or first["stage"], workload or first["workload"])

    def claims(self, stage: str, workload: str, claimed: Sequence[Claim]) -> pd.DataFrame:
        """Somebody's speed-ups over the baseline, each as (what, variant, ratio), beside what this run found."""
        return claims(self.document, stage, workload, claimed)

    def __repr__(self) -> str:
        return markdown(self.document)

    def _repr_html_(self) -> str:
        return html(self.document)


class ProfileShown(Profile):
    """A line profile."""

    def figure(self) -> Figure:
        """How the time falls on the blocks, drawn."""
        from labkit.reports.figure import block_shares

        return block_shares([self])

    def __repr__(self) -> str:
        return profile_text(self)

    def _repr_html_(self) -> str:
        return profile_html(self)


class DiffShown(ProfileDiff):
    """Two line profiles beside each other."""

    def figure(self) -> Figure:
        """How the time falls on the blocks, drawn."""
        from labkit.reports.figure import block_shares

        return block_shares([self.a, self.b])

    def __repr__(self) -> str:
        return diff_text(self)

    def _repr_html_(self) -> str:
        return diff_html(self)


class MemoryShown(MemoryProfile):
    """What the lines of a variant allocate."""

    def __repr__(self) -> str:
        return memory.text(self.document, self.path, self.problem)

    def _repr_html_(self) -> str:
        return memory.html(self.document, self.path, self.problem)


class PicturesShown(Pictures):
    """Input, output and difference of a variant."""

    def __repr__(self) -> str:
        return pictures.text(self)

    def _repr_html_(self) -> str:
        return pictures.html(self)


def shown_profile(found: Profile) -> ProfileShown:
    """The same profile, to be shown."""
    return ProfileShown(**_values(found))


def shown_diff(found: ProfileDiff) -> DiffShown:
    """The same diff, to be shown, and its profiles as well."""
    return DiffShown(shown_profile(found.a), shown_profile(found.b), found.blocks)


def shown_memory(found: MemoryProfile) -> MemoryShown:
    """The same memory profile, to be shown."""
    return MemoryShown(**_values(found))


def shown_pictures(found: Pictures) -> PicturesShown:
    """The same pictures, to be shown."""
    return PicturesShown(**_values(found))


def _values(found: Any) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in fields(found)}
