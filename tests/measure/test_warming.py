"""What a launcher does before it forks must not harm what it forks."""

import os

import numpy as np
import pytest

from labkit.core.exam import Exam
from labkit.core.registry import registry
from labkit.measure.launch import LaunchTask
from labkit.measure.schedule import plan_table
from labkit.processes.fleet import Parent
from labkit.processes.parent import Limits


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="reads /proc")
@pytest.mark.parametrize(("arm", "threads"), [("cv2", 1), ("numba_loop", 2)])
def test_an_arm_that_is_warmed_up_leaves_no_threads_that_a_fork_would_wait_for(arm: str, threads: int) -> None:
    registry.discover()
    inputs = registry.stage("augment").workload("1080p_widest").build()  # large enough for cv2's own threads
    parent = Parent(1, np.random.default_rng(0))
    try:
        parent.tell(("hold", {"exam": Exam(inputs, None)}), ("warm", "augment", arm, threads))
        launch = LaunchTask("augment", (arm,), plan_table({arm: 0.02}, arm, 0.2, set()), None, threads, 5)
        outcome = parent.run(launch, Limits(20.0))
        assert outcome.ending == "done"
        assert len(os.listdir(f"/proc/{parent.pid}/task")) == 1
    finally:
        parent.close()
