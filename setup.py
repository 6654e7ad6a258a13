"""Finds and builds every .pyx, .c, .cpp and loops.py under labkit/, each as an optional extension: without a compiler the
rest works.

Several are built at a time, and only those whose source has changed, or a header that it includes, or what all are built by.
A ``.cpp`` with a ``.py`` of its name beside it holds kernels and no Python: it is built once for each path of instructions.
A stage's ``loops.py`` is built under the name ``_loops_cython`` (it stays what ``import loops`` finds), with the bodies of its
kernels under ``with cython.nogil``, which neither the interpreter nor Numba could read. What Cython adds to every module for
its memoryviews, 23,000 lines of C, is compiled once, as ``labkit/kinds/_cython``. One that Cython refuses costs itself alone.
A source whose first line is ``// pkg-config: opencv4 (opencv_core opencv_imgproc)`` needs that package, and of its
libraries those in brackets; without the package it is left out.
"""

import ast
import copy
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pybind11
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

COMPILE = ["-O3", "-fopenmp", "-fvisibility=hidden"]
COMPILE += ["-g0"]  # with -g it takes 1.6 times as long and is 20 times as large
# GCC 12 finds its own AVX-512 headers at fault (its bug 105593)
COMPILE += ["-Wno-uninitialized", "-Wno-maybe-uninitialized"]
HERE = [f"-march={os.environ.get('LABKIT_MARCH', 'native')}"]  # of what has no paths; x86-64-v2 for a wheel
PATHS = {  # of instructions, see labkit/core/simd.py
    "baseline": ["-march=x86-64-v2"],
    "avx2": ["-march=x86-64-v3"],
    "avx512": ["-march=x86-64-v4", "-mavx512vbmi", "-mavx512vbmi2", "-mavx512vnni", "-mavx512bitalg"],
}
EXACT = ["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]  # no fused product and sum; results as IEEE says
if platform.machine() not in ("x86_64", "AMD64"):
    PATHS = {"baseline": []}
AT_A_TIME = min(os.cpu_count() or 1, 4)  # a compiler takes up to half a gigabyte
PACKAGE = Path("labkit")
GENERATED = Path("build/cython")
SHARED = "labkit.kinds._cython"
DIRECTIVES = {"binding": True, "embedsignature": False}
LOOPS = {"boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False}


class Module(Extension):
    """One that can be put into a set, as Cython 3.3 puts those that it refuses."""

    __hash__ = object.__hash__


def pkg_config(package: str, question: str) -> list[str] | None:
    """The folders that pkg-config names, None where it knows no such package or is not installed itself."""
    try:
        done = subprocess.run(["pkg-config", question, package], capture_output=True, text=True)
    except OSError:
        return None
    return None if done.returncode else [word[2:] for word in done.stdout.split()]


def headers(source: Path) -> set[Path]:
    """The project's own files that a source includes, and those that they include."""
    found: set[Path] = set()
    unread = [source]
    while unread:
        reading = unread.pop()
        for name in re.findall(r'^\s*#\s*include "(.+)"', reading.read_text(encoding="utf-8"), re.MULTILINE):
            beside = (folder / name for folder in (reading.parent, PACKAGE))
            header = next((Path(os.path.normpath(path)) for path in beside if path.is_file()), None)
            if header and header not in found:
                found.add(header)
                unread.append(header)
    return found


def named(source: Path) -> Path:
    """The file to build: a loops.py's copy under its other name, which Cython gives to the module."""
    if source.suffix != ".py":
        return source
    copy = GENERATED / source.with_name("_loops_cython.py")
    copy.parent.mkdir(parents=True, exist_ok=True)
    text = without_the_gil(source.read_text(encoding="utf-8"))
    if not copy.exists() or copy.read_text(encoding="utf-8") != text:
        copy.write_text(text, encoding="utf-8")
    return copy


def without_the_gil(text: str) -> str:
    """A loops.py whose functions under ``@loops`` let go of the GIL: what follows the docstring is indented under a with."""
    try:
        statements = ast.parse(text).body
    except SyntaxError:
        return text  # Cython tells of it
    lines = text.splitlines()
    for node in statements[::-1]:
        decorated = isinstance(node, ast.FunctionDef) and any("loops(" in ast.unparse(d) for d in node.decorator_list)
        if decorated:
            body = node.body[1 if ast.get_docstring(node) else 0 :]
            first, last = body[0].lineno - 1, body[-1].end_lineno
            lines[first:last] = [
                "    with cython.nogil:",
                *(f"    {line}" if line else line for line in lines[first:last]),
            ]
    return "\n".join(lines) + "\n"


def extensions_of(source: Path) -> list[Module]:
    """One, or one a path of instructions for kernels; none where the package that it needs is not here."""
    if source.suffix == ".cpp" and source.with_suffix(".py").exists():
        return [extension(source, f"_{source.stem}_{path}", [*flags, *EXACT]) for path, flags in PATHS.items()]
    if source.stem == "_call":  # runs everywhere, and then says which path is taken
        return [extension(source, source.stem, [])]
    alike = EXACT if source.name == "loops.py" else []  # as the interpreter and Numba compute it
    made = extension(source, named(source).stem, [*HERE, *alike])
    needs = re.match(r"// pkg-config: (\S+) \((.*)\)", source.read_text(encoding="utf-8"))
    if needs:
        includes = pkg_config(needs[1], "--cflags-only-I")
        if includes is None:
            return []
        made.include_dirs += includes
        made.library_dirs += pkg_config(needs[1], "--libs-only-L") or []
        made.libraries += needs[2].split()
    return [made]


def extension(source: Path, name: str, flags: list[str]) -> Module:
    cpp = source.suffix == ".cpp"
    return Module(
        ".".join(source.with_name(name).parts),
        [str(named(source))],
        include_dirs=[str(PACKAGE), numpy.get_include(), pybind11.get_include()],
        extra_compile_args=[*COMPILE, *flags, *(["-std=c++17"] if cpp else [])],
        extra_link_args=["-fopenmp"],
        define_macros=[] if cpp else [("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        depends=sorted(map(str, headers(source))),
    )


def found(*wanted: str) -> list[Module]:
    sources = sorted(path for pattern in wanted for path in PACKAGE.glob(pattern))
    return [made for source in sources for made in extensions_of(source)]


class BuildExtensions(build_ext):
    """Builds what is old and says so; in place, straight into the tree."""

    def finalize_options(self) -> None:
        super().finalize_options()
        if self.inplace:
            self.build_lib = "."

    def copy_extensions_to_source(self) -> None:
        """They are there already."""

    def build_extensions(self) -> None:
        old = [made for made in self.extensions if self.force or self.is_old(made)]
        compilers = sorted({self.compiler.compiler_so[0], self.compiler.compiler_so_cxx[0]})
        if old and not any(map(shutil.which, compilers)):
            missing = " and no ".join(compilers)
            print(f"labkit: {len(old)} extensions are not built: there is no {missing}", file=sys.stderr)
        elif old:
            some = len(old) < len(self.extensions)
            what = ", ".join(made.name for made in old) if some else f"all {len(old)} extensions"
            print(f"labkit: builds {what}", file=sys.stderr, flush=True)
            super().build_extensions()

    def build_extension(self, made: Module) -> None:
        if self.is_old(made):  # where its building fails it is missing, not what it was before
            Path(self.get_ext_fullpath(made.name)).unlink(missing_ok=True)
        apart = copy.copy(self)  # paths of one source are built side by side: each has its own object file
        apart.build_temp = os.path.join(self.build_temp, made.name)
        build_ext.build_extension(apart, made)

    def is_old(self, made: Module) -> bool:
        return newer_group([*made.sources, *made.depends], self.get_ext_fullpath(made.name), "newer")


def all_extensions() -> list[Module]:
    if os.environ.get("LABKIT_EXTENSIONS") == "later":  # whoever installs labkit builds them by a call of their own
        return []
    cythons = {"shared_utility_qualified_name": SHARED, "nthreads": AT_A_TIME, "exclude_failures": True}
    typed = [*found("**/*.pyx"), Module(SHARED, [], extra_compile_args=[*COMPILE, *HERE])]
    return [
        *cythonize(typed, build_dir=str(GENERATED), language_level=3, compiler_directives=DIRECTIVES, **cythons),
        *found("**/*.c", "**/*.cpp"),
        *cythonize(found("stages/*/loops.py"), language_level=3, compiler_directives=DIRECTIVES | LOOPS, **cythons),
    ]


extensions = all_extensions()
for made in extensions:
    made.optional = True  # which cythonize forgets
    made.depends += [name for name in ("setup.py", "requirements.lock") if Path(name).exists()]
setup(
    packages=find_packages(include=["labkit", "labkit.*"]),
    package_data={"": ["*.pyx", "*.c", "*.cpp", "*.h", "*.hpp", "*.j2", "*.css", "*.js", "py.typed"]},
    ext_modules=extensions,
    cmdclass={"build_ext": BuildExtensions},
    options={"build_ext": {"parallel": AT_A_TIME}},
)
