"""What is held about people, and how long: derived from schema and configuration, so nothing is left out (B7)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import MetaData

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.config_retention import notice_days
from newsletter.privacy.document import Language
from subscribers.retention import in_days
from subscribers.schema import deadline_of, declared
from subscribers.tables import address_mark

OTHER = "other attributes"
"""The label of the column that holds the configured attributes."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Words for tables and for the labels of columns, in a language (newsletter/web/texts_own_data.py)."""

    heading: Callable[[str, Language], str]
    label: Callable[[str, Language], str]


@dataclass(frozen=True, kw_only=True)
class Held:
    """One table with what it holds about a person, in words."""

    heading: str
    labels: tuple[str, ...]
    rule: str
    """The rule of its own by which rows go; "" if they go with the person."""


def held(
    metadata: MetaData, configuration: Configuration, item: MailingList, language: Language, words: Vocabulary
) -> tuple[Held, ...]:
    """Every table with personal columns, as the schema declares it; the attributes of the list by their own names."""
    return tuple(_held(metadata, configuration, item, language, words))


def _held(
    metadata: MetaData, configuration: Configuration, item: MailingList, language: Language, words: Vocabulary
) -> Iterator[Held]:
    for table in metadata.sorted_tables:
        if table is address_mark and configuration.privacy.mark_days is None:
            continue
        labels = [declared(column).label for column in table.columns if declared(column).personal]
        said = deadline_of(table)
        named = [name for label in labels for name in _named(label, item, language, words)]
        if named:
            yield Held(
                heading=words.heading(table.name, language),
                labels=tuple(dict.fromkeys(named)),
                rule=said.rule if said else "",
            )


def _named(label: str, item: MailingList, language: Language, words: Vocabulary) -> tuple[str, ...]:
    if label == OTHER:
        return tuple(name.replace("_", " ") for name in item.attributes)
    return (words.label(label, language),)


def periods(metadata: MetaData, configuration: Configuration, item: MailingList) -> Mapping[str, str]:
    """How long what stays, rule by rule: `unsubscribed` → `21 days`; only what this configuration can bring about."""
    said = [deadline_of(table) for table in metadata.sorted_tables]
    found = dict(item.policy.in_words()) | {one.rule: in_days(one.days) for one in said if one and one.days}
    retention = configuration.retention
    found |= {"notices": in_days(notice_days([item.policy])), "exports": in_days(retention.exports)}
    found |= {"feedback": in_days(retention.feedback), "feedback-human": in_days(configuration.feedback.human_days)}
    found["feedback-incoming"] = found["feedback-human"]
    if days := configuration.backup.days(configuration.policies.values()):
        found["backups"] = in_days(days)
    if configuration.privacy.mark_days is not None:
        found["address-marks"] = in_days(configuration.privacy.mark_days)
    return found
