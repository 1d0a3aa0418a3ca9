"""`newsletter serve`: the public pages, hourly retention, and other work that repeats."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, Project, console, errors, number, open_project
from newsletter.cli.json_log import tell_as_json
from newsletter.web.schedule import Scheduled, Tell
from newsletter.web.works import Works
from subscribers.clock import utc_now
from subscribers.scrubbing import RetentionRun

DEFAULT_PORT = 8080
INTERRUPTED = 130
LOOK_SECONDS = 60.0
"""How often to look for jobs whose time has come, and for deferred deliveries that are due."""
NOTICE_SECONDS = 1.0
"""How often to look for service mails: somebody waits for them."""


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
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON objects, one a line, for programs.")] = False,
) -> None:
    """Serve the public pages, erase every hour what is due, and try deferred deliveries again.

    Stops cleanly on SIGTERM and Ctrl+C: requests in flight are answered and every ending is written.

    \b
    Example: newsletter serve --port 8080
    """
    from newsletter.cli.feedback_edges import scheduled as feedback

    project = open_project(config)
    run_server(
        project,
        host=host,
        port=port,
        scheduled=[retention(project), deferred(project), notices(project), *feedback(project)],
        logs_access=not quiet,
        logs_json=log_json,
    )


def run_server(
    project: Project,
    *,
    host: str,
    port: int | None,
    scheduled: Sequence[Scheduled],
    logs_access: bool = True,
    logs_json: bool = False,
) -> None:
    """Serve `project` until a signal; Ctrl+C ends with status 130, SIGTERM with 0."""
    from newsletter.web.app import create_app
    from newsletter.web.parts import Parts
    from newsletter.web.server import bind, run

    configuration = project.configuration
    works = Works()
    app = create_app(
        Parts(
            configuration=configuration,
            engine=project.engine,
            keyring=project.keyring,
            record=project.ledger.append,
            policies=configuration.policies,
            logs_access=logs_access,
            works=works,
        )
    )
    tell: Tell = tell_as_json("newsletter.serve", "work") if logs_json else _tell
    if not logs_json:
        _log_to_terminal()
    with bind(host, default_port(configuration.site.base_url) if port is None else port) as listener:
        where = "{}:{}".format(*listener.getsockname()[:2])
        caught = run(
            app,
            listener,
            scheduled=[watched(item, works) for item in scheduled],
            tell=tell,
            ready=lambda: console.print(f"Serving on http://{where}"),
        )
    tell("stopped; everything is written")
    if caught == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def retention(project: Project) -> Scheduled:
    """Erase what is due: at the start and every hour (I4)."""
    from newsletter.cli.clock_check import warning
    from newsletter.cli.retention import erase_due

    def work() -> str | None:
        doubt = warning(project, utc_now())
        done = erase_due(project, project.engine, quiet=True)
        return "; ".join(said for said in (doubt, _said_of(done)) if said) or None

    return Scheduled(name="retention", work=work)


def _said_of(done: RetentionRun) -> str:
    if done.is_overdue:
        return f"overdue: {done.still_due or 'something is past its deadline'}; tried again in an hour"
    if done.receipt is None:
        return ""
    erased = ", ".join(f"{rule} {number(count['erased'])}" for rule, count in (done.receipt.rules or {}).items())
    return f"erased with a receipt: {erased}"


def deferred(project: Project) -> Scheduled:
    """Start planned jobs at their time and try deferred deliveries again when they are due; look every minute."""
    from newsletter.cli.retention import erase_first
    from newsletter.cli.sending_parts import sending_of
    from newsletter.delivery.continuing import continue_due

    stopping = threading.Event()
    sending = replace(
        sending_of(project),
        should_stop=stopping.is_set,
        patience=LOOK_SECONDS,
        erase_first=partial(erase_first, project, quiet=True),
    )

    def work() -> str | None:
        results = continue_due(sending)
        return "; ".join(f"{number(result.handled)} of {result.job}" for result in results) or None

    return Scheduled(name="deliveries", work=work, seconds=LOOK_SECONDS, after_failure=LOOK_SECONDS, stop=stopping.set)


def notices(project: Project) -> Scheduled:
    """Send service mails as soon as they are queued; after a failure (a relay that is down) wait a minute."""
    from newsletter.cli.sending_parts import sending_of
    from newsletter.delivery.notices import send_notices

    stopping = threading.Event()
    sending = replace(sending_of(project), should_stop=stopping.is_set)
    resting_until = 0.0

    def work() -> str | None:
        nonlocal resting_until
        if time.monotonic() < resting_until:
            return None
        try:
            done = send_notices(sending)
        except Exception:
            resting_until = time.monotonic() + LOOK_SECONDS
            raise
        return f"{number(done.handled)}, of which {number(done.sent)} sent" if done.handled else None

    return Scheduled(name="service mails", work=work, seconds=NOTICE_SECONDS, stop=stopping.set)


def watched(item: Scheduled, works: Works) -> Scheduled:
    """The same, and `works` knows what became of it."""

    def work() -> str | None:
        try:
            outcome = item.work()
        except Exception:
            works.failed(item.name)
            raise
        works.done(item.name, time.time())
        return outcome

    return replace(item, work=work)


def default_port(base_url: str) -> int:
    """The port of base_url where it names one; a proxy that serves https has this program on 8080."""
    return urlsplit(base_url).port or DEFAULT_PORT


def _tell(line: str) -> None:
    errors.print(escape(line))


def _log_to_terminal() -> None:
    """One line per request on standard error: time, method, name of the route, status, milliseconds (I7)."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("newsletter.web").setLevel(logging.INFO)
