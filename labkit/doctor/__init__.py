"""Looks for what would fool whoever reads the figures: in the machine, and in how a variant is written.

``labkit.doctor`` is this package, and what one calls: importing a package puts it in that place.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See :func:`labkit.api.doctor`."""
        from labkit import api

        return api.doctor(*arguments, **options)


sys.modules[__name__].__class__ = _Called
