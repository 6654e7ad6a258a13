"""What the tests skipped is told in one line, by reason, with the command that would run it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.skipped import told

ROOT = Path(__file__).parents[1]


def test_reasons_are_counted_under_the_command_that_would_run_them() -> None:
    found = told(
        [
            "Skipped: could not import 'torch': No module named 'torch'",
            "Skipped: torch is not installed: pip install labkit[gpu]",
            "Skipped: this machine has no AVX2",
            "Skipped: no Chromium on this machine; on Debian: apt-get install chromium",
            "Skipped: could not import 'pyperf._utils': No module named 'pyperf'",
        ]
    )
    assert found == (
        "skipped 5: 2 no torch, 1 no pyperf (make test EXTRAS=all); 1 this machine has no AVX2; "
        "1 no Chromium (apt-get install chromium)"
    )


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        ("no C++ compiler on this machine", "apt-get install g++"),
        ("no C compiler on this machine", "apt-get install g++"),
        ("needs the built opencv_api", "apt-get install pkg-config libopencv-dev"),
        ("c_api.c was not built", "make setup"),
        ("ray is not installed", "make test EXTRAS=all"),
        ("no test pictures of Pillow", "make test EXTRAS=all"),
    ],
)
def test_every_reason_that_a_command_takes_away_names_it(reason: str, command: str) -> None:
    assert told([f"Skipped: {reason}"]).endswith(f"({command})")


def test_nothing_is_said_where_nothing_was_skipped() -> None:
    assert told([]) == ""


@pytest.mark.parametrize("how", [["-p", "no:xdist"], ["-n", "2"]])
def test_a_test_run_ends_with_the_line(tmp_path: Path, how: list[str]) -> None:
    file = tmp_path / "test_two.py"
    file.write_text("import pytest\n\n\ndef test_gpu():\n    pytest.importorskip('a_module.of_nobody')\n")
    words = [sys.executable, "-m", "pytest", *how, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    done = subprocess.run([*words, "-p", "conftest", file], cwd=ROOT, capture_output=True, text=True)
    assert "skipped 1: 1 no a_module\n" in done.stdout
