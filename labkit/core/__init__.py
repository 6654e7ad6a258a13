"""What can be measured: stage, variant, workload, agreement, and the registry of them all."""

from labkit.core.agreement import Difference, Exact, Within
from labkit.core.errors import UsageError
from labkit.core.registry import registry, stage, variant
from labkit.core.stage import KINDS, Split, Stage
from labkit.core.variant import Variant
from labkit.core.workload import Workload, data_file, data_folder

__all__ = [
    "KINDS",
    "Difference",
    "Exact",
    "Split",
    "Stage",
    "UsageError",
    "Variant",
    "Within",
    "Workload",
    "data_file",
    "data_folder",
    "registry",
    "stage",
    "variant",
]
