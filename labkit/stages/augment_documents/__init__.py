"""Stage ``augment_documents``: age a page as printers, paper and scanners do, with augraphy's operations in three phases.

Read the files in this order: draw (what is random), operations (how augraphy is called), library (augraphy alone in its
process), streams (augraphy with streams of its own, for threads), rewritten and kernels (its slow operations, written
anew); beside them textures, serial and workloads.

What augraphy 8.2.6 does that had to be undone, found in its source:

- it draws from the global ``random``, ``numpy.random`` and Numba's generators; the last are reached by no seed of its own
- its parallel Numba loops draw from one stream a thread: another image on another number of threads (``serial``)
- constructors set ``numba.config.DISABLE_JIT``; that changes the user's next ``@njit``, and nothing in augraphy
- ``AugraphyPipeline`` writes every input as ``augraphy_cache/image_N.png`` into the working directory, the same N in
  every process (Voronoi, not used here, writes ``Voronoi_example.png``); ``random_seed=0`` counts as none
- its highlighter asks ``random.randint`` for floats (an error from Python 3.12 on), its pens wrap round below 0 in uint8
- ``PaperFactory`` reads whatever lies in ``./paper_textures``, in the order of the file system, and its search for
  edges uses ``np.int0``, which NumPy 2 lacks

What takes long by its defaults, on a page of 1000×700 (one thread of an AMD EPYC, 12 calls after the first), and what we do:

| operation | its defaults | here |
|---|---|---|
| PaperFactory, generating | 0.4 to 16 s | own papers, made once (textures): 20 ms |
| Letterpress | 0.7 to 1.7 s: 3 million points | 10 to 24 clusters a million pixels for 300 to 800: 20 ms |
| BadPhotoCopy, Worley noise (hybrid) | 0.05 to 1.6 s | left out |
| BadPhotoCopy, Perlin noise (hybrid) | 11 to 159 ms, 0.1 to 1.3 s without JIT | left out: parallel Numba again |
| BadPhotoCopy, rectangular noise (hybrid) | 40 to 172 ms | left out: up to 0.27 s where the noise is fine |
| BadPhotoCopy, blobs (hybrid) | 76 to 503 ms | concentration up to 0.2, not 0.7 |
| BadPhotoCopy, wave (hybrid) | 40 to 70 ms on top: a Gaussian kernel of up to 301 pixels | left out |
| Faxify (hybrid) | 2 to 40 ms; up to 1 s without JIT | JIT kept on |
| WaterMark | 19 to 112 ms: letters 3500 pixels long, then shrunk | at most 0.9 of the page's width: 3 ms |
| LowInkPeriodicLines | 4 to 98 ms: up to 900 lines | up to 84 lines: 5 ms |
| LightingGradient | 67 to 116 ms: a canvas 19 times the page, turned | kept; rewritten turns the page's part: 15 ms |
| DirtyRollers | 4.2 s to compile, once; then 14 ms | kept |
| printing ink on paper | 21 ms | kept; rewritten: 5 ms |

Over ``draw(0, 0)`` to ``draw(0, 99)`` on eight such pages, in CPU time of the one thread: augraphy takes 170 ms in the
median, its slowest page 2.0 times that, 6.0 pages a second on a core; rewritten 61 ms, 2.0 times, 16 pages a second,
each page equal bit by bit. augraphy_naive takes 1.3 to 1.4 times as long as augraphy. The blog's 1000 pages in 45 s are
22 pages a second on all of its cores.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from labkit.core import Drawn, Image, Many, SameShape, UsageError, stage
from labkit.core.errors import listed
from labkit.inputs.pages import paragraphs
from labkit.stages.augment_documents import workloads
from labkit.stages.augment_documents.draw import Choices, draw
from labkit.stages.augment_documents.operations import BUILDERS

LEAST = 30  # pixels a side, augraphy's own limit
LARGEST = 8192  # pixels a side: the canvas of its LightingGradient is 3.8 times as long, and cv2's warp counts in int16


Page = Annotated[np.ndarray, Image(3, LEAST, LARGEST)]


def check_choices(choices: Choices) -> None:
    """Raise UsageError unless the operations are known."""
    for name in (operation.name for phase in choices for operation in phase):
        if name not in BUILDERS:
            raise UsageError(f"choices: unknown operation {name!r}; operations: {listed(BUILDERS)}")


@stage(
    reference="augraphy",
    workloads=workloads.ALL,
    edge_cases=workloads.edge_cases,
    many=Many(
        {"32x256": (32, 256, 256), "16x512": (16, 512, 512), "8xpage": (8, 1000, 700), "4x1080p": (4, 1080, 1920)},
        cut=lambda index, height, width: paragraphs(height, width, index),
    ),
    empty_cells={
        "python": "not written: augment and crop_boxes show what a loop a pixel costs in Python",
        "numpy": "augraphy is NumPy and cv2 itself; where its temporaries cost most, rewritten has a loop",
        "cython": "not written: the loops that count are Numba's in rewritten; the rest is spent inside cv2 and NumPy",
        "native": "not written: after rewritten, most of a page's time goes to NumPy's generator and to cv2",
        "gpu": "the reference fixes the sequences of NumPy's legacy generator, and those are drawn on the CPU",
        "multiprocess": "augment_documents_many runs it under the engines, one page a task; augraphy's hold a lock",
    },
)
def augment_documents(image: Page, choices: Annotated[Choices, Drawn(Choices, draw, check_choices)]) -> SameShape:
    """Age a page: its ink, then the paper that it is printed on, then what scanners and readers do to the print.

    Parameters
    ----------
    image : uint8 (h, w, 3) BGR, C-contiguous, h and w from 30 (augraphy's own limit) to 8192, dark on light.
    choices : Choices, as ``draw(seed, index)`` gives them: the operations that are on, in order, with their parameters
        and a seed each. Two operations never share a stream, nor do two images.

    Returns
    -------
    uint8 (h, w, 3) BGR, C-contiguous, owning its memory.

    Every generator of the process, the working directory and Numba's switches are afterwards what they were, also after
    an error. Variants that need the global generators hold a lock: threads then wait for one another.

    Raises
    ------
    TypeError : image is no NumPy array, or choices are no Choices.
    ValueError : another dtype, shape or size, not C-contiguous, an unknown operation.

    Source: augraphy 8.2.6, with the three phases of a 2025 blog on augmenting documents, which claims 1000 pages in 45 s.
    """
