"""How long a run is going to take: first by rule of thumb, then by what its tables have taken so far.

The rule counts in starts of one measuring process, because checks and launches are much of the same kind (importing,
forking, calling what is not warm yet) and as slow where others keep the machine busy. Its factors are medians over eleven
runs of three to nineteen arms.
"""

from __future__ import annotations

from collections.abc import Sequence

CHECK, PREPARE, LAUNCH = 0.6, 0.15, 0.045  # starts an arm: its check, all launchers' warming up, its part of one launch
CHECK_ALONE = (
    1.4  # starts an arm where nothing is timed: the one process that is needed then starts alone, and so sooner
)
TABLE = 1.5  # starts a table: what the reference answers beforehand
USUAL_LAUNCHES = 19  # the first look, which decides most tables, of 25
HOSTED = 3.0  # starts a launch in which old code and new code each get a process executed afresh
USUAL_SHARE = 0.8  # of the budget: what is over with the first look


class Expected:
    """Seconds that a run takes in all, as far as is known: of tables with so many arms each.

    ``start_s`` is what one measuring process took to start. ``budget_s`` is None where nothing is timed, as in a check.
    """

    def __init__(
        self, arms: Sequence[int], start_s: float, budget_s: float | None, now: float, hosted: bool = False
    ) -> None:
        each = CHECK_ALONE if budget_s is None else CHECK + PREPARE + USUAL_LAUNCHES * LAUNCH
        more = USUAL_SHARE * (budget_s or 0.0) + hosted * USUAL_LAUNCHES * HOSTED * start_s
        self._guesses = [start_s * (TABLE + number * each) + more for number in arms]
        self.launches = budget_s is not None
        self._table_begin = now
        self._took: list[float] = []
        self._launched: list[float] = []
        self._at_work: float | None = None

    def table_begins(self, now: float) -> None:
        self._table_begin, self._launched, self._at_work = now, [], None

    def launched(self, now: float, planned: int) -> None:
        """A launch is over, of so many. From the third on it is known what one takes."""
        self._launched.append(now)
        if len(self._launched) > 2:
            one = (now - self._launched[0]) / (len(self._launched) - 1)
            self._at_work = now - self._table_begin + one * (planned - len(self._launched))

    def table_ends(self, now: float) -> None:
        self._took.append(now - self._table_begin)
        self._at_work = None

    @property
    def total_s(self) -> float:
        """From the beginning to the end. Tables to come take what their guess says, by as much more as those that were."""
        known = [*self._took, *([] if self._at_work is None else [self._at_work])]
        guessed = sum(self._guesses[: len(known)])
        scale = sum(known) / guessed if known and guessed > 0 else 1.0
        return sum(known) + scale * sum(self._guesses[len(known) :])
