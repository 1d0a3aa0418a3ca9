"""Which lines are a request to leave: the word, and around it only what such requests are made of (A15)."""

import pytest

from newsletter.feedback.commands import asks_to_leave, is_request
from newsletter.feedback.model import Kind
from newsletter.feedback.parse import parse_returned_mail
from tests.support.returned_mails import person

TITLE = "Nieuwsbrief Voorbeeld"
REQUESTS = """
Afmelden
AFMELDEN!!!
Uitschrijven a.u.b.
Graag afmelden s.v.p., alvast dank
Ik wil mij graag afmelden voor deze nieuwsbrief
Wil graag uitschrijven
Hierbij meld ik mij af voor de nieuwsbrief
Wilt u mij uitschrijven?
Kunt u mij a.u.b. afmelden van uw mailinglijst
U mag mij uitschrijven, bedankt
Ik verzoek u mij af te melden
Gelieve mij uit te schrijven
Afmelden Nieuwsbrief Voorbeeld
Afmelden voor "Nieuwsbrief Voorbeeld", graag
Uitschrijven, groeten J. Jansen
Afmelden. Jansen
Verwijder mij uit de lijst
unsubscribe
Please unsubscribe me, thanks
I would like to unsubscribe
Could you please remove me from your list?
Would like to unsubscribe, thank you
Remove me
Afmelden graag, dank u wel
Bitte abmelden
Ich möchte mich vom Newsletter abmelden
Je veux me désabonner
Désabonnement s'il vous plaît
"""
OTHERS = """
U kunt u afmelden van deze nieuwsbrief
U kunt u afmelden via https://example.org/u/abc
U kunt zich hier afmelden
Je kunt je afmelden voor deze mailing
Je kan je voor deze mailing uitschrijven
Wil je je afmelden?
Wilt u u afmelden voor deze nieuwsbrief?
Om u af te melden
Afmelden kan
Afmelden kunt u via onderstaande link
Uw abonnement opzeggen
You can unsubscribe from this list
You could unsubscribe from our newsletter
Would you like to unsubscribe?
Can you unsubscribe?
To unsubscribe from this list
To unsubscribe click here
Sie können den Newsletter abbestellen
Vous pouvez vous désabonner de cette liste
Hoe kan ik mij afmelden?
Ik wil mij niet afmelden
Ik wil mij afmelden voor de bijeenkomst van 12 juni
Mijn collega wil zich uitschrijven
Kees van Dam afmelden
Afmelden voor Maandbericht Elders
Nieuwsbrief Voorbeeld
Please do not unsubscribe me
Waarom staat er geen afmeldlink in?
"""
LINES = [(line, True) for line in REQUESTS.split("\n") if line]
LINES += [(line, False) for line in OTHERS.split("\n") if line]
NAMES = (TITLE, "J. Jansen", "Jansen")


@pytest.mark.parametrize(("line", "counts"), LINES, ids=lambda value: value if isinstance(value, str) else "")
def test_only_a_line_that_is_the_request_counts(line: str, *, counts: bool) -> None:
    assert is_request(line, NAMES) is counts
    for changed in (line.upper(), f"  {line}  ", line.replace(" ", "  "), f"{line}."):
        if not line.endswith("?"):
            assert is_request(changed, NAMES) is counts, changed


@pytest.mark.parametrize(("line", "counts"), LINES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_reply_counts_by_its_first_line_alone(line: str, *, counts: bool) -> None:
    """The same for a line below a greeting; what stands further down, or in a quotation, never counts."""
    assert asks_to_leave("Re: Zomereditie", f"Beste redactie,\n\n{line}\n> Afmelden", NAMES) is counts
    assert not asks_to_leave("Re: Zomereditie", f"Mooi nummer!\n{line}\n> {line}", NAMES)


def test_names_count_for_nothing_by_themselves_and_only_whole() -> None:
    assert not is_request("Jansen", NAMES)
    assert not is_request("Afmelden Nieuwsbrief Voorbeeldig", NAMES)
    assert not is_request("Afmelden niet", ("Niet",))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Afmelden, J. Jansen", Kind.UNSUBSCRIBE),
        ("Afmelden, K. Pietersen", Kind.OTHER),
        (f"Afmelden {TITLE}", Kind.UNSUBSCRIBE),
        ("U kunt u afmelden voor deze nieuwsbrief.", Kind.OTHER),
    ],
)
def test_the_writers_own_name_and_the_titles_of_our_lists_may_stand_around_it(line: str, kind: Kind) -> None:
    raw = person(f"{line}\n", From='"J. Jansen" <j.jansen@gemeente.example>').encode()
    assert parse_returned_mail(raw, titles=[TITLE]).kind is kind
