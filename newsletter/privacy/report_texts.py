"""The sentences of the retention report, in Dutch and English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.privacy.document import Language


@dataclass(frozen=True, kw_only=True)
class ReportTexts:
    """One language."""

    title: str
    span: str
    made: str
    outcome: str
    controllers: str
    in_time: str
    overdue_now: str
    latest: str
    whole: str
    broken: str
    missing: tuple[str, str]
    """Of one, of several."""
    missing_why: str
    totals: str
    totals_header: tuple[str, str, str]
    now: str
    now_header: tuple[str, str, str, str, str]
    policy: str
    policy_header: tuple[str, str, str, str]
    receipts: str
    receipts_header: tuple[str, str, str, str, str]
    checking: str
    checking_how: tuple[str, ...]
    nothing: str
    none: str
    all_lists: str
    stays: Mapping[str, str]
    duration: str
    duration_days: str


TEXTS: Mapping[Language, ReportTexts] = {
    "nl": ReportTexts(
        title="Verslag van verwijderde persoonsgegevens",
        span="Van {start} tot en met {end}.",
        made="Opgemaakt op {moment}. Dit verslag bevat geen persoonsgegevens.",
        outcome="Uitkomst",
        controllers="Verantwoordelijk: {names}.",
        in_time="Op het moment van opmaken is geen enkele termijn overschreden.",
        overdue_now="Op het moment van opmaken is de verwijdering te laat: {number} over de termijn, of nog niet uit "
        "de bestanden gewist. Zolang dat zo is, verstuurt de software niets.",
        latest="De langste tijd tussen een termijn en het bewijs van verwijdering was {duration}.",
        whole="De bewijzen sluiten op elkaar aan, de zegels kloppen, en alle bewijzen die het logboek buiten de "
        "database noemt zijn er: er is niets gewijzigd of weggehaald.",
        broken="De bewijzen vanaf nummer {number} kloppen niet: dat bewijs is gewijzigd, er is er een weggehaald, of "
        "er is "
        "een andere geheime sleutel gebruikt.",
        missing=(
            "De reeks is niet volledig: {number} bewijs uit het logboek buiten de database ontbreekt in de database.",
            "De reeks is niet volledig: {number} bewijzen uit het logboek buiten de database ontbreken in de database.",
        ),
        missing_why="Weggehaald, of er is een oudere kopie van de database teruggezet. De bewijzen die er zijn, "
        "sluiten op elkaar aan en hun zegels kloppen.",
        totals="Verwijderd per regel",
        totals_header=("Regel", "Aantal", "Hoogstens na de termijn"),
        now="Wat er nu wacht",
        now_header=("Lijst", "Regel", "Aantal", "Eerstvolgende termijn", "Te laat"),
        policy="Termijnen in deze periode",
        policy_header=("Lijst", "Regel", "Termijn", "Vanaf bewijs"),
        receipts="Bewijzen",
        receipts_header=("Nummer", "Moment", "Per regel", "Regels in de database en bestanden", "Zegel"),
        checking="Hoe dit te controleren is",
        checking_how=(
            (
                "Een bewijs wordt pas geschreven nadat de rijen zijn verwijderd en de databasebestanden zijn "
                "herschreven. Elk "
                "zegel hangt af van het bewijs zelf en van het vorige zegel."
            ),
            (
                "newsletter retention status controleert de zegels met de geheime sleutel van dit project en legt ze "
                "naast het "
                "logboek buiten de database. newsletter retention report maakt dit verslag opnieuw."
            ),
        ),
        nothing="In deze periode was er niets te verwijderen.",
        none="-",
        all_lists="alle",
        stays={
            "active": "Ingeschreven: blijft zolang dat duurt",
            "deliveries": "Verzending nog niet afgerond",
            "receipts": "Bewijzen van verwijdering: over niemand",
        },
        duration="{hours} uur en {minutes} minuten",
        duration_days="{days} dagen en {hours} uur",
    ),
    "en": ReportTexts(
        title="Report of erased personal data",
        span="From {start} up to and including {end}.",
        made="Made on {moment}. This report holds no personal data.",
        outcome="Outcome",
        controllers="Controller: {names}.",
        in_time="When this was made, no deadline had been passed.",
        overdue_now="When this was made, erasure was late: {number} past the deadline, or not yet wiped from the "
        "files. "
        "While that is so, the software sends nothing.",
        latest="The longest time between a deadline and the proof of erasure was {duration}.",
        whole="The receipts follow each other, the seals are right, and every receipt that the ledger outside the "
        "database names is there: nothing was changed or removed.",
        broken="The receipts from number {number} on are not right: that one was changed, one was removed, or another "
        "secret key was used.",
        missing=(
            "The series is not complete: {number} receipt named by the ledger is not in the database.",
            "The series is not complete: {number} receipts named by the ledger are not in the database.",
        ),
        missing_why="Removed, or an older copy of the database was restored. The receipts that are there follow each "
        "other, and their seals are right.",
        totals="Erased by rule",
        totals_header=("Rule", "Number", "At most after the deadline"),
        now="What waits now",
        now_header=("List", "Rule", "Number", "Nearest deadline", "Overdue"),
        policy="Periods in force",
        policy_header=("List", "Rule", "Period", "From receipt"),
        receipts="Receipts",
        receipts_header=("Number", "Moment", "By rule", "Rows in the database and files", "Seal"),
        checking="How to check this",
        checking_how=(
            (
                "A receipt is written only after the rows are deleted and the database files are rewritten. Each seal "
                "depends on the receipt itself and on the seal before it."
            ),
            (
                "newsletter retention status checks the seals with the secret key of this project and holds them "
                "against the ledger outside the database. newsletter retention report makes this report again."
            ),
        ),
        nothing="In this period there was nothing to erase.",
        none="-",
        all_lists="all",
        stays={
            "active": "Subscribed: stays while that lasts",
            "deliveries": "Mailing not finished yet",
            "receipts": "Receipts of erasure: about nobody",
        },
        duration="{hours} hours and {minutes} minutes",
        duration_days="{days} days and {hours} hours",
    ),
}
