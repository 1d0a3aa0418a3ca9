"""`newsletter serve` as a process of its own."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.web import WebProject

COMMAND = [sys.executable, "-c", "from newsletter.cli.main import run; run()", "serve"]


@contextlib.contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The process for the project of `folder`, in a group of its own, perhaps before it takes connections.

    Killed at the end if it still runs.
    """
    command = [*COMMAND, "--config", str(folder / "newsletter.toml"), "--port", "0", *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


@contextlib.contextmanager
def serving(project: WebProject, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, once it takes connections; killed at the end if it still runs."""
    with started(project.configuration.folder, *options) as process:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, process.stderr.read()
        yield process, found[0]
