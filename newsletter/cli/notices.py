"""`newsletter notices`: the service mails that wait, and sending them where no `serve` runs."""

import typer
from rich.table import Table

from newsletter.cli.common import ConfigOption, JsonOption, console, number, open_project, print_json
from newsletter.cli.sending_parts import sending_of
from newsletter.delivery.notices import send_notices
from newsletter.store.notices import counts

NEGATIVE = 1

app = typer.Typer(
    help="""Service mails that people asked for: confirmations, links to their data. Without a command: how many wait.

    \b
    Examples: newsletter notices
              newsletter notices send
    """,
    invoke_without_command=True,
)


@app.callback()
def show_all(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Count the service mails that are kept, by list, kind and state. `serve` sends them within seconds.

    \b
    Example: newsletter notices
    """
    if context.invoked_subcommand:
        return
    found = counts(open_project(config).engine)
    if as_json:
        print_json(
            [
                {"list": slug, "kind": kind, "state": state, "number": many}
                for (slug, kind, state), many in found.items()
            ]
        )
        return
    table = Table("List", "Kind", "State", "Number", box=None, pad_edge=False)
    for (slug, kind, state), many in found.items():
        table.add_row(slug, kind, state, number(many))
    console.print(table if found else "No service mail is kept.")


@app.command()
def send(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Send the service mails that are due: for who runs no `serve`, from a timer.

    Exit status 1: some were refused or put off, or the relay may or may not have them.

    \b
    Example: newsletter notices send
    """
    project = open_project(config)
    done = send_notices(sending_of(project))
    if as_json:
        print_json(done)
    elif done.is_busy:
        console.print("Another process sends them at this moment: `newsletter serve` does so by itself.")
    else:
        console.print(
            f"{number(done.sent)} sent, {number(done.deferred)} put off, {number(done.refused)} refused, "
            f"{number(done.unknown)} unknown."
        )
    if done.deferred or done.refused or done.unknown:
        raise typer.Exit(NEGATIVE)
