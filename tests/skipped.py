"""What was skipped, told at the end of a test run in one line: by reason, with the command that would run it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

COMMANDS = {
    r"no (torch|kornia|ray|rapidocr|onnxruntime|asv|perfplot|pyperf|pytest_benchmark)\b": "make test EXTRAS=all",
    r"test pictures of Pillow": "make test EXTRAS=all",
    r"chromium": "apt-get install chromium",
    r"opencv_api": "apt-get install pkg-config libopencv-dev",
    r"\bC(\+\+)? compiler": "apt-get install g++",
    r"not built": "make setup",
}
"""A pattern of reasons, and on Debian what takes them away; other reasons are the machine's own."""


def told(reasons: Iterable[str]) -> str:
    """One line about what was skipped for these reasons, as pytest has them; empty when nothing was."""
    counted = Counter(map(_short, reasons))
    by_command: dict[str, list[str]] = {}
    for reason, count in counted.most_common():
        command = next((way for pattern, way in COMMANDS.items() if re.search(pattern, reason, re.IGNORECASE)), "")
        by_command.setdefault(command, []).append(f"{count} {reason}")
    parts = [", ".join(found) + f" ({command})" * bool(command) for command, found in by_command.items()]
    return f"skipped {counted.total()}: {'; '.join(parts)}" if parts else ""


def _short(reason: str) -> str:
    """``no torch`` for each way of saying that a module is missing; of others what stands before advice of their own."""
    text = reason.removeprefix("Skipped: ")
    module = re.match(r"could not import '(\w+)|(\w+) is not installed", text)
    return f"no {module[1] or module[2]}" if module else re.split("; | on this machine", text)[0]
