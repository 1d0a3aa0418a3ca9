"""`newsletter.toml`: read strictly, overridden by environment variables, checked as a whole.

An unknown key is an error that names the nearest known one. A secret may stand in a file or in the environment
(`NEWSLETTER__RELAYS__MAIN__PASSWORD`). Each table has a module of its own, config_*.py beside this one.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator

from newsletter.config_backup import Backup
from newsletter.config_checks import missing_duties, missing_relays, unfit_keys, unprotected
from newsletter.config_dkim import Dkim
from newsletter.config_feedback import Feedback, ImapMailbox
from newsletter.config_keys import nearest
from newsletter.config_lists import MailingList, completed
from newsletter.config_metrics import Metrics
from newsletter.config_pace import Pace
from newsletter.config_privacy import Privacy
from newsletter.config_relays import Relay
from newsletter.config_retention import Retention
from newsletter.config_secrets import read_secret
from newsletter.config_signup import SIGN_UP_PATHS, SignUp
from newsletter.config_site import Database, Limits, Site, Theme
from newsletter.config_values import Slug, Table
from newsletter.config_words import Origins, explained
from subscribers.errors import ConfigurationError
from subscribers.retention import RetentionPolicy

FILE_NAME = "newsletter.toml"
ENVIRONMENT_PREFIX = "NEWSLETTER__"


class Configuration(Table):
    """The whole file. Relative paths are relative to the folder it stands in."""

    site: Site
    database: Database = Database()
    relays: dict[Slug, Relay] = Field(default_factory=dict)
    lists: dict[Slug, MailingList] = Field(default_factory=dict)
    dkim: dict[Slug, Dkim] = Field(default_factory=dict)
    limits: Limits = Limits()
    signup: SignUp = SignUp()
    theme: Theme = Theme()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    backup: Backup = Backup()
    feedback: Feedback = Feedback()
    pace: Pace = Pace()
    metrics: Metrics = Metrics()
    folder: Path = Path()
    """Folder of the file; not a key of it."""

    @property
    def data_dir(self) -> Path:
        """Folder of database, media, spool and secret key."""
        return self.folder / self.site.data_dir

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store; the path of an SQLite file is absolute or beside newsletter.toml."""
        if self.database.url is None:
            return f"sqlite:///{self.data_dir / 'newsletter.sqlite3'}"
        scheme, mark, path = self.database.url.partition(":///")
        if not scheme.startswith("sqlite") or not path or path.startswith((":memory:", "file:")):
            return self.database.url
        return f"{scheme}{mark}{self.folder / path}"

    @property
    def public_lists(self) -> dict[str, MailingList]:
        """The lists whose archive everyone may find."""
        return {slug: item for slug, item in self.lists.items() if item.archive == "public"}

    @property
    def zone(self) -> ZoneInfo:
        """Where days are counted of what belongs to no list: the time zone of the first one."""
        return next((item.zone for item in self.lists.values()), ZoneInfo("Europe/Amsterdam"))

    @property
    def policies(self) -> dict[str, RetentionPolicy]:
        """How long each list keeps whom, and where it counts days."""
        return {slug: item.policy for slug, item in self.lists.items()}

    def mailing_list(self, slug: str) -> MailingList:
        """The list called `slug`; raise ConfigurationError naming the known ones."""
        if slug in self.lists:
            return self.lists[slug]
        raise ConfigurationError(
            f"there is no list {slug!r}",
            where=FILE_NAME,
            remedy=_which_list(slug, self.lists),
        )

    def relays_of(self, slug: str) -> dict[str, Relay]:
        """All relays that the list `slug` is sent through, by name."""
        return {name: self.relays[name] for name in self.mailing_list(slug).relay_names}

    def relay_password(self, relay: Relay | ImapMailbox) -> str:
        """The password of a relay or a mailbox, from file or configuration; raise ConfigurationError for the file."""
        if relay.password:
            return relay.password.get_secret_value()
        if relay.password_file is None:
            return ""
        return read_secret(self.folder / relay.password_file)

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, values: Any) -> Any:  # noqa: ANN401 - what the file holds
        """What lists leave out: periods follow [retention], the privacy statement is the page that we make of it."""
        if isinstance(values, dict) and isinstance(lists := values.get("lists"), dict):
            values = {**values, "lists": {slug: completed(values, slug, item) for slug, item in lists.items()}}
        return values

    @model_validator(mode="after")
    def _with_own_pages(self) -> Self:
        """Whoever names no page of its own for signing up, and lets everybody, has ours."""
        for slug, item in self.lists.items():
            if item.signup == "open" and not item.subscribe_url:
                url = f"{self.site.base_url}{SIGN_UP_PATHS[item.language]}{slug}"
                self.lists[slug] = item.model_copy(update={"subscribe_url": url})
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if problems := list(self._problems()):
            raise ValueError("\n".join(problems))
        return self

    def _problems(self) -> Iterator[str]:
        yield from missing_relays(self.lists, self.relays)
        yield from missing_duties(self.lists, self.relays, self.site.base_url)
        yield from unfit_keys(self.lists, self.dkim)
        yield from unprotected(self.lists, self.relays)
        yield from self.backup.problems(self.policies.values())


def _which_list(slug: str, lists: Mapping[str, object]) -> str:
    """What was meant by a list that is not there."""
    addition = f"add [lists.{slug}] to {FILE_NAME}"
    if not lists:
        return addition
    known = ", ".join(sorted(lists))
    close = nearest(slug, lists, "")
    return f"{close} The lists here: {known}" if close else f"use one of: {known}; or {addition}"


def find_file(start: Path) -> Path:
    """The `newsletter.toml` in `start` or the nearest folder above it; raise ConfigurationError if there is none."""
    for folder in (start, *start.resolve().parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigurationError(
        f"no {FILE_NAME} in this folder or above",
        where=str(start),
        remedy="run `newsletter init` here, or name the file with --config FILE",
    )


def load(path: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """Read and check the file at `path`; raise ConfigurationError with all that is wrong and the remedies."""
    values = _read_toml(path)
    origins = _overlay(values, os.environ if environment is None else environment)
    if "folder" in values:
        raise ConfigurationError("unknown key 'folder'", where=str(path), remedy="remove it")
    try:
        return Configuration.model_validate({**values, "folder": path.resolve().parent})
    except ValidationError as error:
        raise ConfigurationError(
            explained(map(dict, error.errors(include_url=False)), Configuration, origins), where=str(path)
        ) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no such file", where=str(path), remedy="`newsletter init` makes one"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError("the file is not UTF-8", where=str(path), remedy="save it as UTF-8") from None
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except RecursionError:
        raise ConfigurationError("brackets are nested too deeply", where=str(path), remedy="remove some") from None
    except ValueError as error:  # TOMLDecodeError, or a number of thousands of digits
        raise ConfigurationError(f"not TOML: {error}", where=str(path), remedy="mend the line named") from None


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> Origins:
    """Lay `NEWSLETTER__A__B=text` over values["a"]["b"]; a dash in a name may be written as underscore.

    Returns which variable set what.
    """
    origins: dict[tuple[str, ...], str] = {}
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        table = values
        place: list[str] = []
        for part in tables:
            known = next((have for have in table if have.replace("-", "_") == part), part)
            place.append(known)
            table = table.setdefault(known, {})
            if not isinstance(table, dict):
                raise ConfigurationError(f"{part!r} is a value, not a table", where=name, remedy="unset the variable")
        table[key] = text
        origins[*place, key] = name
    return origins
