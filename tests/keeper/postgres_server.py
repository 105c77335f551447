"""A PostgreSQL server of the tests' own, from the binaries that are installed, at a socket without a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
WHY_NOT = (
    None
    if FOUND and find_spec("psycopg")
    else "no PostgreSQL server under /usr/lib/postgresql"
    if find_spec("psycopg")
    else "the package psycopg (the extra postgres) is not installed"
)
UNPRIVILEGED = "nobody"
"""Who runs the server where the tests run as root, as whom it refuses to."""


class PostgresServer:
    """Runs from making to `stop`."""

    def __init__(self) -> None:
        self._bin = FOUND[-1].parent
        self._numbers = count(1)
        self._folder = Path(tempfile.mkdtemp(prefix="secant-pg-"))
        self._as: dict[str, Any] = {"cwd": self._folder, "env": {**os.environ, "TZ": "UTC"}}
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            self.user = UNPRIVILEGED
            entry = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self._folder, entry.pw_uid, entry.pw_gid)
            self._as |= {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c max_connections=20"
        self._run("pg_ctl", "-D", data, "-w", "-l", self._folder / "log", "-o", options, "start")

    def database(self) -> str:
        """The URL of a new database."""
        name = f"history_{next(self._numbers)}"
        self._run("createdb", "-h", self._folder, "-U", self.user, name)
        return f"postgresql://{self.user}@/{name}?host={self._folder}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: object) -> None:
        # To a file: a pipe would be kept open by the server that pg_ctl leaves behind.
        with tempfile.TemporaryFile() as output:
            command = [str(self._bin / program), *map(str, arguments)]
            ended = subprocess.run(command, stdout=output, stderr=output, check=False, **self._as)
            output.seek(0)
            assert ended.returncode == 0, output.read().decode()
