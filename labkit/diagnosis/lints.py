"""What the doctor looks for in a variant, worded once."""

from __future__ import annotations

from labkit.diagnosis.finding import Lint

_ALL = (
    Lint(
        "work_rebuilt",
        "work rebuilt for every image",
        "The same objects or tables are made again in every call, from the same arguments: the call's time is theirs. With a "
        "fixed seed, a transform built for each image also gives every image the same draw.",
        "Build it once: at the top of the module, in the variant's arm (arm=True) before its yield, or in a worker's start.",
        cheap=False,
    ),
    Lint(
        "same_random_stream",
        "the same random stream in several workers",
        "A forked worker inherits the state of its parent's generators. All workers then draw the same numbers, and a data set "
        "holds the same augmentation as many times as there were workers.",
        "Derive what is drawn from (run seed, image index), as labkit.core.draws.generator(seed, index) does; a seed for each "
        "worker cures the copies, but leaves the output at the mercy of who takes which image.",
        cheap=False,
    ),
    Lint(
        "jit_in_timed_part",
        "JIT compilation inside the timed part",
        "Code is compiled again in calls after the first one, with the same types: a function that is jitted inside another "
        "one is new in each call and forgets what was compiled. The clock then times the compiler.",
        "Jit at the top of a module, and call once with the types that come before anything is timed.",
        cheap=True,
    ),
    Lint(
        "lazy_view",
        "a lazy view returned",
        "What came back is a view of the input, or an iterator: the work was not done, but left to whoever reads it. Its time "
        "is that of making a promise.",
        "Return an array of its own: np.ascontiguousarray(view), list(iterator).",
        cheap=True,
    ),
    Lint(
        "memoised_answer",
        "a memoised answer",
        "An input that was seen before is answered from memory, or into the memory of the answer before. Timing repeats its "
        "inputs, a real run does not: the clock times a look-up.",
        "Take the cache out of the timed function; keep it for what does not depend on the image. Return a new array each call.",
        cheap=True,
    ),
    Lint(
        "work_after_return",
        "asynchronous work not waited for",
        "Work went on after the call had returned: on a device that only queues it, or in a thread or process. The clock "
        "stopped too early, and the work taxes whatever is timed next.",
        "Wait before returning: torch.cuda.synchronize(), block_until_ready(), future.result(), thread.join().",
        cheap=False,
    ),
    Lint(
        "oversubscribed",
        "more threads than CPUs",
        "Workers, cv2, OpenMP and BLAS each start as many threads as they see CPUs, so they multiply. Those that wait for a CPU "
        "help nobody; they cost switches and caches, and the times scatter.",
        "One level of parallelism: with as many workers as CPUs, one thread in each (cv2.setNumThreads(1), "
        "threadpool_limits(1), NUMBA_NUM_THREADS=1); labkit's engines do that for you.",
        cheap=True,
    ),
    Lint(
        "page_cache",
        "input in the page cache, where the workload says disk",
        "Files that were read or written lately lie in memory. Reading them again costs a copy, perhaps a hundredth of what a "
        "disk takes: the figure holds for the second pass over the data only.",
        'Call it what it is (storage="memory"), use more data than there is memory, or drop the files from the cache before '
        "each call: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED).",
        cheap=True,
    ),
    Lint(
        "large_pickles",
        "large data pickled between processes",
        "Images travel through multiprocessing's pipes: pickled, written, read and unpickled, each a copy, while a worker waits. "
        "That can cost more than the work that was shared out.",
        "Let images lie in shared memory (the engine shared_memory), or send file names and let the workers read and write.",
        cheap=True,
    ),
    Lint(
        "fork_after_threads",
        "a fork while threads run",
        "A forked child has only the thread that forked. A lock that another thread held stays locked there for ever, and the "
        "threads of OpenMP, cv2 and Numba are gone although their library counts on them: it may hang, some day.",
        "Start processes before anything that starts threads, or by the method forkserver or spawn: "
        'multiprocessing.get_context("forkserver").',
        cheap=True,
    ),
    Lint(
        "global_state",
        "state of the whole process changed",
        "A call changes for good what the process shares: a global generator, Numba's switch, cv2's threads, the environment. "
        "What runs next behaves otherwise, or is slower, and depends on what ran before.",
        "Give the library a generator of its own where it takes one; else save and restore around the call "
        "(labkit.core.global_state.isolated does it for generators and Numba's switch).",
        cheap=True,
    ),
    Lint(
        "widened_to_float64",
        "dtype silently widened to float64",
        "Neither the inputs nor the output hold float64, but arrays in between do: eight times the bytes of uint8, twice those "
        "of float32, through every cache. Dividing integers, np.zeros and a Python float times an integer array give float64.",
        "Say the dtype: np.zeros(shape, np.float32), image.astype(np.float32), np.float32(0.5); or stay in integers.",
        cheap=False,
    ),
    Lint(
        "small_cv2_calls",
        "a Python loop over small cv2 calls",
        "Each call from Python costs a microsecond or more for arguments and output, however little it then does: hundreds "
        "of them in a row time the interpreter. Threads don't help, for they take turns at it.",
        "One call for all (cv2.remap of one stacked map, cv2.transform of all points), or the loop in Numba, Cython or C++.",
        cheap=False,
    ),
    Lint(
        "not_examined",
        "could not be examined",
        "The variant ended, hung or raised while it was looked at, so some lints were not tried.",
        "Check it alone; what is said of a variant that breaks also tells where.",
        cheap=False,
    ),
    Lint(
        "partly_examined",
        "was examined in part",
        "A look that takes too long here, or that this variant is not made for, was left out: nothing is said of what it "
        "would show.",
        "Choose a smaller workload.",
        cheap=False,
    ),
)

LINTS = {lint.key: lint for lint in _ALL}
