"""`newsletter mailcatcher`: a mail server that delivers into a folder, for trying things out."""

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.common import console
from newsletter.delivery.catcher import Catcher
from subscribers.errors import ServiceError


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("mailcatcher")(mailcatcher)


def mailcatcher(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The Maildir to deliver into.")] = Path("mail"),
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port to listen on, on this machine only.")
    ] = 2525,
) -> None:
    """Take every mail and put it in a folder (a Maildir) instead of sending it on. Ends with Ctrl-C.

    \b
    Example: newsletter mailcatcher mail --port 2525
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with _listening(folder, port) as catcher:
        console.print(
            escape(f"Taking mail on 127.0.0.1:{catcher.port}, delivering to {folder.resolve() / 'new'}; Ctrl-C ends.")
        )
        ended.wait()
    console.print("Ended.")


def _listening(folder: Path, port: int) -> Catcher:
    try:
        return Catcher(folder, port=port)
    except ServiceError as error:
        error.remedy = (
            "another program listens there, or may: name another port with --port (0 takes a free one), and write the "
            "same in [relays.main] port"
        )
        raise
