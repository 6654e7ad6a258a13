"""What arms have started ends with the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.variants import close


@pytest.fixture(autouse=True, scope="session")
def arms_end() -> Iterator[None]:
    yield
    close()
