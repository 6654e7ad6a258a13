"""What became of a folder: counted here, worded elsewhere."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labkit.imagefiles.image import BadFile, write_image

FAILED = "failed.csv"


@dataclass
class Report:
    """Counts are of images; ``written`` and ``existing`` of output files. Bytes are of the whole process tree."""

    source: str
    target: str
    chain: str
    seed: int
    images: int = 0
    done: int = 0
    existing: int = 0
    written: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)  # (file relative to the input folder, reason)
    notes: dict[str, list[str]] = field(default_factory=dict)  # what was not taken from files, and from which
    other_files: int = 0
    linked_folders: int = 0
    stopped: bool = False
    engine: str = ""
    workers: int = 0
    measured: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0  # of all work: measuring and starting workers too
    main_seconds: float = 0.0  # after these
    main_images: int = 0
    first_s: float | None = None
    memory_limit: int | None = None
    memory_before: int | None = None
    memory_after: int | None = None
    memory_peak: int | None = None
    at_most_in_work: int | None = None  # images, where memory is limited
    tried_again: int = 0
    contact_sheet: str | None = None
    numbered_on_sheet: dict[str, str] = field(default_factory=dict)  # images whose names no font here could write
    failed_csv: str | None = None
    problems: list[str] = field(default_factory=list)  # what could not be done besides: the sheet, the list

    @property
    def images_per_s(self) -> float | None:
        """Images done a second once the engine was chosen and its workers stood; None when none was done."""
        images, seconds = (self.main_images, self.main_seconds) if self.main_images else (self.done, self.seconds)
        return images / seconds if images and seconds else None

    @property
    def outputs_per_s(self) -> float | None:
        """The same for outputs."""
        rate = self.images_per_s
        return rate * self.written / self.done if rate else None

    @property
    def document(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        facts = asdict(self)
        facts["failures"] = [{"file": file, "reason": reason} for file, reason in self.failures]
        return facts | {"images_per_s": self.images_per_s, "outputs_per_s": self.outputs_per_s}

    def write_failures(self, target: Path) -> None:
        """Write failed.csv (file, reason), or remove one of an earlier run when nothing failed."""
        path = target / FAILED
        if not self.failures:
            path.unlink(missing_ok=True)
            return
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(("file", "reason"))
        rows.writerows(self.failures)
        try:
            write_image(path, text.getvalue().encode("utf-8", "surrogateescape"))
            self.failed_csv = str(path)
        except BadFile as error:
            self.problems.append(f"{path}: {error}")
