"""`newsletter doctor`: what is wrong with configuration, relay, database and DNS, and the remedy."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, JsonOption, Project, console, errors, open_project, print_json
from newsletter.config import Configuration
from newsletter.config_dkim import Dkim
from newsletter.config_keys import nearest
from newsletter.config_lists import MailingList
from newsletter.doctor.diagnosis import Diagnosis, Level, is_ill
from newsletter.doctor.domain import RelayHost, Sender, examine
from subscribers.errors import ConfigurationError, NegativeError

_SIGNS = {
    Level.GOOD: "[green]ok[/]     ",
    Level.NOTE: "note   ",
    Level.WARNING: "[yellow]warning[/]",
    Level.FAULT: "[red]fault[/]  ",
}


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("doctor")(doctor)


def doctor(
    config: ConfigOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither DNS nor anything else outside.")] = False,
    new_dkim_key: Annotated[
        str | None,
        typer.Option("--new-dkim-key", metavar="NAME", help="Make the key of \\[dkim.NAME] and print its DNS record."),
    ] = None,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="With --new-dkim-key: an Ed25519 key, to sign beside RSA.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Examine configuration, keys, database, deadlines, relay, and what DNS says of the senders. Exit 1 on a fault.

    \b
    Example: newsletter doctor
    """
    project = open_project(config)
    if new_dkim_key:
        _make_key(project.configuration, new_dkim_key, ed25519=ed25519)
        return
    found = _examined(project, offline=offline, quiet=as_json)
    if as_json:
        print_json({"findings": [asdict(item) for item in found]})
    else:
        _show(found)
    if is_ill(found):
        raise typer.Exit(NegativeError.exit_status)


def _examined(project: Project, *, offline: bool, quiet: bool) -> list[Diagnosis]:
    from newsletter.doctor.house import examine_house
    from newsletter.doctor.resolving import DnsResolver

    configuration = project.configuration
    found = list(examine_house(configuration))
    if offline:
        return found
    if not quiet and errors.is_terminal:
        errors.print("Asking DNS ...")
    resolver = DnsResolver()
    for slug, item in configuration.lists.items():
        found += examine(resolver, sender_of(configuration, slug, item))
    return list(dict.fromkeys(found))


def sender_of(configuration: Configuration, slug: str, item: MailingList) -> Sender:
    """What of a list matters to DNS, with every relay that its mail goes through."""
    from newsletter.store.dkim_keys import public_record, signer_of

    try:
        signer = signer_of(configuration, slug)
    except ConfigurationError:  # said already, with the remedy
        signer = None
    mailboxes = (item.reply_to, item.unsubscribe_mailbox, item.bounce_mailbox)
    return Sender(
        domain=item.sender.parsed.domain,
        envelope=(item.bounce_mailbox or item.sender).parsed.domain,
        mailboxes=tuple(box.parsed.domain for box in mailboxes if box),
        keys=tuple(
            (key.domain, f"{key.selector}._domainkey.{key.domain}", public_record(key.private))
            for key in (signer.keys if signer else ())
        ),
        relays=tuple(
            RelayHost(name=name, host="" if relay.is_loopback else relay.host)
            for name, relay in configuration.relays_of(slug).items()
        ),
    )


def _make_key(configuration: Configuration, name: str, *, ed25519: bool) -> None:
    from newsletter.doctor.dkim_record import zone_line
    from newsletter.store.dkim_keys import create_key, public_record

    dkim = _table_of(configuration, name)
    path = configuration.folder / dkim.key_file
    record = public_record(create_key(path, ed25519=ed25519))
    console.print(f"The key is in {escape(str(path))}, readable by you only. Publish this record, then sign with it:")
    console.print()
    console.print(escape(zone_line(f"{dkim.selector}._domainkey.{dkim.domain}", record)))
    console.print()
    console.print(f'When `newsletter doctor` finds it in DNS, add "{escape(name)}" to dkim = [...] of the list.')


def _table_of(configuration: Configuration, name: str) -> Dkim:
    if name in configuration.dkim:
        return configuration.dkim[name]
    example = f'[dkim.{name}] with domain = "example.org", selector = "{name}", key_file = "dkim/{name}.pem"'
    raise ConfigurationError(
        f"there is no [dkim.{name}]",
        where="newsletter.toml",
        remedy=nearest(name, list(configuration.dkim), f"add {example}"),
    )


def _show(found: Sequence[Diagnosis]) -> None:
    for item in found:
        console.print(f"{_SIGNS[item.level]}  {escape(item.about)}: {escape(item.what)}")
        if item.remedy:
            console.print(f"         {escape(item.remedy)}")
        if item.record:
            console.print(f"         {escape(item.record)}")
    console.print(_counted(found))


def _counted(found: Iterable[Diagnosis]) -> str:
    levels = [item.level for item in found]
    faults, warnings = levels.count(Level.FAULT), levels.count(Level.WARNING)
    return f"{faults or 'no'} fault{'s' * (faults != 1)}, {warnings or 'no'} warning{'s' * (warnings != 1)}"
