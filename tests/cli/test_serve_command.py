"""``labkit serve`` as a user starts it."""

import re
import signal
import socket
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from labkit.pipelines.chains import open_chain
from labkit.serve import run
from labkit.serve.limits import Limits
from tests.cli.conftest import Labkit
from tests.serve.conftest import Served
from tests.serve.pictures import PNG, file_of, image, pixels_of


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served("-m", "labkit", "serve", "--port", "0", "--chains", "photo", "--workers", "2", "--max-pixels", "1M")
    yield server
    server.end()


def test_an_answer_is_the_chain_applied_directly(served: Served) -> None:
    chain = open_chain("photo")
    for seed in range(5):
        answer = served.augment(PNG, chain="photo", seed=seed, index=3)
        np.testing.assert_array_equal(pixels_of(answer.content), chain(image(), seed, 3))


def test_it_is_reached_on_the_loopback_address_alone(served: Served) -> None:
    port = int(served.base.rpartition(":")[2])
    assert served.base == f"http://127.0.0.1:{port}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: which address would this machine speak from?
        except OSError:
            pytest.skip("this machine has no address but the loopback one")
        own = probe.getsockname()[0]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own, port), timeout=5)


def test_limits_are_passed_on(served: Served) -> None:
    answer = served.augment(file_of(np.zeros((1001, 1000, 3), np.uint8)))
    assert answer.status_code == 413
    assert "1,000,000" in answer.json()["error"]


def test_ctrl_c_ends_it_well_and_it_says_how_to_try_it() -> None:
    server = Served("-m", "labkit", "serve", "--port", "0", "--workers", "1", "--engine", "threads")
    assert httpx.get(f"{server.base}/health").json() == {"status": "ok", "chains": ["photo"], "workers": 1}
    status, said = server.end(signal.SIGINT)
    assert status == 0
    assert f"curl --data-binary @photo.jpg '{server.base}/augment?chain=photo&seed=7'" in said
    assert "engine threads can't end an image that hangs" in said
    assert "Traceback" not in said


class Serving:
    """Stands for the serving itself: what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}

    def __call__(self, chains: object, listener: socket.socket, *, ready: object, **more: object) -> None:
        self.asked = {"chains": chains, "host": listener.getsockname()[0], **more}
        ready()  # type: ignore[operator]


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Serving:
    serving = Serving()
    monkeypatch.setattr(run, "serve", serving)
    return serving


def test_the_options_arrive(labkit: Labkit, serving: Serving) -> None:
    words = "--port 0 --engine processes --workers 3 --queue 5 --max-bytes 2k --max-pixels 1.5M --time-limit 4"
    said = labkit("serve", *words.split())
    assert said.status == 0
    assert serving.asked["limits"] == Limits(5, 2048, 1_500_000, 4.0)
    assert (serving.asked["engine"], serving.asked["workers"]) == ("processes", 3)
    assert serving.asked["host"] == "127.0.0.1"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", said.out)
    assert "other machines" not in said.err


def test_listening_beyond_this_machine_is_said(labkit: Labkit, serving: Serving) -> None:
    said = labkit("serve", "--port", 0, "--host", "0.0.0.0")
    assert serving.asked["host"] == "0.0.0.0"
    assert "other machines can reach http://0.0.0.0:" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--engine nope", "unknown engine 'nope'; engines: "),
        ("--chains nope", "unknown chain 'nope'; give photo, "),
        ("--chains photo,,photo", "holds an empty name"),
        ("--chains photo,mine/photo.yaml", "two chains are called 'photo'; rename a file"),
        ("--queue -1", "--queue is -1; give a whole number of at least 0"),
        ("--max-bytes 20X", "--max-bytes is '20X'; give a size such as 2G or 700M"),
        ("--max-pixels 0", "--max-pixels is '0'; give"),
        ("--time-limit 0", "--time-limit is 0.0; give seconds above 0"),
        ("--time-limit inf", "--time-limit is inf; give seconds above 0"),
        ("--engine serial --workers 3", "--workers is 3, but serial has one; give another --engine, such as threads"),
        ("--workers 0", "Invalid value for '--workers'"),
        ("--port 65536", "Invalid value for '--port'"),
        ("--host 192.0.2.1 --port 0", "can't listen on 192.0.2.1, port 0: "),
        ("--host no.such.host.invalid", "can't listen on no.such.host.invalid, port 8000: "),
    ],
)
def test_wrong_usage_is_one_line(labkit: Labkit, serving: Serving, words: str, line: str) -> None:
    said = labkit("serve", *words.split())
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert line in said.err
    assert not serving.asked


def test_a_port_that_is_taken_is_one_line(labkit: Labkit, serving: Serving) -> None:
    with run.listen("127.0.0.1", 0) as taken:
        said = labkit("serve", "--port", taken.getsockname()[1])
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "address already in use; choose with --host and --port" in said.err


def test_an_engine_that_fails_is_one_line_and_status_1(labkit: Labkit, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(*given: object, **more: object) -> None:
        raise RuntimeError("engine shared_memory: its workers die while they start (SIGKILL)")

    monkeypatch.setattr(run, "serve", serve)
    said = labkit("serve", "--port", 0)
    assert (said.status, said.err) == (1, "labkit: engine shared_memory: its workers die while they start (SIGKILL)\n")


def test_help_has_an_example_and_the_defaults(labkit: Labkit) -> None:
    said = labkit("serve", "--help")
    assert said.status == 0
    text = " ".join(said.out.split())
    assert "Example: labkit serve" in text
    assert "127.0.0.1" in text
