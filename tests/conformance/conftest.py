from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.trials import Opened, opening


@pytest.fixture(scope="session")
def opened() -> Iterator[Opened]:
    with ExitStack() as stack:
        yield opening(stack)
