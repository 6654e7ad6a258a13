"""A server in a process of its own, and the application in this one."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.types import ASGIApp

from labkit.engines import open_engine
from labkit.serve import picture
from labkit.serve.app import Service
from labkit.serve.limits import Limits
from tests.serve.chains import CHAINS

MOST_BYTES, MOST_PIXELS = 50_000, 10_000


class Served:
    """A running server: its process, its address, and a client."""

    def __init__(self, *words: str, start_new_session: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=start_new_session,
        )
        assert self.process.stdout is not None
        self.base = self.process.stdout.readline().strip()
        assert self.base.startswith("http://127.0.0.1:"), self.end()
        self.client = httpx.Client(base_url=self.base, timeout=120)

    def augment(self, body: bytes, **query: Any) -> httpx.Response:
        return self.client.post("/augment", params=query, content=body)

    def figure(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith(name + " ")).split()[1])

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Tell it to stop, with 0 only wait; its exit status, and what it wrote to standard error."""
        try:
            self.process.send_signal(number)
            _, err = self.process.communicate(timeout=120)
        finally:
            self.process.kill()
        return self.process.returncode, err


@contextmanager
def served(start_new_session: bool = False, **settings: Any) -> Iterator[Served]:
    server = Served("-m", "tests.serve.serving", json.dumps(settings), start_new_session=start_new_session)
    try:
        yield server
    finally:
        server.end()


class Application:
    """The application in this process, asked without a network."""

    def __init__(self, portal: BlockingPortal, app: ASGIApp) -> None:
        self._portal = portal
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._portal.call(partial(self._client.request, method, path, **more))

    def augment(self, body: Any, query: str = "", **more: Any) -> httpx.Response:
        return self.request("POST", f"/augment?{query}", content=body, **more)


@pytest.fixture(scope="module")
def app() -> Iterator[Application]:
    """The application under the engine ``threads``."""
    limits = Limits(max_bytes=MOST_BYTES, max_pixels=MOST_PIXELS, time_limit_s=5)
    with (
        open_engine("threads", picture.augment, 2, chunk=1, once=picture.Ready(CHAINS)) as engine,
        start_blocking_portal() as portal,
    ):
        service = Service(engine, 2, CHAINS, limits)
        with portal.wrap_async_context_manager(service.lifespan()):
            yield Application(portal, service.application())
