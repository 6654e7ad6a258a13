"""A notebook as a page: executed, without code, and with nothing on it that would load or run."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from labkit.core.errors import UsageError
from labkit.reports.document.report import export_notebook
from tests.reports.documents import Seen

WIDGET = "application/vnd.jupyter.widget-view+json"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def book(folder: Path, *cells: Any, **metadata: Any) -> Path:
    path = folder / "노트 book.ipynb"
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def page(path: Path) -> Seen:
    return Seen(export_notebook(path, lambda text: None).html())


def shown(*data: dict[str, Any], source: str = "secret_code()") -> Any:
    outputs = [new_output("display_data", data=each) for each in data]
    return new_code_cell(source, outputs=outputs, execution_count=1)


def test_outputs_and_texts_are_there_and_code_is_not(tmp_path: Path) -> None:
    seen = page(book(tmp_path, new_markdown_cell("# A title\n\nsome *text*"), shown({"text/html": "<b>a table</b>"})))
    assert "some text" in seen.text
    assert "a table" in seen.text
    assert "secret_code" not in seen.text
    assert seen.count("h1") == 1
    assert "From the notebook 노트 book.ipynb, without its code." in seen.text


def test_a_widget_is_replaced_by_what_was_shown_beside_it(tmp_path: Path) -> None:
    widget = {"model_id": "1", "version_major": 2, "version_minor": 0}
    cells = [
        shown({WIDGET: widget, "text/plain": "VBox(...)", "text/html": "<p>a static table</p>"}),
        shown({WIDGET: widget, "text/plain": "IntSlider(value=3)"}),
    ]
    state = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}}
    seen = page(book(tmp_path, *cells, widgets=state))
    assert "a static table" in seen.text
    assert "An interactive part of the notebook; it has no static form." in seen.text
    assert "VBox" not in seen.text
    assert "IntSlider" not in seen.text


def test_nothing_on_the_page_loads_or_runs(tmp_path: Path) -> None:
    harm = (
        "<script src='https://evil.example/a.js'></script><script>alert(1)</script><link rel=stylesheet href='//evil.example'>"
        "<style>@import 'https://evil.example/a.css'; b{background:url(https://evil.example/b.png)}</style>"
        "<img src='http://evil.example/c.png' alt='a chart' onerror='alert(2)'><iframe src='//evil.example'></iframe>"
        "<p style='background:url(\"//evil.example/d.png\");color:red'>kept</p><svg><image href='https://evil.example/e.png'/></svg>"
        "<a href='javascript:alert(3)'>a</a><a href='https://good.example'>a link</a><video poster='//evil.example'></video>"
    )
    text = "![a picture](https://evil.example/f.png) <script>alert(4)</script>"
    path = book(tmp_path, new_markdown_cell(text), shown({"text/html": harm}, {"application/javascript": "alert(5)"}))
    made = export_notebook(path, lambda text: None).html()
    seen = Seen(made)
    assert seen.addresses == ["https://good.example"]
    assert not {tag for tag, _ in seen.elements} & {"script", "iframe", "link", "object", "embed"}
    assert not {name for _, attrs in seen.elements for name in attrs if name.startswith("on")}
    assert "url(" not in made.partition("<main>")[2]
    assert "kept" in seen.text
    assert "left out, for it would be loaded: a chart" in seen.text
    assert "left out, for it would be loaded: a picture" in seen.text
    (policy,) = [attrs["content"] for _, attrs in seen.elements if attrs.get("http-equiv")]
    assert "default-src 'none'" in str(policy)
    assert "script-src" not in str(policy)


def test_a_hostile_file_name_and_title_stay_text(tmp_path: Path) -> None:
    path = book(tmp_path, new_markdown_cell("# a `<img src=x onerror=alert(1)>` title"))
    path = path.rename(tmp_path / "<script>alert(2)<!-- & .ipynb")
    seen = page(path)
    assert not {tag for tag, _ in seen.elements} & {"img", "script"}
    assert "a <img src=x onerror=alert(1)> title" in seen.text
    assert "From the notebook <script>alert(2)<!-- & .ipynb, without" in seen.text


def test_images_of_outputs_lie_in_the_page(tmp_path: Path) -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><text>in it</text></svg>"
    seen = page(book(tmp_path, shown({"image/png": PIXEL}, {"image/svg+xml": svg})))
    assert [address.partition(",")[0] for address in seen.addresses] == [
        "data:image/png;base64",
        "data:image/svg+xml;base64",
    ]


def test_a_notebook_that_was_not_all_executed_is_executed_and_left_as_it_is(tmp_path: Path) -> None:
    done = new_code_cell("1", outputs=[new_output("stream", text="1\n")], execution_count=1)
    path = book(tmp_path, done, new_code_cell("import os\nprint(6 * 7, os.path.basename(os.getcwd()))"))
    before = path.read_bytes()
    told: list[str] = []
    seen = Seen(export_notebook(path, told.append).html())
    assert f"42 {tmp_path.name}" in seen.text
    assert told == [f"{path}: not all of it was executed, so it is now"]
    assert path.read_bytes() == before


def test_a_cell_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a cell failed: ZeroDivisionError: division by zero$"):
        page(book(tmp_path, new_code_cell("1 / 0")))


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}']
)
def test_what_is_no_notebook_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"^notebook='.*a\.ipynb': it is no notebook: .+$") as refused:
        page(path)
    assert "\n" not in str(refused.value)


def test_a_missing_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        page(tmp_path / "none.ipynb")


def test_a_notebook_is_no_markdown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"exported as \.html or \.pdf"):
        export_notebook(book(tmp_path, shown({"text/plain": "1"})), lambda text: None).markdown()
