"""Pipeline ``ocr_preprocess_many``: the stage ``ocr_preprocess`` over a list of images, under every engine. Nothing is random."""

from __future__ import annotations

from labkit.pipelines.many import many_images

many_images(__name__, "ocr_preprocess")
