"""Where the demo happens, and its commands: each is shown before it runs."""

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

READY = re.compile(r"Taking mail on|Serving on")

screen = Console(highlight=False)


@dataclass(frozen=True)
class Place:
    """Where this demo happens: project folder, ports and the Maildir of the catcher."""

    folder: Path
    smtp_port: int
    http_port: int

    @property
    def maildir(self) -> Path:
        """Where the catcher delivers to."""
        return self.folder / "mail"

    @property
    def base_url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.http_port}"


def step(text: str) -> None:
    """Say what happens next."""
    screen.print()
    screen.rule(f"[bold]{text}", align="left")


def run(place: Place, *arguments: str, cwd: Path | None = None) -> None:
    """Show and run one command; end the demo with its exit status if it fails."""
    screen.print(f"[bold]$ newsletter {shlex.join(arguments)}", soft_wrap=True)
    status = subprocess.run(_command(*arguments), cwd=cwd or place.folder, check=False).returncode
    if status:
        sys.exit(status)


def _command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "newsletter"), *arguments]


@contextmanager
def background(place: Place, *arguments: str) -> Iterator[None]:
    """Show and start one command, and end it afterwards; it is ready when the body begins."""
    screen.print(f"[bold]$ newsletter {shlex.join(arguments)} &", soft_wrap=True)
    log = (place.folder / f"{arguments[0]}.log").open("w", encoding="utf-8")
    process = subprocess.Popen(_command(*arguments), cwd=place.folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, Path(log.name))
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        log.close()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it says so itself: a port that answers may be another program's."""
    for _ in range(600):
        said = log.read_text(encoding="utf-8")
        if READY.search(said):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit(f"It did not start:\n{log.read_text(encoding='utf-8')}")


def free_port(preferred: int) -> int:
    """`preferred`, or any other if a program has it already."""
    for port in (preferred, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            probe.listen()
            return int(probe.getsockname()[1])
    sys.exit("There is no port left to listen on at 127.0.0.1.")


def expect(fact: object, otherwise: str) -> None:
    """End the demo unless `fact` holds."""
    if not fact:
        sys.exit(f"The demo failed: {otherwise}.")
