"""Harnesses that the gauntlet compares. What a peer needs is imported when it is used."""

from __future__ import annotations

from tests.gauntlet.tools.asv import Asv
from tests.gauntlet.tools.criterion import Criterion
from tests.gauntlet.tools.hyperfine import Hyperfine
from tests.gauntlet.tools.labkit import Labkit
from tests.gauntlet.tools.perfplot import Perfplot
from tests.gauntlet.tools.pyperf import Pyperf
from tests.gauntlet.tools.pytest_benchmark import PytestBenchmark
from tests.gauntlet.tools.timeit import Timeit
from tests.gauntlet.tools.tool import Tool
from tests.gauntlet.tools.torch_timer import TorchTimer

_ALL: tuple[Tool, ...] = (
    Labkit(),
    Pyperf(),
    PytestBenchmark(),
    Asv(),
    TorchTimer(),
    Hyperfine(),
    Criterion(),
    Perfplot(),
    Timeit(),
)
TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}
