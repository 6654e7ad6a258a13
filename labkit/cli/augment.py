"""``labkit augment``: a folder of images, each augmented, on all cores."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.cli import folders
from labkit.pipelines.chains import open_chain


@folders.with_wishes
def command(
    source: folders.Source,
    target: folders.Target,
    chain: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.yaml",
            help="photo: turn, flip, brightness, blur. document: a page's ink, paper and scanner faults. hybrid: a photo's "
            "and a page's. ocr: a degraded page, cleaned to black and white. FILE.yaml: yours, as steps: [{stage: grey}, …], or "
            "saved by albumentations.save(chain, 'FILE.yaml', data_format='yaml').",
        ),
    ] = "photo",
    *,
    wishes: folders.Wishes,
) -> None:
    """Augment every image of a folder into another folder, under the same relative name, on all cores.

    Read are .jpg .jpeg .png .webp .bmp .tif .tiff, as 8-bit colour: EXIF rotation is applied, 16 bits become 8, gray
    and CMYK become colour, of several pages the first is taken. Transparency is dropped (the colour beneath it shows) and
    so are colour profiles (colours are taken as sRGB): where that changes anything it is told. JPEGs are written with
    quality 95, without EXIF and profile.

    Outputs are written whole or not at all. Run it again, after Ctrl-C too, and only the missing ones are made. What can't
    be read or done is told with its reason, on standard error and in OUT/failed.csv, and costs that image alone: then the
    exit status is 1. OUT/contact_sheet.jpg shows some inputs above their outputs; OUT/labkit.json says what made them.

    Example: labkit augment photos augmented --chain photo --seed 7
    """
    folders.run_and_tell("labkit augment", source, target, open_chain(chain), wishes)
