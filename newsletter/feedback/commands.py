"""Requests to leave in a person's own words: in the subject, or in the first line they wrote (issue "afmelden"). Pure.

Only a line that says nothing else counts. "Ik wil mij afmelden voor de bijeenkomst" and "how do I unsubscribe my
colleague?" hold a word that no request to leave needs, and go to a person. So does a line that tells its reader how to
leave, as the foot of a newsletter does: "U kunt u afmelden" speaks of "you", and nobody in it says "I" or "me".
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from newsletter.feedback.wording import any_of

_COMMANDS: tuple[frozenset[str], ...] = tuple(
    frozenset(words.split())
    for words in (
        "afmelden",
        "afmelding",
        "uitschrijven",
        "uitschrijving",
        "uitschrijfverzoek",
        "unsubscribe",
        "unsubscribed",
        "unsubscription",
        "abmelden",
        "abmeldung",
        "abbestellen",
        "abbestellung",
        "austragen",
        "désabonner",
        "desabonner",
        "désabonnement",
        "désinscrire",
        "désinscription",
        "opzeggen",
        "opt-out",
        "optout",
        "opt out",
        "meld af",
        "schrijf uit",
        "af melden",
        "uit schrijven",
        "melden ab",
        "melde ab",
        "trag aus",
        "tragen aus",
        "remove me",
        "verwijder mij",
        "verwijder me",
        "remove",
    )
)
"""Words that ask to leave; of a group, all must stand in the line."""
_DUTCH = """
    graag ajb aub svp alstublieft alsjeblieft gelieve mij me ik wij ons mijn u uw je jullie wil willen wilt wens wensen
    zou zouden kunt kun kan mag hierbij voor van uit de het deze dit die een nieuwsbrief nieuwsbrieven mailinglijst
    mailinglist maillijst lijst mailing mailings mails mail email e-mail e-mails emails verzendlijst abonnement verzoek
    om te worden dank bedankt alvast dankuwel dankjewel groet groeten mvg met vriendelijke dag hallo hoi goedemorgen
    goedemiddag beste a b u s v p z m j
"""
_ENGLISH = """
    please pls kindly i we us would like want to wish from this the your you my our a an newsletter newsletters list
    mailing-list lists subscription thanks thank regards best hi hello dear could can request distribution
"""
_GERMAN = """
    bitte ich möchte mich uns wir vom von der den die dem das newsletter verteiler liste mailingliste danke sie ihrem
    ihren hiermit können könnten
"""
_FRENCH = """
    merci s'il vous plaît je veux veuillez voudrais souhaite me nous la le de liste lettre d'information cette votre
    bonjour pouvez pourriez
"""
_FILLERS = frozenset(f"{_DUTCH} {_ENGLISH} {_GERMAN} {_FRENCH}".split())
"""What else may stand in such a line. No negation, no other subject."""
_POLITE = tuple(
    tuple(phrase.split())
    for phrase in ("s'il vous plaît", "dank u wel", "dank je wel", "dank u", "dank je", "thank you", "a u b", "s v p")
)
"""Set phrases that address nobody, whatever their words mean elsewhere."""
_TO_READER = "u je jij jullie you sie vous kunt kun kan can können könnten pouvez pourriez"
"""Whom a line speaks to, or that something is possible: asked of us only together with one of `_BY_WRITER`."""
_BY_WRITER = "ik mij me mijn wij ons i my we us ich mich uns wir nous veux voudrais souhaite"
"""Who speaks."""
_READER, _WRITER = frozenset(_TO_READER.split()), frozenset(_BY_WRITER.split())
_NOT = "niet geen nooit not don't never no nicht kein nie pas jamais"
_NEGATION = frozenset(_NOT.split())
_YOURS = re.compile(r"\b(?:uw|jouw|je|jullie|your|ihr|votre)\s+(?:abonnement|subscription)\b", re.IGNORECASE)
"""The words of a button, not of a person."""
_PREFIX = re.compile(
    r"\s*(?:re|fw|fwd|antw|aw|wg|tr|betr|doorst|ref)\s{0,2}(?:\[\d{1,3}\])?\s{0,2}:\s{0,3}", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_MAXIMUM_WORDS = 16
_GREETING = any_of(
    r"beste",
    r"geachte",
    r"hallo",
    r"hoi",
    r"dag",
    r"goede(?:morgen|middag|navond)",
    r"l\.?s\.?",
    r"dear",
    r"hi",
    r"hello",
    r"good (?:morning|afternoon)",
    r"to whom",
    r"sehr geehrte",
    r"liebe",
    r"guten tag",
    r"bonjour",
    r"madame",
    r"monsieur",
    r"cher",
    r"chère",
    before=r"\s*",
    after=r"\b[^\n]{0,60}[,!.:]?\s*",
)
_QUOTE = any_of(
    r">",
    r"\|",
    r"-{3,}",
    r"_{5,}",
    r"\*{0,2}(?:from|van|von|de|sent|verzonden|gesendet|envoyé)\*{0,2}\s?:\s",
    r"(?:on|op|am|le)\b[^\n]{0,200}(?:wrote|schreef|schrieb|écrit)",
    r"[^\n]{0,100}(?:wrote|schreef|schrieb|a écrit)[^\n]{0,100}:\s*$",
    before=r"\s*",
)
_ASKS = re.compile(
    r"\b(?:kunt|kun|kan|wilt|wil|zou|could|can|would|will|könnten|können|pouvez|pourriez)\b", re.IGNORECASE
)
"""A question with one of these is a request."""
_OF_A_MEETING = any_of(
    r"bijeenkomst",
    r"evenement",
    r"webinar",
    r"workshop",
    r"cursus",
    r"training",
    r"sessie",
    r"afspraak",
    r"vergadering",
    r"overleg",
    r"lunch",
    r"borrel",
    r"congres",
    r"symposium",
    r"verhinderd",
    r"\bevent",
    r"meeting",
    r"session",
    r"appointment",
    r"course",
    r"conference",
    r"termin",
    r"veranstaltung",
    r"schulung",
    r"réunion",
    r"atelier",
    r"formation",
)
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{48}(?![A-Za-z0-9_-])", re.ASCII)


def asks_to_leave(subject: str, text: str, names: Sequence[str] = ()) -> bool:
    """Whether the subject or the first line of `text` is a request to leave, and nothing else.

    A subject alone is none if the text below it is about a meeting: "Afmelding" is what people write above that too.
    `names`: of the writer and of our lists; they may stand in such a line.
    """
    if is_request(first_line(text), names):
        return True
    return is_request(_without_prefixes(subject), names) and not _OF_A_MEETING.search(_own_words(text))


def is_request(line: str, names: Sequence[str] = ()) -> bool:
    """Whether a line asks to leave and every other word in it is one that such requests are made of, or one of `names`.

    Each of `names` counts whole.
    """
    words = _words(_TOKEN.sub(" ", line[:400]))
    if _NEGATION.intersection(words) or _speaks_to_its_reader(line, words):
        return False
    for phrase in (*_POLITE, *sorted(map(_words, names), key=len, reverse=True)):
        words = _without(words, phrase)
    found = set(words)
    is_short = 0 < len(words) <= _MAXIMUM_WORDS
    return is_short and any(command <= found and found - command <= _FILLERS for command in _COMMANDS)


def first_line(text: str) -> str:
    """The first line that the person wrote: not a greeting, not a quotation, nothing below one."""
    return next((line.strip() for line in _own_lines(text) if line.strip() and not _is_greeting(line)), "")


def quotes(text: str) -> bool:
    """Whether a text quotes another mail."""
    lines = (line.strip() for line in text[:8000].split("\n"))
    return any(line.startswith(">") or line.endswith(("wrote:", "schreef:", "schrieb:", "écrit :")) for line in lines)


def _speaks_to_its_reader(line: str, words: Sequence[str]) -> bool:
    """Whether a line says or asks what its reader can do, and not what its writer wants."""
    if (line.rstrip().endswith("?") and not _ASKS.search(line)) or _YOURS.search(line) or words[:1] == ("to",):
        return True
    for phrase in _POLITE:
        words = _without(words, phrase)
    return not _READER.isdisjoint(words) and _WRITER.isdisjoint(words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.casefold().replace("\u2019", "'") for word in _WORD.findall(text))


def _without(words: Sequence[str], phrase: Sequence[str]) -> tuple[str, ...]:
    """`words` without each place where the words of `phrase` stand together."""
    size, kept, place = len(phrase), [], 0
    while place < len(words):
        is_there = size > 0 and tuple(words[place : place + size]) == tuple(phrase)
        if not is_there:
            kept.append(words[place])
        place += size if is_there else 1
    return tuple(kept)


def _own_words(text: str) -> str:
    return "\n".join(_own_lines(text))


def _own_lines(text: str) -> Iterator[str]:
    """What stands above the first quotation."""
    return takewhile(lambda line: not _QUOTE.match(line), text[:8000].split("\n")[:60])


def _is_greeting(line: str) -> bool:
    return bool(_GREETING.fullmatch(line)) and not is_request(line)


def _without_prefixes(subject: str) -> str:
    for _ in range(5):
        found = _PREFIX.match(subject)
        if not found:
            break
        subject = subject[found.end() :]
    return subject
