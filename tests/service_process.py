"""The real service as a process of its own, on a free port, with a configuration folder."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

#: Longest wait for a service to speak, s.
PATIENCE_S = 60.0


class ServiceProcess:
    """``tocsin serve``, or another command, until the block ends.

    Parameters
    ----------
    folder
        Data are kept in ``data``; ``config`` is the overlay, where it exists.
    environment
        Variables besides.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        overlay = {"TOCSIN_CONFIG_DIR": str(folder / "config")} if (folder / "config").is_dir() else {}
        self._environment = clean | {"TOCSIN_DATA_DIR": str(folder / "data")} | overlay | dict(environment or {})
        self._folder = folder
        self.said: list[str] = []

    def start(self, *arguments: str, command: str = "serve") -> Self:
        """Start it; `url` waits until it answers."""
        self._speaks = threading.Event()
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", command, *(arguments or ("--port", "0"))],
            cwd=self._folder,
            env=self._environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def wait_until_it_serves(self) -> str:
        """Its address, once it serves."""
        self.wait_until_it_works()
        assert self.url, self.said
        return self.url

    def wait_until_it_works(self) -> None:
        """Wait until it has said hello."""
        assert self._speaks.wait(PATIENCE_S), self.said
        assert "Ctrl-C ends it" in "".join(self.said), self.said

    def end(self, number: int = signal.SIGTERM, *, within_s: float = PATIENCE_S) -> int:
        """Send a signal and wait; the exit status."""
        self.process.send_signal(number)
        return self.wait(within_s)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Wait until it ends and all that it said is heard; the exit status."""
        status = self.process.wait(within_s)
        self._reader.join(PATIENCE_S)
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if "Ctrl-C ends it" in line:
                found = re.search(r"serves (http://[\w.]+:\d+)", line)
                self.url = found.group(1) if found else ""
                self._speaks.set()
        self._speaks.set()
