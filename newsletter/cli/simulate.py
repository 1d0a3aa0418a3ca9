"""`newsletter simulate`: how long a mailing will take under the limits, by group of receivers, without sending it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.common import ConfigOption, JsonOption, console, open_project, print_json
from newsletter.cli.scheduling import (
    AtOption,
    SpreadOption,
    calculate,
    forecast_as_json,
    is_limited,
    parse_at,
    show_forecast,
)
from newsletter.delivery.receivers import domain_of
from newsletter.store.domains import count_by_domain
from subscribers.clock import utc_now
from subscribers.errors import InputError

MADE_UP = {
    "gmail.com": 28,
    "outlook.com": 20,
    "ziggo.nl": 9,
    "kpnmail.nl": 9,
    "icloud.com": 4,
    "yahoo.com": 2,
    "odido.nl": 1,
    "zeelandnet.nl": 1,
    "example.org": 26,
}
"""Parts in a hundred of readers at home in the Netherlands: a guess, to be replaced by your own list or file."""
LARGEST_FILE = 1_000_000
"""Octets of a mix."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("simulate")(simulate)


def simulate(
    recipients: Annotated[
        int | None,
        typer.Option("--recipients", min=1, max=1_000_000_000, help="How many; those of the list unless given."),
    ] = None,
    mailing_list: Annotated[
        str | None,
        typer.Option("--list", metavar="SLUG", help="Its relay, hours and readers; the first list unless given."),
    ] = None,
    mix: Annotated[
        Path | None, typer.Option("--mix", metavar="FILE", help="Lines of DOMAIN and a number: how they are spread.")
    ] = None,
    at: AtOption = None,
    spread_over: SpreadOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Calculate how long a mailing takes under the limits, with the pacer that would send it. Nothing is sent.

    \b
    Example: newsletter simulate --recipients 5000000
    Example: newsletter simulate --list nieuwsbrief --spread-over 4
    """
    project = open_project(config)
    slug = mailing_list or next(iter(project.configuration.lists), "")
    zone = project.configuration.mailing_list(slug).zone
    parts = read_mix(mix) if mix else {}
    if not parts and (recipients is None or mailing_list):
        parts = count_by_domain(project.engine, slug)
    is_made_up = not parts  # else it is the list's, or the file's
    is_of_list = bool(parts) and mix is None
    counts = scaled(parts or MADE_UP, recipients)
    spread = timedelta(hours=spread_over) if spread_over else None
    start = parse_at(at, zone, utc_now()) or utc_now()
    found = calculate(project, slug, counts, start=start, spread=spread, is_made_up=not is_of_list)
    if as_json:
        print_json({**forecast_as_json(found), "made_up_mix": is_made_up})
        return
    if is_made_up:
        console.print("Spread over receivers as a guess; --list or --mix FILE says how yours are.")
    if not is_limited(project, slug, spread, is_made_up=not is_of_list):
        console.print("No limit is set: as fast as the relay takes it, here thought to be 1,000 per second.")
    show_forecast(found, zone)


def scaled(parts: Mapping[str, int], recipients: int | None) -> dict[str, int]:
    """So many recipients in these proportions; the largest gets what rounding leaves."""
    total = sum(parts.values())
    if recipients is None or not total:
        return dict(parts)
    counts = {domain: recipients * part // total for domain, part in parts.items()}
    largest = max(counts, key=lambda domain: parts[domain])
    counts[largest] += recipients - sum(counts.values())
    return counts


def read_mix(path: Path) -> dict[str, int]:
    """A file with a domain and a number on each line; raises InputError."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE + 1).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {type(error).__name__}", where=str(path)) from None
    if len(text) > LARGEST_FILE:
        raise InputError("the file is too large", where=str(path), remedy="give the largest domains only")
    found: dict[str, int] = {}
    for line_number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
        if not words:
            continue
        if len(words) != 2 or not (words[1].isascii() and words[1].isdigit() and len(words[1]) < 12):  # noqa: PLR2004 - a domain and a number
            raise InputError(
                "not a domain and a number", where=f"{path}:{line_number}", remedy="write lines such as `gmail.com 40`"
            )
        domain = domain_of(words[0])
        found[domain] = found.get(domain, 0) + int(words[1])
    if not sum(found.values()):
        raise InputError("the file names no recipients", where=str(path), remedy="write lines such as `gmail.com 40`")
    return found
