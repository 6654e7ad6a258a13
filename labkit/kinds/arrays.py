"""One vectorised function, computed two ways: with NumPy's arrays, and with torch's tensors on a device.

In a stage's ``arrays.py``::

    from labkit.kinds import arrays

    @arrays("invert")
    def invert(xp, image):
        \"\"\"One line that says what is special about it.\"\"\"
        return 255 - image

``xp`` is the namespace to compute with, as the array API standard has it. Source: Python array API standard (data-apis.org),
by way of array-api-compat.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.core.registry import registry, variant
from labkit.kinds.call import Face
from labkit.kinds.device import gpu

Vectorised = Callable[..., Any]


def arrays(stage: str) -> Callable[[Vectorised], Vectorised]:
    """Decorator: ``function(xp, *inputs)`` becomes the variants ``numpy`` and ``torch`` of a stage.

    What it returns may be a view or have strides: it is made contiguous, as part of the call.

    Raises UsageError for an unknown stage.
    """

    def decorate(function: Vectorised) -> Vectorised:
        variant(stage, "numpy", "numpy")(WithNumpy(Face.of("numpy", function, registry.stage(stage)), function))

        Face.of("torch", function, registry.stage(stage)).put_on(with_torch := WithTorch(function))
        gpu(stage, "torch")(with_torch)
        return function

    return decorate


class WithNumpy:
    """The function with NumPy's namespace, under the stage's signature."""

    def __init__(self, face: Face, function: Vectorised) -> None:
        self._face, self.function = face, function
        face.put_on(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._face, self.function)

    def __call__(self, *inputs: Any, **named: Any) -> np.ndarray:
        import array_api_compat.numpy as xp

        return np.ascontiguousarray(self.function(xp, *self._face.complete(inputs, named)))


class WithTorch:
    """The function with torch's namespace, of tensors on whatever device."""

    def __init__(self, function: Vectorised) -> None:
        self.function = function

    def __call__(self, *tensors: Any) -> Any:
        import array_api_compat.torch as xp

        return self.function(xp, *tensors)
