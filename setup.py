"""Finds and builds every .pyx and .cpp under labkit/, each as an optional extension: without a compiler the rest works.

LABKIT_BUILD names another folder to search: ``labkit bench --against`` builds earlier code with it.
"""

import os
from pathlib import Path

import numpy
import pybind11
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

COMPILE = ["-O3", "-march=native", "-fopenmp", "-fvisibility=hidden"]


def extension(source: Path) -> Extension:
    cpp = source.suffix == ".cpp"
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        include_dirs=[numpy.get_include(), pybind11.get_include()],
        extra_compile_args=[*COMPILE, "-std=c++17"] if cpp else COMPILE,
        extra_link_args=["-fopenmp"],
        define_macros=[] if cpp else [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
    )


sources = sorted(
    path for suffix in ("*.pyx", "*.cpp") for path in Path(os.environ.get("LABKIT_BUILD", "labkit")).rglob(suffix)
)
extensions = cythonize(
    [extension(source) for source in sources],
    build_dir="build/cython",
    language_level=3,
    compiler_directives={"binding": True, "embedsignature": False},
)
for made in extensions:
    made.optional = True  # which cythonize forgets
setup(
    packages=find_packages(include=["labkit", "labkit.*"]),
    package_data={"": ["*.pyx", "*.cpp", "*.hpp", "py.typed"]},
    ext_modules=extensions,
)
