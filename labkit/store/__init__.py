"""Runs on disk: one folder a run, written whole or not at all, never changed afterwards, read without pickle."""

from labkit.core.errors import PassedOver
from labkit.store.run import Run, all_runs, find_run, results_folder, rows_frame, save

__all__ = ["PassedOver", "Run", "all_runs", "find_run", "results_folder", "rows_frame", "save"]
