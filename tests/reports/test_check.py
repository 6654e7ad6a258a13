"""What a check found, as a notebook and a terminal show it."""

import pandas as pd
import pytest

from labkit.reports.check import CheckShown


@pytest.fixture
def found() -> CheckShown:
    names = {"stage": "blur", "workload": "logo", "kind": "numpy", "note": None}
    return CheckShown(
        [
            names
            | {"variant": "plain", "engine": None, "status": "measured", "reason": None}
            | {"note": "other dtype"},
            names | {"variant": "fast", "engine": "threads", "status": "differs", "reason": "output <b>: in 1 of 9"},
            names | {"variant": "slow", "engine": None, "status": "timed_out", "reason": "after 60 s"},
        ]
    )


def test_it_is_a_table_in_the_words_of_the_command_and_all_of_it_is_shown(found: CheckShown) -> None:
    for shown in (repr(found), found._repr_html_()):
        for word in ("variant", "agrees", "other dtype", "fast@threads", "differs", "timed out", "after 60 s"):
            assert word in shown
    assert "output &lt;b&gt;: in 1 of 9" in found._repr_html_()
    assert "NaN" not in repr(found)


def test_text_of_a_variant_is_one_printable_line() -> None:
    row = {"stage": "s", "workload": "a\nb", "variant": "v", "engine": None, "kind": "numpy", "note": None}
    shown = CheckShown([row | {"status": "crashed", "reason": "raised ValueError: one\ntwo \x1b[31mred"}])
    assert shown.grid.texts == [("s", "a b", "v", "crashed", "raised ValueError: one two [31mred")]


def test_it_is_a_frame_whose_parts_are_plain_frames(found: CheckShown) -> None:
    wrong = found[found.status == "differs"]
    assert type(wrong) is pd.DataFrame
    assert wrong.variant.tolist() == ["fast"]


def test_its_rows_have_none_where_nothing_is_known(found: CheckShown) -> None:
    assert [row["reason"] for row in found.rows] == [None, "output <b>: in 1 of 9", "after 60 s"]
