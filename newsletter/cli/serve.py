"""`newsletter serve`: the public pages, hourly retention, and other work that repeats."""

import logging
import signal
import threading
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, Project, console, errors, number, open_project
from newsletter.web.schedule import Scheduled

DEFAULT_PORT = 8080
INTERRUPTED = 130
LOOK_SECONDS = 60.0
"""How often to look for deferred deliveries that are due."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("serve")(serve)


def serve(
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on; leave it local and put a proxy before it.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; that of base_url, or 8080, unless given.")
    ] = None,
    *,
    quiet: Annotated[bool, typer.Option("--quiet", help="Log no line per request.")] = False,
) -> None:
    """Serve the public pages, erase every hour what is due, and try deferred deliveries again.

    Stops cleanly on SIGTERM and Ctrl+C: requests in flight are answered and every ending is written.

    \b
    Example: newsletter serve --port 8080
    """
    project = open_project(config)
    run_server(project, host=host, port=port, scheduled=[retention(project), deferred(project)], logs_access=not quiet)


def run_server(
    project: Project, *, host: str, port: int | None, scheduled: Sequence[Scheduled], logs_access: bool = True
) -> None:
    """Serve `project` until a signal; Ctrl+C ends with status 130, SIGTERM with 0."""
    from newsletter.web.app import Parts, create_app
    from newsletter.web.server import bind, run

    configuration = project.configuration
    app = create_app(
        Parts(
            configuration=configuration,
            engine=project.engine,
            keyring=project.keyring,
            record=project.ledger.append,
            policies=configuration.policies,
            logs_access=logs_access,
        )
    )
    _log_to_terminal()
    with bind(host, default_port(configuration.site.base_url) if port is None else port) as listener:
        where = "{}:{}".format(*listener.getsockname()[:2])
        caught = run(
            app, listener, scheduled=scheduled, tell=_tell, ready=lambda: console.print(f"Serving on http://{where}")
        )
    _tell("stopped; everything is written")
    if caught == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def retention(project: Project) -> Scheduled:
    """Erase what is due: at the start and every hour (I4)."""
    from newsletter.cli.retention import erase_due

    def work() -> str | None:
        done = erase_due(project, project.engine, quiet=True)
        if done.is_overdue:
            return f"overdue: {done.still_due or 'something is past its deadline'}; tried again in an hour"
        erased = done.counts.get("subscription", 0)
        return f"erased {number(erased)} subscriptions, with a receipt" if done.receipt else None

    return Scheduled(name="retention", work=work)


def deferred(project: Project) -> Scheduled:
    """Try deferred deliveries again when they are due; look every minute."""
    from newsletter.delivery.continuing import continue_due
    from newsletter.delivery.worker import Sending

    stopping = threading.Event()
    sending = Sending(
        configuration=project.configuration,
        engine=project.engine,
        remember=project.ledger.append,
        keyring=project.keyring,
        should_stop=stopping.is_set,
    )

    def work() -> str | None:
        results = continue_due(sending)
        return "; ".join(f"{number(result.handled)} of {result.job}" for result in results) or None

    return Scheduled(name="deliveries", work=work, seconds=LOOK_SECONDS, after_failure=LOOK_SECONDS, stop=stopping.set)


def default_port(base_url: str) -> int:
    """The port of base_url where it names one; a proxy that serves https has this program on 8080."""
    return urlsplit(base_url).port or DEFAULT_PORT


def _tell(line: str) -> None:
    errors.print(escape(line))


def _log_to_terminal() -> None:
    """One line per request on standard error: time, method, name of the route, status, milliseconds (I7)."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("newsletter.web").setLevel(logging.INFO)
