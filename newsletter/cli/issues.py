"""`newsletter build` and `newsletter test`: the mail as files, and in the mailbox of a few."""

import asyncio
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter.cli.checking import IssueArgument, show_findings
from newsletter.cli.common import ConfigOption, Project, console, errors, open_project
from newsletter.cli.files import explained, write_whole
from newsletter.cli.workshop import Workpiece, mail_writer, work_on
from newsletter.delivery.attempt import Letter, Result
from newsletter.delivery.failover import open_first
from newsletter.delivery.letters import Sign
from newsletter.delivery.worker import signing
from newsletter.message.ids import preferences_url, unsubscribe_mailto, unsubscribe_url
from newsletter.message.recipient import Recipient
from newsletter.message.template import sample_recipient
from newsletter.store.media import save_media
from subscribers.address import Address, parse_address
from subscribers.errors import ConfigurationError, InputError, NegativeError
from subscribers.records import SubscriberRecord, find
from subscribers.tokens import REF_OCTETS, Purpose
from subscribers.transactions import reading

MAXIMUM_TESTERS = 20


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("build")(build)
    app.command("test")(test)


# ---------------------------------------------------------------- build


def build(
    issue: IssueArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to write; build/SLUG in the project by default.")
    ] = None,
    as_address: Annotated[
        str | None,
        typer.Option("--as", metavar="ADDRESS", help="Fill it for this subscriber; written below data_dir/exports."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Write the mail to files: message.eml, message.html, message.txt and findings.json, with the images beside them.

    \b
    Example: newsletter build issues/zomereditie.md --out build/zomereditie
    """
    project = open_project(config, issue)
    piece = work_on(project, issue)
    recipient = _nobody(project, piece) if as_address is None else _as_subscriber(project, piece, as_address)
    folder = _folder(project, piece, out, is_personal=as_address is not None)
    save_media(project.configuration.data_dir, piece.compilation.files)
    with explained(folder):
        _write(folder, piece, recipient, mail_writer(piece, _sign(project, piece))(recipient))
    console.print(escape(f"Wrote message.eml, message.html, message.txt and findings.json to {folder}"))
    show_findings(piece.findings, piece.mailing_list.language)


def _folder(project: Project, piece: Workpiece, out: Path | None, *, is_personal: bool) -> Path:
    configuration = project.configuration
    if is_personal and out:
        errors.print("These files hold personal data and lie outside the project's data: deleting them is up to you.")
    default = configuration.data_dir / "exports" if is_personal else configuration.folder / "build"
    folder = out or default / piece.issue.slug
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _sign(project: Project, piece: Workpiece) -> Sign | None:
    """What signs it as it would be sent; an editor has no key, and builds without."""
    try:
        return signing(project.configuration, piece.issue.list_slug)
    except ConfigurationError as error:
        errors.print(escape(f"Not signed with DKIM: {error}"))
        return None


def _write(folder: Path, piece: Workpiece, recipient: Recipient, mail: Letter) -> None:
    from newsletter.compose.fields import fill, values_for

    compiled = piece.compilation.compiled
    values = values_for(compiled, recipient.fields, recipient.unsubscribe_url, recipient.preferences_url)
    html = fill(compiled.html, values)
    for file in piece.compilation.files:
        html = _beside(html, file.asset.name)
        write_whole(folder / file.asset.name, file.content)
    findings = [asdict(finding) for finding in piece.findings]
    write_whole(folder / "message.eml", mail.message)
    write_whole(folder / "message.html", html.encode())
    write_whole(folder / "message.txt", fill(compiled.text, values).encode())
    write_whole(folder / "findings.json", (_json(findings) + "\n").encode())


def _beside(html: str, name: str) -> str:
    """The image of that name from the same folder, so that the page can be looked at without a server."""
    import re

    return re.sub(rf'(src|href)="[^"]*{re.escape(name)}"', rf'\1="{name}"', html)


def _json(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    import json

    return json.dumps(value, ensure_ascii=False, indent=2)


def _nobody(project: Project, piece: Workpiece) -> Recipient:
    return sample_recipient(
        base_url=project.configuration.site.base_url,
        mailbox=piece.mailing_list.unsubscribe_mailbox.address,
        domain=piece.identity.domain,
    )


def _as_subscriber(project: Project, piece: Workpiece, address: str) -> Recipient:
    with reading(project.engine) as connection:
        person = find(connection, address)
    if person is None:
        raise InputError(
            "nobody with this address is known", remedy="leave out --as to fill it for nobody in particular"
        )
    return _recipient(project, piece, parse_address(person.address), person)


# ---------------------------------------------------------------- test


def test(
    issue: IssueArgument,
    to: Annotated[list[str], typer.Option("--to", metavar="ADDRESS", help="Who gets it; may be repeated.")],
    config: ConfigOption = None,
) -> None:
    """Mail the issue to a few addresses as it is now; nothing is planned or recorded.

    The links to unsubscribe work and end nothing. An address of a subscriber gets their own fields filled.

    \b
    Example: newsletter test issues/zomereditie.md --to redactie@example.org
    """
    if len(to) > MAXIMUM_TESTERS:
        raise InputError(
            f"a test goes to at most {MAXIMUM_TESTERS} addresses", remedy="use `newsletter send` for a list"
        )
    project = open_project(config)
    addresses = [parse_address(text) for text in to]
    piece = work_on(project, issue)
    save_media(project.configuration.data_dir, piece.compilation.files)
    show_findings(piece.findings, piece.mailing_list.language)
    refused = asyncio.run(_mail(project, piece, addresses))
    if refused:
        raise typer.Exit(NegativeError.exit_status)


async def _mail(project: Project, piece: Workpiece, addresses: list[Address]) -> int:
    """Send to each address; how many the relay did not take."""
    configuration = project.configuration
    write, refused = mail_writer(piece, signing(configuration, piece.issue.list_slug)), 0
    relays = configuration.relays_of(piece.issue.list_slug)
    session, _ = await open_first(configuration, relays.values(), piece.mailing_list)
    for address in addresses:
        attempt = await session.send(write(_tester(project, piece, address)), lambda: None)
        if attempt.result is Result.ACCEPTED:
            console.print(f"Sent to {address.spelling}")
        else:
            refused += 1
            said = f"{attempt.reply.code} {attempt.reply.text}" if attempt.reply else "the connection was lost"
            errors.print(f"Not sent to {escape(address.spelling)}: {escape(said)}")
    await session.quit()
    return refused


def _tester(project: Project, piece: Workpiece, address: Address) -> Recipient:
    with reading(project.engine) as connection:
        return _recipient(project, piece, address, find(connection, address))


def _recipient(project: Project, piece: Workpiece, address: Address, person: SubscriberRecord | None) -> Recipient:
    """Fields of the person if known; links that are well signed and name no subscription."""
    nobody = secrets.token_bytes(REF_OCTETS)
    token, manage = (project.keyring.sign(purpose, nobody) for purpose in (Purpose.UNSUBSCRIBE, Purpose.MANAGE))
    mailing_list = piece.mailing_list
    known = {**person.attributes, "name": person.name, "organisation": person.organisation} if person else {}
    return Recipient(
        address=address.spelling,
        fields=known,
        unsubscribe_url=unsubscribe_url(project.configuration.site.base_url, token),
        preferences_url=preferences_url(project.configuration.site.base_url, manage),
        unsubscribe_mailto=unsubscribe_mailto(mailing_list.unsubscribe_mailbox.address, token),
        message_id=f"<test.{secrets.token_hex(16)}@{piece.identity.domain}>",
        envelope_sender=(mailing_list.bounce_mailbox or mailing_list.sender).address,
    )
