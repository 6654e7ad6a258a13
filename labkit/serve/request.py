"""What a request asks for: its parameters, and the image's bytes out of its body."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Receive

from labkit.core.errors import listed
from labkit.pipelines.chains import LARGEST_SEED
from labkit.serve.refusal import Disconnected, Refused

FORMS = ("png", "jpeg")
PARAMETERS = ("chain", "seed", "index", "format")
FIELD = b"image"
DISCARDED_BYTES, DISCARDED_S = 64_000_000, 2.0


@dataclass(frozen=True, slots=True)
class Wish:
    """A request's parameters; ``form`` is png, jpeg, or None for the input's own."""

    chain: str
    seed: int
    index: int
    form: str | None


def parameters(query: bytes, chains: Collection[str]) -> Wish:
    """The wish in a query string; a fresh random seed where it names none. Raises Refused for anything that is unknown."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name not in PARAMETERS:
            raise Refused(400, f"unknown parameter {name!r}; parameters: {listed(PARAMETERS)}")
        if name in found:
            raise Refused(400, f"parameter {name!r} came twice; give it once")
        found[name] = value
    chain = found.get("chain", next(iter(chains)))
    if chain not in chains:
        raise Refused(400, f"unknown chain {chain!r}; chains: {listed(chains)}")
    form = found.get("format")
    if form is not None and form not in FORMS:
        raise Refused(400, f"format is {form!r}; give png or jpeg")
    # 53 bits: a seed that also survives a client that reads numbers as floating point
    seed = _whole("seed", found["seed"]) if "seed" in found else secrets.randbits(53)
    return Wish(chain, seed, _whole("index", found.get("index", "0")), form)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > LARGEST_SEED:
        raise Refused(400, f"{name} is {text!r}; give a whole number from 0 to 2^63-1")
    return int(text)


def header(headers: Collection[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """A header's value; ``name`` in lower case, as ASGI gives them."""
    return next((value for key, value in headers if key == name), None)


class Body:
    """A request's body, taken in no further than its limit, and what is heard from its client after it."""

    def __init__(self, receive: Receive, headers: Collection[tuple[bytes, bytes]]) -> None:
        self._receive, self._headers = receive, headers
        self._ended = False

    async def read(self, most: int) -> bytes:
        """All of it; raises Refused 413 for more than ``most`` bytes, told or come, Disconnected when the client leaves."""
        too_large = Refused(413, f"the body has more than {most:,} bytes, which is this server's limit")
        stated = header(self._headers, b"content-length")
        if stated is not None and int(stated) > most:
            raise too_large
        pieces, size = [], 0
        while not self._ended:
            piece = await self._next()
            size += len(piece)
            if size > most:
                raise too_large
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def discard(self) -> None:
        """Take in, within bounds, what is left of a refused body: a client that still sends would not read the answer.

        Closing a connection with unread bytes resets it, and the reset can destroy the answer (RFC 9112, 9.6). A client
        that asked before sending (Expect: 100-continue) has not begun.
        """
        if (header(self._headers, b"expect") or b"").lower() == b"100-continue":
            return
        size = 0
        try:
            async with asyncio.timeout(DISCARDED_S):
                while not self._ended and size < DISCARDED_BYTES:
                    size += len(await self._next())
        except (TimeoutError, Disconnected):
            return

    async def disconnected(self) -> None:
        """Wait until the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._ended = True
            raise Disconnected
        self._ended = not message.get("more_body", False)
        return message.get("body", b"")


def image_of(body: bytes, content_type: bytes | None) -> NDArray[np.uint8]:
    """The image file as uint8 (n,): the field ``image`` of a multipart/form-data body, else the body. Nothing is copied."""
    if content_type is not None and content_type.lower().startswith(b"multipart/form-data"):
        return np.frombuffer(_field(body, content_type), np.uint8)
    return np.frombuffer(body, np.uint8)


def _field(body: bytes, content_type: bytes) -> memoryview:
    _, options = parse_options_header(content_type)
    if b"boundary" not in options:
        raise Refused(
            400, "the multipart body's Content-Type names no boundary; let your HTTP library write that header"
        )
    body = _from_first_part(body, options[b"boundary"])
    form = _Form(body)
    try:
        parser = MultipartParser(options[b"boundary"], form.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise Refused(400, f"the multipart body is broken: {' '.join(str(error).split())}") from None
    if not form.ended:
        raise Refused(400, "the multipart body is broken: it ends before its last boundary")
    if form.image is None:
        raise Refused(400, "the multipart body has no field 'image'; put the image's file there")
    return form.image


def _from_first_part(body: bytes, boundary: bytes) -> bytes:
    """Without a preamble, and blanks behind the first boundary, which are legal (RFC 2046, 5.1.1) and the parser refuses."""
    plain = b"--" + boundary + b"\r\n"
    if body.startswith(plain):
        return body
    delimiter = b"--" + re.escape(boundary) + rb"[ \t]*\r\n"
    first = re.match(delimiter, body) or re.search(b"\r\n" + delimiter, body)
    return plain + body[first.end() :] if first else body


class _Form:
    """Finds the field ``image`` while the parser walks over the body, which it is given in one piece."""

    def __init__(self, body: bytes) -> None:
        self.body = memoryview(body)
        self.image: memoryview | None = None
        self.ended = False
        self._name = self._header = self._value = b""
        self._first = self._last = 0

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name, self._first, self._last = b"", 0, 0

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self._name = options.get(b"name", b"")
        self._header = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._first, self._last = start, end  # once a part: the parser is given the whole body in one piece

    def _part_end(self) -> None:
        if self._name != FIELD:
            name = self._name.decode("utf-8", "replace")
            raise Refused(
                400, f"the multipart body has a field {name!r}; it takes only 'image', the rest is for the query"
            )
        if self.image is not None:
            raise Refused(400, "the multipart body has two fields 'image'; send one image a request")
        self.image = self.body[self._first : self._last]

    def _end(self) -> None:
        self.ended = True
