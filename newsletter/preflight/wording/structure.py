"""Structure and accessibility (A36-A42, A6). Pure data."""

from newsletter.preflight.wording.message import Mended, Message, error, warning

STRUCTURE: dict[str, Message] = {
    "empty-issue": error(
        "structure",
        nl=("er staat niets in de nieuwsbrief", "schrijf tekst onder de laatste regel met ---"),
        en=("there is nothing in the issue", "write text below the last line of ---"),
    ),
    "for-some-only": warning(
        "structure",
        nl=(
            "alles staat in :::only: wie aan geen voorwaarde voldoet, krijgt een lege nieuwsbrief",
            "zet minstens een inleiding buiten :::only",
        ),
        en=(
            "everything stands in :::only: who meets no condition gets an empty newsletter",
            "put at least an introduction outside :::only",
        ),
    ),
    "empty-section": warning(
        "structure",
        nl=("onder de kop {text!r} staat niets", "schrijf er tekst onder, of haal de kop weg"),
        en=("there is nothing under the heading {text!r}", "write text below it, or remove the heading"),
    ),
    "skipped-level": warning(
        "A40",
        nl=(
            "de kop {text!r} heeft niveau {level} en volgt op niveau {before}: er is een niveau overgeslagen",
            "begin de kop met {marks}",
        ),
        en=(
            "the heading {text!r} has level {level} and follows level {before}: a level is skipped",
            "begin the heading with {marks}",
        ),
    ),
    "bold-heading": warning(
        "A40",
        nl=(
            "{text!r} is een vette regel die als kop dient; een voorleesprogramma herkent die niet als kop",
            "begin de regel met {marks} en haal de sterretjes weg",
        ),
        en=(
            "{text!r} is a bold line that serves as a heading; a screen reader does not know it as one",
            "begin the line with {marks} and remove the asterisks",
        ),
    ),
    "two-headings": warning(
        "A40",
        nl=(
            "de kop {text!r} staat er {count} keer ({lines})",
            "geef elke kop eigen woorden; wie van kop naar kop gaat, kan ze nu niet uit elkaar houden",
        ),
        en=(
            "the heading {text!r} stands here {count} times ({lines})",
            "give each heading words of its own; who goes from heading to heading cannot tell them apart",
        ),
    ),
    "no-alt": error(
        "A39",
        nl=("de afbeelding {source!r} heeft geen beschrijving", "schrijf wat erop te zien is: ![...]({source})"),
        en=("the image {source!r} has no description", "write what it shows: ![...]({source})"),
    ),
    "alt-is-file": error(
        "A39",
        nl=("de beschrijving {alt!r} van {source!r} is een bestandsnaam", "schrijf wat er op de afbeelding te zien is"),
        en=("the description {alt!r} of {source!r} is a file name", "write what the image shows"),
    ),
    "alt-is-caption": warning(
        "A39",
        nl=(
            "de beschrijving van {source!r} is gelijk aan het bijschrift",
            "beschrijf wat er te zien is; een voorleesprogramma leest beide voor",
        ),
        en=(
            "the description of {source!r} is the same as its caption",
            "describe what the image shows; a screen reader reads both aloud",
        ),
    ),
    "alt-is-nearby": warning(
        "A39",
        nl=(
            "de beschrijving van {source!r} herhaalt de tekst ernaast: {alt!r}",
            "beschrijf wat er te zien is en niet in de tekst staat",
        ),
        en=(
            "the description of {source!r} repeats the text beside it: {alt!r}",
            "describe what the image shows and the text does not say",
        ),
    ),
    "alt-says-nothing": warning(
        "A39",
        nl=("de beschrijving {alt!r} van {source!r} zegt niets", "schrijf wat er op de afbeelding te zien is"),
        en=("the description {alt!r} of {source!r} says nothing", "write what the image shows"),
    ),
    "alt-too-long": warning(
        "A39",
        nl=(
            "de beschrijving van {source!r} heeft {size} tekens; een voorleesprogramma leest die in één adem voor",
            "houd het op één zin van hooguit {limit} tekens en zet de rest in de tekst",
        ),
        en=(
            "the description of {source!r} has {size} characters; a screen reader reads it in one breath",
            "keep it to one sentence of at most {limit} characters and put the rest in the text",
        ),
    ),
    "no-language": error(
        "A36",
        mended=Mended.TEMPLATES,
        nl=(
            'de HTML noemt zijn taal niet op {where}: lang="{language}" ontbreekt',
            "herstel layout.mjml.j2; een voorleesprogramma spreekt de tekst anders verkeerd uit",
        ),
        en=(
            'the HTML does not name its language on {where}: lang="{language}" is missing',
            "mend layout.mjml.j2; a screen reader would pronounce the text wrongly",
        ),
    ),
    "no-direction": warning(
        "A36",
        mended=Mended.TEMPLATES,
        nl=('de HTML noemt zijn leesrichting niet: dir="ltr" ontbreekt', "herstel layout.mjml.j2"),
        en=('the HTML does not name its direction: dir="ltr" is missing', "mend layout.mjml.j2"),
    ),
    "no-title": error(
        "A37",
        nl=("de HTML heeft geen titel", "geef de nieuwsbrief een onderwerp of title:, of herstel het sjabloon"),
        en=("the HTML has no title", "give the issue a subject or title:, or mend the template"),
    ),
    "layout-table": error(
        "A38",
        mended=Mended.TEMPLATES,
        nl=(
            "{count} opmaaktabellen zijn niet als opmaak herkenbaar (role ontbreekt)",
            'zet role="presentation" op tabellen zonder kopcellen',
        ),
        en=(
            "{count} layout tables are not marked as layout (no role)",
            'put role="presentation" on tables without header cells',
        ),
    ),
    "layout-table-head": error(
        "A38",
        mended=Mended.TEMPLATES,
        nl=(
            'een tabel met kopcellen of een bijschrift heet opmaak (role="presentation")',
            "haal role weg als het een gegevenstabel is, en anders de kopcellen",
        ),
        en=(
            'a table with header cells or a caption is called layout (role="presentation")',
            "remove the role if the table holds data, or else its header cells",
        ),
    ),
    "image-without-alt": error(
        "A39",
        mended=Mended.TEMPLATES,
        nl=("{count} afbeeldingen in de HTML hebben geen alt", "herstel het sjabloon dat ze schrijft"),
        en=("{count} images in the HTML have no alt", "mend the template that writes them"),
    ),
    "linked-image-without-alt": error(
        "A39",
        mended=Mended.TEMPLATES,
        nl=(
            "de link naar {target!r} bestaat alleen uit een afbeelding zonder beschrijving",
            "geef de afbeelding een alt die zegt waar de link heen gaat",
        ),
        en=(
            "the link to {target!r} is nothing but an image without a description",
            "give the image an alt that says where the link leads",
        ),
    ),
    "html-headings": error(
        "A40",
        mended=Mended.TEMPLATES,
        nl=("de HTML heeft {count} koppen van niveau 1; het moet er één zijn", "laat alleen de titel een h1 zijn"),
        en=("the HTML has {count} headings of level 1; it must have one", "let only the title be an h1"),
    ),
    "html-skipped-level": error(
        "A40",
        mended=Mended.TEMPLATES,
        nl=(
            "in de HTML volgt {text!r} (h{level}) op een h{before}: er is een niveau overgeslagen",
            "gebruik level() in het sjabloon van het blok",
        ),
        en=(
            "in the HTML {text!r} (h{level}) follows an h{before}: a level is skipped",
            "use level() in the template of the block",
        ),
    ),
    "low-contrast": error(
        "A42",
        mended=Mended.THEME,
        nl=(
            "{front} {front_colour} op {back} {back_colour} heeft {mode} een contrast van {ratio}:1; 4,5:1 is nodig",
            "maak een van beide kleuren lichter of donkerder",
        ),
        en=(
            "{front} {front_colour} on {back} {back_colour} has a contrast of {ratio}:1 {mode}; it must be 4.5:1",
            "make one of the colours lighter or darker",
        ),
    ),
    "small-type": error(
        "A42",
        mended=Mended.THEME,
        nl=("tekst van {size} pixels ({key}) is te klein om te lezen", "gebruik ten minste {limit}"),
        en=("text of {size} pixels ({key}) is too small to read", "use at least {limit}"),
    ),
    "small-text": error(
        "A42",
        mended=Mended.TEMPLATES,
        nl=("de tekst {text!r} is {size} pixels hoog", "maak tekst ten minste {limit} pixels hoog"),
        en=("the text {text!r} has {size} pixels", "give text at least {limit} pixels"),
    ),
    "colour-only-link": error(
        "A42",
        mended=Mended.TEMPLATES,
        nl=(
            "de link {text!r} is alleen aan zijn kleur te herkennen",
            "onderstreep links in de lopende tekst (text-decoration: underline)",
        ),
        en=(
            "the link {text!r} can be told from text by its colour only",
            "underline links in running text (text-decoration: underline)",
        ),
    ),
    "links-differ": error(
        "A6",
        mended=Mended.TEMPLATES,
        nl=("de link {target!r} staat wel in de HTML en niet in het tekstdeel", "herstel het sjabloon"),
        en=("the link {target!r} is in the HTML and not in the text part", "mend the template"),
    ),
    "empty-part": error(
        "A6",
        mended=Mended.TEMPLATES,
        nl=("{part} is leeg", "herstel het sjabloon"),
        en=("{part} is empty", "mend the template"),
    ),
}
