"""`newsletter init` and `newsletter new`: starters that build without a finding."""

import re
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Annotated

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, console, open_project
from newsletter.cli.files import explained, write_new
from newsletter.config import Configuration
from newsletter.shipped import templates_dir
from subscribers.errors import InputError

DAYS_AHEAD = 14
"""A new issue is dated two weeks from now, so that nothing in it lies in the past while it is written."""


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command("init")(init)
    app.command("new")(new)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The folder to make; this one by default.")
    ] = Path(),
) -> None:
    """Make a new project: newsletter.toml, issues/ and two sample issues.

    \b
    Example: newsletter init voorbeeld
    """
    with explained(directory):
        copied = _copy_starters(templates_dir() / "starters", directory)
    console.print(escape(f"Made a project in {directory.resolve()}: {', '.join(copied)}"))
    console.print(
        "\nNext:"
        f"\n  cd {escape(str(directory))}"
        "\n  newsletter check issues/nieuwsbrief.md      what is wrong with this issue"
        "\n  newsletter build issues/nieuwsbrief.md      the mail as files, to open and look at"
        "\n  newsletter mailcatcher                      a mail server that delivers to a folder, in another terminal"
        "\n  newsletter test issues/nieuwsbrief.md --to you@example.org"
    )


def _copy_starters(source: Path, target: Path) -> list[str]:
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and path.name != "new.md"]
    write_new({target / path.relative_to(source): path.read_bytes() for path in files})
    return [str(path.relative_to(source)) for path in files]


def new(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Name of the issue: small letters, digits and dashes.")],
    mailing_list: Annotated[
        str | None, typer.Option("--list", metavar="LIST", help="The list it is for; needed if there are several.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Begin an issue from a starter that builds as it is.

    \b
    Example: newsletter new zomereditie --list nieuwsbrief
    """
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", slug):
        raise InputError(f"{slug!r} cannot be a slug", remedy="use small letters, digits and dashes: zomereditie-2027")
    configuration = open_project(config).configuration
    target = configuration.folder / "issues" / f"{slug}.md"
    starter = Template((templates_dir() / "starters" / "new.md").read_text(encoding="utf-8"))
    day = date.today() + timedelta(days=DAYS_AHEAD)  # noqa: DTZ011 - the editor's own calendar
    text = starter.substitute(slug=slug, date=day.isoformat(), list=_list_for(configuration, mailing_list))
    with explained(target):
        write_new({target: text.encode()})
    console.print(escape(f"Wrote {target}\nNext: newsletter check {target}"))


def _list_for(configuration: Configuration, wanted: str | None) -> str:
    if wanted:
        configuration.mailing_list(wanted)
        return wanted
    if len(configuration.lists) == 1:
        return next(iter(configuration.lists))
    raise InputError(
        "which list is it for?",
        remedy=f"add --list with one of: {', '.join(configuration.lists) or 'none is configured yet'}",
    )
