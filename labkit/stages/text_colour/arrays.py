"""Every pixel's place along the line between both means, and sums under a mask."""

from __future__ import annotations

from typing import Any

from labkit.kinds import arrays
from labkit.stages.text_colour import Plane, clustered


@arrays("text_colour")
def text_colour(xp: Any, image: Any) -> Any:
    """Channels widened to float64 once; every step makes a mask and adds up under it."""
    channels = [xp.reshape(image[..., k], (-1,)) for k in range(3)]
    count, wide = channels[0].shape[0], [xp.astype(channel, xp.float64) for channel in channels]
    sums = [int(xp.sum(channel)) for channel in wide]  # exact below 2^53

    def parted(plane: Plane) -> tuple[int, list[int]]:
        blue, green, red, place = plane
        nearer = (wide[0] * blue + wide[1] * green) + wide[2] * red > place
        return int(xp.sum(nearer, dtype=xp.int64)), [int(xp.sum(channel[nearer])) for channel in wide]

    colours = clustered(count, sums, [int(xp.sum(channel * channel)) for channel in wide], parted).tolist()
    return xp.asarray(colours, dtype=xp.uint8, device=getattr(image, "device", None))
