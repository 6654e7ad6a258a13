"""Serve until told to stop: the socket, the engine, and a stop that finishes what it has."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import cast

import uvicorn

from labkit.core.errors import UsageError
from labkit.core.process import keep_freed_memory
from labkit.engines import STARTS_PROCESSES, open_engine
from labkit.serve import picture
from labkit.serve.app import Service
from labkit.serve.connection import Clients
from labkit.serve.limits import Limits
from labkit.serve.queue import AHEAD

HURRY_S = 1
IDLE_S = 30  # how long a connection is kept for its client's next request


def serve(
    chains: Mapping[str, picture.Chain],
    listener: socket.socket,
    *,
    engine: str = "shared_memory",
    workers: int = 1,
    limits: Limits | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve ``chains`` on a listening socket until SIGTERM, SIGINT or SIGHUP; ``ready`` is called when requests are taken.

    The first signal: new requests are refused with 503, those that were admitted are finished. The second: those are
    refused too. Raises RuntimeError when the engine fails, after every request was answered.
    """
    limits = limits or Limits()
    keep_freed_memory()
    with open_engine(
        engine,
        picture.augment,
        workers,
        chunk=1,
        in_flight=AHEAD * workers,
        time_limit_s=limits.time_limit_s if engine in STARTS_PROCESSES else None,
        once=picture.Ready(dict(chains)),
    ) as running:
        service = Service(running, workers, chains, limits)
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is wrong with a body is told to its client
        config = uvicorn.Config(
            service.application(),
            log_config=None,
            access_log=False,
            log_level="error",  # what is wrong with a request is told to its client
            http=cast("type[asyncio.Protocol]", Clients(limits).protocol),
            lifespan="on",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_S,
        )
        _Graceful(config, service, ready).run(sockets=[listener])
        if service.queue.failure is not None:
            raise RuntimeError(service.queue.failure)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose. Raises UsageError where there can be none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"can't listen on {host}, port {port}: {reason}; choose with --host and --port") from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The base of the server's addresses, such as http://127.0.0.1:8000."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


class _Graceful(uvicorn.Server):
    """uvicorn closes its socket at once when told to stop; this one first answers what it has, and the rest with 503."""

    def __init__(self, config: uvicorn.Config, service: Service, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._service, self._ready = service, ready
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what was imported stays: the collector need not walk over it again and again
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        return self._service.queue.failure is not None or await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's two, and SIGHUP: the terminal was closed. Under nohup it is ignored, and stays so."""
        with super().capture_signals():
            if (
                threading.current_thread() is not threading.main_thread()
                or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            ):
                yield
                return
            before = signal.signal(signal.SIGHUP, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(signal.SIGHUP, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Called between two steps of whatever runs, as a signal handler: it only leaves word for the loop. Unlike
        # uvicorn's it does not note the signal to raise it again, because the engine is to be closed afterwards.
        self._loop.call_soon_threadsafe(self._told_to_stop)

    def _told_to_stop(self) -> None:
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain())
        else:
            self._service.queue.give_up()
            self.config.timeout_graceful_shutdown = HURRY_S  # for bodies that are still on their way
            self.should_exit = True

    async def _drain(self) -> None:
        self._service.queue.stopping = True
        await self._service.queue.empty.wait()
        self.should_exit = True
