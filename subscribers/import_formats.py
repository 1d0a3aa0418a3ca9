"""Files of people as other systems write them: Mailchimp, listmonk, Laposta; recognised by their headings. Pure.

Mailchimp packs one file per kind of people into a ZIP (subscribers/import_zip.py); the name of each says which kind,
and so do its columns. listmonk writes one file that says who is enabled, and nothing of who confirmed. Laposta's
columns have Dutch or English headings, which every file may have.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from subscribers.errors import InputError
from subscribers.headings import Role, plain_heading
from subscribers.import_states import Standing


class FileFormat(StrEnum):
    """What a file of people is."""

    CSV = "csv"
    """Any table with a header line, ours too."""
    MAILCHIMP = "mailchimp"
    """An audience export: a ZIP, or one of the files in it."""
    LISTMONK = "listmonk"
    """An export of subscribers."""
    LAPOSTA = "laposta"
    """An export of a list (relaties)."""


_MAILCHIMP = frozenset({"emailaddress", "leid", "euid"})
_LISTMONK = frozenset({"uuid", "email", "attributes", "status"})
_LAPOSTA = frozenset({"lid", "lidid", "memberid", "relatieid"})
_LAPOSTA_STATE = frozenset({"status", "state"})
_MAILCHIMPS_OWN = frozenset(
    {
        "MEMBER_RATING",
        "OPTIN_IP",
        "CONFIRM_IP",
        "LATITUDE",
        "LONGITUDE",
        "GMTOFF",
        "DSTOFF",
        "TIMEZONE",
        "CC",
        "REGION",
        "LEID",
        "EUID",
        "NOTES",
        "TAGS",
        "UNSUB_CAMPAIGN_TITLE",
        "UNSUB_CAMPAIGN_ID",
        "UNSUB_REASON",
        "UNSUB_REASON_OTHER",
        "CLEAN_CAMPAIGN_TITLE",
        "CLEAN_CAMPAIGN_ID",
    }
)
"""What Mailchimp adds by itself, in capitals: where somebody seems to be, how keen they are. Not ours to keep."""
_CHANGED = frozenset({"updatedat", "lastchanged", "modified", "modifiedat", "gewijzigdop", "laatstgewijzigd"})
"""When such a system last touched a row. In a table of unknown make it may be anything."""
_KINDS = re.compile(r"(nonsubscribed|unsubscribed|cleaned|subscribed)(?=[_.\- ]|$)", re.IGNORECASE)
_NAMED = {"unsubscribed": Standing.UNSUBSCRIBED, "cleaned": Standing.HARD_BOUNCE, "subscribed": Standing.ACTIVE}
_BY_COLUMN = {"UNSUB_TIME": Standing.UNSUBSCRIBED, "CLEAN_TIME": Standing.HARD_BOUNCE}
NEVER_ASKED = "nonsubscribed"


def recognised(header: Sequence[str]) -> FileFormat:
    """What a file with this header line is."""
    words = {plain_heading(heading) for heading in header}
    if words >= _MAILCHIMP:
        return FileFormat.MAILCHIMP
    if words >= _LISTMONK:
        return FileFormat.LISTMONK
    if words & _LAPOSTA and words & _LAPOSTA_STATE:
        return FileFormat.LAPOSTA
    return FileFormat.CSV


def kind_in_name(file_name: str) -> str:
    """subscribed, unsubscribed, cleaned or nonsubscribed, as Mailchimp names its files; "" for any other name."""
    found = _KINDS.match(file_name)
    return found[1].casefold() if found else ""


def standing_in_file(file_name: str, header: Sequence[str], file_format: FileFormat) -> Standing | None:
    """How everybody in a file stands that is about one kind of people: by its columns, then by its name.

    A file of Mailchimp from which somebody took columns is no longer known by its headings; those who left are still
    known, and never taken for active. None where each row says it.
    """
    by_column = next((standing for column, standing in _BY_COLUMN.items() if column in header), None)
    by_name = _NAMED.get(kind_in_name(file_name))
    if file_format is FileFormat.MAILCHIMP:
        return by_column or by_name or Standing.ACTIVE
    found = by_column or by_name
    return found if found and found.has_left else None


def check_asked(file_name: str) -> None:
    """Raise InputError for a file of people who never asked for mail, by its name."""
    if kind_in_name(file_name) == NEVER_ASKED:
        raise InputError(
            "a file of this name holds people who never asked for mail; nobody in it is put on a list",
            where=file_name,
            remedy="if they did ask, rename the file and say when: --consented-at DAY",
        )


def meanings(header: Sequence[str], file_format: FileFormat) -> dict[int, Role | None]:
    """What columns mean in this format whatever they are called elsewhere; None for those that are not stored."""
    if file_format is FileFormat.CSV:
        return {}
    changed = next((index for index, heading in enumerate(header) if plain_heading(heading) in _CHANGED), None)
    found: dict[int, Role | None] = {} if changed is None else {changed: Role.CHANGED}
    if file_format is FileFormat.MAILCHIMP:
        found |= {index: None for index, heading in enumerate(header) if heading.strip() in _MAILCHIMPS_OWN}
    return found
