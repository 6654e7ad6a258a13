"""``POST /augment``: one image in, the augmented image out.

Plain ASGI without Starlette's Request and Response: beside a small image those would be seen in the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from labkit.engines import Outcome
from labkit.serve.limits import Limits
from labkit.serve.metrics import Metrics
from labkit.serve.picture import Answer, check
from labkit.serve.queue import Pending, RequestQueue
from labkit.serve.refusal import Disconnected, Refused, send_refusal
from labkit.serve.request import Body, Wish, header, image_of, parameters

CLIENT_LEFT = 499  # nginx's number for a client that did not wait; it is counted, never sent
NO_BODY = 408
TOO_SLOW = "the body did not arrive within {:g} s, which is this server's limit for a request"
LATE = "no answer within {:g} s, which is this server's limit for a request"


class Augment:
    """An ASGI application that answers with an image, or with ``{"error": "one line"}``."""

    def __init__(self, queue: RequestQueue, chains: Collection[str], limits: Limits, metrics: Metrics) -> None:
        self.queue, self.chains, self.limits, self.metrics = queue, chains, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        body, status = Body(receive, scope["headers"]), 500
        try:
            with self.queue.place():
                wish, answer = await self._augmented(scope, body, started + self.limits.time_limit_s)
            seconds, status = loop.time() - started, 200
            self.metrics.latency.observe(seconds)
            self.metrics.work.observe(answer.seconds)
            await _send_image(send, wish, answer, seconds)
        except Refused as refused:
            status = refused.refusal.status
            if status != NO_BODY:
                await body.discard()
            await send_refusal(send, refused.refusal, self.queue.stopping)
        except Disconnected:
            status = CLIENT_LEFT
        finally:
            self.metrics.statuses[status] += 1

    async def _augmented(self, scope: Scope, body: Body, deadline: float) -> tuple[Wish, Answer]:
        wish = parameters(scope["query_string"], self.chains)
        try:
            async with asyncio.timeout_at(deadline):
                data = await body.read(self.limits.max_bytes)
        except TimeoutError:
            raise Refused(NO_BODY, TOO_SLOW.format(self.limits.time_limit_s)) from None
        image = image_of(data, header(scope["headers"], b"content-type"))
        own = check(image, self.limits.max_pixels)
        wish = replace(wish, form=wish.form or own)
        pending = self.queue.enter((image, wish.chain, wish.seed, wish.index, wish.form))
        return wish, self._answer(await self._outcome(pending, body, deadline))

    async def _outcome(self, pending: Pending, body: Body, deadline: float) -> Outcome:
        """Wait for the engine, not beyond the deadline, and not when the client has left."""
        loop = asyncio.get_running_loop()
        late = Refused(504, LATE.format(self.limits.time_limit_s))
        timer = loop.call_at(deadline, pending.give_up, late)
        client = loop.create_task(body.disconnected())
        client.add_done_callback(lambda task: None if task.cancelled() else pending.give_up(Disconnected()))
        try:
            return await pending.future
        except (Refused, Disconnected):
            self.queue.withdraw(pending)
            raise
        finally:
            timer.cancel()
            client.cancel()

    def _answer(self, outcome: Outcome) -> Answer:
        if outcome.error is not None:
            raise Refused(500, outcome.error)
        answer: Answer = outcome.value
        self.queue.worked(answer.seconds)
        if answer.refusal is not None:
            raise Refused(*answer.refusal)
        return answer


async def _send_image(send: Send, wish: Wish, answer: Answer, seconds: float) -> None:
    assert answer.data is not None
    data = answer.data.tobytes()
    headers = [
        (b"content-type", b"image/%s" % str(wish.form).encode()),
        (b"content-length", b"%d" % len(data)),
        (b"labkit-chain", quote(wish.chain).encode()),
        (b"labkit-seed", b"%d" % wish.seed),
        (b"labkit-index", b"%d" % wish.index),
        *((b"labkit-note", note.encode("ascii", "replace")) for note in answer.notes),
        (b"server-timing", b"total;dur=%.3f, work;dur=%.3f" % (1e3 * seconds, 1e3 * answer.seconds)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})
