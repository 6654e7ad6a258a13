"""Does an arm answer from memory what it is timed on? Told from its first calls in the launches; see ``executor``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from labkit.core.fault import Fault

FEWEST_LAUNCHES = 7  # in all of seven launches by chance alone: 1 in 128
CLEARLY = 3.0  # times as long: branch predictors know a small sorted input again, and are not to blame
LEAST_S = 1e-4  # after a wait beside busy programs the first call of 4 µs took 30, in launch after launch


def old_answers(launches: Sequence[dict[str, Any]], arm: str) -> Fault | None:
    """What is wrong with an arm that takes clearly longer on new content than on known one, in most of the launches.

    Known is what it was warmed up on, called once more before the content changed, and the new content when it comes again. One
    of these alone would not do: the first calls of a process take longer, for they get memory that was never touched.
    """
    found = [launch["known_new_again_s"][arm] for launch in launches if arm in launch.get("known_new_again_s", ())]
    if len(found) < FEWEST_LAUNCHES:
        return None
    before, new, again = np.array(found).T
    known = np.maximum(before, again)
    clearly = (new > CLEARLY * known) & (new - known > LEAST_S)
    if clearly.mean() < 0.8:
        return None
    return Fault(
        f"memoised: new content takes {np.median(new) * 1e3:.2g} ms, known content {np.median(known) * 1e3:.2g} ms, so what "
        "would be timed is a look-up",
        "memoised",
    )
