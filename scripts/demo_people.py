"""The made-up people of the demo, and the mails that they got."""

import csv
import random
from collections.abc import Iterator, Sequence
from email import message_from_binary_file
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import cast

from demo_commands import Place

SUBSCRIBERS = 1000
SEED = 20270614
FIRST = ["Anna", "Bram", "Chaima", "Daan", "Eva", "Fenna", "Gijs", "Hanneke", "Ilse", "Joris", "Koen", "Loïs", "Mirjam"]
LAST = ["de Vries", "van den Berg", "Özdemir", "Bakker", "Jansen", "El Idrissi", "Meijer", "Smit", "van Dijk", "Wójcik"]
PLACES = ["Voorbeeldstad", "Dorpen aan Zee", "Heidekamp", "Oud-Waterland", "Rivierenmonde"]


def made_up_people(count: int) -> Iterator[tuple[str, str, str]]:
    """Address, name and organisation; the same ones in every demo."""
    chance = random.Random(SEED)
    for index in range(count):
        first, last = chance.choice(FIRST), chance.choice(LAST)
        yield f"lezer{index:04}@gemeente-{index % 97}.example", f"{first} {last}", f"Gemeente {chance.choice(PLACES)}"


def write_people(file: Path, people: Sequence[tuple[str, str, str]]) -> None:
    """A CSV file for `newsletter subscribers import`."""
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["e-mailadres", "naam", "organisatie"])
        writer.writerows(people)


def mails(place: Place) -> list[Path]:
    """All that the catcher took."""
    return sorted((place.maildir / "new").iterdir())


def received(place: Place) -> dict[str, int]:
    """Mails per address."""
    counts: dict[str, int] = {}
    for path in mails(place):
        to = address_of(_read(path))
        counts[to] = counts.get(to, 0) + 1
    return counts


def _read(path: Path) -> EmailMessage:
    with path.open("rb") as stream:
        return cast("EmailMessage", message_from_binary_file(stream, policy=modern))


def address_of(mail: EmailMessage) -> str:
    """Whom it is to."""
    return str(mail["To"].addresses[0].addr_spec)


def mail_of_one_list(place: Place) -> EmailMessage:
    """A mail to somebody who is on this list only, so that everything about them goes when they leave it."""
    only = {address for address, _, _ in list(made_up_people(SUBSCRIBERS))[:500]}
    return next(mail for mail in map(_read, mails(place)) if address_of(mail) in only)
