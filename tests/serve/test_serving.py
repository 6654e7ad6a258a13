"""A server in a process of its own: many requests at a time, workers that die or hang, and its end."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import psutil
import pytest

from tests.serve.chains import CHAINS
from tests.serve.conftest import Served, served
from tests.serve.pictures import PNG, file_of, image, pixels_of

CLIENTS, REQUESTS = 32, 320
PATIENCE_S = 60


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """Two workers, room for 32 clients."""
    with served(workers=2, queue=CLIENTS, max_bytes=10**7) as server:
        yield server


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A second is all the time that a request has."""
    with served(workers=1, queue=8, time_limit_s=1) as server:
        yield server


@pytest.fixture(scope="module")
def narrow() -> Iterator[Served]:
    """One worker, and one request that may wait."""
    with served(workers=1, queue=1) as server:
        yield server


def until(met: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.01)


def worker_of(answer: httpx.Response) -> int:
    return int(pixels_of(answer.content).reshape(-1)[:4].view(np.int32)[0])


def test_no_answer_goes_to_another_request(server: Served) -> None:
    def ask(number: int) -> bool:
        pixels = image(number)
        answer = server.augment(file_of(pixels), chain="stamp", seed=number, index=number // 7)
        right = CHAINS["stamp"](pixels, number, number // 7)
        return answer.headers["labkit-seed"] == str(number) and np.array_equal(pixels_of(answer.content), right)

    with ThreadPoolExecutor(CLIENTS) as pool:
        assert all(pool.map(ask, range(REQUESTS)))


def test_a_slow_image_does_not_hold_up_the_others(server: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.augment, PNG, chain="slow", seed=3000)
        assert all(server.augment(PNG, chain="stamp").status_code == 200 for _ in range(20))
        assert not slow.done()
        assert slow.result().status_code == 200


def test_an_image_beyond_the_time_limit_costs_its_own_request_only(hasty: Served) -> None:
    late = hasty.augment(PNG, chain="slow", seed=3_600_000)
    assert late.status_code == 504
    assert "no answer within 1 s" in late.json()["error"]
    until(lambda: hasty.figure("labkit_worker_restarts_total") == 1, "its worker was replaced")
    until(lambda: hasty.augment(PNG, chain="stamp").status_code == 200, "the new one works")


def test_a_killed_worker_costs_no_other_request(server: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(server.augment, PNG, chain="whoami", seed=100) for _ in range(16)]
        victim = worker_of(asked[0].result())
        before = server.figure("labkit_worker_restarts_total")
        os.kill(victim, signal.SIGKILL)
        answers = [one.result() for one in asked]
        later = list(pool.map(lambda _: server.augment(PNG, chain="whoami", seed=50), range(8)))
    assert [one.status_code for one in answers + later] == 24 * [200]
    assert victim not in map(worker_of, later)
    assert server.figure("labkit_worker_restarts_total") == before + 1


def test_an_image_that_kills_its_worker_is_told_so(server: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        others = [pool.submit(server.augment, PNG, chain="slow", seed=20) for _ in range(20)]
        answer = server.augment(PNG, chain="deadly", seed=1)
        assert [one.result().status_code for one in others] == 20 * [200]
    assert answer.status_code == 500
    assert "SIGKILL" in answer.json()["error"]


def test_a_refused_body_is_answered_though_it_is_still_being_sent(server: Served) -> None:
    answer = server.augment(bytes(30_000_000))
    assert answer.status_code == 413
    assert server.augment(bytes(30_000_000), sed=1).status_code == 400


def test_a_client_that_asks_first_is_refused_before_it_sends(server: Served) -> None:
    host, port = server.base.removeprefix("http://").split(":")
    head = f"POST /augment HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99000000\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((host, int(port)), PATIENCE_S) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_come_gives_its_place_back(hasty: Served) -> None:
    host, port = hasty.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE_S) as connection:
        connection.sendall(f"POST /augment HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\nabc".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
    until(lambda: hasty.figure("labkit_in_flight") == 0, "the place is free")


def test_when_the_line_is_full_the_answer_is_to_come_again(narrow: Served) -> None:
    with ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(narrow.augment, PNG, chain="slow", seed=1500) for _ in range(2)]
        until(lambda: narrow.figure("labkit_in_flight") == 2, "both places are taken")
        refused = narrow.augment(PNG)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert "the server has 2 requests and takes no more at a time" in refused.json()["error"]
        assert [one.result().status_code for one in taken] == [200, 200]
    assert narrow.augment(PNG).status_code == 200
    assert 'labkit_requests_total{status="503"} 1' in narrow.client.get("/metrics").text


def test_a_client_that_leaves_frees_its_place(narrow: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(narrow.augment, PNG, chain="slow", seed=3000)
        until(lambda: narrow.figure("labkit_in_flight") == 1, "the first is being worked on")
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{narrow.base}/augment?chain=deadly&seed=1", content=PNG, timeout=0.2)
        until(lambda: narrow.figure("labkit_in_flight") == 1, "the second has left")
        assert narrow.figure("labkit_queue_depth") <= 1
        assert narrow.augment(PNG, chain="stamp").status_code == 200  # there was room for it
        assert first.result().status_code == 200
    assert 'labkit_requests_total{status="499"} 1' in narrow.client.get("/metrics").text


def test_told_to_stop_it_finishes_what_it_has_and_refuses_the_rest() -> None:
    with served(workers=1, queue=4) as server, ThreadPoolExecutor(3) as pool:
        tree = psutil.Process(server.process.pid).children(recursive=True)
        begun = [pool.submit(server.augment, PNG, chain="slow", seed=1000) for _ in range(3)]
        until(lambda: server.figure("labkit_in_flight") == 3, "all are admitted")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.client.get("/health").status_code == 503, "it says that it stops")
        refused = httpx.post(f"{server.base}/augment", content=PNG)
        assert refused.status_code == 503
        assert "the server is stopping" in refused.json()["error"]
        assert [one.result().status_code for one in begun] == [200, 200, 200]
        assert server.end(0) == (0, "")
        assert psutil.wait_procs(tree, timeout=PATIENCE_S)[1] == []


def test_told_twice_it_gives_up_what_it_has() -> None:
    with served(workers=1, queue=4) as server, ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(server.augment, PNG, chain="slow", seed=20_000)
        until(lambda: server.figure("labkit_in_flight") == 1, "it is being worked on")
        server.process.send_signal(signal.SIGINT)
        until(lambda: server.client.get("/health").status_code == 503, "it says that it stops")
        assert server.end(signal.SIGINT) == (0, "")
        assert hanging.result().status_code == 503


def test_the_figures_are_in_the_form_that_prometheus_reads(server: Served) -> None:
    server.augment(PNG, chain="stamp")
    server.augment(b"nothing")
    answer = server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values: dict[str, float] = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    assert values['labkit_requests_total{status="200"}'] == values["labkit_request_seconds_count"] >= 1
    assert values['labkit_requests_total{status="415"}'] >= 1
    buckets = [value for name, value in values.items() if name.startswith("labkit_request_seconds_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == values["labkit_request_seconds_count"]
    assert values["labkit_memory_bytes"] > 50e6
    assert values["labkit_workers"] == 2


def test_settings_arrive(server: Served) -> None:
    assert json.loads(server.client.get("/health").text)["workers"] == 2
