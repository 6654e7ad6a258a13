"""A small, seeded run of the simulation: the same cells and bounds, fewer comparisons.

The bounds of the full run are widened by 4 standard errors of a proportion (of 2,000 comparisons: 2.1 % at 94 %), for
a bound that is met exactly fails by chance in one of thirty thousand figures then. Mean widths are not widened.
"""

import pytest

from labkit.measure.statistics import plan_looks
from tests.statistics.simulation import PARTS

SEED = 1_234_567
COMPARISONS = 2_000
SIGMAS = 4.0


@pytest.mark.parametrize("title", PARTS)
def test_simulated_comparisons_keep_their_bounds(title: str) -> None:
    part, share = PARTS[title]
    figures = list(part(int(share * COMPARISONS), SEED, plan_looks()[-1]))
    wrong = [figure for figure in figures if not figure.holds(SIGMAS)]
    assert figures
    assert not wrong, f"seed {SEED}: {wrong}"
