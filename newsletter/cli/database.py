"""`newsletter database`: the schema of the store, its backups, and the ledger that outlives them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import backups, restoring
from newsletter.cli.common import ConfigOption, JsonOption, connect_only, console, number, open_project, print_json
from newsletter.cli.files import explained
from newsletter.config_backup import KEY_OCTETS
from newsletter.store.ledger_upkeep import status_of
from newsletter.store.migrate import current
from newsletter.store.migrate import upgrade as upgrade_schema
from subscribers.errors import InputError

app = typer.Typer(
    help="""The database behind the lists and the jobs: schema, backups, ledger.

    \b
    Examples: newsletter database backup
              newsletter database backups --verify
    """,
    no_args_is_help=True,
)
backups.register(app)
restoring.register(app)


@app.command()
def upgrade(
    backup: Annotated[bool, typer.Option("--backup", help="Make a backup first.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the schema up to date; needed after installing a newer version of the program. Safe to repeat.

    Example: newsletter database upgrade --backup
    """
    project = open_project(config)
    engine = connect_only(project)
    if backup and current(engine) is not None:
        backups.make_backup(project, engine, quiet=as_json)
    before, after = upgrade_schema(engine)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        console.print(f"The schema is up to date ({after}).")
    else:
        console.print(f"The schema went from {before or 'none'} to {after}.")


@app.command()
def ledger(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show what the ledger holds: how many entries of each kind, since when, and from when on it is complete.

    Example: newsletter database ledger
    """
    project = open_project(config)
    found = status_of(project.ledger)
    if as_json:
        print_json(found)
        return
    console.print(f"{project.ledger.path}: {number(found.octets)} octets")
    for kind, count in found.counts.items():
        console.print(f"  {kind:<11} {number(count)}")
    if found.newest and found.oldest:
        console.print(f"Events from {found.oldest:%Y-%m-%d} to {found.newest:%Y-%m-%d %H:%M} UTC.")
    if found.complete_since:
        console.print(f"Complete since {found.complete_since:%Y-%m-%d %H:%M} UTC: older backups are refused.")


@app.command()
def key(file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not exist yet.")]) -> None:
    """Make a key to encrypt backups with. Name it in \\[backup] key_file, and keep a copy away from the backups.

    Example: newsletter database key backup.key
    """
    import secrets

    with explained(file):
        if file.exists():
            raise InputError("this file exists already, and nothing is overwritten", where=str(file))
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
            target.write(f"{secrets.token_hex(KEY_OCTETS)}\n")
    console.print(f"Made {file}. Without it no backup that it encrypts can ever be read: keep a copy elsewhere.")
