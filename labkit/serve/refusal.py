"""What the server answers when it does not augment: a status, one line that says why, and what the client may do."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """``status`` is the HTTP status; ``why`` one line; ``retry_s`` seconds after which to come again, None for never."""

    status: int
    why: str
    retry_s: int | None = None


class Refused(Exception):
    """Raised inside the server wherever a request comes to its end without an image."""

    def __init__(self, status: int, why: str, retry_s: int | None = None) -> None:
        super().__init__(why)
        self.refusal = Refusal(status, why, retry_s)


class Disconnected(Exception):
    """The client has gone: nobody waits for the answer."""
