"""Texts: subject and preheader, tone, dates, what was left behind. Pure data."""

from newsletter.preflight.wording.message import Message, error, warning

WORDS: dict[str, Message] = {
    "long-subject": warning(
        "subject",
        nl=(
            "het onderwerp heeft {size} tekens; na {limit} kappen telefoons het af",
            "zet het belangrijkste voorop, of kort het in",
        ),
        en=(
            "the subject has {size} characters; telephones cut it off after {limit}",
            "put what matters first, or shorten it",
        ),
    ),
    "subject-says-nothing": warning(
        "subject",
        nl=(
            "het onderwerp {text!r} zegt niet wat er nieuw is",
            "noem het belangrijkste nieuws; wie de nieuwsbrief stuurt, staat er al bij",
        ),
        en=(
            "the subject {text!r} does not say what is new",
            "name the main news; who sends it is shown already",
        ),
    ),
    "no-preheader": warning(
        "preheader",
        nl=(
            "er is geen preheader, de regel die in de inbox na het onderwerp staat",
            "voeg preheader: ... toe; anders staat daar het begin van de mail",
        ),
        en=(
            "there is no preheader, the line that the inbox shows after the subject",
            "add preheader: ...; without it the beginning of the mail stands there",
        ),
    ),
    "preheader-repeats": warning(
        "preheader",
        nl=("de preheader herhaalt het onderwerp", "schrijf wat er nog meer in de nieuwsbrief staat"),
        en=("the preheader repeats the subject", "write what else is in the issue"),
    ),
    "long-preheader": warning(
        "preheader",
        nl=("de preheader heeft {size} tekens; geen inbox laat er meer dan {limit} zien", "kort hem in"),
        en=("the preheader has {size} characters; no inbox shows more than {limit}", "shorten it"),
    ),
    "capitals": warning(
        "shouting",
        nl=("{text!r} staat in hoofdletters: dat leest als schreeuwen", "schrijf het in kleine letters"),
        en=("{text!r} is in capitals: that reads as shouting", "write it in small letters"),
    ),
    "marks": warning(
        "shouting",
        nl=("{text!r}: herhaalde leestekens lezen als schreeuwen", "één teken is genoeg"),
        en=("{text!r}: repeated marks read as shouting", "one mark is enough"),
    ),
    "bold-everywhere": warning(
        "emphasis",
        nl=(
            "{share} % van de tekst is vet of cursief; wat overal opvalt, valt nergens op",
            "benadruk per alinea hooguit een paar woorden",
        ),
        en=(
            "{share} % of the text is bold or italic; what stands out everywhere stands out nowhere",
            "stress a few words of a paragraph at most",
        ),
    ),
    "emphasised-paragraph": warning(
        "emphasis",
        nl=(
            "een hele alinea van {size} tekens is vet of cursief, en dat leest moeilijk: {text!r}",
            "benadruk de kern, of zet de alinea in een blok :::note",
        ),
        en=(
            "a whole paragraph of {size} characters is bold or italic, which is hard to read: {text!r}",
            "stress its point, or put the paragraph in a :::note block",
        ),
    ),
    "issue-past": warning(
        "date-past",
        nl=("de datum van de nieuwsbrief, {day}, is voorbij", "zet date: op de dag van verzenden"),
        en=("the date of the issue, {day}, is past", "set date: to the day of sending"),
    ),
    "entry-past": warning(
        "date-past",
        nl=(
            "{title!r} in de agenda was op {day}, vóór de datum van de nieuwsbrief",
            "haal het uit de agenda, of verbeter de datum",
        ),
        en=(
            "{title!r} in the agenda was on {day}, before the date of the issue",
            "take it out of the agenda, or correct the date",
        ),
    ),
    "invitation-past": error(
        "date-past",
        nl=(
            "de uitnodiging {title!r} is voor {day}, vóór de datum van de nieuwsbrief",
            "verbeter de datum van de bijeenkomst of van de nieuwsbrief",
        ),
        en=(
            "the invitation {title!r} is for {day}, before the date of the issue",
            "correct the date of the meeting or of the issue",
        ),
    ),
    "closing-past": error(
        "date-past",
        nl=(
            "aanmelden voor {title!r} kan tot en met {day}, en dat is vóór de datum van de nieuwsbrief",
            "verbeter closing_date, of haal de uitnodiging weg",
        ),
        en=(
            "signing up for {title!r} ends on {day}, before the date of the issue",
            "correct closing_date, or remove the invitation",
        ),
    ),
    "closing-after": warning(
        "date-past",
        nl=(
            "aanmelden voor {title!r} kan tot en met {day}, en dat is na de bijeenkomst",
            "verbeter closing_date of date",
        ),
        en=("signing up for {title!r} ends on {day}, after the meeting", "correct closing_date or date"),
    ),
    "placeholder": error(
        "placeholder",
        nl=("er staat nog opvultekst: {text!r}", "vervang die door de echte tekst"),
        en=("there is filler text left: {text!r}", "replace it by the real text"),
    ),
    "starter-text": warning(
        "placeholder",
        nl=("dit is nog de tekst van het sjabloon: {text!r}", "schrijf er uw eigen tekst"),
        en=("this is still the text of the starter: {text!r}", "write your own text"),
    ),
    "to-follow": warning(
        "placeholder",
        nl=("er moet nog iets volgen: {text!r}", "vul het nu in, als het bekend is"),
        en=("something is still to follow: {text!r}", "fill it in now, if it is known"),
    ),
    "no-default": warning(
        "field-default",
        nl=(
            "het veld {name!r} blijft leeg bij lezers van wie dit niet bekend is",
            'schrijf {{{{ {name} | default("...") }}}}',
        ),
        en=(
            "the field {name!r} stays empty for readers without a value",
            'write {{{{ {name} | default("...") }}}}',
        ),
    ),
    "wrong-weekday": error(
        "weekday",
        nl=("{text!r}: die dag is een {right}", "verbeter de dag of de datum"),
        en=("{text!r}: that day is a {right}", "correct the weekday or the date"),
    ),
    "doubtful-weekday": warning(
        "weekday",
        nl=("{text!r}: in {year} is dat een {right}", "verbeter de dag of de datum, of noem het jaar"),
        en=("{text!r}: in {year} that is a {right}", "correct the weekday or the date, or name the year"),
    ),
    "no-such-day": error(
        "weekday",
        nl=("{text!r}: die dag bestaat niet", "verbeter de datum"),
        en=("{text!r}: there is no such day", "correct the date"),
    ),
}
