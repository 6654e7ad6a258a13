"""One vectorised function with NumPy and with torch; the latter on torch's CPU device where there is no other."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pytest

from labkit.core.registry import registry
from labkit.kinds.arrays import WithNumpy, WithTorch
from labkit.kinds.device import OnDevice
from labkit.stages.grey.arrays import grey

IMAGE = np.random.default_rng(4).integers(0, 256, (31, 45, 3), np.uint8)


def test_numpy_computes_with_numpy() -> None:
    function = registry.variant("grey", "numpy").function
    assert isinstance(function, WithNumpy)
    assert np.array_equal(function(IMAGE), registry.variant("grey", "opencv").function(IMAGE))  # type: ignore[misc]
    assert np.array_equal(cloudpickle.loads(cloudpickle.dumps(function))(IMAGE), function(IMAGE))


def test_torch_computes_the_same_on_its_cpu_device() -> None:
    pytest.importorskip("torch")
    on_cpu = OnDevice(WithTorch(grey), "cpu")
    fixed = IMAGE.copy()
    fixed.flags.writeable = False
    assert np.array_equal(on_cpu(fixed), registry.variant("grey", "opencv").function(IMAGE))  # type: ignore[misc]
    assert np.isnan(on_cpu.device_seconds)


def test_the_torch_variant_is_an_arm_that_says_why_it_can_not_run() -> None:
    found = registry.variant("grey", "torch")
    assert found.arm is not None
    assert found.kind == "gpu"
    assert found.unavailable() is None or "torch" in (found.unavailable() or "")
