"""What the doctor looks for in the machine, in the order in which it is told."""

from __future__ import annotations

from labkit.diagnosis.finding import Lint

_ALL = (
    Lint(
        "cpu_limit",
        "CPUs",
        "A container's limit is a quota that most libraries don't see: they start a thread for each CPU of the host.",
        "labkit tells each library the limit; tell it in your own program, too: OMP_NUM_THREADS, cv2.setNumThreads.",
        cheap=True,
    ),
    Lint(
        "library_threads",
        "library threads",
        "More threads than CPUs wait for one another: each call gets slower and its time wider spread. labkit's own arms "
        "are told the limit, but your program is not.",
        "Set OMP_NUM_THREADS, OPENBLAS_NUM_THREADS and NUMBA_NUM_THREADS before Python starts, and call "
        "cv2.setNumThreads(n), torch.set_num_threads(n), with n no more than the CPUs that may be used.",
        cheap=False,
    ),
    Lint(
        "throttled",
        "quota",
        "When a control group has used up its CPU quota, all its threads stand still until the next period begins, some "
        "tens of milliseconds later: whichever call is running then looks slow.",
        "Use fewer threads than the quota, or give the container whole CPUs (docker run --cpuset-cpus).",
        cheap=True,
    ),
    Lint(
        "cores",
        "cores",
        "Two hyper-threads of a core share its arithmetic units and caches: the second adds a fifth, not as much again.",
        "Expect speed-ups up to the number of cores, or measure with one thread a core.",
        cheap=True,
    ),
    Lint(
        "governor",
        "governor",
        "This governor changes the clock with the load: the first calls after a pause run slower, and seconds of two runs "
        "don't compare. Ratios within a run hold, for its arms take turns.",
        "For seconds that compare: sudo cpupower frequency-set -g performance",
        cheap=True,
    ),
    Lint(
        "boost",
        "turbo",
        "With turbo on the clock depends on the heat and on how many cores work, so seconds drift, and one thread gets a "
        "faster clock than eight. Ratios of single-threaded variants hold; speed-ups by threads look smaller.",
        "Read the ratios, or switch turbo off while you compare seconds (intel_pstate/no_turbo, cpufreq/boost).",
        cheap=True,
    ),
    Lint(
        "clock",
        "clock",
        "The CPU is kept below its full clock (battery, power limit, or a setting): seconds are longer than they need be.",
        "Plug the machine in, or raise the limit: sudo cpupower frequency-set -u with the CPU's full clock.",
        cheap=True,
    ),
    Lint(
        "hypervisor",
        "hypervisor",
        "A virtual machine's CPUs are lent: its host may take them away (steal), and its neighbours share the caches.",
        "Watch the steal time; measure longer, or on a machine of your own.",
        cheap=True,
    ),
    Lint(
        "load",
        "load",
        "More tasks wanted to run than there are CPUs: something else has been working here.",
        "Wait until it has ended (top tells what it is), then measure.",
        cheap=True,
    ),
    Lint(
        "neighbours",
        "other programs",
        "Other programs take CPUs that the measurement needs: calls are interrupted, and caches are shared.",
        "End them (top tells which they are), use fewer threads than CPUs are free, or measure longer.",
        cheap=True,
    ),
    Lint(
        "steal",
        "steal time",
        "The hypervisor gave the CPUs to other guests while there was work to do: calls stand still for milliseconds.",
        "Measure longer, at another hour, or on a machine with CPUs of its own.",
        cheap=True,
    ),
    Lint(
        "pressure",
        "pressure",
        "Tasks stood still for want of a CPU, of memory or of a disk: calls that need the same thing will, too.",
        "Find what is short (top, iotop) and wait, or measure where it is not.",
        cheap=True,
    ),
    Lint(
        "memory",
        "memory",
        "When memory runs out the kernel drops files from its cache, swaps, or kills the largest process.",
        "End what holds memory, or take smaller workloads.",
        cheap=True,
    ),
    Lint(
        "swap",
        "swap",
        "A page that has been swapped out costs a disk access at its first touch, in whichever arm that happens.",
        "Free memory, then empty the swap: sudo swapoff -a && sudo swapon -a",
        cheap=True,
    ),
    Lint(
        "data_cached",
        "files of data/",
        "A part of these files is in the page cache and a part is not: the first reader pays for the disk, the next does not.",
        "Read them once before you compare (cat data/* > /dev/null), or drop all of them if it is the disk you ask about.",
        cheap=False,
    ),
    Lint(
        "timer",
        "timer",
        "The clock is coarse, or dear to read: short calls are lost in it.",
        "Use the kernel's tsc clock source where there is one; else time batches of calls, as labkit does of quick variants.",
        cheap=False,
    ),
    Lint(
        "turn",
        "other measurements",
        "Two measurements at a time would each time the other.",
        "labkit lets them wait for one another; wait for others of your own.",
        cheap=False,
    ),
    Lint(
        "self_test",
        "self-test",
        "labkit called identical code different: on this machine now its verdicts can't be trusted.",
        "Measure again when the machine is quieter; if it comes again, please report it with the output of labkit doctor --json.",
        cheap=False,
    ),
    Lint(
        "self_test_unanswered",
        "self-test",
        "What labkit would say of identical code on this machine now is not known.",
        "Run labkit doctor again; if it comes again, please report it with the output of labkit doctor --json.",
        cheap=False,
    ),
    Lint(
        "resolution",
        "what can be seen",
        "The machine is too unsteady now for small differences to be told from none in this time.",
        "Make it quieter, or measure longer: four times the budget halves the interval.",
        cheap=False,
    ),
    Lint(
        "few_launches",
        "what can be seen",
        "An interval takes the launches of several processes; there were too few for one.",
        "Let the self-test run to its end, or give it a larger budget.",
        cheap=False,
    ),
)

MACHINE_LINTS = {lint.key: lint for lint in _ALL}
