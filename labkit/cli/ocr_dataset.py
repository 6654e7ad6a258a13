"""``labkit ocr-dataset``: training data for OCR from a folder of pages."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.cli import folders
from labkit.pipelines.chains import open_chain


@folders.with_wishes
def command(
    source: folders.Source,
    target: folders.Target,
    copies: Annotated[
        int, typer.Option(metavar="K", min=1, help="Copies of each image, STEM_aug_1.png to STEM_aug_K.png.")
    ] = 5,
    *,
    wishes: folders.Wishes,
) -> None:
    """Make K black-and-white copies of each page, each as another scanner would have seen it, ready for OCR training.

    A copy is turned by up to 5° and tilted, its contrast evened out (CLAHE), sharpened, then gets uneven light, grain and
    specks; after that it is cleaned as before OCR: gray, Otsu's threshold, median. It is written in the image's own subfolder
    as STEM_aug_K.png; images of one subfolder that share a stem keep their suffix in it: page.jpg_aug_1.png.

    Run it again, after Ctrl-C or with more copies, and only the missing ones are made. The rest (which files, faults,
    failed.csv, the contact sheet) is as in labkit augment: see its help.

    Example: labkit ocr-dataset pages dataset --copies 5 --seed 7
    """
    folders.run_and_tell("labkit ocr-dataset", source, target, open_chain("ocr"), wishes, copies)
