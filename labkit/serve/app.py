"""The web application: ``POST /augment``, ``GET /health``, ``GET /metrics``."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from labkit.engines import Engine
from labkit.processes.tree import tree_share
from labkit.serve.augment import Augment
from labkit.serve.limits import Limits
from labkit.serve.metrics import CONTENT_TYPE, Metrics
from labkit.serve.queue import RequestQueue

PATH = "/augment"
USE = "POST an image to /augment, or GET /health or /metrics"


class Service:
    """What the endpoints share. The engine is open, and its function is :func:`labkit.serve.picture.augment`."""

    def __init__(self, engine: Engine, workers: int, chains: Collection[str], limits: Limits) -> None:
        self.engine, self.workers, self.chains, self.limits = engine, workers, tuple(chains), limits
        self.metrics = Metrics()
        self.queue = RequestQueue(workers, limits)

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:
        """The line moves as long as the event loop serves."""
        self.queue.open(self.engine)
        try:
            yield
        finally:
            await self.queue.close()

    def application(self) -> ASGIApp:
        """The ASGI application; its lifespan must be run."""
        routes = [
            Route(PATH, augment := Augment(self.queue, self.chains, self.limits, self.metrics), methods=["POST"]),
            Route("/health", self.health),
            Route("/metrics", self.figures),
        ]
        rest = Starlette(routes=routes, lifespan=self.lifespan, exception_handlers={HTTPException: as_json})

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            """Most requests are of one kind: they need not pass through all that Starlette has for the others."""
            if scope["type"] == "http" and scope["path"] == PATH and scope["method"] == "POST":
                await augment(scope, receive, send)
            else:
                await rest(scope, receive, send)

        return front

    async def health(self, request: Request) -> Response:
        """200 while requests are taken, 503 from the moment the server is told to stop."""
        stopping = self.queue.stopping
        state = {"status": "stopping" if stopping else "ok", "chains": self.chains, "workers": self.workers}
        return JSONResponse(state, 503 if stopping else 200)

    async def figures(self, request: Request) -> Response:
        """All figures as Prometheus reads them."""
        memory = await asyncio.to_thread(tree_share, os.getpid())  # the kernel takes milliseconds to add it up
        gauges: dict[str, tuple[str, float | None]] = {
            "labkit_in_flight": ("Requests that were admitted and not yet answered.", self.queue.admitted),
            "labkit_queue_depth": ("Images that wait for a worker.", self.queue.depth),
            "labkit_queue_limit": ("Requests that may wait beyond those being worked on.", self.limits.queue),
            "labkit_workers": ("Workers of the engine.", self.workers),
            "labkit_memory_bytes": ("Proportional set size of the server and all its processes.", memory),
        }
        restarts = ("Workers that died or were killed, and were replaced.", self.engine.restarts)
        text = self.metrics.text(gauges, {"labkit_worker_restarts_total": restarts})
        return Response(text, media_type=CONTENT_TYPE)


async def as_json(request: Request, error: Exception) -> Response:
    """An unknown address or method in the form of every other error."""
    assert isinstance(error, HTTPException)
    why = f"{error.detail}: {USE}" if error.status_code in (404, 405) else error.detail
    return JSONResponse({"error": why}, error.status_code, error.headers)
