"""`newsletter database backup` and `backups`: making backups, listing them, and verifying that they can be read."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Engine

from newsletter.cli import clock_check
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    errors,
    in_short,
    in_words,
    number,
    open_project,
    print_json,
    progress,
)
from newsletter.config_backup import read_key_file
from newsletter.store.backup_file import DamagedError, KeyRefusedError
from newsletter.store.backup_folder import folder_of
from newsletter.store.backups import BackupFile, keeping_of, listed, make, verify
from subscribers.clock import utc_now

NEGATIVE = 1
NOT_ENCRYPTED = (
    "The backup is not encrypted: whoever can read it has every address. `newsletter database key FILE` makes a key "
    "for [backup] key_file."
)
KeyFileOption = Annotated[
    str | None, typer.Option("--key-file", metavar="FILE", help="The key of an older backup, if it had another one.")
]


def register(app: typer.Typer) -> None:
    """Put both commands into the group."""
    app.command("backup")(backup)
    app.command("backups")(list_backups)


def backup(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Make a backup of the database while everything goes on, and remove those whose life is over.

    It is compressed, and encrypted if \\[backup] names a key. It lives as long as the promise to forget allows.
    None is removed by a clock that is far ahead of the last run: exit 1.

    \b
    Example: newsletter database backup
    """
    project = open_project(config)
    made = make_backup(project, project.engine, quiet=as_json)
    now = utc_now()
    is_ahead = clock_check.is_ahead(project, now)
    removed = 0 if is_ahead else folder_of(project.configuration, project.ledger).expire(now).count
    if as_json:
        print_json({**_value(project, made), "expired": removed})
    elif removed:
        console.print(f"Older backups removed, their life being over: {removed}.")
    clock_check.refuse_ahead(project, now)


def make_backup(project: Project, engine: Engine, *, quiet: bool) -> BackupFile:
    """Make one, with a progress bar where somebody watches, and say where it is."""
    key = project.configuration.backup.read_key(project.configuration.folder)
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Copying", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        keeping = keeping_of(project.configuration)
        made = make(engine, keeping, project.ledger, key=key, now=utc_now(), on_progress=show)
    if not quiet:
        until = in_words(made.expires(keeping.days), zone=project.zone)
        console.print(f"{made.path}: {number(made.octets)} octets, kept until {until}.")
        if key is None:
            errors.print(escape(NOT_ENCRYPTED))
    return made


def list_backups(
    verified: Annotated[
        bool, typer.Option("--verify", help="Read each of them whole; exit 1 if one cannot be restored.")
    ] = False,
    key_file: KeyFileOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the backups, oldest first, and when each must be gone.

    \b
    Example: newsletter database backups --verify
    """
    project = open_project(config)
    found = [_value(project, file) for file in listed(keeping_of(project.configuration).folder)]
    if verified:
        key = key_of(project, key_file)
        for value in found:
            value["verified"] = _verified(value["path"], key)
    if as_json:
        print_json(found)
    else:
        _show(project, found, verified=verified)
    if any(value.get("verified", "yes") != "yes" or not value["is_readable"] for value in found):
        raise typer.Exit(NEGATIVE)


def key_of(project: Project, key_file: str | None) -> bytes | None:
    """The key that was named, or else the configured one; raises ConfigurationError."""
    from pathlib import Path

    if key_file:
        return read_key_file(Path(key_file))
    return project.configuration.backup.read_key(project.configuration.folder)


def _verified(path: Any, key: bytes | None) -> str:  # noqa: ANN401 - a value of the table
    try:
        verify(path, key)
    except (DamagedError, KeyRefusedError) as error:
        return error.what
    return "yes"


def _value(project: Project, file: BackupFile) -> dict[str, Any]:
    manifest = file.manifest
    return {
        "path": file.path,
        "octets": file.octets,
        "is_readable": manifest is not None,
        "made_at": manifest.created_at if manifest else file.written_at,
        "expires_at": file.expires(keeping_of(project.configuration).days),
        "is_encrypted": manifest.is_encrypted if manifest else None,
        "schema": manifest.schema if manifest else None,
        "program": manifest.program if manifest else None,
        "dialect": manifest.dialect if manifest else None,
    }


def _show(project: Project, found: list[dict[str, Any]], *, verified: bool) -> None:
    table = Table("Backup", "Made", "Gone by", "Octets", "Encrypted", "Schema", box=None, pad_edge=False)
    if verified:
        table.add_column("Verified")
    for value in found:
        made, until = (in_short(value[name], zone=project.zone) for name in ("made_at", "expires_at"))
        encrypted = {True: "yes", False: "no", None: "?"}[value["is_encrypted"]]
        cells = [value["path"].name, made, until, number(value["octets"]), encrypted, value["schema"] or "unreadable"]
        table.add_row(*cells, *([value["verified"]] if verified else []))
    console.print(table if found else "No backup yet: `newsletter database backup` makes one.")
