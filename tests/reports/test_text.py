"""The console that reports are printed on."""

import io

import pytest
import rich.console

from labkit.reports.terminal import console


def test_in_a_notebook_what_is_written_to_a_file_goes_into_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    stream = io.StringIO()
    console(stream).print("a line")
    assert stream.getvalue() == "a line\n"
