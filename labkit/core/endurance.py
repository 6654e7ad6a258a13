"""Many calls on one small input: what is wrong only now and then, or only after a while, shows here or not at all.

A variant that is wrong in one call of ``1 / p``, by chance, is found with probability 1 - (1 - p)ⁿ in n calls: of 600, once in
200 with 95 %, once in 1000 with 45 %. One that is wrong from its k-th call on is found where k < n, and so is a ring of up to n
buffers for its results. A variant that takes longer than 0.2 ms for the small input gets as many calls as fit into the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from labkit.core.agreement import Agreement, rule_for
from labkit.core.exam import Exam
from labkit.core.fault import Fault
from labkit.core.parts import arrays, copied, settled

CALLS = 600
CALLING_S, COMPARING_S = 0.12, 0.12


def endurance_fault(call: Callable[..., Any], exam: Exam, agreement: Agreement) -> Fault | None:
    """The first call whose answer differs from the exam's, or lies in the memory of the first one's; None where all are right.

    Raises what the call raises: NotOffered for an input that it declines.
    """
    rule, used = rule_for(agreement, exam.inputs), copied(exam.inputs)
    first = settled(call(*used))
    own = [array for _, array in arrays(first)]
    calling = comparing = 0.0
    for number in range(2, CALLS + 1):
        start = time.perf_counter()
        output = settled(call(*used))
        called = time.perf_counter()
        for (where, array), earlier in zip(arrays(output), own, strict=False):
            if np.shares_memory(array, earlier):
                text = f"output{where} of call {number} lies in the memory of the first call's: a buffer used again"
                return Fault(f"on a small input: {text}", "memoised")
        if found := rule.difference(output, exam.expected):
            return Fault(f"on a small input: answers differently on call {number}: {found}")
        calling, comparing = calling + called - start, comparing + time.perf_counter() - called
        if calling > CALLING_S or comparing > COMPARING_S:
            break
    if found := rule.difference(first, exam.expected):
        return Fault(
            f"on a small input: a later call has written over the output of the first one: {found}", "memoised"
        )
    return None
