"""One client's connection: its headers bounded in size and time, and how many it may have.

uvicorn (with httptools) reads HTTP; it bounds none of the three.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from labkit.serve.limits import Limits
from labkit.serve.refusal import Refusal, in_json, send_refusal
from labkit.serve.request import DISCARDED_BYTES, DISCARDED_S

BROKEN = "the request is no HTTP that this server understands"
LONG = "the request's first line and headers have more than {:,} bytes, which is this server's limit"
MANY = "{} has {:,} connections to this server, which takes no more from one address; use those again"
SLOW = "the request's headers did not arrive within {:g} s, which is this server's limit"


class Clients:
    """How many connections each address has."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connections: Counter[str] = Counter()

    def protocol(self, config: Config, server_state: ServerState, app_state: dict[str, Any], **more: Any) -> Connection:
        """What uvicorn makes for each connection."""
        return Connection(self, config, server_state, app_state, **more)


class Connection(HttpToolsProtocol):
    """Refuses long and slow headers and clients with too many connections, and then closes.

    While no request is being answered the client owes the next one's headers: the clock runs from the connection's
    begin, or from the first byte after an answer (before that byte uvicorn's keep-alive limit counts).
    """

    def __init__(self, clients: Clients, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._clients = clients
        self._heading = self._refused = False
        self._bytes = 0  # of header lines that are not whole yet; once refused, of what still comes
        self._timer: asyncio.TimerHandle | None = None
        self._cycles: deque[RequestResponseCycle] = deque()  # requests in their order, those answered perhaps too

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._clients.connections[self._address] += 1
        self._wait()
        most = self._clients.limits.connections
        if self._clients.connections[self._address] > most:
            self._refuse(Refusal(503, MANY.format(self._address, most), retry_s=1))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._disconnect()
        self._clients.connections[self._address] -= 1
        if not self._clients.connections[self._address]:
            del self._clients.connections[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._bytes += len(data)
            if self._bytes > DISCARDED_BYTES:
                self.transport.close()
            return
        if self._heading:
            self._bytes += len(data)
        super().data_received(data)
        if self._refused or self.transport.is_closing():
            return
        if self._heading and self._bytes > self._clients.limits.header_bytes:
            self._refuse(self._too_long())
        elif self._answering is None:
            self._wait()

    def eof_received(self) -> None:
        """A client that ends its side has left: whether it still listens can't be told, and nothing may be sent after it."""
        self._disconnect()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._heading, self._bytes = True, 0

    def on_headers_complete(self) -> None:
        self._heading = False
        self._stop()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        app = self.app
        if size > self._clients.limits.header_bytes:
            self.app = self._answer_too_long  # type: ignore[assignment]
        super().on_headers_complete()
        self.app = app
        while self._cycles and self._cycles[0].response_complete:
            self._cycles.popleft()
        self._cycles.append(self.cycle)

    def on_chunk_header(self) -> None:
        """Behind the last chunk, which is empty, come lines again: they are bounded as the headers are."""
        self._heading, self._bytes = True, 0

    def on_body(self, body: bytes) -> None:
        self._heading = False
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._heading = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """For whatever the parser does not take."""
        self._refuse(Refusal(400, BROKEN))

    async def _answer_too_long(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_refusal(send, self._too_long(), closing=True)

    @property
    def _answering(self) -> RequestResponseCycle | None:
        """The request being answered; behind it there may be others, of which uvicorn has the last as ``cycle``."""
        return next((cycle for cycle in self._cycles if not cycle.response_complete), None)

    def _disconnect(self) -> None:
        """Tell the requests that nobody waits for their answers."""
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()

    def _too_long(self) -> Refusal:
        return Refusal(431, LONG.format(self._clients.limits.header_bytes))

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._clients.limits.header_s, self._late)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        if self._heading:
            self._refuse(Refusal(408, SLOW.format(self._clients.limits.header_s)))
        else:
            self.transport.close()  # of a request that was not even begun, or of a body whose answer is sent

    def _refuse(self, refusal: Refusal) -> None:
        """Answer, and close once the client has, or soon: a close with unread bytes could destroy the answer (RFC 9112, 9.6)."""
        if self._refused or self.transport.is_closing():
            return
        self._refused, self._bytes = True, 0
        self._stop()
        if answering := self._answering:
            if answering.response_started or not answering.more_body:
                answering.keep_alive = False  # the request before it is answered first
                return
            self._disconnect()  # it waits for a body that does not come any more
        headers, data = in_json(refusal, closing=True)
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[refusal.status] + lines + b"\r\n" + data)
        self.transport.write_eof()
        self._timer = self.loop.call_later(DISCARDED_S, self.transport.close)
