"""What preflight says, in Dutch and English: what was found, and the remedy. Pure data and one small class."""

from newsletter.issue.finding import Finding, Severity

_E, _W = Severity.ERROR, Severity.WARNING

_MESSAGES: dict[str, tuple[Severity, str, dict[str, tuple[str, str]]]] = {
    "empty-issue": (
        _E,
        "structure",
        {
            "nl": ("er staat niets in de nieuwsbrief", "schrijf tekst onder de kop van het bestand"),
            "en": ("there is nothing in the issue", "write text below the front matter"),
        },
    ),
    "skipped-level": (
        _W,
        "A40",
        {
            "nl": (
                "kop {text!r} van niveau {level} volgt op niveau {before}: er is een niveau overgeslagen",
                "maak er niveau {right} van ({marks})",
            ),
            "en": (
                "heading {text!r} of level {level} follows level {before}: a level is skipped",
                "make it level {right} ({marks})",
            ),
        },
    ),
    "no-alt": (
        _E,
        "A39",
        {
            "nl": ("afbeelding {source!r} heeft geen beschrijving", "schrijf wat er te zien is: ![...]({source})"),
            "en": ("image {source!r} has no description", "write what it shows: ![...]({source})"),
        },
    ),
    "alt-is-file": (
        _E,
        "A39",
        {
            "nl": (
                "de beschrijving {alt!r} van {source!r} is een bestandsnaam",
                "schrijf wat er op de afbeelding te zien is",
            ),
            "en": ("the description {alt!r} of {source!r} is a file name", "write what the image shows"),
        },
    ),
    "alt-is-caption": (
        _W,
        "A39",
        {
            "nl": (
                "de beschrijving van {source!r} herhaalt het bijschrift",
                "beschrijf wat er te zien is; voorlezers lezen beide voor",
            ),
            "en": ("the description of {source!r} repeats its caption", "describe what it shows; both are read aloud"),
        },
    ),
    "alt-says-nothing": (
        _W,
        "A39",
        {
            "nl": ("de beschrijving {alt!r} van {source!r} zegt niets", "schrijf wat er op de afbeelding te zien is"),
            "en": ("the description {alt!r} of {source!r} says nothing", "write what the image shows"),
        },
    ),
    "empty-link": (
        _E,
        "link-target",
        {
            "nl": ("de link {text!r} gaat nergens heen: hij is leeg of #", "vul het adres in: https://..."),
            "en": ("the link {text!r} leads nowhere: it is empty or #", "fill in its address: https://..."),
        },
    ),
    "anchor-link": (
        _E,
        "link-target",
        {
            "nl": ("de link {text!r} gaat naar {target!r}, een plek in de mail die niet bestaat", "geef een webadres"),
            "en": (
                "the link {text!r} leads to {target!r}, a place in the mail that is not there",
                "give a web address",
            ),
        },
    ),
    "bad-target": (
        _E,
        "link-target",
        {
            "nl": ("de link {text!r} gaat naar {target!r}; dat is geen volledig adres", "bedoelt u {meant}?"),
            "en": ("the link {text!r} leads to {target!r}, which is no complete address", "did you mean {meant}?"),
        },
    ),
    "plain-http": (
        _W,
        "link-http",
        {
            "nl": (
                "de link {text!r} gaat naar een onbeveiligd adres: {target}",
                "gebruik https:// als de site dat kan",
            ),
            "en": ("the link {text!r} leads to an unprotected address: {target}", "use https:// if the site can"),
        },
    ),
    "no-link-text": (
        _E,
        "A41",
        {
            "nl": ("een link naar {target!r} heeft geen tekst", "schrijf waar de link heen gaat"),
            "en": ("a link to {target!r} has no text", "write where it leads"),
        },
    ),
    "vague-link": (
        _E,
        "A41",
        {
            "nl": (
                "de linktekst {text!r} zegt niet waar de link heen gaat",
                "noem het doel, bijvoorbeeld [Lees de handreiking](...)",
            ),
            "en": ("the link text {text!r} does not say where it leads", "name it: [Read the guide](...)"),
        },
    ),
    "bare-address": (
        _E,
        "A41",
        {
            "nl": ("de linktekst is een webadres: {text!r}", "schrijf in woorden waar de link heen gaat"),
            "en": ("the link text is a web address: {text!r}", "write in words where it leads"),
        },
    ),
    "loose-address": (
        _W,
        "A41",
        {
            "nl": ("er staat een los webadres in de tekst: {text!r}", "maak er een link van: [woorden]({text})"),
            "en": ("a web address stands loose in the text: {text!r}", "make it a link: [words]({text})"),
        },
    ),
    "one-text-more-targets": (
        _E,
        "A41",
        {
            "nl": (
                "de linktekst {text!r} staat er {count} keer, met verschillende of lege doelen (regels {lines})",
                "geef elke link een eigen tekst",
            ),
            "en": (
                "the link text {text!r} stands here {count} times, with different or empty targets (lines {lines})",
                "give each link a text of its own",
            ),
        },
    ),
    "long-subject": (
        _W,
        "subject",
        {
            "nl": ("het onderwerp heeft {size} tekens; na 60 wordt het afgekapt", "zet het belangrijkste voorop"),
            "en": ("the subject has {size} characters; after 60 it is cut off", "put what matters first"),
        },
    ),
    "no-preheader": (
        _W,
        "preheader",
        {
            "nl": ("er is geen preheader, de regel die na het onderwerp te zien is", "voeg preheader: ... toe"),
            "en": ("there is no preheader, the line shown after the subject", "add preheader: ..."),
        },
    ),
    "preheader-repeats": (
        _W,
        "preheader",
        {
            "nl": ("de preheader herhaalt het onderwerp", "schrijf wat er nog meer in staat"),
            "en": ("the preheader repeats the subject", "write what else is in the issue"),
        },
    ),
    "placeholder": (
        _E,
        "placeholder",
        {
            "nl": ("er staat nog een opvultekst: {text!r}", "vervang die door de echte tekst"),
            "en": ("there is filler text left: {text!r}", "replace it by the real text"),
        },
    ),
    "to-follow": (
        _W,
        "placeholder",
        {
            "nl": ("er moet nog iets volgen: {text!r}", "vul het nu in als het bekend is"),
            "en": ("something is still to follow: {text!r}", "fill it in if it is known by now"),
        },
    ),
    "no-default": (
        _W,
        "field-default",
        {
            "nl": (
                "het veld {name!r} heeft geen vervanging voor wie het niet heeft ingevuld",
                'schrijf {{{{ {name} | default("...") }}}}',
            ),
            "en": (
                "the field {name!r} has no stand-in for readers without a value",
                'write {{{{ {name} | default("...") }}}}',
            ),
        },
    ),
    "wrong-weekday": (
        _E,
        "weekday",
        {
            "nl": ("{text!r}: die dag is een {right}", "verbeter de dag of de datum"),
            "en": ("{text!r}: that day is a {right}", "correct the weekday or the date"),
        },
    ),
    "doubtful-weekday": (
        _W,
        "weekday",
        {
            "nl": ("{text!r}: in {year} is dat een {right}", "verbeter de dag of de datum, of noem het jaar"),
            "en": ("{text!r}: in {year} that is a {right}", "correct the weekday or the date, or name the year"),
        },
    ),
    "no-such-day": (
        _E,
        "weekday",
        {
            "nl": ("{text!r}: die dag bestaat niet", "verbeter de datum"),
            "en": ("{text!r}: there is no such day", "correct the date"),
        },
    ),
    "too-large": (
        _E,
        "A30",
        {
            "nl": (
                "de HTML is {size:,} bytes groot ({form}); boven {limit:,} kapt Gmail de mail af",
                "haal er artikelen uit of kort ze in",
            ),
            "en": (
                "the HTML has {size:,} bytes ({form}); above {limit:,} Gmail cuts the mail off",
                "take out or shorten articles",
            ),
        },
    ),
    "no-unsubscribe": (
        _E,
        "B6",
        {
            "nl": ("er staat geen afmeldlink in {part}", "het sjabloon moet die tonen; herstel het"),
            "en": ("there is no unsubscribe link in {part}", "the template must show it; mend it"),
        },
    ),
    "no-controller": (
        _E,
        "B6",
        {
            "nl": ("de lijst noemt geen afzender (controller)", "vul controller in newsletter.toml in"),
            "en": ("the list names no controller", "fill in controller in newsletter.toml"),
        },
    ),
    "no-privacy-page": (
        _E,
        "B7",
        {
            "nl": ("privacy_url {url!r} is geen webadres", "vul in newsletter.toml een volledig adres in: https://..."),
            "en": ("privacy_url {url!r} is no web address", "write a complete one in newsletter.toml: https://..."),
        },
    ),
    "no-language": (
        _E,
        "A36",
        {
            "nl": ("de HTML noemt zijn taal niet (lang={language!r})", "herstel het sjabloon"),
            "en": ('the HTML does not name its language (lang="{language}")', "mend the template"),
        },
    ),
    "no-title": (
        _E,
        "A37",
        {
            "nl": ("de HTML heeft geen titel", "herstel het sjabloon, of geef de nieuwsbrief een titel"),
            "en": ("the HTML has no title", "mend the template, or give the issue a title"),
        },
    ),
    "image-without-alt": (
        _E,
        "A39",
        {
            "nl": ("{count} afbeeldingen in de HTML hebben geen alt", "herstel het sjabloon"),
            "en": ("{count} images in the HTML have no alt", "mend the template"),
        },
    ),
    "links-differ": (
        _E,
        "A6",
        {
            "nl": ("de link {target!r} staat wel in de HTML en niet in de tekst", "herstel het sjabloon"),
            "en": ("the link {target!r} is in the HTML and not in the text part", "mend the template"),
        },
    ),
    "empty-part": (
        _E,
        "A6",
        {
            "nl": ("{part} is leeg", "herstel het sjabloon"),
            "en": ("{part} is empty", "mend the template"),
        },
    ),
}


class Messages:
    """Makes findings about one file in one language."""

    def __init__(self, language: str, file: str) -> None:
        self.language = language
        self.file = file

    def finding(self, name: str, line: int, /, **values: object) -> Finding:
        """The finding called `name`, on `line`; `values` fill its texts."""
        severity, rule, texts = _MESSAGES[name]
        what, remedy = (text.format(**values) for text in texts[self.language])
        return Finding(severity=severity, rule=rule, file=self.file, line=line, what=what, remedy=remedy)


NAMES = frozenset(_MESSAGES)
"""Every finding that preflight can make."""
