"""A notebook's cell whose magic was used wrongly has failed, although IPython tells that on standard error only."""

from collections.abc import Iterator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    for output in getattr(item, "test_outputs", None) or []:
        if output.get("name") == "stderr" and "UsageError" in output.get("text", ""):
            raise AssertionError(output["text"])
