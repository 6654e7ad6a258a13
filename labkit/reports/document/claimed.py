"""What others have claimed of stages that labkit holds; each claim is set beside what a run found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labkit.measure.result import arm_of
from labkit.reports.claims import claims

TALK = "a 2023 industry talk on image translation"
BLOG = "a 2025 blog on augmenting images, on 8 cores"


@dataclass(frozen=True)
class Claimed:
    """A speed-up of an arm over a baseline that somebody tells; ``cores`` where it is told of so many."""

    text: str
    stage: str
    workload: str
    baseline: str
    arm: str
    ratio: float
    source: str
    cores: int | None = None


CLAIMED = (
    Claimed("bit shifts and a preallocated panel", "main_colors_of_file", "logo", "naive", "fast", 61.9 / 51.0, TALK),
    Claimed("without the (n, 3) copy", "main_colors_of_file", "logo", "naive", "faster", 61.9 / 23.1, TALK),
    Claimed(
        "Cython types on NumPy code gain nothing", "main_colors", "logo", "naive", "cython_typed", 55.8 / 55.6, TALK
    ),
    Claimed(
        "Cython on a pure Python loop", "cumulative_sum", "ten_million", "python", "cython_loop", 3.47 / 14.6e-3, TALK
    ),
    Claimed(
        "the same through Python's C API", "cumulative_sum", "ten_million", "python", "c_api", 3.19 / 20.6e-3, TALK
    ),
    Claimed("the loop in C++, over OpenCV", "crop_boxes", "page", "loop", "opencv_api", 87.7 / 45, TALK),
    Claimed("that loop with OpenMP", "crop_boxes", "page", "loop", "opencv_api_omp", 87.7 / 4.64, TALK),
    *(
        Claimed(text, "augment_files", "folder", "cv2@serial", f"cv2@{engine}", ratio, BLOG, cores=8)
        for text, engine, ratio in (
            ("one process for each core, one task an image", "processes", 4.2),
            ("the same in chunks", "chunks", 4.8),
            ("images in shared memory", "shared_memory", 4.5),
        )
    ),
)


def checked(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The claims that a run can check: of arms that it has, told against the baseline that it has."""
    bases = {(table["stage"], table["workload"]): table["baseline"] for table in run["tables"]}
    arms = {(row["stage"], row["workload"], arm_of(row)) for row in run["rows"]}
    made: list[dict[str, Any]] = []
    for claim in CLAIMED:
        place = (claim.stage, claim.workload)
        if bases.get(place) != claim.baseline or (*place, claim.arm) not in arms:
            continue
        (found,) = claims(run, *place, [(claim.text, claim.arm, claim.ratio)]).to_dict("records")
        limit = run["machine"]["cpu_limit"]
        if claim.cores is not None and claim.cores != limit:
            found["verdict"] = f"can’t be compared: {claim.cores} cores there, {limit} here"
        made.append(
            {str(key): value for key, value in found.items()}
            | {"stage": claim.stage, "workload": claim.workload, "source": claim.source}
        )
    return made
