"""A Ray of our own: started for one engine, reached from this machine alone, and gone with it.

A process of our own, the head, starts it and keeps it. Ray can't be interrupted while it waits for its parts, so whoever
presses Ctrl-C would wait too; the head can be ended at any time, with all that it has started.
"""

from __future__ import annotations

import importlib
import os
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psutil

from labkit.core.errors import UsageError, one_line

STORE_BYTES = 2**31
START_S = 120.0
FAREWELL_S = 1.0
HERE = "127.0.0.1"
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "configure_logging": False}


class OwnCluster:
    """Ray on this machine with so many CPUs, to which this process is connected. ``close`` ends it."""

    def __init__(self, workers: int) -> None:
        self._folder = tempfile.mkdtemp(prefix="labkit-")  # short: the names of sockets have at most 107 bytes
        self._head: subprocess.Popen[bytes] | None = None
        chosen = _environment()
        self._before = {name: os.environ.get(name) for name in chosen}
        os.environ.update(chosen)
        try:
            reader, writer = os.pipe()
            with open(reader, "rb") as news:
                try:
                    self._head = subprocess.Popen(
                        [
                            sys.executable,
                            "-c",
                            f"from {__name__} import head; head({workers}, {self._folder!r}, {writer})",
                        ],
                        stdin=subprocess.PIPE,  # when it closes, whatever the reason, the head ends
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        pass_fds=[writer],
                        start_new_session=True,  # Ctrl-C is for the process in front
                    )
                finally:
                    os.close(writer)
                importlib.import_module("ray")  # meanwhile
                if not select.select([news], [], [], START_S)[0]:
                    raise UsageError(f"engine ray: Ray has not started within {START_S:g} s")
                verb, _, said = news.read().decode().partition(" ")
            if verb != "address":
                raise UsageError(f"engine ray: Ray could not start: {said or 'its first process died'}")
            _heed_environment()
            with _on_loopback():
                connect(said, _node_ip_address=HERE)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave no process, no folder, no variable. May be done twice."""
        disconnect()
        if self._head is not None:
            end([psutil.Process(self._head.pid)])
            self._head.communicate()
            self._head = None
        shutil.rmtree(self._folder, ignore_errors=True)
        for name, value in self._before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        if self._before and "ray" in sys.modules:
            _heed_environment()
        self._before = {}


def connect(address: str, **more: Any) -> None:
    """Connect this process to a cluster, without what Ray says of it: it would stand on standard output, among our words."""
    import ray

    worker: Any = ray._private.worker
    worker.labkit_replaced = worker.print_to_stdstream
    worker.print_to_stdstream = lambda *_, **__: None
    ray.init(address=address, **more, **QUIET)


def disconnect() -> None:
    """End the connection; Ray may speak again."""
    if ray := sys.modules.get("ray"):
        ray.shutdown()
        if replaced := vars(ray._private.worker).pop("labkit_replaced", None):
            ray._private.worker.print_to_stdstream = replaced


def head(workers: int, folder: str, news: int) -> None:
    """What the head process does: start Ray, tell its address on the descriptor, and end it when nobody wants it any more."""
    try:
        import ray

        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            object_store_memory=STORE_BYTES,
            _node_ip_address=HERE,
            _temp_dir=folder,
            **QUIET,
        )
        said = f"address {ray.get_runtime_context().gcs_address}"
    except Exception as error:
        said = f"error {one_line(error)}"
    with open(news, "wb") as pipe:
        pipe.write(said.encode())
    sys.stdin.read()
    end(psutil.Process().children())
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def end(roots: Iterable[psutil.Process]) -> None:
    """Kill processes and all below them. They are stopped first: none of them can start another meanwhile.

    Those of Ray that only lose their parent live on for a minute.
    """
    stopped: list[psutil.Process] = []
    found = list(roots)
    while found:
        process = found.pop()
        try:
            process.suspend()
            stopped.append(process)
            found += process.children()
        except psutil.Error:
            continue  # it has ended
    for process in stopped:
        try:
            process.kill()
        except psutil.Error:
            continue
    late = time.monotonic() + FAREWELL_S
    while any(map(_lives, stopped)) and time.monotonic() < late:
        time.sleep(0.01)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _environment() -> dict[str, str]:
    """What Ray is told by environment variables, it and all the processes it starts."""
    chosen = {
        # Where it takes itself for a laptop's, all its servers listen on 127.0.0.1; else on every address that there is.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }
    if "RAY_AUTH_MODE" not in os.environ:  # nor may another user of this machine give it work
        chosen |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _token()}
    return chosen


@lru_cache(maxsize=1)
def _token() -> str:
    """The password of our clusters; one, for Ray remembers it. Without it Ray would write one into the home folder."""
    return secrets.token_hex(32)


def _heed_environment() -> None:
    """Ray read some of the environment when it was imported."""
    raylet: Any = importlib.import_module("ray._raylet")
    raylet.Config.initialize("")
    if loader := getattr(raylet, "AuthenticationTokenLoader", None):
        loader.instance().reset_cache()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """This process too, which has a server of its own, where Ray was imported before the environment said so."""
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
