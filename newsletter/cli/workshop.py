"""From an issue file to everything that is made of it: what check, build, test and send have in common."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsletter.cli.common import Project
from newsletter.compose.compile import Compilation, compile_issue
from newsletter.compose.folders import folder_images, project_templates
from newsletter.compose.furniture import furniture
from newsletter.compose.templating import Templates
from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.delivery.attempt import Letter
from newsletter.delivery.failover import Answer, ask_each
from newsletter.delivery.letters import Sign
from newsletter.delivery.worker import signing
from newsletter.issue.finding import Finding, IssueError, Severity
from newsletter.issue.model import Issue
from newsletter.issue.parse import KnownNames, parse_what_can_be, read_source
from newsletter.message.headers import format_date
from newsletter.message.identity import MailIdentity, identity_of
from newsletter.message.recipient import Recipient
from newsletter.message.template import MessageTemplate, sample_recipient
from newsletter.preflight.check import in_order, preflight
from subscribers.clock import utc_now
from subscribers.errors import InputError, NegativeError, NewsletterError


@dataclass(frozen=True, kw_only=True)
class Workpiece:
    """An issue, compiled and looked at."""

    issue: Issue
    mailing_list: MailingList
    identity: MailIdentity
    compilation: Compilation
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep it from being sent."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    def template(self) -> MessageTemplate:
        """The message with its gaps."""
        images = self.compilation.files
        embedded: Mapping[str, bytes] = {file.asset.name: file.content for file in images if file.asset.embedded}
        return MessageTemplate.build(self.compilation.compiled, self.identity, embedded)


def mail_writer(piece: Workpiece, sign: Sign | None) -> Callable[[Recipient], Letter]:
    """What makes the mail of somebody as it would be sent now: filled, dated, signed (A21)."""
    template = piece.template()

    def write(recipient: Recipient) -> Letter:
        message = template.fill(recipient, format_date(utc_now()))
        return Letter(
            sender=recipient.envelope_sender,
            recipient=recipient.address,
            message=sign(message) + message if sign else message,
            needs_smtputf8=template.needs_smtputf8(recipient),
            require_tls=piece.mailing_list.require_tls,
        )

    return write


def try_relays(configuration: Configuration, piece: Workpiece) -> tuple[str, ...]:
    """Greet the relays and leave: planning fixes audience and text, so it must not happen where nothing can be sent.

    One that takes the message will do; what is wrong with the others comes back, in words. Raises RelayError or
    ConfigurationError, and NegativeError for a message that they say they do not take: too large for them.
    """
    slug = piece.issue.list_slug
    recipient = sample_recipient(
        base_url=configuration.site.base_url,
        mailbox=piece.mailing_list.unsubscribe_mailbox.address,
        domain=piece.identity.domain,
    )
    letter = mail_writer(piece, signing(configuration, slug))(recipient)
    answers = asyncio.run(ask_each(configuration, configuration.relays_of(slug), piece.mailing_list, letter))
    if not any(answer.takes_it for answer in answers):
        raise _refused_by_all(answers, slug)
    return tuple(_words(answer) for answer in answers if not answer.takes_it)


def _refused_by_all(answers: Sequence[Answer], slug: str) -> NewsletterError:
    refusals = [answer for answer in answers if answer.refusal]
    if not refusals:
        return next(answer.problem for answer in answers if answer.problem)
    said = refusals[0].refusal if len(answers) == 1 else "; ".join(map(_words, answers))
    return NegativeError(
        f"no message of this issue would be taken: {said}",
        where=f"[lists.{slug}] relay",
        remedy="make the issue smaller (images), or use another relay",
    )


def _words(answer: Answer) -> str:
    if answer.problem:
        return f"relay {answer.relay} cannot be used: {answer.problem.what} ({answer.problem.where})"
    return f"relay {answer.relay} takes no message of this issue: {answer.refusal}"


def _read(configuration: Configuration, path: Path, list_slug: str | None) -> tuple[Issue, tuple[Finding, ...]]:
    """Parse the issue file at `path`, for the list `list_slug` instead of its own if given; and what cannot be read.

    Raises IssueError where nothing more can be said of it.
    """
    limit = configuration.limits.issue_kilobytes * 1024
    source = read_source(_bytes(path, limit), str(path), limit=limit)
    target = configuration.mailing_list(list_slug) if list_slug else None
    lists = {slug: frozenset((target or item).attributes) for slug, item in configuration.lists.items()}
    types = {slug: (target or item).typed_attributes for slug, item in configuration.lists.items()}
    known = KnownNames(lists=lists, types=types)
    issue, unread = parse_what_can_be(source, file=str(path), slug=path.stem, known=known)
    if issue is None or (list_slug or issue.list_slug) not in configuration.lists:
        raise IssueError(unread)
    return (replace(issue, list_slug=list_slug) if list_slug else issue), unread


def work_on(
    project: Project,
    path: Path,
    list_slug: str | None = None,
    *,
    templates: Templates | None = None,
    asked: Callable[[str], object] = str,
    language: str | None = None,
) -> Workpiece:
    """Parse, compile and check the issue at `path`; raises IssueError for what cannot be understood at all.

    `templates` are the project's, for who keeps them; `asked` is told the source of every image before it is loaded;
    `language` is that of the findings, the list's unless given.
    """
    configuration = project.configuration
    issue, unread = _read(configuration, path, list_slug)
    mailing_list = configuration.mailing_list(issue.list_slug)
    base_url = configuration.site.base_url
    logo = configuration.folder / mailing_list.logo if mailing_list.logo else None
    load = folder_images(path.parent, logo=logo)

    def load_image(source: str) -> bytes:
        asked(source)
        return load(source)

    templates = templates or project_templates(configuration)
    compilation = _compiled(
        issue,
        unread,
        language,
        mailing_list=mailing_list,
        furniture=furniture(
            mailing_list, list_slug=issue.list_slug, issue_slug=issue.slug, base_url=base_url, date=issue.date
        ),
        base_url=base_url,
        templates=templates,
        load_image=load_image,
        limits=configuration.limits,
    )
    return Workpiece(
        issue=issue,
        mailing_list=mailing_list,
        identity=identity_of(issue.list_slug, mailing_list),
        compilation=compilation,
        findings=tuple(
            preflight(
                issue,
                mailing_list,
                compilation.compiled,
                theme=templates.theme,
                today=utc_now().astimezone(mailing_list.zone).date(),
                language=language,
            )
        ),
    )


def _compiled(
    issue: Issue,
    unread: tuple[Finding, ...],
    language: str | None,
    *,
    mailing_list: MailingList,
    **rest: Any,  # noqa: ANN401 - compile_issue's
) -> Compilation:
    """Compile; what cannot be read or compiled is raised together with all that preflight says of the text."""
    problems = list(unread)
    try:
        compilation = compile_issue(issue, mailing_list=mailing_list, **rest)
    except IssueError as problem:
        problems += _elsewhere(problem.findings, unread)
    else:
        if not unread:
            return compilation
    said = preflight(issue, mailing_list, language=language)
    raise IssueError(in_order([*problems, *_elsewhere(said, unread)])) from None


def _elsewhere(findings: Iterable[Finding], unread: tuple[Finding, ...]) -> list[Finding]:
    """The findings on lines that were read: of an issue with holes in it, nothing is said as a whole."""
    holes = {finding.line for finding in unread}
    return [finding for finding in findings if not holes or finding.line not in {0, *holes}]


def _bytes(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(limit + 1)
    except FileNotFoundError:
        raise InputError("there is no such issue", where=str(path), remedy="`newsletter new SLUG` begins one") from None
    except OSError as error:
        raise InputError(f"the issue cannot be read: {error.strerror}", where=str(path)) from None
