"""What every command shares: finding the project, talking to a person, and turning errors into exit statuses."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text
from sqlalchemy import Engine

from newsletter.cli.unread import to_nowhere
from newsletter.config import Configuration, find_file, load
from newsletter.store.engine import connect
from newsletter.store.forgetting import Forgetting
from newsletter.store.ledger import Ledger
from newsletter.store.migrate import open_store
from newsletter.store.secrets import load_keyring
from subscribers.errors import ConfigurationError, InputError
from subscribers.tokens import Keyring

WIDTH_OF_A_FILE = 160
"""Columns where the output goes to no terminal: tables are not squeezed there."""

_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class SafeConsole(Console):
    """A console that shows control characters instead of obeying them: what a file or a server says may hold any."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - Rich's options
        """Text and table cells come through here before they are markup."""
        return super().render_str(text.translate(_VISIBLE), **options)

    def on_broken_pipe(self) -> None:
        """Nobody reads. Of standard error that ends nothing; of standard output whoever prints decides."""
        if not self.stderr:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        to_nowhere(sys.stderr)


console = SafeConsole(highlight=False, soft_wrap=True)
errors = SafeConsole(stderr=True, highlight=False, soft_wrap=True)
for one in (console, errors):
    if not one.is_terminal:
        one.width = WIDTH_OF_A_FILE

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="The newsletter.toml to use; sought in this folder and above."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; for scripts.")]


@dataclass(frozen=True)
class Project:
    """One newsletter.toml and what belongs to it; database and keys are opened when first used."""

    configuration: Configuration

    @cached_property
    def engine(self) -> Engine:
        """The store, migrated if it was new; raises ServiceError or ConfigurationError."""
        return open_store(self.configuration)

    @property
    def zone(self) -> tzinfo:
        """The time zone that moments are shown in: that of the first list."""
        lists = self.configuration.lists.values()
        return next((item.zone for item in lists), UTC)

    @cached_property
    def keyring(self) -> Keyring:
        """Keys that tokens are signed with."""
        return load_keyring(self.configuration.data_dir)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger that outlives restores (I11)."""
        return Ledger(self.configuration.data_dir / "ledger")

    @cached_property
    def forgetting(self) -> Forgetting:
        """Retention and erasure with everything they need."""
        return Forgetting(
            configuration=self.configuration,
            engine=self.engine,
            keyring=self.keyring,
            record=self.ledger.append,
        )


def open_project(config: Path | None, beside: Path | None = None) -> Project:
    """The project of `--config`, or of the newsletter.toml in this folder or above, or above the file `beside`."""
    return Project(load(config or _sought(beside)))


def _sought(beside: Path | None) -> Path:
    try:
        return find_file(Path())
    except ConfigurationError:
        if beside is None or not beside.exists():
            raise
        return find_file(beside.resolve().parent)


def connect_only(project: Project) -> Engine:
    """The database as it is, for commands that mend its schema."""
    return connect(project.configuration.database_url)


# ---------------------------------------------------------------- talking


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json_text(value))


def json_text(value: object) -> str:
    """One JSON document, with its line end."""
    return json.dumps(value, default=_jsonable, ensure_ascii=False, indent=2) + "\n"


def print_json_line(value: object) -> None:
    """One JSON object on a line of its own: an event of something that takes a while."""
    sys.stdout.write(json.dumps(value, default=_jsonable, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _jsonable(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Enum():
            return value.name.lower()
        case Path():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        case _:
            return str(value)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone; without a terminal and without `--yes` nothing is done."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("this asks for confirmation, and there is no terminal to ask on", remedy="add --yes")
    try:
        is_sure = typer.confirm(question, err=True)  # standard output may be read by a program
    except typer.Abort:
        is_sure = False
    if not is_sure:
        raise InputError("not confirmed; nothing was changed")


def in_words(moment: datetime | date | None, language: str = "en", zone: tzinfo | None = None) -> str:
    """A date as people write it: `Monday 14 June 2027 at 9:30`; a hyphen for none."""
    if moment is None:
        return "-"
    if isinstance(moment, datetime):
        local = moment.astimezone(zone)
        pattern = "EEEE d MMMM y 'om' H.mm 'uur'" if language == "nl" else "EEEE d MMMM y 'at' H:mm"
        return format_datetime(local, pattern, locale=language)
    return format_date(moment, "EEEE d MMMM y", locale=language)


def in_short(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """A date for a table: `22 Nov 2026 7:18`; a hyphen for none."""
    return format_datetime(moment.astimezone(zone), "d MMM y H:mm", locale="en") if moment else "-"


def number(value: float) -> str:
    """A count with thin groups of three: 1,000,000."""
    return format_decimal(value, locale="en")


class _Rate(ProgressColumn):
    """Units per second over the whole task."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{number(round(speed))}/s" if speed else "", style="progress.data.speed")


B = TypeVar("B", bound=Progress)


def progress(*, quiet: bool = False) -> AbstractContextManager[Progress]:
    """A progress bar with rate and time left on standard error; silent where nobody watches."""
    return progress_of(Progress, quiet=quiet)


@contextmanager
def progress_of(kind: type[B], *, quiet: bool = False, left: ProgressColumn | None = None) -> Iterator[B]:
    """The same, of a kind of one's own; `left` shows the time left, if not from how fast the bar moves."""
    bar = kind(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>3.0f}%"),
        _Rate(),
        TimeElapsedColumn(),
        left or TimeRemainingColumn(),
        console=errors,
        disable=quiet or not errors.is_terminal,
        transient=False,
    )
    with bar:
        yield bar
