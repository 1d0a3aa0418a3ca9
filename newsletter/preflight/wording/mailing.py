"""The mail as it travels: size (A30), law (B6, B7), mail programs, spam filters. Pure data."""

from newsletter.preflight.wording.message import Mended, Message, error, warning

MAILING: dict[str, Message] = {
    "too-large": error(
        "A30",
        nl=(
            "de HTML is {size:,} bytes groot ({form}); boven {limit:,} kapt Gmail de mail af",
            "kort in of haal weg; het zwaarst zijn {heaviest}",
        ),
        en=(
            "the HTML has {size:,} bytes ({form}); above {limit:,} Gmail cuts the mail off",
            "shorten or remove; the heaviest are {heaviest}",
        ),
    ),
    "nearly-too-large": warning(
        "A30",
        nl=(
            "de HTML is {size:,} bytes groot ({form}), dicht bij de grens van {limit:,} waarboven Gmail afkapt",
            "voeg niets meer toe; het zwaarst zijn {heaviest}",
        ),
        en=(
            "the HTML has {size:,} bytes ({form}), close to the {limit:,} above which Gmail cuts off",
            "add nothing more; the heaviest are {heaviest}",
        ),
    ),
    "no-unsubscribe": error(
        "B6",
        mended=Mended.TEMPLATES,
        nl=("er staat geen afmeldlink in {part}", "het sjabloon moet die tonen: parts/footer.mjml.j2"),
        en=("there is no unsubscribe link in {part}", "the template must show it: parts/footer.mjml.j2"),
    ),
    "late-unsubscribe": warning(
        "B6",
        mended=Mended.TEMPLATES,
        nl=(
            "de afmeldlink staat pas na {size:,} bytes HTML; wordt de mail afgekapt, dan is hij weg",
            "laat parts/top.mjml.j2 de link ook bovenaan tonen",
        ),
        en=(
            "the unsubscribe link comes only after {size:,} bytes of HTML; cut off, the mail has lost it",
            "let parts/top.mjml.j2 show the link at the top, too",
        ),
    ),
    "no-controller": error(
        "B6",
        mended=Mended.LIST,
        nl=("de lijst noemt niet wie de afzender is (controller is leeg)", "vul controller in: naam en adres"),
        en=("the list does not say who sends it (controller is empty)", "fill in controller: name and address"),
    ),
    "no-sender-name": warning(
        "B6",
        mended=Mended.LIST,
        nl=(
            "de afzender {address} heeft geen naam; de inbox toont dan het kale adres",
            'schrijf from = "Programma Voorbeeld <{address}>"',
        ),
        en=(
            "the sender {address} has no name; the inbox shows the bare address",
            'write from = "Example Programme <{address}>"',
        ),
    ),
    "no-reply-address": warning(
        "B6",
        mended=Mended.LIST,
        nl=(
            "er is geen reply_to: antwoorden gaan naar {address}",
            "vul reply_to in met een postbus die iemand leest",
        ),
        en=("there is no reply_to: answers go to {address}", "fill in reply_to with a mailbox that somebody reads"),
    ),
    "no-colophon": error(
        "B6",
        mended=Mended.TEMPLATES,
        nl=("het colofon staat niet in {part}", "het sjabloon moet het tonen: parts/footer.mjml.j2"),
        en=("the colophon is not in {part}", "the template must show it: parts/footer.mjml.j2"),
    ),
    "no-privacy-page": error(
        "B7",
        mended=Mended.LIST,
        nl=("privacy_url {url!r} is geen webadres", "vul een volledig adres in: https://..."),
        en=("privacy_url {url!r} is no web address", "write a complete one: https://..."),
    ),
    "no-processing": error(
        "B7",
        mended=Mended.TEMPLATES,
        nl=(
            "de tekst over de verwerking van persoonsgegevens staat niet in {part}",
            "het sjabloon moet die tonen: parts/footer.mjml.j2",
        ),
        en=(
            "the text on the processing of personal data is not in {part}",
            "the template must show it: parts/footer.mjml.j2",
        ),
    ),
    "unsupported": warning(
        "client-support",
        mended=Mended.TEMPLATES,
        nl=("{feature} werkt niet in {clients}: {effect}", "{remedy}"),
        en=("{feature} does not work in {clients}: {effect}", "{remedy}"),
    ),
    "unsupported-badly": error(
        "client-support",
        mended=Mended.TEMPLATES,
        nl=("{feature} werkt niet in {clients}: {effect}", "{remedy}"),
        en=("{feature} does not work in {clients}: {effect}", "{remedy}"),
    ),
    "long-style": warning(
        "client-support",
        mended=Mended.TEMPLATES,
        nl=(
            "de regels in <style> tellen samen {size:,} tekens; Gmail leest alleen de eerste {limit:,}",
            "kort head.css.j2 in: wat Gmail niet leest, stapelt niet op een telefoon",
        ),
        en=(
            "the rules in <style> have {size:,} characters together; Gmail reads only the first {limit:,}",
            "shorten head.css.j2: what Gmail does not read does not stack on a telephone",
        ),
    ),
    "spam-score": warning(
        "spam",
        nl=("SpamAssassin geeft {score} punten: {fired}", "bekijk de regels; boven 5 gaat een mail naar de spam"),
        en=("SpamAssassin gives {score} points: {fired}", "look at the rules; above 5 a mail is filed as spam"),
    ),
    "is-spam": error(
        "spam",
        nl=(
            "SpamAssassin houdt deze mail voor spam: {score} punten: {fired}",
            "verander wat de regels noemen; begin met de zwaarste",
        ),
        en=(
            "SpamAssassin takes this mail for spam: {score} points: {fired}",
            "change what the rules name; begin with the heaviest",
        ),
    ),
}
