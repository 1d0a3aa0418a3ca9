"""The servers that mail is sent to while measuring: Postfix's smtp-sink, and one of our own that is faster."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
BACKLOG = "512"


def found(name: str) -> str | None:
    """Where a program of Postfix is; /usr/sbin is not in everybody's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def compiler() -> str | None:
    """What compiles sink.c."""
    return shutil.which("cc") or shutil.which("gcc")


@contextmanager
def those_here() -> Iterator[dict[str, int]]:
    """Every server by name, and its port; those whose program is not here, or cannot be made, are left out."""
    ports: dict[str, int] = {}
    with ExitStack() as stack:
        if compiler():
            ports["fast sink"] = stack.enter_context(fast_sink())
            ports["replies 20 ms late"] = stack.enter_context(fast_sink(20))
        if found("smtp-sink"):
            ports["smtp-sink"] = stack.enter_context(smtp_sink())
        yield ports


def needed(server: str) -> str:
    """What a server cannot be here without."""
    return "Postfix" if server == "smtp-sink" else "a C compiler (cc or gcc)"


@contextmanager
def smtp_sink() -> Iterator[int]:
    """Postfix's smtp-sink on a free port."""
    port = _free_port()
    program = found("smtp-sink") or ""
    with _running([program, "-u", "nobody", f"127.0.0.1:{port}", BACKLOG], port):
        yield port


@contextmanager
def fast_sink(milliseconds: float = 0) -> Iterator[int]:
    """sink.c, compiled on the spot, with every reply so many milliseconds late. Needs a `compiler`."""
    with tempfile.TemporaryDirectory(prefix="newsletter-sink-") as folder:
        program = Path(folder) / "sink"
        subprocess.run([compiler() or "cc", "-O2", "-o", program, HERE / "sink.c"], check=True)
        port = _free_port()
        with _running([str(program), str(port), str(milliseconds)], port):
            yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise SystemExit(f"no server on port {port}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
