"""Every sentence of the preview, in Dutch (formal, `u`) and English. Pure.

Words in braces are filled by the templates or, on the page, by its script.
"""

from dataclasses import dataclass

from newsletter.web.preview.choice import Colours, Images, Sample, View, Width
from newsletter.web.texts import Language


@dataclass(frozen=True, kw_only=True)
class Texts:
    """The sentences of one language."""

    preview: str
    skip_to_mail: str
    skip_to_findings: str
    all_issues: str
    index_heading: str
    index_intro: str
    index_empty: str
    issue: str
    date: str
    list: str
    not_read_yet: str
    broken: str

    findings: str
    nothing_found: str
    none: str
    errors: tuple[str, str]
    """One, and {count} of them."""
    warnings: tuple[str, str]
    error: str
    warning: str
    line: str
    whole_file: str
    remedy: str

    controls: str
    show: str
    view: str
    width: str
    colours: str
    images: str
    sample: str
    choices: dict[View | Width | Colours | Images | Sample, str]

    mail: str
    to: str
    subject: str
    preheader: str
    no_subject: str
    no_mail: str
    old: str
    sizes: str
    no_images: str
    cut_off: str
    link_goes_to: str
    open_link: str
    text_part: str
    source: str
    source_note: str
    headers: str
    raw_headers: str
    header: str
    value: str
    cannot_fill: str

    updated: str
    connected: str
    lost: str
    not_found: str
    failed: str


DUTCH = Texts(
    preview="Voorbeeld",
    skip_to_mail="Naar de mail",
    skip_to_findings="Naar de bevindingen",
    all_issues="Alle edities",
    index_heading="Edities",
    index_intro="Uit de map {folder}. Deze pagina volgt de bestanden.",
    index_empty="In deze map staat nog geen editie. Met `newsletter new NAAM` begint u er een.",
    issue="Editie",
    date="Datum",
    list="Lijst",
    not_read_yet="wordt gelezen …",
    broken="nog geen mail van te maken",
    findings="Bevindingen",
    nothing_found="Niets gevonden: deze editie is klaar om te testen.",
    none="geen",
    errors=("1 fout", "{count} fouten"),
    warnings=("1 waarschuwing", "{count} waarschuwingen"),
    error="Fout",
    warning="Waarschuwing",
    line="Regel {line}",
    whole_file="Het hele bestand",
    remedy="Oplossing:",
    controls="Wat u ziet",
    show="Tonen",
    view="Weergave",
    width="Breedte",
    colours="Kleuren",
    images="Afbeeldingen",
    sample="Gevuld voor",
    choices={
        View.MAIL: "Mail",
        View.TEXT: "Platte tekst",
        View.SOURCE: "HTML",
        View.HEADERS: "Headers",
        Width.PHONE: "Telefoon",
        Width.TABLET: "Tablet",
        Width.DESKTOP: "Computer",
        Colours.LIGHT: "Licht",
        Colours.DARK: "Donker",
        Colours.INVERTED: "Omgekeerd",
        Images.SHOWN: "Aan",
        Images.HIDDEN: "Uit",
        Sample.FULL: "iemand met alle velden",
        Sample.EMPTY: "iemand zonder velden",
        Sample.LONG: "iemand met de langste namen",
        Sample.DUTCH: "iemand die Nederlands leest",
        Sample.ENGLISH: "iemand die Engels leest",
    },
    mail="De mail",
    to="Aan",
    subject="Onderwerp",
    preheader="Vervolgregel",
    no_subject="geen onderwerp",
    no_mail="Van dit bestand is nog geen mail te maken. Los eerst de fouten op.",
    old="Dit is de laatste goede versie, van {time}. Van het bestand zoals het nu is, is geen mail te maken.",
    sizes="HTML {html} kB, tekst {text} kB, {number} afbeeldingen van samen {images} kB.",
    no_images="HTML {html} kB, tekst {text} kB, geen afbeeldingen.",
    cut_off="Gmail kapt de HTML af na 102 kB.",
    link_goes_to="Deze link gaat naar",
    open_link="Openen in een nieuw venster",
    text_part="Platte tekst van de mail",
    source="HTML van de mail",
    source_note="Zoals verzonden, met een nieuwe regel voor elk blok om het te kunnen lezen.",
    headers="Headers van de mail",
    raw_headers="Zoals verzonden",
    header="Header",
    value="Waarde",
    cannot_fill="Voor deze ontvanger is geen bericht te maken: {problem}",
    updated="Bijgewerkt om {time}: {counts}.",
    connected="Volgt het bestand.",
    lost="De verbinding is weg. Draait `newsletter preview` nog?",
    not_found="Deze editie is er niet.",
    failed="Er ging iets mis in het programma. Bewaar het bestand opnieuw, of start `newsletter preview` opnieuw.",
)

ENGLISH = Texts(
    preview="Preview",
    skip_to_mail="Skip to the mail",
    skip_to_findings="Skip to the findings",
    all_issues="All issues",
    index_heading="Issues",
    index_intro="From the folder {folder}. This page follows the files.",
    index_empty="There is no issue in this folder yet. `newsletter new NAME` begins one.",
    issue="Issue",
    date="Date",
    list="List",
    not_read_yet="being read …",
    broken="makes no mail yet",
    findings="Findings",
    nothing_found="Nothing found: this issue is ready to be tested.",
    none="no",
    errors=("1 error", "{count} errors"),
    warnings=("1 warning", "{count} warnings"),
    error="Error",
    warning="Warning",
    line="Line {line}",
    whole_file="The whole file",
    remedy="Remedy:",
    controls="What you see",
    show="Show",
    view="View",
    width="Width",
    colours="Colours",
    images="Images",
    sample="Filled for",
    choices={
        View.MAIL: "Mail",
        View.TEXT: "Plain text",
        View.SOURCE: "HTML",
        View.HEADERS: "Headers",
        Width.PHONE: "Phone",
        Width.TABLET: "Tablet",
        Width.DESKTOP: "Desktop",
        Colours.LIGHT: "Light",
        Colours.DARK: "Dark",
        Colours.INVERTED: "Inverted",
        Images.SHOWN: "On",
        Images.HIDDEN: "Off",
        Sample.FULL: "somebody with every field",
        Sample.EMPTY: "somebody without fields",
        Sample.LONG: "somebody with the longest names",
        Sample.DUTCH: "somebody who reads Dutch",
        Sample.ENGLISH: "somebody who reads English",
    },
    mail="The mail",
    to="To",
    subject="Subject",
    preheader="Preheader",
    no_subject="no subject",
    no_mail="No mail can be made of this file yet. Mend the errors first.",
    old="This is the last good version, of {time}. No mail can be made of the file as it is now.",
    sizes="HTML {html} kB, text {text} kB, {number} images of {images} kB together.",
    no_images="HTML {html} kB, text {text} kB, no images.",
    cut_off="Gmail cuts the HTML off after 102 kB.",
    link_goes_to="This link goes to",
    open_link="Open in a new window",
    text_part="Plain text of the mail",
    source="HTML of the mail",
    source_note="As sent, with a new line before every block so that it can be read.",
    headers="Headers of the mail",
    raw_headers="As sent",
    header="Header",
    value="Value",
    cannot_fill="No message can be made for this recipient: {problem}",
    updated="Updated at {time}: {counts}.",
    connected="Follows the file.",
    lost="The connection is gone. Is `newsletter preview` still running?",
    not_found="This issue is not there.",
    failed="Something went wrong in the program. Save the file again, or start `newsletter preview` again.",
)

TEXTS: dict[Language, Texts] = {"nl": DUTCH, "en": ENGLISH}


def counts_in_words(errors: int, warnings: int, language: Language) -> str:
    """`2 fouten, 1 waarschuwing`; the word for nothing found if there is none."""
    texts = TEXTS[language]
    parts = [
        one if number == 1 else many.format(count=number)
        for number, (one, many) in ((errors, texts.errors), (warnings, texts.warnings))
        if number
    ]
    return ", ".join(parts) or f"{texts.none} {texts.findings.casefold()}"
