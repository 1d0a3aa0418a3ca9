"""`newsletter init` and `newsletter new`: starters that build without a finding."""

import re
import shutil
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from newsletter.cli.common import ConfigOption, console, open_project
from newsletter.config import FILE_NAME, Configuration, templates_dir
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
    if (directory / FILE_NAME).exists():
        raise InputError(
            "there is a project here already", where=str(directory / FILE_NAME), remedy="name another folder"
        )
    copied = _copy_starters(templates_dir() / "starters", directory)
    console.print(f"Made a project in {directory.resolve()}: {', '.join(copied)}")
    console.print(
        "\nNext:"
        f"\n  cd {directory}"
        "\n  newsletter check issues/nieuwsbrief.md      what is wrong with this issue"
        "\n  newsletter build issues/nieuwsbrief.md      the mail as files, to open and look at"
        "\n  newsletter mailcatcher                      a mail server that delivers to a folder, in another terminal"
        "\n  newsletter test issues/nieuwsbrief.md --to you@example.org"
    )


def _copy_starters(source: Path, target: Path) -> list[str]:
    files = [path for path in sorted(source.rglob("*")) if path.is_file() and path.name != "new.md"]
    existing = [path for path in files if (target / path.relative_to(source)).exists()]
    if existing:
        raise InputError(
            "this file exists already, and init overwrites nothing",
            where=str(target / existing[0].relative_to(source)),
            remedy="name an empty folder",
        )
    try:
        _copy(files, source, target)
    except OSError as error:
        raise InputError(
            f"the project cannot be made: {error.strerror}", where=str(target), remedy="name a folder you may write to"
        ) from None
    return [str(path.relative_to(source)) for path in files]


def _copy(files: Sequence[Path], source: Path, target: Path) -> None:
    for path in files:
        destination = target / path.relative_to(source)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination)


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
    if target.exists():
        raise InputError("this issue exists already", where=str(target), remedy="choose another slug")
    starter = Template((templates_dir() / "starters" / "new.md").read_text(encoding="utf-8"))
    day = date.today() + timedelta(days=DAYS_AHEAD)  # noqa: DTZ011 - the editor's own calendar
    text = starter.substitute(slug=slug, date=day.isoformat(), list=_list_for(configuration, mailing_list))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    console.print(f"Wrote {target}\nNext: newsletter check {target}")


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
