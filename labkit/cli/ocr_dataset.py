"""``labkit ocr-dataset``: training data for OCR from a folder of pages."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.cli import folders, options
from labkit.folders import Job
from labkit.pipelines.ocr_dataset import open_ocr_chain


def command(
    source: folders.Source,
    target: folders.Target,
    copies: Annotated[
        int, typer.Option(metavar="K", min=1, help="Copies of each image, STEM_aug_1.png to STEM_aug_K.png.")
    ] = 5,
    seed: folders.Seed = 0,
    engine: folders.Engine = "auto",
    workers: folders.Workers = "auto",
    chunk: folders.Chunk = None,
    memory_limit: folders.MemoryLimit = None,
    time_limit: folders.TimeLimit = None,
    max_pixels: folders.MaxPixels = "250M",
    limit: folders.Limit = None,
    overwrite: folders.Overwrite = False,
    as_json: options.Json = False,
) -> None:
    """Make K black-and-white copies of each page, each as another scanner would have seen it, ready for OCR training.

    A copy is turned by up to 5° and tilted, its contrast evened out (CLAHE), sharpened, then gets uneven light, grain and
    specks; after that it is cleaned as before OCR: gray, Otsu's threshold, median. It is written in the image's own subfolder
    as STEM_aug_K.png; images of one subfolder that share a stem keep their suffix in it: page.jpg_aug_1.png.

    Run it again, after Ctrl-C or with more copies, and only the missing ones are made. The rest (which files, faults,
    failed.csv, the contact sheet) is as in labkit augment: see its help.

    Example: labkit ocr-dataset pages dataset --copies 5 --seed 7
    """
    job = Job(
        source,
        target,
        open_ocr_chain(),
        seed,
        copies,
        engine=engine,
        workers=folders.worker_count(workers),
        chunk=chunk,
        memory_limit=options.size_in_bytes(memory_limit, "--memory-limit") if memory_limit is not None else None,
        time_limit_s=time_limit,
        max_pixels=options.number(max_pixels, "--max-pixels"),
        limit=limit,
        overwrite=overwrite,
    )
    folders.run_and_tell(job, "labkit ocr-dataset", as_json)
