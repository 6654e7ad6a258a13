"""``labkit lab``: JupyterLab on the notebooks, on the loopback address, with a token."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from labkit.core.errors import UsageError

# what nbconvert would load from the network: a notebook exported from this JupyterLab opens without one
SCRIPTS = ("require_js", "mathjax")


def command(
    folder: Annotated[Path, typer.Argument(help="The folder to open.")] = Path("notebooks"),
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open JupyterLab on notebooks/ (loopback only, token on).

    Example: labkit lab
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; run this in the project's folder, or name a folder of notebooks")
    words = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.absolute()}",
    ]
    words += [f"--HTMLExporter.{script}_url=" for script in SCRIPTS]
    if not browser:
        words.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container one is root, and Jupyter would refuse
        words.append("--allow-root")
    os.execv(sys.executable, words)
