"""What a table comes to while it fills: figures without verdicts, and the table left as it was."""

from copy import deepcopy

from labkit.measure.conclude import conclude, provisional
from labkit.measure.request import Listener


class Watching(Listener):
    def __init__(self):
        self.seen = []

    def so_far(self, table):
        before = deepcopy(table.rows)
        self.seen.append((provisional(table), len(table.samples.launches)))
        assert table.rows == before
        assert table.best is None or table.facts.get("look") is not None


def test_rows_fill_launch_by_launch_without_a_verdict(bench):
    watching = Watching()
    table = bench(["slow_to_set_up", "wrong"], listener=watching)
    assert [launches for _, launches in watching.seen] == list(range(1, len(watching.seen) + 1))
    for rows, launches in watching.seen:
        plain, other, wrong = rows
        assert (plain.ratio, wrong.ratio, wrong.median_s) == (1.0, None, None)
        assert other.ratio > 0
        assert other.median_s > 0
        assert other.limit_ratio > 0
        assert other.verdict is None
        if launches < 6:  # 2 / 2 ** 5 is more than 5 %
            assert other.ratio_low is None
        else:
            assert other.ratio_low <= other.ratio <= other.ratio_high
    assert table.rows[1].verdict is not None


def test_the_last_provisional_estimate_is_the_one_that_is_concluded_when_stopped(bench):
    table = bench(["twice"])
    glimpse = provisional(table)
    table.facts["look"] = None
    conclude(table, ["plain", "twice"], stopped=True)
    assert glimpse[1].ratio == table.rows[1].ratio


def test_a_table_without_launches_has_rows_without_figures(bench):
    table = bench(["wrong"])
    table.samples.launches.clear()
    assert [row.variant for row in provisional(table)] == ["plain", "wrong"]
