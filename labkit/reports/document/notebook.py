"""An executed notebook as one page without code: it loads nothing and runs nothing; a widget's static form stands for it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from bs4 import BeautifulSoup, Tag
from markupsafe import Markup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter

from labkit.core.errors import ArgumentError
from labkit.reports import words
from labkit.reports.document.cover import Cover
from labkit.reports.document.facts import Tell
from labkit.reports.document.html import render

WIDGET = "application/vnd.jupyter.widget-view+json"
ACTIVE = ("application/javascript", "application/vnd.jupyter.widget-view+json", "text/vnd.mermaid")
NO_STATIC_FORM = "<p class='left-out'>An interactive part of the notebook; it has no static form.</p>"
UNWANTED = ("script", "iframe", "frame", "object", "embed", "applet", "link", "meta", "base", "form", "portal")
LOADING = (
    "src",
    "srcset",
    "poster",
    "background",
    "data",
    "xlink:href",
    "href",
    "action",
    "formaction",
    "ping",
    "manifest",
)
SHEET_LOADS = re.compile(r"@import[^;]*;?|url\(\s*(?!['\"]?(?:data:|#))[^)]*\)|image-set\([^)]*\)", re.IGNORECASE)


@dataclass(frozen=True)
class Exported:
    """A notebook's outputs and texts as HTML that was cleaned."""

    title: str
    file: str
    body: str


def export(path: Path, tell: Tell) -> Exported:
    """Read a notebook, execute it in its folder unless all its cells were, and take code and everything active out.

    The file is left as it is. Raises ArgumentError for a file that is no notebook, and for a cell that fails.
    """
    try:
        book = nbformat.read(path, as_version=4)
    except OSError as error:
        raise ArgumentError("notebook", path, str(error.strerror or error)) from None
    except Exception as error:  # nbformat's validators raise what they like
        raise ArgumentError("notebook", path, f"it is no notebook: {words.one_line(str(error))[:200]}") from None
    cells = [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]
    if not all(cell.get("outputs") or cell.get("execution_count") for cell in cells):
        tell(f"{path}: not all of it was executed, so it is now")
        _execute(book, path)
    _still(book)
    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        embed_images=True,
    )
    body, _ = exporter.from_notebook_node(book, resources={"metadata": {"path": str(path.absolute().parent)}})
    soup = BeautifulSoup(body, features="html.parser")
    clean(soup)
    head = soup.find("h1")
    title = words.one_line(head.get_text()) if isinstance(head, Tag) else path.stem
    if isinstance(head, Tag):
        head.decompose()  # it becomes the page's own
    return Exported(title, words.one_line(path.name), str(soup))


def exported_page(made: Exported, cover: Cover) -> str:
    """The page of an exported notebook."""
    about = [f"From the notebook {made.file}, without its code."]
    body = Markup(made.body)  # cleaned; and the page's policy lets nothing load or run
    return render("notebook.html.j2", made.title, about, cover, script=False, body=body)


def clean(soup: BeautifulSoup) -> None:
    """Take out of a page whatever would load something or run: scripts, frames, handlers, and addresses other than data."""
    for tag in soup.find_all(UNWANTED):
        tag.decompose()
    for tag in soup.find_all("style"):
        tag.string = SHEET_LOADS.sub("", tag.get_text())
    for tag in soup.find_all(True):
        for attribute in list(tag.attrs):
            value = str(tag.attrs[attribute]).strip()
            if attribute.lower().startswith("on"):
                del tag.attrs[attribute]
            elif attribute.lower() == "style":
                tag.attrs[attribute] = SHEET_LOADS.sub("", value)
            elif attribute.lower() in LOADING and not _stays(tag.name, attribute.lower(), value):
                del tag.attrs[attribute]
                if tag.name in ("img", "video", "audio", "source"):
                    note = soup.new_tag("span", attrs={"class": "left-out"})
                    note.string = f"left out, for it would be loaded: {tag.attrs.get('alt') or value}"
                    tag.insert_after(note)
                    tag.attrs["hidden"] = ""


def _stays(tag: str, attribute: str, value: str) -> bool:
    """Whether an address may stay: an image inside the page, a place on it, a link that only a click follows."""
    if tag == "a" and attribute == "href":
        return value.startswith(("#", "https://", "http://", "mailto:"))
    return value.startswith("#") or (value.startswith("data:image/") and attribute in ("src", "href", "xlink:href"))


def _execute(book: Any, path: Path) -> None:
    folder = {"metadata": {"path": str(path.absolute().parent)}}
    name = book.metadata.get("kernelspec", {}).get("name", "python3")
    try:
        NotebookClient(book, timeout=None, kernel_name=name, resources=folder).execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise ArgumentError("notebook", path, f"a cell failed: {error.ename}: {words.one_line(error.evalue)}") from None
    except DeadKernelError:
        raise ArgumentError("notebook", path, "its kernel died") from None
    except Exception as error:
        if type(error).__name__ != "NoSuchKernel":
            raise
        raise ArgumentError("notebook", path, f"there is no kernel {name!r} here") from None


def _still(book: Any) -> None:
    """Leave of each output only what stands still; a widget keeps the static form that was shown beside it."""
    book.metadata.pop("widgets", None)
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data")
            if not data:
                continue
            widget = WIDGET in data
            for kind in ACTIVE:
                data.pop(kind, None)
            if widget and not any(kind.startswith("image/") or kind in ("text/html", "text/markdown") for kind in data):
                data["text/html"] = NO_STATIC_FORM
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
