"""Cython variants with their lines visible: the same source built once more with tracing compiled in.

A build made for speed tells nobody which line runs. Built with ``linetrace`` and the macro CYTHON_TRACE_NOGIL it reports each
line, also without the GIL and in ``cdef`` functions, to whoever traces Python. Source: Cython's documentation, «Profiling»,
«Enabling line tracing». The build is kept in the user's cache folder, by the content of the source.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from line_profiler._line_profiler import CANNOT_LINE_TRACE_CYTHON  # type: ignore[attr-defined]

from labkit.core.errors import one_line
from labkit.core.registry import registry
from labkit.core.variant import Variant

SUFFIX = "_traced"
BUILD = """\
import sys, numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
name, source, folder = sys.argv[1:4]
macros = [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"), ("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")]
made = Extension(name, [source], include_dirs=[numpy.get_include()], define_macros=macros,
                 extra_compile_args=["-O2", "-march=native", "-fopenmp"], extra_link_args=["-fopenmp"])
modules = cythonize([made], build_dir=folder, language_level=3, quiet=True,
                    compiler_directives={"binding": True, "linetrace": True, "profile": True})
setup(name=name, ext_modules=modules, script_args=["-q", "build_ext", "--build-lib", folder, "--build-temp", folder])
"""


class NotTraced(Exception):
    """Why a Cython variant's lines can't be seen, in one line."""


def is_cython(function: Any) -> bool:
    """Is this a function that Cython compiled?"""
    return type(function).__name__ in ("cython_function_or_method", "fused_cython_function")


def traced(variant: Variant) -> Callable[..., Any]:
    """The variant's function from a build with line tracing; raises NotTraced when it can't be built or loaded."""
    source = _source(variant)
    if not source.is_file():
        raise NotTraced(f"compiled by Cython, and its source {source.name} is not beside it")
    if CANNOT_LINE_TRACE_CYTHON:
        raise NotTraced("compiled by Cython, whose lines line_profiler can't see under Python 3.12")
    name, library = source.stem, _library(source)
    if not library.exists():
        _build(name, source, library)
    spec = importlib.util.spec_from_file_location(name, library)
    assert spec is not None
    assert spec.loader is not None
    try:
        module = importlib.util.module_from_spec(spec)
        sys.modules[name + SUFFIX] = module  # a module that nobody holds loses its globals
        with registry.renaming(SUFFIX):
            spec.loader.exec_module(module)
    except Exception as error:
        what = one_line(error)
        raise NotTraced(f"compiled by Cython, and its build with line tracing can't be loaded: {what}") from error
    found = registry.variant(variant.stage, variant.name + SUFFIX).function
    assert found is not None
    return found


def to_be_built(variant: Variant) -> bool:
    """Must ``traced`` build first, which takes a while?"""
    source = _source(variant)
    return is_cython(variant.function) and source.is_file() and not _library(source).exists()


def _source(variant: Variant) -> Path:
    """Where the source of a compiled module is looked for: beside it. A notebook has no file, and so nothing beside it."""
    home = variant.origin.partition(":")[0]
    library = Path(getattr(sys.modules.get(home), "__file__", None) or os.devnull)
    return library.parent / f"{home.rpartition('.')[2]}.pyx"


def _library(source: Path) -> Path:
    """Where the build is kept."""
    about = f"{source}{version('cython')}{version('numpy')}{sys.version}"
    mark = hashlib.sha256(about.encode() + source.read_bytes()).hexdigest()[:16]
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "labkit" / "traced" / mark / f"{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"


def _build(name: str, source: Path, library: Path) -> None:
    """Build in a temporary folder, and put the library in its place whole or not at all."""
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as folder:
            command = [sys.executable, "-c", BUILD, name, str(source), folder]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            made = list(Path(folder).glob(f"{name}*{sysconfig.get_config_var('SHLIB_SUFFIX') or '.so'}"))
            if done.returncode or not made:
                said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
                raise NotTraced(f"compiled by Cython, and a build with line tracing failed: {said[-1]}")
            made[0].replace(library)
    except OSError as error:
        raise NotTraced(f"compiled by Cython, and {error.filename} can't be written: {error.strerror}") from error
