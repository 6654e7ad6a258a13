"""What can be measured: stage, variant, workload, agreement, and the registry of them all."""

from labkit.core.agreement import Difference, Exact, OutsideMask, Psnr, Share, Within
from labkit.core.contract import (
    BGR,
    BGRA,
    Array,
    Boxes,
    Drawn,
    FileBytes,
    Grey,
    Image,
    Odd,
    OneOf,
    Real,
    SameShape,
    Shaped,
    Whole,
)
from labkit.core.derived import Many
from labkit.core.errors import UsageError
from labkit.core.registry import registry, stage, variant
from labkit.core.split import Rows, Split
from labkit.core.stage import KINDS, Stage
from labkit.core.variant import Variant
from labkit.core.workload import Workload, data_file, data_folder

__all__ = [
    "BGR",
    "BGRA",
    "KINDS",
    "Array",
    "Boxes",
    "Difference",
    "Drawn",
    "Exact",
    "FileBytes",
    "Grey",
    "Image",
    "Many",
    "Odd",
    "OneOf",
    "OutsideMask",
    "Psnr",
    "Real",
    "Rows",
    "SameShape",
    "Shaped",
    "Share",
    "Split",
    "Stage",
    "UsageError",
    "Variant",
    "Whole",
    "Within",
    "Workload",
    "data_file",
    "data_folder",
    "registry",
    "stage",
    "variant",
]
