"""How many threads each library would use in a program that the user starts now, told by a fresh process.

This file is also that process's program: it imports nothing of labkit, which would change what it asks for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

PATIENCE_S = 120.0


def library_threads(environment: dict[str, str] | None = None) -> dict[str, int] | None:
    """Threads by library (``OpenBLAS``, ``OpenMP``, ``cv2``, ``numba``, ``torch``), each by itself, of those installed.

    ``environment`` is this process's when None. None where the process failed.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", __file__],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
    return {str(name): int(threads) for name, threads in found.items()}


def _told() -> dict[str, int]:
    """The most threads of each library; one that is not installed, or can't be imported, is left out."""
    found: dict[str, int] = {}
    asked = {"numpy": None, "cv2": "getNumThreads", "numba": "get_num_threads", "torch": "get_num_threads"}
    for name, question in asked.items():
        try:
            library = __import__(name)
            if question:
                found[name] = int(getattr(library, question)())
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return found
    names = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS", "openmp": "OpenMP"}
    for pool in threadpool_info():
        name = names.get(pool["internal_api"], pool["user_api"])
        found[name] = max(found.get(name, 0), int(pool["num_threads"]))
    return found


if __name__ == "__main__":
    answer = json.dumps(_told())
    print(answer, flush=True)
    os._exit(0)  # threads of libraries may not end by themselves
