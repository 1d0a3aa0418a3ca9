"""Links: where they lead, what their texts say (A41), and what the web answers (--online). Pure data."""

from newsletter.preflight.wording.message import Message, error, warning

LINKS: dict[str, Message] = {
    "empty-link": error(
        "link-target",
        nl=(
            "de link {text!r} gaat nergens heen: het adres is leeg of #",
            "schrijf het adres tussen de haakjes achter de tekst: (https://...)",
        ),
        en=(
            "the link {text!r} leads nowhere: its address is empty or #",
            "write the address between the parentheses after the text: (https://...)",
        ),
    ),
    "anchor-link": error(
        "link-target",
        nl=(
            "de link {text!r} gaat naar {target!r}, een plek in de mail die er niet is",
            "geef een webadres: veel mailprogramma's springen niet binnen een mail",
        ),
        en=(
            "the link {text!r} leads to {target!r}, a place that is not in the mail",
            "give a web address: many mail programs do not jump within a mail",
        ),
    ),
    "bad-target": error(
        "link-target",
        nl=("de link {text!r} gaat naar {target!r}; dat is geen volledig adres", "bedoelt u {meant}?"),
        en=("the link {text!r} leads to {target!r}, which is no complete address", "did you mean {meant}?"),
    ),
    "bad-mailto": error(
        "link-target",
        nl=(
            "de link {text!r} gaat naar {target!r}; dat is geen e-mailadres",
            "schrijf mailto: met een volledig adres erachter: mailto:info@example.org",
        ),
        en=(
            "the link {text!r} leads to {target!r}, which is no e-mail address",
            "write mailto: and a complete address: mailto:info@example.org",
        ),
    ),
    "inside-link": error(
        "link-target",
        nl=(
            "de link {text!r} gaat naar {target!r}; dat adres werkt alleen binnen uw eigen netwerk",
            "link naar de openbare pagina",
        ),
        en=(
            "the link {text!r} leads to {target!r}, an address that works in your own network only",
            "link to the public page",
        ),
    ),
    "plain-http": warning(
        "link-http",
        nl=(
            "de link {text!r} gaat naar een onbeveiligd adres: {target}",
            "schrijf https:// als de site dat kan, en dat kan bijna elke site",
        ),
        en=(
            "the link {text!r} leads to an unprotected address: {target}",
            "write https:// if the site can, and nearly every site can",
        ),
    ),
    "tracking": warning(
        "link-tracking",
        nl=(
            "de link {text!r} volgt lezers met {names}",
            "haal dat deel uit het adres: {clean}",
        ),
        en=(
            "the link {text!r} tracks readers by {names}",
            "take that part out of the address: {clean}",
        ),
    ),
    "shortened": warning(
        "link-shortener",
        nl=(
            "de link {text!r} gaat langs een verkorter ({host}); die ziet wie er klikt, en spamfilters wantrouwen hem",
            "gebruik het adres van de pagina zelf",
        ),
        en=(
            "the link {text!r} goes through a shortener ({host}), which sees who clicks and is mistrusted by filters",
            "use the address of the page itself",
        ),
    ),
    "silent-file": warning(
        "link-file",
        nl=(
            "de link {text!r} opent een bestand ({kind}) en zegt dat niet",
            "noem de soort in de tekst: {text} ({kind})",
        ),
        en=(
            "the link {text!r} opens a file ({kind}) and does not say so",
            "name its kind in the text: {text} ({kind})",
        ),
    ),
    "no-link-text": error(
        "A41",
        nl=("een link naar {target!r} heeft geen tekst", "schrijf tussen de haken waar de link heen gaat"),
        en=("a link to {target!r} has no text", "write between the brackets where it leads"),
    ),
    "vague-link": error(
        "A41",
        nl=(
            "de linktekst {text!r} zegt niet waar de link heen gaat",
            "noem het doel, bijvoorbeeld [Lees de handreiking](...)",
        ),
        en=("the link text {text!r} does not say where it leads", "name it, for example [Read the guide](...)"),
    ),
    "weak-link": warning(
        "A41",
        nl=(
            "de linktekst {text!r} zegt los van de zin niet genoeg",
            "noem ook het onderwerp, bijvoorbeeld [Meld u aan voor de werkdag](...)",
        ),
        en=(
            "the link text {text!r} does not say enough without its sentence",
            "name the subject, too, for example [Sign up for the working day](...)",
        ),
    ),
    "bare-address": error(
        "A41",
        nl=("de linktekst is een webadres: {text!r}", "schrijf in woorden waar de link heen gaat"),
        en=("the link text is a web address: {text!r}", "write in words where it leads"),
    ),
    "loose-address": warning(
        "A41",
        nl=("er staat een los webadres in de tekst: {text!r}", "maak er een link van: [woorden]({text})"),
        en=("a web address stands loose in the text: {text!r}", "make it a link: [words]({text})"),
    ),
    "one-text-more-targets": error(
        "A41",
        nl=(
            "de linktekst {text!r} staat er {count} keer ({lines}); wie dat leest, verwacht steeds dezelfde pagina",
            "geef elke link een eigen tekst, of overal hetzelfde adres",
        ),
        en=(
            "the link text {text!r} stands here {count} times ({lines}); a reader expects one page behind it",
            "give each link a text of its own, or all the same address",
        ),
    ),
    "dead": error(
        "link-dead",
        nl=("{target} werkt niet: {said}", "verbeter het adres of haal de link weg (gebruikt op {lines})"),
        en=("{target} does not work: {said}", "mend the address or remove the link (used on {lines})"),
    ),
    "doubtful": warning(
        "link-doubtful",
        nl=(
            "{target} is niet te controleren: {said}",
            "open de pagina zelf (gebruikt op {lines}); sommige sites weigeren programma's",
        ),
        en=(
            "{target} cannot be checked: {said}",
            "open the page yourself (used on {lines}); some sites refuse programs",
        ),
    ),
    "moved": warning(
        "link-moved",
        nl=("{target} is verhuisd naar {to}", "link naar het nieuwe adres (gebruikt op {lines})"),
        en=("{target} has moved to {to}", "link to the new address (used on {lines})"),
    ),
}
