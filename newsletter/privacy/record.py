"""The record of processing activities (AVG 30; B13), generated: one activity per list, with what all have in common."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import MetaData

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.privacy.document import Block, Bullets, Document, Grid, Language, Section, Words, reach
from newsletter.privacy.facts import Vocabulary, held, periods
from newsletter.privacy.statement import receivers
from newsletter.privacy.statement_texts import TEXTS as STATEMENT
from newsletter.privacy.words import AFTER, BASES, PERMISSIONS, joined, period_in_words, rule_in_words, table_in_words


@dataclass(frozen=True, kw_only=True)
class RecordTexts:
    """One language."""

    title: str
    lead: str
    activity: str
    facts: str
    facts_header: tuple[str, str]
    controller: str
    contact: str
    officer: str
    representative: str
    purpose: str
    basis: str
    permission: str
    subjects: str
    subjects_are: str
    source: str
    source_is: str
    data: str
    data_header: tuple[str, str]
    periods: str
    periods_header: tuple[str, str]
    receivers: str
    receivers_intro: str
    nobody_else: str
    inside: str
    measures: str
    of_software: tuple[str, ...]
    encrypted_relay: str
    encrypted_backups: str
    none: str


TEXTS: Mapping[Language, RecordTexts] = {
    "nl": RecordTexts(
        title="Register van verwerkingsactiviteiten",
        lead="Opgemaakt uit de instellingen en het databaseschema van de nieuwsbriefsoftware (AVG, artikel 30).",
        activity="Versturen van {title}",
        facts="De verwerking",
        facts_header=("Onderwerp", "Inhoud"),
        controller="Verwerkingsverantwoordelijke",
        contact="Contact over gegevens",
        officer="Functionaris gegevensbescherming",
        representative="Vertegenwoordiger in de Unie",
        purpose="Doel",
        basis="Grondslag",
        permission="Waarom mailen mag",
        subjects="Betrokkenen",
        subjects_are="Abonnees van {title}, en wie zich daarvoor aanmeldde of afmeldde",
        source="Herkomst",
        source_is="De betrokkene zelf; bij import wat de beheerder als bron opgaf, per persoon vastgelegd",
        data="Categorieën van gegevens",
        data_header=("Onderdeel", "Gegevens"),
        periods="Bewaartermijnen",
        periods_header=("Wat", "Uiterlijk verwijderd"),
        receivers="Ontvangers en doorgifte",
        receivers_intro="Naast {controller} verwerken deze partijen gegevens, in opdracht van {controller}:",
        nobody_else="Niemand anders krijgt de gegevens, behalve de mailservers die nodig zijn om de mail te bezorgen.",
        inside="De gegevens worden niet buiten de Europese Economische Ruimte verwerkt.",
        measures="Technische en organisatorische maatregelen",
        of_software=(
            (
                "Verwijdering na afloop van de termijn gebeurt door de software zelf, elk uur, met een bewijs zonder "
                "persoonsgegevens; zolang iets te laat is, wordt er niets verstuurd"
            ),
            "Na verwijdering wordt de database herschreven, zodat er geen byte van overblijft",
            "Geen meting van openen en klikken, geen IP-adressen, geen adressen in logboeken, links of wachtrijen",
            "Links in mails zijn ondertekend, bevatten geen adres, en veranderen pas iets na een druk op de knop",
            "Bestanden zijn alleen leesbaar voor de gebruiker onder wie de software draait",
        ),
        encrypted_relay="Verbindingen met de mailserver zijn versleuteld en het certificaat wordt gecontroleerd",
        encrypted_backups="Reservekopieën zijn versleuteld",
        none="-",
    ),
    "en": RecordTexts(
        title="Record of processing activities",
        lead="Made from the settings and the database schema of the newsletter software (GDPR, article 30).",
        activity="Sending {title}",
        facts="The processing",
        facts_header=("Subject", "Content"),
        controller="Controller",
        contact="Contact about data",
        officer="Data protection officer",
        representative="Representative in the Union",
        purpose="Purpose",
        basis="Legal basis",
        permission="Why mailing is allowed",
        subjects="Data subjects",
        subjects_are="Subscribers to {title}, and those who signed up for it or unsubscribed from it",
        source="Source",
        source_is="The data subject; for imports what the operator named as source, recorded per person",
        data="Categories of data",
        data_header=("Part", "Data"),
        periods="Retention periods",
        periods_header=("What", "Deleted no later than"),
        receivers="Recipients and transfers",
        receivers_intro="Besides {controller}, these parties process data, on behalf of {controller}:",
        nobody_else="Nobody else gets the data, except the mail servers that are needed to deliver the mail.",
        inside="The data is not processed outside the European Economic Area.",
        measures="Technical and organisational measures",
        of_software=(
            (
                "Erasure at the end of each period is done by the software itself, every hour, with a receipt without "
                "personal data; while anything is overdue, nothing is sent"
            ),
            "After an erasure the database is rewritten, so that no byte of it is left",
            "No measuring of opens and clicks, no IP addresses, no addresses in logs, links or queues",
            "Links in mails are signed, hold no address, and change something only after a button is pressed",
            "Files are readable only by the user whom the software runs as",
        ),
        encrypted_relay="Connections to the mail server are encrypted and its certificate is verified",
        encrypted_backups="Backups are encrypted",
        none="-",
    ),
}


def record(configuration: Configuration, metadata: MetaData, vocabulary: Vocabulary, language: Language) -> Document:
    """The whole record, in `language`."""
    texts = TEXTS[language]
    activities = (
        section
        for item in configuration.lists.values()
        for section in _activity(configuration, item, texts, language, metadata, vocabulary)
    )
    measures = Section(texts.measures, (Bullets(tuple(_measures(configuration, texts))),))
    return Document(title=texts.title, language=language, lead=texts.lead, sections=(*activities, measures))


def _activity(
    configuration: Configuration,
    item: MailingList,
    texts: RecordTexts,
    language: Language,
    metadata: MetaData,
    vocabulary: Vocabulary,
) -> Iterator[Section]:
    rows = tuple(_facts(configuration, item, texts, language))
    yield Section(texts.activity.format(title=item.title), (Grid(texts.facts, texts.facts_header, rows),))
    neutral = replace(
        vocabulary, heading=table_in_words
    )  # the other words speak to the subject, this is read by others
    found = held(metadata, configuration, item, language, neutral)
    data = tuple((one.heading, joined(one.labels)) for one in found)
    yield Section(texts.data, (Grid(texts.data, texts.data_header, data),), level=3)
    kept = (
        (rule_in_words(rule, language), f"{period_in_words(period, language)} {AFTER[language][rule]}")
        for rule, period in periods(metadata, configuration, item).items()
    )
    yield Section(texts.periods, (Grid(texts.periods, texts.periods_header, tuple(kept)),), level=3)
    said = replace(
        STATEMENT[language],
        receivers_intro=texts.receivers_intro,
        nobody_else=texts.nobody_else,
        inside=texts.inside,
    )
    who: tuple[Block, ...] = tuple(receivers(configuration, item, said))
    yield Section(texts.receivers, who, level=3)


def _facts(
    configuration: Configuration, item: MailingList, texts: RecordTexts, language: Language
) -> Iterator[tuple[Words, ...]]:
    privacy = configuration.privacy
    yield texts.controller, item.controller
    contacts = (texts.contact, item.contact), (texts.officer, privacy.officer)
    for label, contact in (*contacts, (texts.representative, privacy.representative)):
        if contact or label != texts.representative:
            yield label, reach(contact) if contact else texts.none
    yield texts.purpose, item.purpose or texts.none
    yield texts.basis, BASES[language][item.basis]
    yield texts.permission, PERMISSIONS[language][item.permission] if item.permission else texts.none
    yield texts.subjects, texts.subjects_are.format(title=item.title)
    yield texts.source, texts.source_is


def _measures(configuration: Configuration, texts: RecordTexts) -> Iterator[str]:
    yield from texts.of_software
    if all(relay.security != "none" for relay in configuration.relays.values()):
        yield texts.encrypted_relay
    if configuration.backup.key or configuration.backup.key_file:
        yield texts.encrypted_backups
    yield from configuration.privacy.measures
