"""Issues, recipients and texts to make messages from; every random one comes from a seeded generator."""

import datetime as dt
import random
import re

from newsletter.compose.compiled import Asset, CompiledIssue, Escape, Field
from newsletter.issue.model_text import Filter
from newsletter.message.identity import MailIdentity
from newsletter.message.recipient import Recipient

DATE = b"Mon, 14 Jun 2027 09:30:00 +0200"
TOKEN = "AQEB" + "x" * 44
OR_READER = (Filter("default", "lezer"),)

_WORDS = (
    "Zomereditie nieuwsbrief subsidieronde gemeente coöperatie één reünie België ruïne geïnd zeeën café crème "
    "knooppunt vrijwilligers “Samen sterk” – — € 2.500,– ĳsvrij ijs IJsselmeer 's-Gravenhage ’s avonds naïef "  # noqa: RUF001 - typography
    "the council's spring edition, of neighbourhood & “quotes” 100% (new) [open] <hier> voor/na a@b.example "
    "Samenwerkingsovereenkomstenregistratiesysteembeheerderswerkgroepvergadering ... ? = =?utf-8?q?x?= =?= ?= "
    '_ __ =C3=A9 \\ " "citaat" 🎉 👩‍👩‍👧 🇳🇱 ﬁ Ωμέγα 日本語 naïve… ½ m² 20°C A-Z; x:y, . .. -- From '
    "=?iso-8859-1?B?AAAA?= Re: FW: ~ ` ^ | {x} $5 #1 *ster* plus+min"
)
WORDS = _WORDS.split(" ")

_NAMES = (
    "Jan Jansen René Daniëlle van den Berg de Groot-Ĳzerman J.P. O’Brien O'Neill (Voorbeeld) Müller, Zoë & "  # noqa: RUF001 - typography
    '"Bob" Ministerie 3e Øystein Łukasz 李 🎈 d\\e Gemeente Súdwest-Fryslân'
)
NAMES = _NAMES.split(" ")


def random_line(rng: random.Random, words: list[str] = WORDS, most: int = 14) -> str:
    """A line of words with, now and then, runs of spaces, no-break spaces and very long words; stripped."""
    parts = []
    for _ in range(rng.randint(1, most)):
        word = rng.choice(words)
        if rng.random() < 0.03:
            word *= rng.randint(2, 12)
        parts += [word, rng.choice([" "] * 12 + ["  ", "   ", "\u00a0"])]
    return "".join(parts).strip() or "x"


def subjects(count: int, seed: int = 3000) -> list[str]:
    """Dutch and English subjects of every awkward kind; the same ones every time."""
    rng = random.Random(seed)
    return [random_line(rng) for _ in range(count)]


def names(count: int, seed: int = 3001) -> list[str]:
    """Names of people and organisations; the same ones every time."""
    rng = random.Random(seed)
    return [random_line(rng, NAMES, 6) for _ in range(count)]


def issue(**changes: object) -> CompiledIssue:
    """A small issue with two fields and three unsubscribe links."""
    values: dict[str, object] = {
        "list_slug": "nieuwsbrief",
        "slug": "zomer",
        "language": "nl",
        "date": dt.date(2027, 6, 14),
        "title": "Zomer",
        "subject": ("Zomereditie – nieuw",),  # noqa: RUF001 - typography
        "preheader": (),
        "html": (
            "<!doctype html><p>Beste ",
            Field("name", OR_READER, Escape.HTML),
            ', <a href="',
            Field("unsubscribe_url", (), Escape.HTML),
            '">afmelden</a>.</p>\n',
        ),
        "text": ("Beste ", Field("name", OR_READER), ",\n\nAfmelden: ", Field("unsubscribe_url"), "\n"),
    }
    return CompiledIssue(**(values | changes))


def identity(**changes: str) -> MailIdentity:
    """A list of an invented programme."""
    values = {
        "sender_name": "Programma Voorbeeld",
        "sender_address": "nieuwsbrief@example.org",
        "reply_to_name": "Redactie Coöperatie",
        "reply_to_address": "redactie@example.org",
        "list_id": "nieuwsbrief.example.org",
        "list_phrase": "Nieuwsbrief Voorbeeld",
        "domain": "example.org",
    }
    return MailIdentity(**(values | changes))


def recipient(name: str = "Jan Jansen", **changes: object) -> Recipient:
    """Somebody who reads it."""
    values: dict[str, object] = {
        "address": "jan@gemeente.example",
        "fields": {"name": name, "organisation": "Gemeente Voorbeeld"},
        "unsubscribe_url": f"https://nieuws.example.org/u/{TOKEN}",
        "unsubscribe_mailto": f"mailto:afmelden@example.org?subject=unsubscribe%20{TOKEN}",
        "message_id": f"<17.{'0f' * 16}.89abcdef@example.org>",
        "envelope_sender": "nieuwsbrief@example.org",
    }
    return Recipient(**(values | changes))


def random_issue(rng: random.Random) -> CompiledIssue:
    """Text and HTML of random lines and fields, with every awkward start and end of a line."""
    asset = Asset(
        digest="ab" * 32, media_type="image/png", name="ab" * 32 + ".png", width=600, height=300, embedded=True
    )
    return issue(
        slug=f"nummer-{rng.randrange(10**6)}",
        subject=_random_pieces(rng, Escape.TEXT, lines=1),
        html=_random_pieces(rng, Escape.HTML, lines=rng.randint(1, 30)),
        text=_random_pieces(rng, Escape.TEXT, lines=rng.randint(1, 30)),
        assets=(asset,) if rng.random() < 0.2 else (),
    )


def _random_pieces(rng: random.Random, escape: Escape, *, lines: int) -> tuple[str | Field, ...]:
    ends = [" "] if lines == 1 else ["\n", "\n\n", " \n", "\t\n", "\n.", "\n..\n", "\nFrom ", "\n--=_x\n", " "]
    pieces: list[str | Field] = []
    for _ in range(lines):
        pieces.append(random_line(rng) + rng.choice(ends))
        if rng.random() < 0.3:
            field = rng.choice(["name", "organisation", "unsubscribe_url", "absent"])
            pieces.append(Field(field, OR_READER if rng.random() < 0.5 else (), escape))
    return tuple(pieces)


def normalised(text: str) -> str:
    """`text` with LF for every kind of line end: what a reader gets, whatever the editor's system wrote."""
    return re.sub(r"\r\n|\r|\n", "\n", text)
