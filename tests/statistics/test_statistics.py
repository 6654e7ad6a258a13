"""The statistics keep what `checks` ask of them."""

from collections.abc import Callable

import pytest

from labkit.measure import statistics
from tests.statistics.checks import CHECKS, Stats


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_that(check: Callable[[Stats], None]) -> None:
    check(statistics)
