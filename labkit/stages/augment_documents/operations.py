"""The operations of augraphy, built of plain numbers, and the three phases in which a document goes through them.

``library`` is where the classes come from: augraphy itself, or the copy of it that draws from private streams.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np

from labkit.stages.augment_documents.draw import Choices, Operation
from labkit.stages.augment_documents.textures import sheet, tiles_for

WORDS = ("COPY", "VOID", "DRAFT", "CONFIDENTIAL", "UNOFFICIAL", "DO NOT COPY", "SAMPLE", "ORIGINAL")
PLACES = ("left", "right", "top", "bottom", "center")
INKS = ("pencil", "pen", "marker", "highlighter")
MARKS = ("strikethrough", "crossed", "underline", "highlight")
SEED = Callable[[int], None]
Shape = tuple[int, ...]
Parameters = dict[str, Any]


def ink_bleed(library: Any, p: Parameters, shape: Shape) -> Any:
    strength, severity = (p["intensity"],) * 2, (p["severity"],) * 2
    return library.InkBleed(intensity_range=strength, kernel_size=(p["kernel"],) * 2, severity=severity)


def letterpress(library: Any, p: Parameters, shape: Shape) -> Any:
    clusters = max(1, round(p["clusters"] * shape[0] * shape[1] / 1e6))
    return library.Letterpress(
        n_samples=(300, 800),
        n_clusters=(clusters, clusters),
        std_range=(100 * p["spread"],) * 2,
        value_range=(p["low"], p["high"]),
        value_threshold_range=(128, 128),
        blur=1,
    )


def low_ink_random_lines(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.LowInkRandomLines(
        count_range=(p["count"],) * 2, use_consistent_lines=bool(p["even"]), noise_probability=p["fray"]
    )


def low_ink_periodic_lines(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.LowInkPeriodicLines(
        count_range=(p["count"],) * 2, period_range=(p["teeth"],) * 2, noise_probability=p["fray"]
    )


def paper_factory(library: Any, p: Parameters, shape: Shape, folder: str = os.devnull) -> Any:
    """``folder``: where textures are read from, as augraphy does; without one they are those held in memory.

    augraphy's search for the paper's edge is left out: our textures have none, and under NumPy 2 it raises
    AttributeError (``np.int0``) where it believes that it found one.
    """
    factory = library.PaperFactory(texture_path=folder, texture_enable_color=1, blend_texture=0)
    if folder == os.devnull:
        factory.paper_textures = [sheet(p["texture"], tiles_for(shape))]
    factory.check_paper_edges = _whole
    return factory


def _whole(texture: np.ndarray) -> np.ndarray:
    return texture


def color_paper(library: Any, p: Parameters, shape: Shape) -> Any:
    hue, saturation, stray = p["hue"], p["saturation"], p["stray"]
    return library.ColorPaper(hue_range=(hue, hue + stray), saturation_range=(saturation, saturation + stray))


def watermark(library: Any, p: Parameters, shape: Shape) -> Any:
    word = WORDS[p["word"]]
    width = cv2.getTextSize(word, cv2.FONT_HERSHEY_SIMPLEX, 1, 1)[0][0]
    scale = max(1, int(p["length"] * shape[1] / width))
    return library.WaterMark(
        watermark_word=word,
        watermark_font_size=(scale, scale),
        watermark_font_thickness=(2 * scale, 2 * scale),
        watermark_rotation=(p["angle"],) * 2,
        watermark_location=PLACES[p["place"]],
        watermark_color=(p["blue"], p["green"], p["red"]),
        watermark_method="overlay",
    )


def folding(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.Folding(
        fold_count=p["count"],
        fold_noise=p["noise"],
        fold_angle_range=(p["angle"],) * 2,
        gradient_width=(p["width"],) * 2,
        gradient_height=(p["height"],) * 2,
    )


def lighting_gradient(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.LightingGradient(
        light_position=(int(p["x"] * shape[1]), int(p["y"] * shape[0])),
        direction=p["direction"],
        max_brightness=p["brightest"],
        min_brightness=p["darkest"],
        mode="gaussian",
        transparency=p["transparency"],
    )


def dirty_rollers(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.DirtyRollers(line_width_range=(p["width"],) * 2)


def subtle_noise(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.SubtleNoise(subtle_range=p["range"])


def jpeg(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.Jpeg(quality_range=(p["quality"],) * 2)


def markup(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.Markup(
        num_lines_range=(p["lines"],) * 2,
        markup_thickness_range=(p["thickness"],) * 2,
        markup_type=MARKS[p["kind"]],
        markup_ink=INKS[p["ink"]],
        markup_color=(p["blue"], p["green"], p["red"]),
        large_word_mode=bool(p["words"]),
    )


def faxify(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.Faxify(
        scale_range=(p["scale"],) * 2,
        monochrome=p["monochrome"],
        monochrome_method=("threshold_otsu", "threshold_mean")[p["method"]],
        halftone=p["halftone"],
        angle=(p["angle"],) * 2,
        sigma=(p["sigma"],) * 2,
    )


def bad_photo_copy(library: Any, p: Parameters, shape: Shape) -> Any:
    return library.BadPhotoCopy(
        noise_type=p["noise"],
        noise_side=SIDES[p["side"]],
        noise_iteration=(1, 1),
        noise_size=(p["size"],) * 2,
        noise_value=(p["darkest"], p["lightest"]),
        noise_sparsity=(p["sparsity"],) * 2,
        noise_concentration=(p["concentration"],) * 2,
        blur_noise=p["blur"],
        wave_pattern=p["wave"],
        edge_effect=p["edge"],
    )


SIDES = ("left", "top", "right", "bottom", "top_left", "top_right", "bottom_left", "bottom_right", "none", "all")
BUILDERS: dict[str, Callable[..., Any]] = {
    builder.__name__: builder
    for builder in (
        ink_bleed,
        letterpress,
        low_ink_random_lines,
        low_ink_periodic_lines,
        paper_factory,
        color_paper,
        watermark,
        folding,
        lighting_gradient,
        dirty_rollers,
        subtle_noise,
        jpeg,
        markup,
        faxify,
        bad_photo_copy,
    )
}
BUILDERS |= {"creases": folding, "scanner": dirty_rollers}  # as the hybrid chain calls them


def run(image: np.ndarray, choices: Choices, library: Any, seed: SEED) -> np.ndarray:
    """Ink, paper, print, post: what ``AugraphyPipeline`` does, without its copies, its log and its cache on disk."""
    ink = phase(image, choices.ink, library, seed)
    paper = phase(np.full((*ink.shape[:2], 3), 255, np.uint8), choices.paper, library, seed)
    page = printed(ink, np.array(paper, order="C"), library)
    return finished(phase(page, choices.post, library, seed))


def phase(image: np.ndarray, operations: Iterable[Operation], library: Any, seed: SEED) -> np.ndarray:
    """One operation after the other, each from its own seed."""
    for operation in operations:
        augmentation = BUILDERS[operation.name](library, operation.parameters, image.shape)
        seed(operation.seed)
        image = augmentation(image, force=True)
    return image


def printed(ink: np.ndarray, paper: np.ndarray, library: Any) -> np.ndarray:
    """The ink on the paper, which is overwritten: dark ink covers, white ink is transparent."""
    if paper.shape[:2] != ink.shape[:2]:
        paper = cv2.resize(paper, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_AREA)
    return library.OverlayBuilder("ink_to_paper", ink, paper, 1, (1, 1), "center", 0, 0.3, -1).build_overlay()


def finished(page: np.ndarray) -> np.ndarray:
    """As uint8 (h, w, 3), C-contiguous: some operations leave a grey image."""
    return cv2.cvtColor(page, cv2.COLOR_GRAY2BGR) if page.ndim == 2 else np.ascontiguousarray(page)
