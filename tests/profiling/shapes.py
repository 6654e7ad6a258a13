"""A stage whose variants are shaped in every way that a recorder by line can stumble over; loaded as a user's file is."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial, wraps
from itertools import count

import numpy as np
from numba import njit

import labkit as lk
from tests.profiling import neighbour

PARTS = 4


def cut(workers, values):
    return [(part,) for part in np.array_split(values, PARTS)]


@lk.stage(
    reference="plain",
    workloads=[
        lk.Workload("short", lambda: (np.arange(12, dtype=np.int64),)),
        lk.Workload("other", lambda: (np.arange(8, dtype=np.int64),)),
    ],
    split=lk.Split("values", cut, lambda sums, values: sum(sums)),
)
def total_of_values(values):
    """The sum of all values."""


def summed(values):
    total = 0
    for value in values:
        total += int(value)
    return total


@lk.variant("total_of_values", kind="python", partial=summed)
def plain(values):
    total = summed(values)
    return total


@lk.variant("total_of_values", kind="python", partial=summed)
def also_plain(values):
    first = summed(values[:6])
    return first + summed(values[6:])


@lk.variant("total_of_values", kind="python")
def by_neighbour(values):
    return neighbour.total_of(values)


@lk.variant("total_of_values", kind="python")
def nested(values):
    total = 0

    def add(value):
        nonlocal total
        total += value

    for value in values:
        add(int(value))
    return total


@lk.variant("total_of_values", kind="python")
def deeply_nested(values):
    def outer(some):
        def inner(value):
            return int(value)

        return sum(inner(value) for value in some)

    return outer(values)


class Adder:
    def __init__(self):
        self.total = 0

    def add(self, value):
        self.total += int(value)

    @property
    def result(self):
        return self.total

    @staticmethod
    def whole(value):
        return int(value)

    @classmethod
    def of(cls, values):
        made = cls()
        for value in values:
            made.add(cls.whole(value))
        return made


@lk.variant("total_of_values", kind="python")
def methods(values):
    return Adder.of(values).result


def doubled(values):
    for value in values:
        yield 2 * int(value)


@lk.variant("total_of_values", kind="python")
def generator(values):
    total = 0
    for value in doubled(values):
        total += value
    return total // 2


def halves(values):
    if len(values) == 1:
        return int(values[0])
    middle = len(values) // 2
    return halves(values[:middle]) + halves(values[middle:])


@lk.variant("total_of_values", kind="python")
def recursion(values):
    return halves(values)


SOURCELESS = """def sourceless(values):
    total = added(values)
    return total

def added(values):
    return int(sum(values))
"""
exec(compile(SOURCELESS, "<made up>", "exec"))
lk.variant("total_of_values", kind="python")(sourceless)  # noqa: F821


@lk.variant("total_of_values", kind="python")
def with_lambda(values):
    whole = lambda value: int(value)  # noqa: E731
    return sum(map(whole, values))


def of_half(half):
    return summed(half)


@lk.variant("total_of_values", kind="python")
def in_threads(values):
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(of_half, [values[:6], values[6:]]))


@lk.variant("total_of_values", kind="python")
def bare_thread(values):
    found = []
    thread = threading.Thread(target=lambda: found.append(summed(values)))
    thread.start()
    thread.join()
    return found[0]


@lk.variant("total_of_values", kind="python", arm=True)
@contextmanager
def own_pool():
    with ThreadPoolExecutor(1) as pool:

        def call(values):
            return pool.submit(of_half, values).result()

        yield call


@lk.variant("total_of_values", kind="python", arm=True)
@contextmanager
def own_processes():
    with ProcessPoolExecutor(2) as pool:

        def call(values):
            return sum(pool.map(of_half, [values[:6], values[6:]]))

        yield call


@lk.variant("total_of_values", kind="python", arm=True)
@contextmanager
def kept_pool():
    with multiprocessing.Pool(2) as pool:

        def call(values):
            return sum(pool.imap_unordered(of_half, [values[:6], values[6:]]))

        yield call


@lk.variant("total_of_values", kind="python")
def pool_each_call(values):
    with multiprocessing.Pool(2) as pool:
        return sum(pool.map(of_half, [values[:6], values[6:]])) + pool.apply(of_half, (values[:0],))


def answer(pipe, values):
    pipe.send(summed(values))


@lk.variant("total_of_values", kind="python", arm=True)
@contextmanager
def bare_process():
    ours, theirs = multiprocessing.Pipe()
    asleep = multiprocessing.Process(target=theirs.recv, daemon=True)
    asleep.start()

    def call(values):
        mine, other = multiprocessing.Pipe()
        process = multiprocessing.Process(target=answer, args=(other, values))
        process.start()
        total = mine.recv()
        process.join()
        return total

    yield call
    ours.send(None)
    asleep.join()


@lk.variant("total_of_values", kind="python")
def catches(values):
    total = 0
    for value in values:
        try:
            fails(value)
        except ValueError:
            total += int(value)
    return total


def fails(value):
    if value >= 0:
        raise ValueError(value)


def logged(function):
    @wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@logged
def decorated(values):
    return summed(values)


@lk.variant("total_of_values", kind="python")
def by_decorated(values):
    return decorated(values)


calls = count()


def warm_up():
    """Runs in the second call of a process alone, in which the functions are sought."""


@lk.variant("total_of_values", kind="python")
def warms_up_late(values):
    if next(calls) == 1:
        warm_up()
    return summed(values)


@lk.variant("total_of_values", kind="python")
def by_partial(values):
    return partial(summed, values)()


@lk.variant("total_of_values", kind="python")
def comprehension(values):
    whole = [int(value) for value in values]
    return sum(whole)


if True:  # as a file does that chooses between two definitions

    def twin(value):
        return int(value)

    one = twin

    def twin(value):
        return int(value)


@lk.variant("total_of_values", kind="python")
def twins(values):
    return sum(one(value) if value % 2 else twin(value) for value in values)


def clones():
    def clone(value):
        return int(value)

    return clone


first_clone, second_clone = clones(), clones()


@lk.variant("total_of_values", kind="python")
def of_clones(values):
    return sum(first_clone(value) if value % 2 else second_clone(value) for value in values)


@lk.variant("total_of_values", kind="python")
def builds_code(values):
    space = {}
    exec("def made(values):\n    return sum(int(value) for value in values)\n", space)
    return space["made"](values)


@njit
def jitted(values):
    total = 0
    for value in values:
        total += value
    return total


def through_jitted(values):
    return int(jitted(values))


@lk.variant("total_of_values", kind="numba", partial=through_jitted)
def uses_jitted(values):
    return through_jitted(values)


lk.variant("total_of_values", kind="numba", name="jitted_itself")(jitted)


@lk.variant("total_of_values", kind="numba")
def beside_jitted(values):
    """Lives beside a jitted function that it never calls: nothing of it is interpreted."""
    return summed(values)


@lk.variant("total_of_values", kind="gpu", partial=summed)
def as_if_on_gpu(values):
    """What a device computes while these lines go on is not the time of any of them."""
    return summed(values)


@lk.variant("total_of_values", kind="library", arm=True, partial=sum)
def in_c():
    """A function in C has no line, nor a code that could be watched."""
    return nullcontext(sum)


@lk.variant("total_of_values", kind="python")
def changed(values):
    """Changes its input in place: every call must be given a fresh one."""
    total = int(values.sum())
    values[:] = 0
    return total


@lk.variant("total_of_values", kind="python")
def notices(values):
    """Computes something else when somebody looks."""
    return summed(values) + (sys.getprofile() is not None)


@lk.variant("total_of_values", kind="python")
def raises(values):
    raise KeyError("no such <value>")


@lk.variant("total_of_values", kind="native")
def crashes(values):
    os.kill(os.getpid(), signal.SIGSEGV)


@lk.variant("total_of_values", kind="python")
def leaves(values):
    os._exit(3)


@lk.variant("total_of_values", kind="python")
def exits(values):
    raise SystemExit(2)


@lk.variant("total_of_values", kind="library", requires=("a_module_nobody_has",))
def unmet(values):
    return 0


@lk.variant("total_of_values", kind="python")
def marked(values):
    # block: cut
    half = values[:6]
    rest = values[6:]
    # block: add
    return summed(half) + summed(rest)


@lk.variant("total_of_values", kind="python")
def marked_too(values):
    # block: cut
    half, rest = values[:6], values[6:]
    # block: add
    total = summed(half)
    total += summed(rest)
    # block: tell
    time.sleep(0)
    return total


@lk.variant("total_of_values", kind="python")
def sets_hooks(values):
    sys.setprofile(None)
    return summed(values)


@lk.variant("total_of_values", kind="python")
def to_the_limit(values):
    def deeper():
        return deeper() + 1

    try:
        deeper()
    except RecursionError:
        return summed(values)


nameless = lk.variant("total_of_values", kind="python", name="nameless", summary="no def at all")(
    lambda values: int(values.sum())
)
