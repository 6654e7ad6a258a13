"""Pipeline ``augment_many``: the stage ``augment`` over a list of images, each with its own draw, under every engine."""

from __future__ import annotations

from labkit.pipelines.many import many_images
from labkit.stages.augment.draw import draw

many_images(__name__, "augment", draw)
