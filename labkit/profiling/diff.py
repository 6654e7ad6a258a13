"""The difference of two line profiles: which step got cheaper, which line belongs to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from labkit.profiling.profile import SCHEMA, Function, Line, Profile

if TYPE_CHECKING:
    import pandas as pd

Ran = tuple[Function, Line]
WAYS = ("marked", "unchanged", "only in A", "only in B")


@dataclass(frozen=True)
class Block:
    """One step: the lines of A and of B that do it. ``matched`` is one of ``WAYS``."""

    name: str
    matched: str
    a: tuple[Ran, ...]
    b: tuple[Ran, ...]

    @property
    def a_ns(self) -> int:
        return sum(line.own_ns for _, line in self.a)

    @property
    def b_ns(self) -> int:
        return sum(line.own_ns for _, line in self.b)

    @property
    def pairs(self) -> list[tuple[Ran | None, Ran | None]]:
        """The lines side by side: unchanged ones beside each other, the rest in order."""
        made: list[tuple[Ran | None, Ran | None]] = []
        for _, a0, a1, b0, b1 in _opcodes(self.a, self.b):
            left, right = self.a[a0:a1], self.b[b0:b1]
            for n in range(max(len(left), len(right))):
                made.append((left[n] if n < len(left) else None, right[n] if n < len(right) else None))
        return made


@dataclass(frozen=True)
class ProfileDiff:
    """Two profiles of one run beside each other. The blocks hold every line that ran, of either, exactly once."""

    a: Profile
    b: Profile
    blocks: tuple[Block, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a block: seconds a call (as recorded, inflation included), shares of each total, and the changes."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows = []
        for block in self.blocks:
            a_s, b_s = block.a_ns / self.a.calls * 1e-9, block.b_ns / self.b.calls * 1e-9
            a_share, b_share = block.a_ns / (self.a.total_ns or 1), block.b_ns / (self.b.total_ns or 1)
            row = {
                "block": block.name,
                "matched": block.matched,
                "a_s": a_s,
                "a_share": a_share,
                "b_s": b_s,
                "b_share": b_share,
            }
            rows.append(row | {"change_s": b_s - a_s, "change_share": b_share - a_share})
        return rows

    @property
    def document(self) -> dict[str, Any]:
        """All of it, as what JSON can hold."""
        profiles = {"a": self.a.document, "b": self.b.document}
        return {"schema": SCHEMA, "artefact": "diff", **profiles, "blocks": self.rows}


def diff_profiles(a: Profile, b: Profile) -> ProfileDiff:
    """Group the lines that ran into blocks: by their ``# block:`` marks where they have one, else by unchanged lines.

    Raises ValueError for profiles of two stages or workloads.
    """
    if (a.stage, a.workload) != (b.stage, b.workload):
        raise ValueError(
            f"profiles of {a.stage} on {a.workload} and of {b.stage} on {b.workload} can't be set side by side"
        )
    names = dict.fromkeys(line.block for profile in (a, b) for _, line in profile.executed if line.block)
    blocks = []
    for name in names:
        in_a, in_b = _of_block(a, name), _of_block(b, name)
        matched = "marked" if in_a and in_b else "only in A" if in_a else "only in B"
        blocks.append(Block(name, matched, in_a, in_b))
    rest_a, rest_b = _of_block(a, None), _of_block(b, None)
    for tag, a0, a1, b0, b1 in _opcodes(rest_a, rest_b):
        left, right = rest_a[a0:a1], rest_b[b0:b1]
        if tag == "equal":
            blocks.append(Block(_title(left), "unchanged", left, right))
            continue
        if left:
            blocks.append(Block(_title(left), "only in A", left, ()))
        if right:
            blocks.append(Block(_title(right), "only in B", (), right))
    return ProfileDiff(a, b, tuple(blocks))


def _of_block(profile: Profile, name: str | None) -> tuple[Ran, ...]:
    return tuple((function, line) for function, line in profile.executed if line.block == name)


def _opcodes(a: Sequence[Ran], b: Sequence[Ran]) -> Sequence[tuple[str, int, int, int, int]]:
    left, right = ([line.source.strip() for _, line in side] for side in (a, b))
    return SequenceMatcher(None, left, right, autojunk=False).get_opcodes()


def _title(lines: Sequence[Ran]) -> str:
    """What stands in the place of a name: the dearest line."""
    return max(lines, key=lambda ran: ran[1].own_ns)[1].source.strip()
