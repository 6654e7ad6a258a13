"""What a value is made of: the arrays, numbers and texts inside lists, dictionaries, dataclasses, pictures, tables, tensors.

One reading for all that compares values, looks whose memory they hold, or makes others of the same form.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

PLAIN = (str, bytes, bytearray, int, float, complex, set, frozenset, type(None), np.generic)
LARGEST_DENSE = 64 << 20  # bytes of a sparse array that is written out to be compared
Path = str  # into a value: ``[0]``, ``.panel``, ``['a']``


@dataclass(frozen=True)
class Parts:
    """What one value is made of. Two values are alike where their ``kind`` is equal, and so is each part.

    ``told`` says in a few words what it is. ``again`` makes a value of the same form of other parts; None where that can't be.
    """

    kind: Any
    told: str
    inner: Sequence[tuple[Path, Any]]
    again: Callable[[list[Any]], Any] | None = None


@dataclass(frozen=True)
class Yielded:
    """What an iterator has given: it can be gone through once only, so the gate does, and goes on with this."""

    items: tuple[Any, ...]


def parts(value: Any, objects: bool = False) -> Parts | None:
    """What a value is made of; None for an array of numbers, and for what is looked at as a whole.

    With ``objects`` any object that has no equality of its own is made of its attributes. Those of an input are its own
    affair: a model keeps caches, and may lead anywhere.
    """
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in "biufcSUmM":
        return None
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if isinstance(value, PLAIN):
        return None
    if isinstance(value, dict):
        return _of_dictionary(value)
    if isinstance(value, tuple | list | deque):
        return _of_sequence(value)
    if isinstance(value, Yielded):
        inner = [(f"[{i}]", item) for i, item in enumerate(value.items)]
        return Parts(("iterator", len(inner)), f"an iterator over {len(inner)}", inner)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _of_attributes(value, [field.name for field in dataclasses.fields(value)])
    for module, read in (("torch", _of_tensor), ("pandas", _of_table), ("PIL.Image", _of_picture)):
        if module in sys.modules and (made := read(value, sys.modules[module])) is not None:
            return made
    return _of_numbers(value) or (_of_object(value) if objects else None)


def yields(value: Any) -> bool:
    """Is it an iterator, or a list or tuple that holds one? Such an answer has computed nothing yet."""
    return isinstance(value, Iterator) or (
        type(value) in (list, tuple) and any(isinstance(item, Iterator) for item in value)
    )


def settled(value: Any) -> Any:
    """A value with what its iterators give in their place: a generator has computed nothing yet, and gives it once."""
    if not yields(value):
        return value
    inner = (settled(item) for item in value)
    return type(value)(inner) if type(value) in (list, tuple) else Yielded(tuple(inner))


class Settling:
    """A call whose answers are :func:`settled`, if the first one had to be: a look at each would cost a clock time."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self._yields: bool | None = None

    def __call__(self, *inputs: Any) -> Any:
        output = self._call(*inputs)
        if self._yields is None:
            self._yields = yields(output)
        return settled(output) if self._yields else output


def copied(value: Any) -> Any:
    """A copy of its own, as deep as can be: what can't be copied (a lock, a model's handle) comes as it is."""
    try:
        return copy.deepcopy(value)
    except Exception:
        made = parts(value)
        return value if made is None or made.again is None else made.again([copied(part) for _, part in made.inner])


def leaves(value: Any, where: Path = "") -> Iterator[tuple[Path, Any]]:
    """Everything inside a value that has no parts of its own, with its path."""
    made = parts(value)
    if made is None:
        yield where, value
        return
    for name, inner in made.inner:
        if type(inner) is np.ndarray and inner.dtype.kind in "biufc":
            yield where + name, inner
        else:
            yield from leaves(inner, where + name)


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value of the same form whose leaves are those that ``change`` gives; the same object where none is another."""
    made = parts(value)
    if made is None:
        return change(value)
    if made.again is None:
        return value
    inner = [mapped(part, change) for _, part in made.inner]
    unchanged = all(a is b for a, (_, b) in zip(inner, made.inner, strict=True))
    return value if unchanged else made.again(inner)


def arrays(value: Any, where: Path = "") -> Iterator[tuple[Path, np.ndarray]]:
    """Every array inside a (nested) output or input, with its path."""
    return ((name, leaf) for name, leaf in leaves(value, where) if isinstance(leaf, np.ndarray))


def elements(value: tuple[Any, ...] | list[Any]) -> list[tuple[Path, Any]]:
    """The elements of a list or tuple with their paths: ``[0]``, or ``.panel`` in a named tuple."""
    fields = getattr(value, "_fields", None)
    return [(f".{fields[i]}" if fields else f"[{i}]", inner) for i, inner in enumerate(value)]


def identity_alone(value: Any) -> bool:
    """Is it equal to itself only, for want of an equality of its own?"""
    return getattr(type(value), "__eq__", None) is getattr(object, "__eq__", None)


def name_of(value: Any) -> str:
    """Where the type of a value comes from and what it is called: ``numpy.ndarray``."""
    return f"{type(value).__module__}.{type(value).__name__}"


def _of_dictionary(value: dict[Any, Any]) -> Parts:
    def again(inner: list[Any]) -> Any:
        return dict(zip(value, inner, strict=True))

    inner = [(f"[{key!r}]", part) for key, part in value.items()]
    return Parts((type(value), frozenset(value)), f"a {type(value).__name__}", inner, again)


def _of_sequence(value: Any) -> Parts:
    fields = getattr(value, "_fields", None)

    def again(inner: list[Any]) -> Any:
        return type(value)(*inner) if fields else type(value)(inner)

    name = type(value).__name__
    kind = (name, *fields) if fields else ("sequence", len(value))
    return Parts(kind, f"{name} of {len(value)}", elements(value), again)


def _of_attributes(value: Any, names: Sequence[str]) -> Parts:
    def again(inner: list[Any]) -> Any:
        return dataclasses.replace(value, **dict(zip(names, inner, strict=True)))

    inner = [(f".{name}", getattr(value, name)) for name in names]
    rebuilt = again if dataclasses.is_dataclass(value) and all(f.init for f in dataclasses.fields(value)) else None
    return Parts((type(value).__name__, *names), f"a {type(value).__name__}", inner, rebuilt)


def _of_array(value: np.ndarray) -> Parts | None:
    """Of an array of records each field, of one of objects each element; of a subclass, which may hold more, its numbers."""
    if type(value) is not np.ndarray:
        inner = [("", np.asarray(value))]
        if isinstance(value, np.ma.MaskedArray):
            inner = [("", value.filled(value.dtype.type())), (".mask", np.ma.getmaskarray(value))]
        return Parts(type(value), f"a {name_of(value)}", inner)
    if value.dtype.names:
        fields = [(f"[{name!r}]", value[name]) for name in value.dtype.names]
        return Parts((value.dtype, value.shape), f"an array of {value.dtype} {value.shape}", fields)
    if value.dtype.kind == "O":
        inner = [(f"[{', '.join(map(str, place))}]", item) for place, item in np.ndenumerate(value)]
        return Parts(("objects", value.shape), f"an array of objects {value.shape}", inner)
    return None


def _of_tensor(value: Any, torch: types.ModuleType) -> Parts | None:
    if not isinstance(value, torch.Tensor):
        return None
    plain = value.detach()
    plain = plain.to_dense() if plain.layout is not torch.strided else plain
    plain = plain.cpu().resolve_conj().resolve_neg()
    plain = plain.float() if plain.dtype is torch.bfloat16 else plain
    return Parts(
        ("torch.Tensor", value.dtype),
        f"a torch.Tensor of {value.dtype}",
        [("", plain.numpy())],
        lambda inner: torch.from_numpy(inner[0]).to(value.dtype).to(value.device),
    )


def _of_table(value: Any, pandas: types.ModuleType) -> Parts | None:
    if isinstance(value, pandas.DataFrame):

        def again(inner: list[Any]) -> Any:
            made = value.copy()
            for number, column in enumerate(inner[1:]):
                made.isetitem(number, pandas.Series(column, value.index, value.dtypes.iloc[number]))
            return made

        columns = [(f"[{name!r}]", value.iloc[:, number].to_numpy()) for number, name in enumerate(value.columns)]
        names = ", ".join(f"{name} {dtype}" for name, dtype in zip(value.columns, value.dtypes, strict=True))
        told = f"a DataFrame of {len(value)} rows with {names}"
        return Parts(("DataFrame", names, len(value)), told, [(".index", value.index.to_numpy()), *columns], again)
    if isinstance(value, pandas.Series):
        return Parts(
            ("Series", value.name, str(value.dtype)),
            f"a Series {value.name!r} of {value.dtype}",
            [(".index", value.index.to_numpy()), (".values", value.to_numpy())],
            lambda inner: pandas.Series(inner[1], value.index, value.dtype, value.name),
        )
    return None


def _of_picture(value: Any, pil: types.ModuleType) -> Parts | None:
    if not isinstance(value, pil.Image):
        return None
    palette = [(".palette", value.getpalette())] if value.mode == "P" else []
    told = f"a PIL picture {value.mode} of {value.width}×{value.height}"
    mode, size = value.mode, value.size

    def again(inner: list[Any]) -> Any:
        made = pil.fromarray(inner[0])
        if made.mode != mode:
            made = made.convert(mode)
        if palette:
            made.putpalette(inner[1])
        return made

    return Parts(("PIL", mode, size), told, [("", np.asarray(value)), *palette], again)


def _of_numbers(value: Any) -> Parts | None:
    """What stands for an array in another library."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(value):
        told = f"a sparse array of {value.dtype} {value.shape}"
        return Parts(("sparse", value.shape, value.dtype), told, _numbers(value))
    if hasattr(value, "__array__") and not isinstance(value, type):
        try:
            plain = np.asarray(value)
        except Exception:
            return None
        return Parts(name_of(value), f"a {name_of(value)}", [("", plain)])
    return None


def _of_object(value: Any) -> Parts | None:
    """The attributes of an object that has no equality of its own."""
    if callable(value) or not identity_alone(value):
        return None
    names = list(vars(value)) if hasattr(value, "__dict__") else []
    names += [
        name
        for owner in type(value).__mro__
        for name, held in vars(owner).items()
        if isinstance(held, types.GetSetDescriptorType | types.MemberDescriptorType)
        and not name.startswith("__")
        and hasattr(value, name)
    ]
    return _of_attributes(value, list(dict.fromkeys(names))) if names else None


def _numbers(value: Any) -> list[tuple[Path, Any]]:
    """The numbers of a sparse array of SciPy's: all of them where they are not too many, else those that are not 0, and where."""
    if value.dtype.itemsize * math.prod(value.shape) <= LARGEST_DENSE:
        return [("", value.toarray())]
    held = value.tocoo(copy=True)
    held.sum_duplicates()
    held.eliminate_zeros()
    places = held.coords if hasattr(held, "coords") else (held.row, held.col)
    order = np.lexsort(tuple(reversed(places)))
    return [(f".coords[{axis}]", place[order]) for axis, place in enumerate(places)] + [(".data", held.data[order])]
