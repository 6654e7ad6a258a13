"""What the doctor looks for (:class:`Lint`), and what it found in one case (:class:`Finding`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters: looked at and nothing wrong; worth knowing; figures may mislead."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True)
class Lint:
    """Something that can be found, worded once: what it is, what goes wrong by it, and what to do instead.

    ``cheap`` ones are looked for in every ``labkit bench``.
    """

    key: str
    title: str
    why: str
    way_out: str
    cheap: bool


@dataclass(frozen=True)
class Finding:
    """What a lint found: ``subject`` is ``machine`` or an arm (``native@threads``), ``found`` one line of its figures."""

    lint: str
    level: Level
    subject: str
    found: str

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON has it."""
        return {name: str(value) for name, value in asdict(self).items()}
