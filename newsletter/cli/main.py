"""The `newsletter` command: groups of commands, and the one place where errors become exit statuses."""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from newsletter import __version__
from newsletter.cli import database, issues, jobs, mailcatcher, project, retention, sending, serve, subscribers
from newsletter.cli.common import errors
from newsletter.store.engine import explain
from subscribers.errors import NewsletterError

INTERRUPTED = 130

app = typer.Typer(
    name="newsletter",
    help="Newsletters from files to the inbox: exact delivery, provable erasure, accessible mail.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
)

for module in (project, issues, sending, serve, mailcatcher):
    module.register(app)
app.add_typer(jobs.app, name="jobs")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(retention.app, name="retention")
app.add_typer(database.app, name="database")


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer's signature
    if value:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Newsletters from files to the inbox."""


def run() -> None:
    """Run the command line and exit: 0 done, 1 negative, 2 unusable input, 3 no service, 130 interrupted."""
    try:
        app()
    except NewsletterError as error:
        _fail(error)
    except DBAPIError as error:
        _fail(explain(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        errors.print("interrupted")
        sys.exit(INTERRUPTED)


def _fail(error: NewsletterError) -> None:
    errors.print(f"[bold red]Error[/]: {escape(str(error))}")
    sys.exit(error.exit_status)
