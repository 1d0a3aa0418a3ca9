"""`newsletter database restore`, `replay`, `accept`: a store out of a backup, and the word that it may send again."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import DBAPIError

from newsletter.cli.backups import KeyFileOption, key_of, make_backup
from newsletter.cli.clock_check import refuse_ahead
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    YesOption,
    confirm,
    connect_only,
    console,
    errors,
    in_words,
    number,
    open_project,
    print_json,
    progress,
)
from newsletter.store import identity
from newsletter.store.backups import keeping_of
from newsletter.store.identity import Doubt
from newsletter.store.ledger_upkeep import name_newest_receipt
from newsletter.store.migrate import current, is_shut
from newsletter.store.replay import Progress
from newsletter.store.restore import Restored, Restoring, check, replay_in_place
from newsletter.store.restore import restore as put_back
from subscribers.clock import utc_now
from subscribers.errors import NewsletterError

WithoutLedgerOption = Annotated[
    bool,
    typer.Option(
        "--without-ledger",
        help="Go on although the ledger is lost or too short: who left or was erased since may be mailed again, and "
        "issues sent since may go out twice.",
    ),
]
_WORDS = {
    "ended": "subscriptions ended again",
    "returned": "who took their leaving back",
    "moved": "whose address was changed since: not mailed any more",
    "suppressed": "suppressed again",
    "erased": "rows erased again (people and subscriptions)",
    "jobs": "issues sent since: finished, never sent again",
    "withdrawn": "issues withdrawn again",
    "shown": "issues shown again",
    "unknown": "deliveries that nobody can say of whether they were sent",
    "notices": "service mails that are not sent any more",
}

_QUESTIONS = {
    Doubt.RESTORED: "This database was restored. Did you look at the unknown deliveries, and may it send again?",
    Doubt.ELSEWHERE: "This database is in another place than before. Does nothing run with the old one any more?",
}


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    app.command("restore")(restore)
    app.command("replay")(replay)
    app.command("accept")(accept)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup; `newsletter database backups` lists them.")],
    key_file: KeyFileOption = None,
    backup: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Make a backup of the present database first.")
    ] = True,
    without_ledger: WithoutLedgerOption = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of the database, brought up to date with the ledger: who left stays out.

    Nothing is sent afterwards before `newsletter database accept`. What was being sent is unknown then.

    \b
    Example: newsletter database restore data/backups/newsletter-20270614-093000-1a2b3c.backup
    """
    project = open_project(config)
    refuse_ahead(project, utc_now())
    made = in_words(check(_means(project, key_file, without_ledger), file).created_at, zone=project.zone)
    confirm(f"Replace the database by its backup of {made}? What was added since is lost.", yes=yes)
    if backup:
        _keep_present(project, quiet=as_json)
    with progress(quiet=as_json) as bar:
        task = bar.add_task("Replaying the ledger", total=None)
        done = put_back(
            _means(project, key_file, without_ledger, lambda count: bar.update(task, completed=count)), file
        )
    _show(project, done, as_json=as_json)


def replay(
    without_ledger: WithoutLedgerOption = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database up to date with the ledger: after a restore by other means, or one that was cut short.

    What is being sent becomes unknown, and nothing is sent before `newsletter database accept`.

    \b
    Example: newsletter database replay
    """
    project = open_project(config)
    refuse_ahead(project, utc_now())
    confirm("Replay the ledger? What is open of unfinished jobs becomes unknown.", yes=yes)
    with progress(quiet=as_json) as bar:
        task = bar.add_task("Replaying the ledger", total=None)
        done = replay_in_place(_means(project, None, without_ledger, lambda count: bar.update(task, completed=count)))
    _show(project, done, as_json=as_json)


def accept(
    moved: Annotated[
        bool,
        typer.Option("--moved", help="It is the old database in another place, and nothing runs with the old one."),
    ] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that this database is the one that sends, after it was restored or moved.

    \b
    Examples: newsletter database accept
              newsletter database accept --moved
    """
    project = open_project(config)
    data_dir = project.configuration.data_dir
    doubt = identity.doubt_of(project.engine, data_dir)
    if doubt and not identity.needs_replay(doubt, is_moved=moved):
        confirm(_QUESTIONS[doubt], yes=yes)
    identity.accept(project.engine, data_dir, is_moved=moved)
    name_newest_receipt(project.engine, project.ledger)
    if as_json:
        print_json({"doubt": doubt.value if doubt else None})
    elif doubt:
        console.print("Accepted: jobs, retries and service mails go out from this database again.")
    else:
        console.print("There was no doubt: this database sends already.")


def _means(
    project: Project,
    key_file: str | None,
    without_ledger: bool,  # noqa: FBT001 - passed on
    on_progress: Progress = lambda _count: None,
) -> Restoring:
    return Restoring(
        configuration=project.configuration,
        keyring=project.keyring,
        ledger=project.ledger,
        now=utc_now(),
        key=key_of(project, key_file),
        is_without_ledger=without_ledger,
        on_progress=on_progress,
    )


def _keep_present(project: Project, *, quiet: bool) -> None:
    """A backup of what is replaced: nothing else of it is kept. A store that cannot be read is beyond that."""
    engine = connect_only(project)
    try:
        if current(engine) is None or is_shut(engine):
            return
        if keeping_of(project.configuration).days == 0:
            errors.print("The promise leaves no day for a backup of the present database: none is made.")
            return
        make_backup(project, engine, quiet=quiet)
    except NewsletterError as error:
        errors.print(escape(f"No backup of the present database could be made: {error.what}"))
    except (DBAPIError, sqlite3.DatabaseError):
        errors.print("No backup of the present database could be made: it cannot be read.")
    finally:
        engine.dispose()


def _show(project: Project, done: Restored, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    if done.replayed.done:
        table = Table("Replayed from the ledger", "", box=None, pad_edge=False)
        for name, count in done.replayed.done.items():
            table.add_row(_WORDS[name], number(count))
        console.print(table)
    when = f" of {in_words(done.backup_at, zone=project.zone)}" if done.backup_at else ""
    console.print(f"The database{when} is in place, up to date with {number(done.replayed.entries)} entries.")
    console.print("Nothing is sent yet: look at `newsletter jobs`, then run `newsletter database accept`.")
