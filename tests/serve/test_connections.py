"""What a connection may cost before its request is there: bytes, seconds, and how many of them a client has."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.serve.conftest import Served, served
from tests.serve.pictures import PNG

HEADER_BYTES, HEADER_S, CONNECTIONS = 4096, 0.5, 24
PATIENCE_S = 60
HEAD = b"GET /health HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    limits = {"header_bytes": HEADER_BYTES, "header_s": HEADER_S, "connections": CONNECTIONS}
    with served(engine="threads", workers=1, **limits) as server:
        yield server


def connected(server: Served) -> socket.socket:
    host, port = server.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), PATIENCE_S)


def heard(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    pieces = []
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


def heard_while_sending(connection: socket.socket, data: bytes, every_s: float) -> bytes:
    """The same, while this is sent again and again."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(heard, connection)
        with suppress(OSError):  # it is closed meanwhile
            while not answer.done():
                connection.sendall(data)
                time.sleep(every_s)
        return answer.result()


def test_headers_beyond_the_limit_are_refused_at_once(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"x: " + HEADER_BYTES * b"y" + b"\r\n\r\n")
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].startswith(
        "the request's first line and headers have more"
    )


@pytest.mark.parametrize("line", [b"x: y\r\n", b"yyyyyy"])
def test_headers_without_end_are_refused_and_not_kept(server: Served, line: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"x: ")
        assert heard_while_sending(connection, 10_000 * line, 0).startswith(b"HTTP/1.1 431 ")
    assert server.client.get("/health").status_code == 200


@pytest.mark.parametrize("line", [b"x: y\r\n", b"yyyyyy"])
def test_lines_behind_a_body_in_chunks_are_bounded_too(server: Served, line: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(
            b"POST /augment HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: "
        )
        assert heard_while_sending(connection, 10_000 * line, 0).startswith(b"HTTP/1.1 431 ")


def test_a_first_line_beyond_the_limit_is_refused_too(server: Served) -> None:
    answer = server.client.get("/health?" + HEADER_BYTES * "x")
    assert answer.status_code == 431
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("begun", [HEAD, HEAD[:5]])
def test_headers_that_do_not_come_are_waited_for_no_longer_than_the_limit(server: Served, begun: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(begun)
        assert heard(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begun", [b"", b"\r\n"])
def test_a_connection_without_a_request_is_closed(server: Served, begun: bytes) -> None:
    with connected(server) as connection:
        connection.sendall(begun)
        assert heard(connection) == b""


def test_headers_that_come_byte_by_byte_have_no_more_time(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"x: ")
        assert heard_while_sending(connection, b"y", HEADER_S / 20).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("then", "answer"), [(HEAD, b"HTTP/1.1 408 "), (b"\r\n", b"")])
def test_a_second_request_that_does_not_come_is_waited_for_no_longer(
    server: Served, then: bytes, answer: bytes
) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"\r\n")
        first = b""
        while not first.endswith(b"}"):
            first += connection.recv(65536)
        assert first.startswith(b"HTTP/1.1 200 ")
        connection.sendall(then)
        assert heard(connection)[:13] == answer


def test_a_body_that_nobody_wants_is_not_taken_for_ever(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST /nothing HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000000\r\n\r\n")
        assert heard_while_sending(connection, b"x", HEADER_S / 20).startswith(b"HTTP/1.1 404 ")


def test_what_is_no_http_is_refused_in_json(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = heard(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert list(json.loads(answer.partition(b"\r\n\r\n")[2])) == ["error"]


def test_a_broken_body_ends_its_request(server: Served) -> None:
    with connected(server) as connection:
        connection.sendall(b"POST /augment HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 400 ")
    until(lambda: server.figure("labkit_in_flight") == 0)


def test_a_client_that_ends_its_side_has_left_and_nothing_is_logged() -> None:
    request = b"POST /augment?chain=stamp HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n"
    with served(engine="threads", workers=1) as server:
        for _ in range(20):
            with connected(server) as connection:
                connection.sendall(2 * (request % len(PNG) + PNG))
                connection.shutdown(socket.SHUT_WR)
                heard(connection)
        until(lambda: server.figure("labkit_in_flight") == 0)
        assert server.end() == (0, "")


def test_a_request_is_answered_though_the_next_one_is_nonsense(server: Served) -> None:
    first = b"POST /augment?chain=slow&seed=100 HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(PNG)
    with connected(server) as connection:
        connection.sendall(first + PNG + b"nonsense\r\n\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 200 ")


def test_a_client_with_too_many_connections_is_refused_until_it_closes_some(server: Served) -> None:
    server.client.close()
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(connected(server)).sendall(b"G")
        with connected(server) as one_more:
            answer = heard(one_more)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"127.0.0.1 has 24 connections to this server" in answer
    server.client = type(server.client)(base_url=server.base, timeout=120)
    until(lambda: server.client.get("/health").status_code == 200)


@pytest.fixture
def in_a_terminal() -> Iterator[None]:
    """What is started hears of a closed terminal, even where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("in_a_terminal")
def test_a_closed_terminal_ends_the_server_as_sigterm_does() -> None:
    with served(workers=1, start_new_session=True) as server, ThreadPoolExecutor(1) as pool:
        begun = pool.submit(server.augment, PNG, chain="slow", seed=500)
        until(lambda: server.figure("labkit_in_flight") == 1)
        os.killpg(server.process.pid, signal.SIGHUP)  # to all of them, as a shell does
        assert begun.result().status_code == 200
        assert server.end(0) == (0, "")


def test_under_nohup_a_closed_terminal_is_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with served(engine="threads", workers=1) as server:
            server.process.send_signal(signal.SIGHUP)
            assert server.augment(PNG, chain="slow", seed=50).status_code == 200
            assert server.client.get("/health").status_code == 200
    finally:
        signal.signal(signal.SIGHUP, before)


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)
