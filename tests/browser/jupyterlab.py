"""A JupyterLab of the tests' own, started as people start it: ``labkit lab``. It shares nothing with the user's one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

PROJECT = Path(__file__).parents[2]
LONGEST_START_S = 60.0
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


@dataclass
class JupyterLab:
    """A running server: where it answers, its token, the notebooks it serves, and the results that its kernels store."""

    process: subprocess.Popen[bytes]
    address: str
    token: str
    notebooks: Path
    results: Path
    log: Path

    @classmethod
    def start(cls, folder: Path) -> JupyterLab:
        """Serve a copy of the notebooks from ``folder``, on a free port of the loopback address."""
        token = secrets.token_hex(16)
        shutil.copytree(PROJECT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
        places = {name: folder / name.lower() for name in ("CONFIG", "DATA", "RUNTIME")}
        _write(
            places["CONFIG"] / "jupyter_server_config.json",
            {
                "IdentityProvider": {"token": token},
                "LabApp": {
                    "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
                    "extension_manager": "readonly",
                    "news_url": None,
                    "user_settings_dir": str(folder / "settings"),
                    "workspaces_dir": str(folder / "workspaces"),
                },
                "ServerApp": {"port": 0},  # the system picks a free one
            },
        )
        _write(places["CONFIG"] / "labconfig" / "default_setting_overrides.json", OVERRIDES)
        environment = os.environ | {f"JUPYTER_{name}_DIR": str(place) for name, place in places.items()}
        environment |= {
            "IPYTHONDIR": str(folder / "ipython"),
            "LABKIT_DATA": str(PROJECT / "data"),
            "LABKIT_LOCK": str(folder / "lock"),  # other tests that measure meanwhile are not waited for
            "LABKIT_RESULTS": str(folder / "results"),
        }
        log = folder / "jupyterlab.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "labkit", "lab", str(folder / "notebooks"), "--no-browser"],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        lab = cls(process, "", token, folder / "notebooks", folder / "results", log)
        try:
            lab.address = lab._await_address(places["RUNTIME"])
        except BaseException:
            lab.stop()
            raise
        return lab

    def _await_address(self, runtime: Path) -> str:
        """Where the server says that it answers; it writes that down as soon as it does."""
        told = runtime / f"jpserver-{self.process.pid}.json"
        end = time.monotonic() + LONGEST_START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return str(json.loads(told.read_text())["url"]).rstrip("/")
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.05)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def ask(self, method: str, path: str) -> Any:
        """What the server's REST interface answers."""
        request = Request(f"{self.address}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"})
        with urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def end_kernels(self) -> None:
        """End what the open notebooks run, so that the next test has the machine to itself."""
        for session in self.ask("GET", "sessions"):
            self.ask("DELETE", f"sessions/{session['id']}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
