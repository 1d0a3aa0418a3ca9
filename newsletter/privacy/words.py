"""Words that statement, record and report share: rules, periods, bases, moments; Dutch (formal) and English. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo

from babel.dates import format_datetime

from newsletter.privacy.document import Language

RULES: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "unsubscribed": "Wie zich heeft afgemeld",
        "unconfirmed": "Een aanmelding die niet is bevestigd",
        "hard-bounced": "Wie een mailadres heeft dat niet meer bestaat",
        "complained": "Wie een mail als ongewenst heeft gemeld",
        "deliveries": "Of een mail is verstuurd, en wat de mailserver antwoordde",
        "notices": "Dienstberichten, zoals de mail om een aanmelding te bevestigen",
        "address-changes": "Gevraagde wijzigingen van een mailadres",
        "requests": "Verzoeken over gegevens",
        "exports": "Bestanden met adressen die de beheerder maakte",
        "feedback": "Mail die terugkwam en is verwerkt",
        "feedback-human": "Mail die terugkwam en op een medewerker wacht",
        "feedback-incoming": "Mail die terugkwam en nog niet is verwerkt",
        "backups": "Reservekopieën",
        "address-marks": "Een versleuteld kenmerk van een gewist mailadres",
        "on-request": "Meteen gewist, op verzoek",
        "left-over": "Zonder inschrijving achtergebleven",
        "corrected": "Vervangen door een andere waarde",
        "again": "Opnieuw gewist na het terugzetten van een reservekopie",
    },
    "en": {
        "unsubscribed": "Who has unsubscribed",
        "unconfirmed": "A sign-up that was not confirmed",
        "hard-bounced": "Whose mail address no longer exists",
        "complained": "Who reported a mail as unwanted",
        "deliveries": "Whether a mail was sent, and what the mail server answered",
        "notices": "Service messages, such as the mail to confirm a sign-up",
        "address-changes": "Changes of a mail address that were asked for",
        "requests": "Requests about data",
        "exports": "Files with addresses that the operator made",
        "feedback": "Mail that came back and was handled",
        "feedback-human": "Mail that came back and waits for a person",
        "feedback-incoming": "Mail that came back and is not handled yet",
        "backups": "Backups",
        "address-marks": "A keyed mark of an erased mail address",
        "on-request": "Erased at once, on request",
        "left-over": "Left behind without a subscription",
        "corrected": "Replaced by another value",
        "again": "Erased again after a backup was restored",
    },
}
"""What each rule is about; a rule without words here shows under its own name."""

AFTER: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "unsubscribed": "na de afmelding",
        "unconfirmed": "na de aanmelding",
        "hard-bounced": "na die vaststelling",
        "complained": "na die melding",
        "deliveries": "na de verzending van de editie; daarna blijven alleen aantallen",
        "notices": "na het verzoek",
        "address-changes": "na het verzoek",
        "exports": "na het maken, of eerder: bij de eerstvolgende verwijdering van iemand",
        "feedback": "na ontvangst, of eerder: met de verwijdering van de persoon",
        "feedback-human": "na ontvangst, of eerder: met de verwijdering van de persoon",
        "feedback-incoming": "na ontvangst",
        "backups": "na het maken",
        "address-marks": "na de verwijdering",
    },
    "en": {
        "unsubscribed": "after unsubscribing",
        "unconfirmed": "after the sign-up",
        "hard-bounced": "after that was found",
        "complained": "after that report",
        "deliveries": "after the issue was sent; then only counts remain",
        "notices": "after the request",
        "address-changes": "after the request",
        "exports": "after they were made, or sooner: with the next erasure of anybody",
        "feedback": "after it arrived, or sooner: with the erasure of the person",
        "feedback-human": "after it arrived, or sooner: with the erasure of the person",
        "feedback-incoming": "after it arrived",
        "backups": "after they were made",
        "address-marks": "after the erasure",
    },
}

BASES: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "consent": "Toestemming (AVG, artikel 6, lid 1, onder a)",
        "public-task": "Een taak van algemeen belang (AVG, artikel 6, lid 1, onder e)",
        "contract": "De uitvoering van een overeenkomst (AVG, artikel 6, lid 1, onder b)",
    },
    "en": {
        "consent": "Consent (GDPR, article 6(1)(a))",
        "public-task": "A task in the public interest (GDPR, article 6(1)(e))",
        "contract": "The performance of an agreement (GDPR, article 6(1)(b))",
    },
}
PERMISSIONS: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "consent": "Voorafgaande toestemming (Telecommunicatiewet, artikel 11.7)",
        "customer": "Eigen klanten, over wat daarbij hoort (Telecommunicatiewet, artikel 11.7)",
        "published-address": "Een adres dat hiervoor bekend is gemaakt (Telecommunicatiewet, artikel 11.7)",
        "service": "Geen ongevraagde mededeling: informatie die bij een dienst of taak hoort",
    },
    "en": {
        "consent": "Prior consent (Dutch Telecommunications Act, article 11.7)",
        "customer": "Own customers, about what belongs to that (Dutch Telecommunications Act, article 11.7)",
        "published-address": "An address made known for this purpose (Dutch Telecommunications Act, article 11.7)",
        "service": "No unsolicited communication: information that belongs to a service or task",
    },
}


TABLES: Mapping[Language, Mapping[str, str]] = {
    "nl": {
        "subscriber": "Personen",
        "subscription": "Inschrijvingen",
        "consent": "Grond om te mailen, per inschrijving",
        "suppression": "Adressen die niet worden gemaild",
        "delivery": "Verzendingen",
        "job_tally": "Aantallen per verzending",
        "bounce": "Teruggekomen mail",
        "bounce_tally": "Aantallen teruggekomen mail",
        "feedback_seen": "Verwerkte teruggekomen mail",
        "notice": "Dienstberichten",
        "address_change": "Gevraagde adreswijzigingen",
        "data_session": "Bezoeken aan de eigen gegevens",
        "request": "Verzoeken van betrokkenen",
        "address_mark": "Kenmerken na verwijdering",
        "exports": "Bestanden",
        "files": "Bestanden",
    },
    "en": {
        "subscriber": "People",
        "subscription": "Subscriptions",
        "consent": "Ground for mailing, by subscription",
        "suppression": "Addresses that are not mailed",
        "delivery": "Deliveries",
        "job_tally": "Counts by mailing",
        "bounce": "Mail that came back",
        "bounce_tally": "Counts of mail that came back",
        "feedback_seen": "Mail that came back, handled",
        "notice": "Service messages",
        "address_change": "Changes of address, asked for",
        "data_session": "Visits to one's own data",
        "request": "Requests of data subjects",
        "address_mark": "Marks after erasure",
        "exports": "Files",
        "files": "Files",
    },
}
"""Tables, for who reads about people and is not one of them: the register and the report."""


def table_in_words(name: str, language: Language) -> str:
    """What a table, or another thing that a receipt counts, is called; its own name where there is no other word."""
    table, _, column = name.partition(".")
    said = TABLES[language].get(table, table.replace("_", " ").capitalize())
    return f"{said} ({column.replace('_', ' ')})" if column else said


def rule_in_words(rule: str, language: Language) -> str:
    """What a rule is about."""
    return RULES[language].get(rule, rule.replace("-", " "))


def period_in_words(period: str, language: Language) -> str:
    """`21 days` and `1 month` as people say it."""
    found = re.fullmatch(r"(\d+) (day|month)s?", period)
    if not found:
        return period
    number, unit = int(found[1]), found[2]
    if language == "en":
        return f"{number} {unit}{'' if number == 1 else 's'}"
    plural = {"day": ("dag", "dagen"), "month": ("maand", "maanden")}[unit]
    return f"{number} {plural[number != 1]}"


def moment_in_words(moment: datetime, language: Language, zone: tzinfo) -> str:
    """`14 juni 2027 9.30 uur`, `14 June 2027 9:30`."""
    pattern = "d MMMM y H.mm 'uur'" if language == "nl" else "d MMMM y H:mm"
    return format_datetime(moment.astimezone(zone), pattern, locale=language)


def joined(items: tuple[str, ...]) -> str:
    """`a; b; c`: a label may hold a comma."""
    return "; ".join(items)
