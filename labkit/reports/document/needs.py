"""What a variant asks of those who build and run it: a compiler, libraries, a GPU."""

from __future__ import annotations

import ast
import dis
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import CellType, CodeType
from typing import Any

from labkit.core.registry import COMPILED, registry
from labkit.core.variant import Variant
from labkit.reports import words

BUILT = ("cython", "native")
NAMES = {"cv2": "OpenCV", "numpy": "NumPy", "numba": "Numba", "pyarrow": "Arrow", "PIL": "Pillow", "torch": "PyTorch"}
OF_KIND = {
    "python": "nothing beyond Python",
    "numpy": "NumPy",
    "library": "a library",
    "numba": "Numba",
    "cython": "a C/C++ compiler at install",
    "native": "a C/C++ compiler at install",
    "gpu": "a GPU",
}
DEEPEST = 4  # calls followed from a variant into functions of its own


def known_variant(stage: str, name: str) -> Variant | None:
    """The variant as it is installed here; None for one that this installation has not."""
    registry.discover()
    return registry.variants.get(stage, {}).get(name)


def is_built(row: dict[str, Any]) -> bool:
    """Whether an arm needs a compiler when it is installed."""
    return row["kind"] in BUILT


def needs(row: dict[str, Any]) -> str:
    """What an arm of a run needs, in a few words: ``a C/C++ compiler at install, the development files of opencv4``.

    Told from its kind, from what it declares (``requires=``), and from the modules that its function uses; for a variant
    that this installation does not have, from its kind alone.
    """
    kind, variant = row["kind"], known_variant(row["stage"], row["variant"])
    found = [OF_KIND.get(kind, kind)]
    if variant is not None and kind in BUILT:
        package = _pkg_config(variant)
        found += [f"the development files of {package}"] if package else []
    elif variant is not None:
        libraries = [NAMES.get(module, module) for module in modules(variant)]
        if kind == "gpu":
            found += libraries
        elif kind != "python":
            found = libraries or found
            found += ["Numba"] if kind == "numba" else []
    if kind == "numba" and row.get("first_call_s") is not None:
        found.append(f"compiles in its first call, {words.duration(row['first_call_s'])}")
    engine = str(row.get("engine") or "").partition(":")[0]
    if engine not in ("", "serial", "threads"):
        found.append("Ray" if engine == "ray" else "worker processes")
    return ", ".join(dict.fromkeys(found))


def modules(variant: Variant) -> list[str]:
    """The packages outside the standard library that a variant's Python code uses; NumPy only where it is all."""
    found = set(variant.requires)
    seen: set[int] = set()
    for function in (variant.function, variant.arm, variant.partial):
        _collect(function, found, seen, 0)
    found -= {"labkit", "numpy"}
    others = sorted(name for name in found if name not in sys.stdlib_module_names and not name.startswith("_"))
    return others or (["numpy"] if variant.kind in ("numpy", "library") else [])


def _collect(function: Any, found: set[str], seen: set[int], depth: int) -> None:
    for wrapping in ("func", "__wrapped__", "py_func", "function"):  # partial, decorated, jitted, called for each image
        function = getattr(function, wrapping, function)
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or id(code) in seen or depth > DEEPEST:
        return
    seen.add(id(code))
    names = dict(getattr(function, "__globals__", {}))
    names |= {name: cell.cell_contents for name, cell in _closure(function, code)}
    home = str(function.__module__)
    imported = _imports(home)
    for part in _nested(code):
        steps = dis.get_instructions(part)
        found.update(str(step.argval).partition(".")[0] for step in steps if step.opname == "IMPORT_NAME")
        for name in (*part.co_names, *part.co_freevars):
            value = names.get(name)
            top = imported.get(name) or str(getattr(value, "__module__", "")).partition(".")[0]
            if top == home.partition(".")[0]:
                _collect(value, found, seen, depth + 1)
            elif name in names and top:
                found.add(top)


@cache
def _imports(module: str) -> dict[str, str]:
    """The names that a module imports at its top level, with the package that each is from."""
    file = getattr(sys.modules.get(module), "__file__", None)
    try:
        body = ast.parse(Path(file or "").read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Import):
            found |= {
                alias.asname or alias.name.partition(".")[0]: alias.name.partition(".")[0] for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: node.module.partition(".")[0] for alias in node.names}
    return found


def _closure(function: Any, code: CodeType) -> list[tuple[str, CellType]]:
    """The free variables that hold something."""
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    return [(name, cell) for name, cell in cells if cell != CellType()]


def _nested(code: CodeType) -> list[CodeType]:
    return [code, *(inner for const in code.co_consts if isinstance(const, CodeType) for inner in _nested(const))]


def _pkg_config(variant: Variant) -> str | None:
    """The system library that a compiled variant's source asks for in its first line."""
    try:
        spec = importlib.util.find_spec(variant.origin.partition(":")[0])
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin:
        return None
    stem = Path(spec.origin).with_name(Path(spec.origin).name.partition(".")[0])
    for suffix in COMPILED:
        source = stem.with_suffix(suffix)
        if source.is_file():
            head = source.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
            return head.split()[2] if head.startswith("// pkg-config: ") else None
    return None
