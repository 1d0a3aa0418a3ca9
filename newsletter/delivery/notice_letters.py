"""From a claimed notice to the bytes of its mail (edge): words, link with a signed token, envelope of its list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import jinja2

from newsletter.compose.dates import day_in_words
from newsletter.compose.enumerating import enumerated
from newsletter.config import Configuration
from newsletter.delivery.attempt import LONGEST_ENVID, Letter
from newsletter.message import ids
from newsletter.message.notice import Addressed, NoticeTemplates, period_in_words, write_notice
from newsletter.message.notice_kinds import NoticeSpec
from newsletter.message.notice_texts import NOTICES
from newsletter.shipped import templates_dir
from newsletter.store.dkim_keys import signer_of
from newsletter.store.notices import DueNotice
from subscribers.clock import Clock
from subscribers.errors import InputError
from subscribers.retention import MAXIMUM_DAYS, Period
from subscribers.tokens import Keyring

FOLDER = "notices"
_UNSAID = {"nl": "onze eigen administratie", "en": "our own records"}
"""Where an address is from of whom nothing was written down."""


@dataclass(frozen=True, kw_only=True)
class NoticeWriter:
    """Writes the mails of a project's notices."""

    configuration: Configuration
    keyring: Keyring
    templates: NoticeTemplates
    clock: Clock

    def write(self, due: DueNotice) -> Letter:
        """The mail of one notice; raises InputError (UnsafeValueError) if none can be made for this person."""
        mailing_list = self.configuration.mailing_list(due.list)
        spec = NOTICES.get(due.kind)
        if spec is None:
            raise InputError(f"there are no words for a notice of the kind {due.kind}")
        domain = mailing_list.id_domain
        to = Addressed(
            address=due.address,
            message_id=ids.make_notice_id(self.keyring, due.id, domain),
            date=self.clock().astimezone(mailing_list.zone),
        )
        message = write_notice(
            self.templates,
            spec.texts[mailing_list.language],
            mailing_list,
            to,
            values=values_of(self.configuration, due),
            link=self.link(spec, due),
        )
        signer = signer_of(self.configuration, due.list)
        return Letter(
            sender=ids.make_notice_sender(self.keyring, due.id, mailing_list),
            recipient=due.address,
            message=signer.signed(message, self.clock()) if signer else message,
            needs_smtputf8=not due.address.isascii(),
            envid=to.message_id[1:-1][:LONGEST_ENVID] if mailing_list.dsn else "",
            require_tls=mailing_list.require_tls,
        )

    def link(self, spec: NoticeSpec, due: DueNotice) -> str:
        """Where the button leads, "" for a notice without one."""
        base_url = self.configuration.site.base_url
        if spec.purpose is None:
            return base_url + spec.path.format(list=due.list) if spec.path else ""
        ref = due.ref if spec.binds == "notice" else due.subscription_ref
        if ref is None:
            raise InputError(f"a notice of the kind {due.kind} needs a subscription")
        return f"{base_url}{spec.path}{self.keyring.sign(spec.purpose, ref)}"


def values_of(configuration: Configuration, due: DueNotice) -> Mapping[str, str]:
    """What stands in the braces of a notice: nothing that a visitor typed."""
    mailing_list, lists = configuration.mailing_list(due.list), configuration.lists
    slugs = (due.undo and due.undo.lists) or (due.list,)
    until = min(due.erase_at, (due.undo and due.undo.until) or due.erase_at)
    last = (until - timedelta(seconds=1)).astimezone(mailing_list.zone).date()
    periods = [lists[slug].policy.period for slug in slugs if slug in lists]
    return {
        "title": mailing_list.title,
        "titles": enumerated([lists[slug].title if slug in lists else slug for slug in slugs], mailing_list.language),
        "controller": mailing_list.controller.partition(",")[0].strip(),
        "until": day_in_words(last, mailing_list.language),
        "source": due.source or _UNSAID[mailing_list.language],
        "period": period_in_words(max(periods, key=_length), mailing_list.language),
    }


def _length(period: Period) -> int:
    """Days, for comparing; a month is longer than any period in days (subscribers/retention.py)."""
    return period.days or MAXIMUM_DAYS + 1


def notice_templates(configuration: Configuration) -> NoticeTemplates:
    """The department's `notices` folder first, then the built-in one."""
    folders = [templates_dir() / FOLDER]
    if configuration.theme.folder:
        folders.insert(0, configuration.folder / configuration.theme.folder / FOLDER)
    return NoticeTemplates(jinja2.FileSystemLoader(folders))
