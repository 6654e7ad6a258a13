"""Finds and builds every .pyx, .c and .cpp under labkit/, each as an optional extension: without a compiler the rest works.

A source whose first line is ``// pkg-config: opencv4 (opencv_core opencv_imgproc)`` needs that package, and of its
libraries those in brackets; without the package it is left out.
"""

import re
import subprocess
from pathlib import Path

import numpy
import pybind11
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

COMPILE = ["-O3", "-march=native", "-fopenmp", "-fvisibility=hidden"]


def pkg_config(package: str, question: str) -> list[str] | None:
    """The folders that pkg-config names, None where it knows no such package or is not installed itself."""
    try:
        done = subprocess.run(["pkg-config", question, package], capture_output=True, text=True)
    except OSError:
        return None
    return None if done.returncode else [word[2:] for word in done.stdout.split()]


def extension(source: Path) -> Extension | None:
    cpp = source.suffix == ".cpp"
    made = Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        include_dirs=[numpy.get_include(), pybind11.get_include()],
        extra_compile_args=[*COMPILE, "-std=c++17"] if cpp else COMPILE,
        extra_link_args=["-fopenmp"],
        define_macros=[] if cpp else [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        depends=[str(path) for path in source.parent.glob("*.h*")],
    )
    needs = re.match(r"// pkg-config: (\S+) \((.*)\)", source.read_text(encoding="utf-8"))
    if needs:
        includes = pkg_config(needs[1], "--cflags-only-I")
        if includes is None:
            return None
        made.include_dirs += includes
        made.library_dirs += pkg_config(needs[1], "--libs-only-L") or []
        made.libraries += needs[2].split()
    return made


sources = sorted(path for suffix in ("*.pyx", "*.c", "*.cpp") for path in Path("labkit").rglob(suffix))
extensions = cythonize(
    [made for made in map(extension, sources) if made],
    build_dir="build/cython",
    language_level=3,
    compiler_directives={"binding": True, "embedsignature": False},
)
for made in extensions:
    made.optional = True  # which cythonize forgets
setup(
    packages=find_packages(include=["labkit", "labkit.*"]),
    package_data={"": ["*.pyx", "*.c", "*.cpp", "*.h", "*.hpp", "*.j2", "*.css", "*.js", "py.typed"]},
    ext_modules=extensions,
)
