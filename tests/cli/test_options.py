"""Numbers and sizes as people write them, alike in every command."""

from __future__ import annotations

import pytest

from labkit.cli import options
from labkit.core import UsageError


@pytest.mark.parametrize(("text", "number"), [("50M", 50_000_000), ("1.5k", 1500), ("7", 7), (" 2 G ", 2_000_000_000)])
def test_a_number_counts_in_thousands(text: str, number: int) -> None:
    assert options.number(text, "--it") == number


@pytest.mark.parametrize(("text", "size"), [("700M", 700 * 2**20), ("1.5GiB", 3 * 2**29), ("2gb", 2**31), ("9", 9)])
def test_a_size_counts_in_powers_of_1024(text: str, size: int) -> None:
    assert options.size_in_bytes(text, "--it") == size


@pytest.mark.parametrize("text", ["", "M", "-1", "0", "1e3", "0.4", "20X", "nan"])
def test_anything_else_is_refused_by_the_options_name(text: str) -> None:
    for read in (options.number, options.size_in_bytes):
        with pytest.raises(UsageError, match=r"--it is '.*'; give a "):
            read(text, "--it")
