"""What must not happen in any page is noticed when it happens."""

from __future__ import annotations

import pytest

from tests.browser.chromium import Chromium


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<img src='http://pictures.example/a.png'>", "a request to another machine: http://pictures.example/a.png"),
        (
            "<script>new WebSocket('ws://sockets.example')</script>",
            "a request to another machine: ws://sockets.example/",
        ),
        ("<script>console.error('lost')</script>", "an error in the console: lost"),
        ("<script>throw new Error('lost')</script>", "uncaught in the page: lost"),
    ],
    ids=["request", "socket", "console", "exception"],
)
def test_a_fault_of_a_page_is_noticed(browser: Chromium, content: str, told: str) -> None:
    page = browser.open_page()
    page.set_content(content, wait_until="load")
    page.evaluate("0")  # what the page has sent until now has come
    page.close()
    assert any(fault.startswith(told) for fault in browser.faults)
    browser.faults.clear()


def test_a_page_that_asks_for_nothing_has_no_fault(browser: Chromium) -> None:
    page = browser.open_page()
    page.set_content("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", wait_until="load")
    page.close()
    assert browser.faults == []
