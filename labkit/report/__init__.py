"""Tables and figures of runs: text, never numbers of its own."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Called(ModuleType):
    """``labkit.report`` is this package, and what one calls for a report: importing a package puts it in that place."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """See :func:`labkit.api.report`."""
        from labkit import api

        return api.report(*arguments, **options)


sys.modules[__name__].__class__ = _Called
