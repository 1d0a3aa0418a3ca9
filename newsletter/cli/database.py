"""`newsletter database`: the schema of the store."""

import typer

from newsletter.cli.common import ConfigOption, JsonOption, connect_only, console, open_project, print_json
from newsletter.store.migrate import upgrade as upgrade_schema

app = typer.Typer(help="The database behind the lists and the jobs.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `upgrade` a command of its own while it is the only one."""


@app.command()
def upgrade(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Bring the schema up to date; needed after installing a newer version of the program. Safe to repeat.

    Example: newsletter database upgrade
    """
    before, after = upgrade_schema(connect_only(open_project(config)))
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        console.print(f"The schema is up to date ({after}).")
    else:
        console.print(f"The schema went from {before or 'none'} to {after}.")
