"""The sentences of the privacy statement, in Dutch (formal, `u`) and English. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.privacy.document import Language


@dataclass(frozen=True, kw_only=True)
class StatementTexts:
    """One language. Words in braces are filled from the configuration."""

    title: str
    lead: str
    who: str
    responsible: str
    contact: str
    officer: str
    representative: str
    why: str
    purpose: str
    basis: str
    permission: str
    withdraw: str
    what: str
    what_intro: str
    what_caption: str
    what_header: tuple[str, str]
    no_tracking: str
    no_decisions: str
    how_long: str
    how_long_intro: str
    promise: str
    how_long_caption: str
    how_long_header: tuple[str, str]
    backups_note: str
    marks_note: str
    receivers: str
    receivers_intro: str
    nobody_else: str
    outside: str
    inside: str
    rights: str
    rights_intro: str
    rights_list: Mapping[str, str]
    rights_how: str
    rights_contact: str
    rights_term: str
    complaint: str
    audience: str


TEXTS: Mapping[Language, StatementTexts] = {
    "nl": StatementTexts(
        title="Privacyverklaring {title}",
        lead="Hier leest u wat {controller} van u bewaart om u {title} te sturen, waarom, hoe lang, en wat u "
        "daarover te "
        "zeggen heeft.",
        who="Wie verantwoordelijk is",
        responsible="Verantwoordelijk voor deze nieuwsbrief: {controller}.",
        contact="Vragen over uw gegevens: ",
        officer="Functionaris gegevensbescherming: ",
        representative="Vertegenwoordiger in de Europese Unie: ",
        why="Waarvoor en waarom het mag",
        purpose="Doel: {purpose}.",
        basis="Grondslag: {basis}.",
        permission="Waarom wij u mogen mailen: {permission}.",
        withdraw="U kunt uw toestemming altijd intrekken door u af te melden. Wat wij daarvóór stuurden, blijft "
        "geoorloofd.",
        what="Wat wij bewaren",
        what_intro="Alleen uw mailadres is nodig. Dit is alles wat er over u kan worden bewaard:",
        what_caption="Gegevens over u",
        what_header=("Onderdeel", "Gegevens"),
        no_tracking="Wij houden niet bij of u een mail opent of waarop u klikt. Wij bewaren geen IP-adressen. De "
        "mails en "
        "pagina's laden niets van anderen en de pagina's volgen u niet.",
        no_decisions="Wij maken geen profiel van u, en er worden geen besluiten over u genomen door een computer "
        "alleen.",
        how_long="Hoe lang",
        how_long_intro="Zolang u bent aangemeld, blijft uw inschrijving bestaan. Voor de rest geldt:",
        promise="Uiterlijk {period} na uw afmelding is alles over u verwijderd, als u op geen andere lijst van ons "
        "staat.",
        how_long_caption="Bewaartermijnen",
        how_long_header=("Wat", "Uiterlijk verwijderd"),
        backups_note="Een reservekopie die vóór uw verwijdering is gemaakt, bevat u nog zolang die kopie bestaat. "
        "Wordt zij "
        "teruggezet, dan wordt u eerst opnieuw verwijderd voordat er iets wordt verstuurd.",
        marks_note="Na de verwijdering blijven een versleuteld kenmerk van uw mailadres en een datum over. Daaruit "
        "is uw "
        "adres niet te lezen. Het dient alleen om te weigeren dat een oud bestand u opnieuw op een lijst zet. Meldt "
        "u zich "
        "zelf weer aan, dan houdt het u niet tegen.",
        receivers="Wie de gegevens krijgen",
        receivers_intro="Naast {controller} verwerken deze partijen gegevens, in onze opdracht:",
        nobody_else="Niemand anders krijgt uw gegevens, behalve de mailservers die nodig zijn om u de mail te "
        "bezorgen.",
        outside="{name} verwerkt gegevens in {country}. Bescherming daar: {safeguard}.",
        inside="Uw gegevens worden niet buiten de Europese Economische Ruimte verwerkt.",
        rights="Uw rechten",
        rights_intro="U heeft het recht om:",
        rights_list={
            "see": "uw gegevens in te zien",
            "correct": "ze te laten verbeteren",
            "erase": "ze te laten wissen",
            "restrict": "het gebruik te laten beperken",
            "take": "ze mee te nemen in een gangbaar bestand",
            "object": "bezwaar te maken tegen het gebruik",
        },
        rights_how="Afmelden kan met de link in elke mail of met een bericht naar ",
        rights_contact=". Voor de andere rechten: ",
        rights_term="U krijgt binnen een maand antwoord.",
        complaint="Bent u het ergens niet mee eens, dan kunt u een klacht indienen bij de toezichthouder: ",
        audience="Voor wie: {audience}.",
    ),
    "en": StatementTexts(
        title="Privacy statement {title}",
        lead="Here you read what {controller} keeps about you to send you {title}, why, for how long, and what you "
        "have to "
        "say in it.",
        who="Who is responsible",
        responsible="Responsible for this newsletter: {controller}.",
        contact="Questions about your data: ",
        officer="Data protection officer: ",
        representative="Representative in the European Union: ",
        why="What for, and why it is allowed",
        purpose="Purpose: {purpose}.",
        basis="Legal basis: {basis}.",
        permission="Why we may mail you: {permission}.",
        withdraw="You can withdraw your consent at any time by unsubscribing. What we sent before stays lawful.",
        what="What we keep",
        what_intro="Only your mail address is needed. This is all that can be kept about you:",
        what_caption="Data about you",
        what_header=("Part", "Data"),
        no_tracking="We do not record whether you open a mail or what you click on. We keep no IP addresses. The "
        "mails and "
        "pages load nothing from others, and the pages do not follow you.",
        no_decisions="We make no profile of you, and no decisions about you are taken by a computer alone.",
        how_long="For how long",
        how_long_intro="As long as you are subscribed, your subscription stays. For the rest:",
        promise="No later than {period} after you unsubscribe everything about you is deleted, if you are on no "
        "other list "
        "of ours.",
        how_long_caption="Retention periods",
        how_long_header=("What", "Deleted no later than"),
        backups_note="A backup made before you were deleted holds you as long as that backup exists. If it is "
        "restored, you "
        "are deleted again before anything is sent.",
        marks_note="After the deletion a keyed mark of your mail address and a date remain. Your address cannot be "
        "read from "
        "it. It only serves to refuse that an old file puts you on a list again. If you sign up yourself, it does not "
        "stop you.",
        receivers="Who receives the data",
        receivers_intro="Besides {controller}, these parties process data, on our instructions:",
        nobody_else="Nobody else receives your data, except the mail servers needed to deliver the mail to you.",
        outside="{name} processes data in {country}. Protection there: {safeguard}.",
        inside="Your data is not processed outside the European Economic Area.",
        rights="Your rights",
        rights_intro="You have the right to:",
        rights_list={
            "see": "see your data",
            "correct": "have it corrected",
            "erase": "have it erased",
            "restrict": "have its use restricted",
            "take": "take it along in a common file",
            "object": "object to its use",
        },
        rights_how="You unsubscribe with the link in every mail or with a message to ",
        rights_contact=". For the other rights: ",
        rights_term="You get an answer within a month.",
        complaint="If you disagree with something, you can lodge a complaint with the supervisory authority: ",
        audience="For whom: {audience}.",
    ),
}
