"""What is compiled is not there: because nobody has built it, or because nothing here can."""

from __future__ import annotations

import os
import shlex
import shutil
import sysconfig
from pathlib import Path


def why_unbuilt(source: Path) -> str:
    """Why a compiled file is not there, and what would bring it: a compiler as setup.py looks for it, or a build.

    Its first line may name a package that it needs besides.
    """
    language = "CXX" if source.suffix == ".cpp" else "CC"
    compiler = shlex.split(os.environ.get(language) or sysconfig.get_config_var(language) or "cc")[0]
    lacking = "" if shutil.which(compiler) else f"there is no C/C++ compiler here ({compiler}); with one, "
    head = source.read_text(encoding="utf-8").partition("\n")[0]
    if head.startswith("// pkg-config: "):
        lacking += f"it needs {head.split()[2]} for C++, known to pkg-config; with it, "
    return f"{source.name} is not built: {lacking}run make setup, or install its package again"
