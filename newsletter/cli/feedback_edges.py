"""`newsletter feedback listen|fetch|list|show|done`: taking mail that came back, and what is left for a person."""

import asyncio
import signal
import sys
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli import clock_check
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    errors,
    in_short,
    number,
    open_project,
    print_json,
)
from newsletter.cli.grammar import counted
from newsletter.cli.json_log import tell_as_json
from newsletter.feedback.applying import Applier
from newsletter.feedback.fetching import Fetching
from newsletter.feedback.headers import decode_words, split_headers
from newsletter.feedback.inbox import Inbox, Round, age_in_days, room_of, waiting_for_people
from newsletter.feedback.mime import plain_lines
from newsletter.store.rawmail import HUMAN, RawMail, box
from newsletter.web.schedule import Scheduled
from subscribers.clock import utc_now
from subscribers.errors import ConfigurationError, InputError, ServiceError

INTERRUPTED = 130
NEGATIVE = 1
LOOK_SECONDS = 60.0
"""How often `serve` applies what was taken."""
SHOWN = 60
"""Characters of a subject in the list."""

MailsArgument = Annotated[list[str], typer.Argument(metavar="MAIL...", help="Names from `newsletter feedback list`.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    app.command("listen")(listen)
    app.command("fetch")(fetch)
    app.command("list")(list_waiting)
    app.command("show")(show)
    app.command("done")(done)


def applier_of(project: Project) -> Applier:
    """What applies mails to the store of the project."""
    return Applier(
        configuration=project.configuration,
        engine=project.engine,
        keyring=project.keyring,
        record=project.ledger.append,
    )


def inbox_of(project: Project) -> Inbox:
    """The folder of mails that were taken."""
    settings = project.configuration
    return Inbox(applier=applier_of(project), data_dir=settings.data_dir, room=room_of(settings))


def fetching_of(project: Project) -> Fetching:
    """The mailbox of the configuration; raises ConfigurationError if there is none."""
    configuration = project.configuration
    settings = configuration.feedback.imap
    if settings is None:
        raise ConfigurationError(
            "no mailbox is configured", where="newsletter.toml", remedy="add [feedback.imap] with host and username"
        )
    return Fetching(
        applier=applier_of(project),
        settings=settings,
        password=configuration.relay_password(settings),
        data_dir=configuration.data_dir,
        keep_days=configuration.retention.feedback,
        ca_file=configuration.folder / settings.ca_file if settings.ca_file else None,
        is_ahead=partial(clock_check.is_ahead, project),
    )


def listen(
    config: ConfigOption = None,
    *,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON objects, one a line, for programs.")] = False,
) -> None:
    """Take mail from your mail server by LMTP or SMTP, at the address that is configured, and act on it.

    Each mail is on the disk before your server is told so. Stops on SIGTERM and Ctrl+C; nothing is lost.

    \b
    Example: newsletter feedback listen
    """
    from newsletter.feedback.receiving import Receiving

    project = open_project(config)
    settings = project.configuration.feedback.listen
    tell = tell_as_json("newsletter.feedback", "feedback") if log_json else _tell

    async def run() -> int | None:
        receiving = Receiving(inbox_of(project), settings, tell)
        return await receiving.run(lambda where: console.print(f"Taking mail by {settings.protocol} at {where}"))

    caught = asyncio.run(run())
    tell("stopped; what was acknowledged is kept")
    if caught == signal.SIGINT:
        raise typer.Exit(INTERRUPTED)


def fetch(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Read the configured mailbox by IMAP and act on what came back; `newsletter serve` does it every few minutes.

    What was understood is moved to the done folder and expunged there after days; a person's own mail stays.

    \b
    Example: newsletter feedback fetch
    """
    project = open_project(config)
    show_round(fetching_of(project).run(), as_json=as_json)


def show_round(found: Round, *, as_json: bool) -> None:
    """What came of the mails, by outcome."""
    if as_json:
        outcomes = {outcome.value: count for outcome, count in sorted(found.outcomes.items())}
        print_json({"outcomes": outcomes, "left": found.left, "paused_jobs": sorted(found.paused)})
        return
    console.print(escape(str(found)) if found.total or found.left else "No new mail.")


def scheduled(project: Project) -> list[Scheduled]:
    """What `serve` repeats: applying mails that were taken, and reading the mailbox if one is configured."""
    inbox = inbox_of(project)
    work = [Scheduled(name="feedback", work=lambda: _said(inbox.work()), seconds=LOOK_SECONDS)]
    if settings := project.configuration.feedback.imap:
        seconds = 60.0 * settings.minutes
        fetching = fetching_of(project)
        work.append(Scheduled(name="feedback mailbox", work=lambda: _said(fetching.run()), seconds=seconds))
    return work


def _said(found: Round | None) -> str | None:
    return str(found) if found and (found.total or found.unreadable) else None


def list_waiting(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the mails that nobody understood, with the reason; exit status 1 if there are any.

    They are removed after the days in human_days. This prints personal data; the software keeps no copy of it.

    \b
    Example: newsletter feedback list
    """
    project = open_project(config)
    now = utc_now()
    mails, unreadable = waiting_for_people(project.configuration.data_dir)
    if as_json:
        print_json([_value(mail) for mail in mails])
    else:
        _show_list(project, mails, now)
    for name in unreadable:
        errors.print(f"Passed over in feedback/{HUMAN}, cannot be read: {escape(name)}")
    if room_of(project.configuration).is_full():
        errors.print(
            "Full: mails without a mark of ours are refused (452) until `newsletter feedback done` makes room."
        )
    if mails or unreadable:
        raise typer.Exit(NEGATIVE)


def _show_list(project: Project, mails: list[RawMail], now: datetime) -> None:
    if not mails:
        console.print("No mail waits for a person.")
        return
    table = Table("Mail", "Arrived", "From", "Subject", "Why")
    for mail in mails:
        value = _value(mail)
        arrived = in_short(mail.arrived_at, zone=project.zone)
        table.add_row(*(escape(text) for text in (mail.path.name, arrived, value["from"], value["subject"], mail.why)))
    console.print(table)
    days = project.configuration.feedback.human_days
    oldest = max(age_in_days(mail, now) for mail in mails)
    console.print(
        f"{counted(len(mails), 'mail waits', 'mails wait')}, the oldest for {counted(oldest, 'day', 'days')}; "
        f"removed after {number(days)}. `newsletter feedback show MAIL`, then `newsletter feedback done MAIL`."
    )


def _value(mail: RawMail) -> dict[str, str]:
    headers = split_headers(plain_lines(mail.content[: 64 * 1024]))[0]
    return {
        "mail": mail.path.name,
        "arrived": mail.arrived_at.isoformat(),
        "from": decode_words(headers.first("from"))[:SHOWN],
        "subject": headers.subject[:SHOWN],
        "why": mail.why,
    }


def show(
    mail: Annotated[str, typer.Argument(metavar="MAIL", help="A name from `newsletter feedback list`.")],
    config: ConfigOption = None,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes as they came, for a file.")] = False,
) -> None:
    """Show one mail that waits for a person.

    \b
    Example: newsletter feedback show 1813049400.9f2c44d1a0b3e857
    """
    found = _find(open_project(config), mail)
    if raw:
        sys.stdout.buffer.write(found.content)
        return
    console.print(plain_lines(found.content).decode("utf-8", "replace"), markup=False)


def done(mails: MailsArgument, config: ConfigOption = None) -> None:
    """Remove mails that a person has read and dealt with.

    \b
    Example: newsletter feedback done 1813049400.9f2c44d1a0b3e857
    """
    project = open_project(config)
    for name in [_find(project, mail).path.name for mail in mails]:
        box(project.configuration.data_dir, HUMAN).remove(name)
    console.print(f"{counted(len(mails), 'mail', 'mails')} removed.")


def _find(project: Project, name: str) -> RawMail:
    try:
        found = box(project.configuration.data_dir, HUMAN).read(name)
    except OSError as error:
        raise ServiceError(f"the mail cannot be read: {error.strerror}", where=name) from None
    if found is None or found.path.name != name:
        raise InputError("there is no such mail", remedy="`newsletter feedback list` names those there are")
    return found


def _tell(line: str) -> None:
    errors.print(escape(line))
