"""A figure as SVG inside a page: its text stays text, it takes the page's font and colours, and its ids are its own."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from labkit.reports.svg_text import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
UNWANTED = (
    f"{{{SVG}}}metadata",
    f"{{{SVG}}}style",
)  # its rules would hold for the whole page; the page's sheet has them
HREF = f"{{{XLINK}}}href"
COLORS = {"#000000": "currentColor", "black": "currentColor", "#ffffff": "var(--ground)", "white": "var(--ground)"}
COLORS["#666666"] = "var(--soft)"  # of what is said beside the curve
BLACK_OR_WHITE = re.compile("|".join(COLORS))
WIDE = 600  # points: a figure of two panels, which is printed over the whole width
LONG = re.compile(r"-?\d+\.\d{3,}")
FONT = re.compile(r"font:\s*(?:[\w-]+ )*?([\d.]+)px [^;]*;?\s*|font-family:[^;]*;?\s*")


def inline(figure: Figure, label: str, prefix: str) -> Markup:
    """The figure as one ``<svg>`` element; ``label`` tells it to those who can't see it, ``prefix`` sets its ids apart.

    What matplotlib draws black or white takes the colours of the page's text and ground, so that a dark page shows it too.
    """
    stream = io.BytesIO()
    save(figure, stream, transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(stream.getvalue())
    for parent in root.iter():
        for child in [child for child in parent if child.tag in UNWANTED]:
            parent.remove(child)
    _own_ids(root, prefix)
    for element in root.iter():
        _restyle(element)
    width = float(root.get("viewBox", "0 0 576 0").split()[2])
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": label, "style": f"max-width:{width * 1.25:.0f}px"}
    if width > WIDE:
        root.set("class", "wide")
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # serialised: what came from outside is text


def _own_ids(root: ElementTree.Element, prefix: str) -> None:
    """Keep only ids that are referred to, and set them apart from those of the other figures of the page."""
    text = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', text))
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in used:
            element.set("id", f"{prefix}-{name}")
        if element.get(HREF, "").startswith("#"):
            element.set(HREF, f"#{prefix}-{element.attrib[HREF][1:]}")
        for attribute in ("clip-path", "style"):
            if attribute in element.attrib:
                element.set(attribute, re.sub(r"url\(#([\w-]+)\)", rf"url(#{prefix}-\1)", element.attrib[attribute]))


def _restyle(element: ElementTree.Element) -> None:
    if element.tag != f"{{{SVG}}}text":
        element.text = None
    element.tail = None
    for attribute in ("d", "x", "y", "transform", "points"):
        if attribute in element.attrib:
            element.set(attribute, LONG.sub(lambda found: f"{float(found[0]):.2f}", element.attrib[attribute]))
    style = element.attrib.get("style", "")
    style = _themed(FONT.sub(lambda f: f"font-size:{f[1]}px;" if f[1] else "", style)).strip()
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if element.tag == f"{{{SVG}}}text" and "fill" not in style:
        style = f"{style};fill:currentColor".lstrip(";")  # SVG's own default is black
    if style:
        element.set("style", style)
    else:
        element.attrib.pop("style", None)
    for attribute in ("fill", "stroke"):
        if attribute in element.attrib:
            element.set(attribute, _themed(element.attrib[attribute]))


def _themed(style: str) -> str:
    return BLACK_OR_WHITE.sub(lambda found: COLORS[found[0]], style)
