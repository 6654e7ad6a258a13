"""Make every generated input file under ``data/`` now, so that no measurement waits for it: ``python -m labkit.prepare``."""

from labkit.core.registry import registry
from labkit.core.workload import data_folder


def main() -> None:
    registry.discover()
    for stage in registry.stages.values():
        for workload in stage.workloads.values():
            workload.build()
            if workload.other is not None:
                workload.other()
    print(f"input files are ready in {data_folder()}")


if __name__ == "__main__":
    main()
