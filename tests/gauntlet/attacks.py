"""Variants that try to get past the gate, each with what catches it; and odd ones that are right, which it must let through.

A table: the stage, the variant, and the key or the words of the fault. Whoever thinks of another trick adds a row.
"""
# ruff: noqa: E501, SIM115 (a table: one line a row; files that answers live in stay open)

from __future__ import annotations

import copy
import ctypes
import functools
import gc
import hashlib
import itertools
import mmap
import os
import tempfile
import threading
import warnings
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from labkit.core.agreement import Exact, Within
from labkit.core.contract import BGRA, Grey, Odd, SameShape, Whole
from labkit.core.stage import Stage, define_stage
from labkit.core.workload import Workload

Array = np.ndarray


class Counts(NamedTuple):
    """The n most frequent grey values, most frequent first (ties by value), and how often each comes."""

    values: Array
    counts: Array


def photo(channels: int = 1) -> Array:
    """Noise over a gradient, uint8 (60, 80[, channels]); the alpha of a fourth channel is 0 or 255."""
    random = np.random.default_rng(8)
    made = (np.indices((60, 80)).sum(0) + random.integers(0, 9, (60, 80))).astype(np.uint8)
    if channels == 1:
        return made
    alpha = np.where(made % 3, 255, 0).astype(np.uint8)
    return np.dstack([made, made // 2, 255 - made, alpha])


def negative_stage(image: Grey) -> SameShape:
    """The negative."""
    return image


def soft_stage(image: Grey, size: Annotated[int, Odd(3, 9)] = 3) -> SameShape:
    """The mean of each row's neighbourhood, to within 16 levels."""
    return image


def count_stage(image: BGRA, n: Annotated[int, Whole(1, 300)] = 4) -> None:
    """The most frequent values of the first channel where alpha is not 0."""


def batch_stage(images: list[Array], options: dict[str, Any]) -> None:
    """Each image brighter by ``options["by"]``."""


def table_stage(image: Array) -> None:
    """What each row holds, as a table."""


def negative(image: Array) -> Array:
    return 255 - image


def soft(image: Array, size: int) -> Array:
    half = size // 2
    padded = np.pad(image, ((0, 0), (half, half)), mode="edge").astype(np.float64)
    return np.mean([padded[:, k : k + image.shape[1]] for k in range(size)], axis=0).round().astype(np.uint8)


def count(image: Array, n: int, dtype: Any = np.int64) -> Counts:
    found = np.bincount(image[..., 0][image[..., 3] > 0].ravel(), minlength=256)
    order = np.lexsort((np.arange(256), -found))[:n]
    order = order[found[order] > 0]
    return Counts(order.astype(np.uint8), found[order].astype(dtype).astype(np.int64))


def batch(images: list[Array], options: dict[str, Any]) -> list[Array]:
    return [image + np.uint8(options["by"]) for image in images]


def table(image: Array) -> Any:
    import pandas as pd

    return pd.DataFrame({"mean": image.mean(axis=1), "least": image.min(axis=1)})


def one(*inputs: Any) -> list[Workload]:
    return [Workload("one", functools.partial(tuple, inputs))]


STAGES: dict[str, tuple[Stage, Callable[..., Any]]] = {
    "negative": (define_stage(negative_stage, name="negative", reference="sound", workloads=one(photo())), negative),
    "soft": (
        define_stage(soft_stage, name="soft", reference="sound", workloads=one(photo()), agreement=Within(16)),
        soft,
    ),
    "count": (define_stage(count_stage, name="count", reference="sound", workloads=one(photo(4))), count),
    "batch": (
        define_stage(batch_stage, name="batch", reference="sound", workloads=one([photo(), photo()[:9]], {"by": 3})),
        batch,
    ),
    "table": (
        define_stage(table_stage, name="table", reference="sound", workloads=one(photo()), agreement=Within(1e-9)),
        table,
    ),
}


USED_AGAIN = (
    "a buffer used again",
    "a later call has written over the output of the first one",
    "of the second call is that of the first",
)


@dataclass(frozen=True)
class Attack:
    """A wrong variant: its stage, and the words and key of the fault that is to be found.

    Several words where it depends on how many calls came before which of the checks comes upon it first: a machine makes as
    many as fit into the time.
    """

    stage: str
    call: Callable[..., Any]
    caught_by: str | tuple[str, ...]
    key: str = "differs"


def counting(wrong: Callable[[int], bool]) -> Callable[[Array], Array]:
    """The negative, and one level off in the calls, counted from 1, of which ``wrong`` is true."""
    calls = itertools.count(1)
    return lambda image: negative(image) ^ np.uint8(wrong(next(calls)))


def remembering(key: Callable[[Array], Any], copied: bool = True) -> Callable[[Array], Array]:
    known: dict[Any, Array] = {}

    def call(image: Array) -> Array:
        name = key(image)
        if name not in known:
            known[name] = negative(image)
        return known[name].copy() if copied else known[name]

    return call


def ring(size: int, by_shape: bool = True) -> Callable[[Array], Array]:
    buffers: dict[Any, Array] = {}
    calls = itertools.count()

    def call(image: Array) -> Array:
        key = (next(calls) % size, image.shape if by_shape else None)
        if key not in buffers or buffers[key].shape != image.shape:
            buffers[key] = np.empty_like(image)
        return np.subtract(255, image, out=buffers[key])

    return call


def late(image: Array) -> Array:
    """Comes back before the work is done."""
    output = np.zeros_like(image)
    threading.Timer(0.05, lambda: np.subtract(255, image, out=output)).start()
    return output


def overwriting(is_so: Callable[[int, Array], bool]) -> Callable[[Array], Array]:
    """The negative; in the call of that number, or of that image, something is written into the first answer."""
    calls, first = itertools.count(1), list[Array]()

    def call(image: Array) -> Array:
        output = negative(image)
        first.append(output)
        if is_so(next(calls), image):
            first[0][0, 0] ^= 1
        return output

    return call


def in_other_buffers(wrong_at: Callable[[int], bool]) -> Callable[[Array], Array]:
    """One level off where the input begins at certain addresses."""
    return when(lambda image: wrong_at(image.ctypes.data), off_by_one)


def since_collected() -> Callable[[Array], Array]:
    """One level off where the garbage collector has run since the call before."""
    seen = [-1]

    def call(image: Array) -> Array:
        runs = sum(generation["collections"] for generation in gc.get_stats())
        wrong, seen[0] = seen[0] not in (-1, runs), runs
        gc.collect(0)
        return negative(image) ^ np.uint8(wrong)

    return call


def leftovers() -> Callable[[Array], Array]:
    """Works in a buffer as large as the largest image so far, and takes the last pixel from that buffer's end."""
    room = [np.zeros(0, np.uint8)]

    def call(image: Array) -> Array:
        if room[0].size < image.size:
            room[0] = np.zeros(image.size, np.uint8)
        room[0][: image.size] = negative(image).ravel()
        output = room[0][: image.size].reshape(image.shape).copy()
        output.flat[-1] = room[0][-1]
        return output

    return call


class Named(np.ndarray):
    """A subclass that says it is none."""

    def __array_finalize__(self, other: Any) -> None:
        pass

    __class__ = np.ndarray  # type: ignore[assignment]


class Mute:
    """Has no text, no equality and no numbers to give."""

    def fail(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("nothing to see")

    __repr__ = __str__ = __eq__ = __array__ = fail  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Speechless(Exception):
    """An error that has no text."""

    def __str__(self) -> str:
        raise RuntimeError


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        raise error

    return call


def breaks_off(images: list[Array], options: dict[str, Any]) -> Iterator[Array]:
    yield batch(images, options)[0]
    raise ValueError("no second\nimage")


def around_itself(image: Array) -> Any:
    output: list[Any] = [negative(image)]
    output.append(output)
    return output


def top_of_the_first(images: list[Array], options: dict[str, Any]) -> list[Array]:
    """The second image is the top of the first one, and so is its answer."""
    whole = batch(images, options)[0]
    return [whole, whole[: len(images[1])]]


def closes_files(image: Array) -> Array:
    os.closerange(3, 100)
    return negative(image)


def when(is_so: Callable[[Array], bool], otherwise: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda image: otherwise(image) if is_so(image) else negative(image)


def off_by_one(image: Array) -> Array:
    return negative(image) ^ np.uint8(1)


def restores(image: Array) -> Array:
    np.invert(image, out=image)
    output = image.copy()
    np.invert(image, out=image)
    return output


def touches(image: Array) -> Array:
    image[0, 0] += 1
    image[0, 0] -= 1
    return negative(image)


def sorted_rows(image: Array) -> Array:
    output = negative(image)
    image.sort(axis=1)
    return output


def keeps_room(image: Array) -> Array:
    room = np.empty((400, *image.shape), np.uint8)
    return np.subtract(255, image, out=room[7])


def answered_by_reference_object(image: Array) -> Array:
    """Finds the answer that the gate holds, among all objects."""
    for thing in gc.get_objects():
        if isinstance(thing, tuple) and thing and thing[0] is image:
            break
    return np.zeros_like(image)


def count_with(**changes: Callable[[Array], Any]) -> Callable[..., Counts]:
    def call(image: Array, n: int) -> Counts:
        found = count(image, n)
        return found._replace(**{name: change(getattr(found, name)) for name, change in changes.items()})

    return call


class Lookalike(NamedTuple):
    """The same fields under another name of the second."""

    values: Array
    count: Array


def table_with(change: Callable[[Any], Any]) -> Callable[[Array], Any]:
    return lambda image: change(table(image))


def append_to_options(images: list[Array], options: dict[str, Any]) -> list[Array]:
    output = batch(images, options)
    options["seen"] = True
    return output


ATTACKS: dict[str, Attack] = {
    # numbers
    "one pixel": Attack("negative", lambda i: negative(i) ^ (np.indices(i.shape).sum(0) == 5).astype(np.uint8), "differs in"),
    "another dtype": Attack("negative", lambda i: negative(i).astype(np.int16), "has dtype int16, expected uint8"),
    "another shape": Attack("negative", lambda i: negative(i)[None], "has shape"),
    "a big-endian dtype": Attack("count", count_with(counts=lambda c: c.astype(">i8")), "has dtype >i8"),
    "15 levels brighter within 16": Attack("soft", lambda i, size: np.where((m := soft(i, size)) > 240, m - 15, m + 15).astype(np.uint8), "on average"),
    "15 levels by turns within 16": Attack("soft", lambda i, size: soft(i, size) ^ (8 * (np.indices(i.shape).sum(0) % 2)).astype(np.uint8), "on average"),
    "no work within 16": Attack("soft", lambda i, size: i.copy(), "output: differs"),
    "size ignored": Attack("soft", lambda i, size: soft(i, 3), "edge case «drawn"),
    "nothing but the workload's size": Attack("soft", lambda i, size: soft(i, size) if i.shape == (60, 80) else np.zeros_like(i), "edge case"),
    "alpha above 127 alone": Attack("count", lambda i, n: count(np.where(i[..., 3:] > 127, i, np.uint8(0)), n), "differs"),
    "alpha of 255 alone": Attack("count", lambda i, n: count(np.where(i[..., 3:] == 255, i, np.uint8(0)), n), "differs"),
    "n of 4 alone": Attack("count", lambda i, n: count(i, min(n, 4)), "edge case «drawn"),
    "n below 64 alone": Attack("count", lambda i, n: count(i, min(n, 32)), "edge case «drawn"),
    "counts in float32": Attack("count", lambda i, n: count(i, n, np.float32), "as many pixels alike as float32"),
    "counts in uint16": Attack("count", lambda i, n: count(i, n, np.uint16), "edge case"),
    "ties the other way": Attack("count", lambda i, n: Counts(*(a[::-1].copy() for a in count(i[::-1], n))), "output"),
    "crop of odd sizes": Attack("negative", lambda i: np.pad(negative(i)[: len(i) // 2 * 2], ((0, len(i) % 2), (0, 0))), "edge case"),
    "rows beyond 2^15 left out": Attack("negative", when(lambda i: max(i.shape) > 2**15, off_by_one), "edge case «drawn 12"),
    "nothing for all white": Attack("negative", when(lambda i: bool((i == 255).all()), off_by_one), "edge case"),
    "NaN in a table": Attack("table", table_with(lambda t: t.assign(mean=t["mean"].where(t["mean"] > 60))), "is NaN"),
    # forms
    "a list for a named tuple": Attack("count", lambda i, n: list(count(i, n)), "is list of 2, expected Counts of 2"),
    "a tuple for a named tuple": Attack("count", lambda i, n: tuple(count(i, n)), "is tuple of 2, expected Counts of 2"),
    "a lookalike of a named tuple": Attack("count", lambda i, n: Lookalike(*count(i, n)), "is Lookalike of 2, expected Counts of 2"),
    "a list for an array": Attack("negative", lambda i: negative(i).tolist(), "is a builtins.list, expected a numpy.ndarray"),
    "a subclass": Attack("negative", lambda i: np.ma.masked_array(negative(i)), "expected a numpy.ndarray"),
    "a generator": Attack("batch", lambda i, o: (one for one in batch(i, o)), "return list(...)"),
    "a map": Attack("batch", lambda i, o: map(np.invert, i), "return list(...)"),
    "one fewer": Attack("batch", lambda i, o: batch(i, o)[:-1], "is list of 1, expected list of 2"),
    "a future": Attack("negative", lambda i: threading.Thread(target=negative, args=(i,)), "expected a numpy.ndarray"),
    "columns by other names": Attack("table", table_with(lambda t: t.rename(columns={"mean": "Mean"})), "is a DataFrame of"),
    "another index": Attack("table", table_with(lambda t: t.set_index(t.index + 1)), "output.index: differs"),
    "rows sorted": Attack("table", table_with(lambda t: t.sort_values("least", kind="stable")), "output"),
    "integers in a table": Attack("table", table_with(lambda t: t.round().astype(int)), "is a DataFrame of"),
    # memory
    "input as output": Attack("negative", lambda i: np.subtract(255, i, out=i), "in place", "changed_input"),
    "input sorted": Attack("negative", sorted_rows, "changes its input in place", "changed_input"),
    "input inverted and restored": Attack("negative", restores, "puts it right again", "changed_input"),
    "one pixel touched and restored": Attack("negative", touches, "puts it right again", "changed_input"),
    "an image replaced in the list": Attack("batch", lambda i, o: (out := batch(i, o), i.append(out[0]), out)[2], "changes its input", "changed_input"),
    "a note in the options": Attack("batch", append_to_options, "changes its input in place (argument [1]['seen'])", "changed_input"),
    "read-only": Attack("negative", lambda i: np.frombuffer(negative(i).tobytes(), np.uint8).reshape(i.shape), "may not be written", "lazy_view"),
    "part of something far larger": Attack("negative", keeps_room, "of memory for the", "lazy_view"),
    "two buffers in turn": Attack("negative", ring(2), "output", "memoised"),
    "37 buffers in turn": Attack("negative", ring(37), USED_AGAIN, "memoised"),
    "100 buffers in turn": Attack("negative", ring(100), USED_AGAIN, "memoised"),
    "one buffer": Attack("negative", ring(1), "of the second call is that of the first", "memoised"),
    # memory of answers
    "remembers all": Attack("negative", remembering(lambda i: i.shape), "remembers the answer", "memoised"),
    "remembers by address": Attack("negative", remembering(lambda i: (i.ctypes.data, i.shape)), "remembers the answer", "memoised"),
    "remembers by identity": Attack("negative", remembering(id), "", "memoised"),
    "remembers by the first row": Attack("negative", remembering(lambda i: (i.shape, i[0].tobytes())), "remembers the answer", "memoised"),
    "remembers by the ends": Attack("negative", remembering(lambda i: (i.shape, i[0].tobytes(), i[-1].tobytes())), "remembers the answer", "memoised"),
    "remembers by a hash, same memory": Attack("negative", remembering(lambda i: hashlib.md5(i.tobytes()).digest(), copied=False), "", "memoised"),
    "knows the workload's answer": Attack("negative", when(lambda i: i.shape != (60, 80), off_by_one), "edge case"),
    # now and then
    "wrong once in 200": Attack("negative", counting(lambda call: call % 200 == 199), "differ"),
    "wrong after 500": Attack("negative", counting(lambda call: call > 500), "differ"),
    "wrong from the second on": Attack("negative", counting(lambda call: call > 1), "differs"),
    "right every other time": Attack("negative", counting(lambda call: call % 2 == 0), "differ"),
    "work after it came back": Attack("negative", late, "output: differs"),
    "looks for the answer": Attack("negative", answered_by_reference_object, "output: differs"),
    "uninitialised": Attack("negative", np.empty_like, "output"),
    # places
    "aligned inputs alone": Attack("negative", in_other_buffers(lambda place: place % 16 != 0), "whose memory begins one element further"),
    "inputs off a cache line": Attack("negative", in_other_buffers(lambda place: place % 64 == 1), "whose memory begins one element further"),
    "no whole pages": Attack("negative", in_other_buffers(lambda place: place % 4096 == 0), "whose memory begins where a page does"),
    "the second image": Attack("batch", lambda i, o: [b ^ np.uint8(k) for k, b in enumerate(batch(i, o))], "output[1]: differs"),
    "above 20,000 pixels": Attack("negative", when(lambda i: i.size > 20_000, off_by_one), "edge case «drawn 12"),
    "sides of 63 modulo 64": Attack("negative", when(lambda i: i.shape[1] % 64 == 63, off_by_one), "edge case"),
    "leftovers of a larger image": Attack("negative", leftovers(), "edge case"),
    # memory of answers to each other, and later
    "an answer inside another": Attack("batch", top_of_the_first, "output[0] and output[1] lie in the same memory", "lazy_view"),
    "written over for one pixel": Attack("negative", overwriting(lambda call, image: image.size == 1), "output of the first call has changed since", "memoised"),
    "written over in the second call": Attack("negative", overwriting(lambda call, image: call == 2), "output: differs"),
    "since the collector ran": Attack("negative", since_collected(), "differ"),
    # odd objects
    "a subclass that denies it": Attack("negative", lambda i: negative(i).view(Named), "expected a numpy.ndarray"),
    "a file in memory": Attack("negative", lambda i: np.memmap(tempfile.TemporaryFile(), np.uint8, "w+", shape=i.shape), "is a numpy.memmap"),
    "an object without text": Attack("negative", lambda i: Mute(), "expected a numpy.ndarray"),
    "objects without text": Attack("batch", lambda i, o: [Mute(), Mute()], "expected a numpy.ndarray"),
    "a list around itself": Attack("negative", around_itself, "is a builtins.list"),
    "records of one field": Attack("negative", lambda i: negative(i).view([("grey", "u1")]), "has dtype [('grey', 'u1')]"),
    "objects in a table": Attack("table", table_with(lambda t: t.assign(least=t["least"].astype(object))), "least object"),
    "a line break in a column": Attack("table", table_with(lambda t: t.rename(columns={"mean": "me\nan"})), "is a DataFrame of"),
    # ways to end
    "an error without text": Attack("negative", raising(Speechless()), "raised Speechless: (its text raised RuntimeError)"),
    "an error of two lines": Attack("negative", raising(ValueError("one\ntwo")), "raised ValueError: one two"),
    "breaks off": Attack("batch", breaks_off, "raised ValueError: no second image"),
    "leaves": Attack("negative", raising(SystemExit(0)), "raised SystemExit: 0"),
    "interrupts": Attack("negative", raising(KeyboardInterrupt()), "raised KeyboardInterrupt"),
    "no more items": Attack("negative", raising(StopIteration()), "raised StopIteration"),
    "closes all files": Attack("negative", closes_files, "closes file descriptors that are not its own"),
    "raises for one pixel": Attack("negative", lambda i: negative(i)[:, 1:] if i.size == 1 else negative(i), "edge case «1×1»"),
}  # fmt: skip


def torch_negative(image: Array) -> Array:
    import torch

    found: Array = (255 - torch.from_numpy(image)).numpy()
    return found


def cv2_negative(image: Array) -> Array:
    import cv2

    return cv2.bitwise_not(image)


def pillow_negative(image: Array) -> Array:
    from PIL import Image, ImageChops

    return np.array(ImageChops.invert(Image.fromarray(image)))


def needs_writeable(image: Array) -> Array:
    if not image.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return negative(image)


def own_transposed(image: Array) -> Array:
    return np.ascontiguousarray(negative(image).T).T


def stacked_tiles(image: Array) -> Array:
    """np.stack of transposed tiles: its data are its own, in another order."""
    return np.stack(tuple(negative(image).T)).T


def table_by_hand(image: Array) -> Any:
    import pandas as pd

    made = pd.DataFrame({"least": image.min(axis=1), "mean": image.sum(axis=1) / image.shape[1]})
    return made[["mean", "least"]]


def filled(room: Array, image: Array) -> Array:
    return np.subtract(255, image, out=room.reshape(image.shape))


def by_threads(image: Array) -> Array:
    with ThreadPoolExecutor(2) as pool:
        return np.concatenate(list(pool.map(negative, np.array_split(image, 2))))


def in_one_buffer(images: list[Array], options: dict[str, Any]) -> list[Array]:
    """Side by side, so none can be changed through another."""
    room = np.concatenate([image.ravel() for image in batch(images, options)])
    ends = np.cumsum([image.size for image in images])
    return [room[end - i.size : end].reshape(i.shape) for end, i in zip(ends, images, strict=True)]


def off_their_size(found: Array) -> Array:
    room = np.empty(found.nbytes + 1, np.uint8)[1:].view(found.dtype)
    room[:] = found
    return room


RIGHT: dict[str, tuple[str, Callable[..., Any]]] = {
    "plain": ("negative", negative),
    "another name for the input": ("negative", lambda img: 255 - img),
    "more optional parameters": ("negative", lambda image, fast=True, *, threads=1: 255 - image),
    "in Fortran order": ("negative", lambda image: np.asfortranarray(255 - image)),
    "transposed twice": ("negative", own_transposed),
    "a stack of transposed tiles": ("negative", stacked_tiles),
    "a slice of its own": ("negative", lambda image: np.dstack([255 - image, image])[..., 0]),
    "upside down twice": ("negative", lambda image: (255 - image[::-1])[::-1]),
    "by torch": ("negative", torch_negative),
    "by OpenCV": ("negative", cv2_negative),
    "by Pillow": ("negative", pillow_negative),
    "only for writeable inputs": ("negative", needs_writeable),
    "through bytes": ("negative", lambda image: np.frombuffer(bytearray(255 - image), np.uint8).reshape(image.shape)),
    "with a cache of constants": ("negative", lambda image: lookup()[image]),
    "rounded the other way": ("soft", lambda image, size: np.maximum(soft(image, size), 1) - np.uint8(1) * (soft(image, size) % 2)),
    "a table by hand": ("table", table_by_hand),
    "a tuple for a list": ("batch", lambda images, options: tuple(batch(images, options))),
    "parameters by another name": ("batch", lambda pictures, how: batch(pictures, how)),
    "counts in float64": ("count", lambda image, n: count(image, n, np.float64)),
    "in a pool of threads": ("negative", by_threads),
    "in shared memory": ("negative", lambda image: filled(np.frombuffer(mmap.mmap(-1, image.nbytes), np.uint8), image)),
    "in memory of C": ("negative", lambda image: filled(np.ctypeslib.as_array((ctypes.c_uint8 * image.size)()), image)),
    "in memory of an array": ("negative", lambda image: np.frombuffer(array("B", (255 - image).tobytes()), np.uint8).reshape(image.shape)),
    "in a file": ("negative", lambda image: np.asarray(filled(np.memmap(tempfile.TemporaryFile(), np.uint8, "w+", shape=image.size), image))),
    "a dtype with a note": ("negative", lambda image: (255 - image).astype(np.dtype("u1", metadata={"by": "hand"}))),
    "warns": ("negative", lambda image: (warnings.warn("odd", stacklevel=1), 255 - image)[1]),
    "prints": ("negative", lambda image: (print("odd"), 255 - image)[1]),
    "strict about floats": ("negative", np.errstate(all="raise")(negative)),
    "a partial ufunc": ("negative", functools.partial(np.subtract, np.uint8(255))),
    "any arguments": ("negative", lambda *inputs: negative(*inputs)),
    "a deque for a list": ("batch", lambda images, options: deque(batch(images, options))),
    "one buffer for all": ("batch", in_one_buffer),
    "collects garbage": ("negative", lambda image: (gc.collect(0), 255 - image)[1]),
    "element by element": ("negative", np.vectorize(lambda value: 255 - value, otypes=[np.uint8])),
    "counts off their size": ("count", lambda image, n: (found := count(image, n))._replace(counts=off_their_size(found.counts))),
    "a named tuple made again": ("count", lambda image, n: Counts(*copy.deepcopy(tuple(count(image, n))))),
}  # fmt: skip


@functools.cache
def lookup() -> Array:
    return 255 - np.arange(256, dtype=np.uint8)


def odd_stages() -> Iterator[tuple[str, Callable[..., Any], Any]]:
    """Stages of one variant whose answers are of other kinds: name, reference, agreement."""
    import scipy.sparse as sparse
    from PIL import Image

    def tensors(image: Array) -> Any:
        import torch

        return {"mean": torch.from_numpy(image).float().mean(0)}

    yield "generator", lambda image: (row + np.uint8(1) for row in image), Exact()
    yield "tensors", tensors, Within(1e-3)
    yield "pictures", lambda image: Image.fromarray(255 - image), Within(1)
    yield "sparse", lambda image: sparse.csr_array(np.where(image < 20, image, 0)), Exact()
    yield "dataclass", lambda image: [Attack("x", negative, str(image.sum()))], Exact()
    yield "same for all", lambda image: image.shape, Exact()
