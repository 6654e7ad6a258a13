"""What the server answers when it does not augment: a status, one line that says why, and what the client may do."""

from __future__ import annotations

import json
from typing import NamedTuple

from starlette.types import Send


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


def in_json(refusal: Refusal, closing: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The headers and the body, ``{"error": "one line"}``, of the answer; ``closing``: the connection ends with it."""
    data = json.dumps({"error": refusal.why}, ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
    if refusal.retry_s is not None:
        headers.append((b"retry-after", b"%d" % refusal.retry_s))
    if closing:
        headers.append((b"connection", b"close"))
    return headers, data


async def send_refusal(send: Send, refusal: Refusal, closing: bool) -> None:
    """Answer in the words of ASGI."""
    headers, data = in_json(refusal, closing)
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
