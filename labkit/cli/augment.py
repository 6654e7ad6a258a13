"""``labkit augment``: a folder of images, each augmented, on all cores."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.cli import folders, options
from labkit.folders import Job
from labkit.pipelines.chains import open_chain


def command(
    source: folders.Source,
    target: folders.Target,
    chain: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.yaml",
            help="photo: turn, flip, brightness, blur. document: a page's ink, paper and scanner faults. hybrid: a photo's "
            "and a page's. FILE.yaml: yours, saved by albumentations.save(chain, 'FILE.yaml', data_format='yaml').",
        ),
    ] = "photo",
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
    """Augment every image of a folder into another folder, under the same relative name, on all cores.

    Read are .jpg .jpeg .png .webp .bmp .tif .tiff, as 8-bit colour: EXIF rotation is applied, 16 bits become 8, gray
    and CMYK become colour, transparency is dropped, of several pages the first is taken. JPEGs are written with quality 95.

    Outputs are written whole or not at all. Run it again, after Ctrl-C too, and only the missing ones are made. What can't
    be read or done is told with its reason, on standard error and in OUT/failed.csv, and costs that image alone: then the
    exit status is 1. OUT/contact_sheet.jpg shows some inputs above their outputs; OUT/labkit.json says what made them.

    Example: labkit augment photos augmented --chain photo --seed 7
    """
    job = Job(
        source,
        target,
        open_chain(chain),
        seed,
        engine=engine,
        workers=folders.worker_count(workers),
        chunk=chunk,
        memory_limit=options.size_in_bytes(memory_limit, "--memory-limit") if memory_limit is not None else None,
        time_limit_s=time_limit,
        max_pixels=options.number(max_pixels, "--max-pixels"),
        limit=limit,
        overwrite=overwrite,
    )
    folders.run_and_tell(job, "labkit augment", as_json)
