"""The `newsletter` command: commands loaded when asked for, and the one place where errors become exit statuses."""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from newsletter import __version__
from newsletter.cli.unread import is_of_stream, open_what_is_closed, to_nowhere

INTERRUPTED = 130

COMMANDS = {
    "init": "project",
    "new": "project",
    "check": "checking",
    "explain": "explain",
    "build": "issues",
    "preview": "preview",
    "test": "issues",
    "send": "sending",
    "jobs": "jobs",
    "simulate": "simulate",
    "subscribers": "subscribers",
    "archive": "archive",
    "signup": "signup",
    "notices": "notices",
    "feedback": "feedback",
    "retention": "retention",
    "privacy": "privacy",
    "serve": "serve",
    "database": "database",
    "doctor": "doctor",
    "mailcatcher": "mailcatcher",
}
"""Name of each command and the module of this package that has it, in the order of the help."""


class LazyCommands(TyperGroup):
    """Imports a command's module only when it is called: what needs no database or Pillow does not load it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - Click's signature
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - Click's signature
        """The command, or None for a name that is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"newsletter.cli.{COMMANDS[cmd_name]}")
        if hasattr(module, "register"):
            single = typer.Typer()
            module.register(single)
            return typer.main.get_group(single).commands[cmd_name]
        group = typer.main.get_group(module.app)
        group.name = cmd_name
        return group


app = typer.Typer(
    name="newsletter",
    cls=LazyCommands,
    help="""Newsletters from files to the inbox: exact delivery, provable erasure, accessible mail.

    \b
    Examples: newsletter init project
              newsletter check issues/nieuwsbrief.md
    """,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


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
    """Newsletters from files to the inbox: exact delivery, provable erasure, accessible mail."""


def run() -> None:
    """Run the command line and exit: 0 done, 1 negative, 2 unusable input, 3 no service, 130 interrupted."""
    open_what_is_closed()
    try:
        app(prog_name="newsletter")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as problem:  # noqa: BLE001 - whatever is not for a person to mend is raised again
        sys.exit(_explained(problem))


def _explained(problem: Exception) -> int:
    """Say an error that a person can mend and return its exit status; raise any other, which is a fault of ours."""
    from rich.markup import escape
    from sqlalchemy.exc import SQLAlchemyError

    from newsletter.cli.common import errors
    from newsletter.store.engine import explain
    from subscribers.errors import NewsletterError, ServiceError

    error = explain(problem) if isinstance(problem, SQLAlchemyError) else problem
    if is_of_stream(error, sys.stdout):
        to_nowhere(sys.stdout)
        error = ServiceError("what is printed cannot be written: no room", remedy="make some, or let it go elsewhere")
    if not isinstance(error, NewsletterError):
        raise problem
    errors.print(f"[bold red]Error[/]: {escape(str(error))}")
    return error.exit_status
