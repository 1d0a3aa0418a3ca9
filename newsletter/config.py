"""`newsletter.toml`: read strictly, overridden by environment variables, checked as a whole.

An unknown key is an error that names the nearest known one. A secret may stand in a file or in the environment
(`NEWSLETTER__RELAYS__MAIN__PASSWORD`). Deadlines are counted in the list's own time zone (I10).
"""

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from newsletter.config_backup import Backup
from newsletter.config_dkim import Dkim, is_aligned
from newsletter.config_feedback import Feedback, ImapMailbox
from newsletter.config_imports import AnyDay, TypeName, split_attributes
from newsletter.config_login import Login
from newsletter.config_metrics import Metrics
from newsletter.config_pace import AnyNames, AnyWindows, Pace, WarmUp
from newsletter.config_privacy import Privacy
from newsletter.config_retention import AnyRetention, ListRetention, Retention, inherited
from newsletter.config_signup import LOOPBACK, SIGN_UP_PATHS, AnyNetwork, SignUp, SignUpField
from newsletter.config_values import (
    AnyMailbox,
    AnyPath,
    AttributeNames,
    HostName,
    Line,
    Mailbox,
    SiteAddress,
    Slug,
    Table,
    parse_mailbox,
)
from newsletter.config_words import explained
from newsletter.delivery.windows import Hours
from subscribers.errors import ConfigurationError
from subscribers.retention import Period, RetentionPolicy
from subscribers.value_types import ValueType

__all__ = ["Configuration", "Line", "Mailbox", "Slug", "load", "parse_mailbox"]

FILE_NAME = "newsletter.toml"
ENVIRONMENT_PREFIX = "NEWSLETTER__"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DUTIES = ("reply_to", "contact", "purpose", "permission")
_SIGN_UP_DUTIES = ("contact", "purpose")

Basis: TypeAlias = Literal["consent", "public-task", "contract"]
"""Legal basis of the processing, GDPR article 6."""
Permission: TypeAlias = Literal["consent", "customer", "published-address", "service"]
"""Why mailing is allowed at all, Telecommunicatiewet article 11.7 (B6)."""


class Site(Table):
    """Where pages are served and data is kept."""

    base_url: SiteAddress
    data_dir: AnyPath = Path("data")
    language: Literal["nl", "en"] = "nl"
    trusted_proxies: tuple[AnyNetwork, ...] = LOOPBACK
    """Whose X-Forwarded-For is believed, to count sign-ups per network."""


class Database(Table):
    """The store; SQLite in `data_dir` unless a URL is given. newsletter/store/engine.py checks the URL."""

    url: Line | None = None


class Relay(Login):
    """The server that takes our mail (RFC 6409, RFC 8314)."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)]
    security: Literal["none", "starttls", "tls"]
    ca_file: AnyPath | None = None
    connections: Annotated[int, Field(ge=1, le=500)] = 4
    messages_per_connection: Annotated[int, Field(ge=1)] = 1000
    messages_per_second: Annotated[float, Field(gt=0)] | None = None
    """Over all connections; unlimited unless given."""
    hello_name: HostName | None = None
    weight: Annotated[int, Field(ge=0, le=1000)] = 1
    """Its share, where a list has several relays; 0: only when no other one works."""
    warm_up: WarmUp | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the relay is on this machine, reached by name or number."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _protected(self) -> Self:
        if self.security == "none" and not self.is_loopback:
            msg = 'security = "none" is for a relay on this machine; write "starttls" (587) or "tls" (465)'
            raise ValueError(msg)
        return self


class MailingList(Table):
    """A mailing list that people subscribe to; texts that every issue must carry stand here, so none can lack them."""

    title: Line
    language: Literal["nl", "en"] = "nl"
    sender: AnyMailbox = Field(alias="from")
    reply_to: AnyMailbox | None = None
    unsubscribe_mailbox: AnyMailbox
    relay_names: AnyNames = Field(default=("main",), alias="relay")
    """The relay, or several that share the work; when one fails the others go on."""
    sending_windows: AnyWindows = ()
    """When its mail goes out, in its time zone: `mon-fri 08:00-18:00`; at any time unless given."""
    quiet_hours: AnyWindows = ()
    """When none goes out: `22:00-07:00`."""
    domain: HostName | None = None
    """Domain of List-Id and Message-ID; the sender's unless given."""

    basis: Basis
    permission: Permission | None = None
    controller: Line
    privacy_url: Line
    """The privacy statement; unless given, the page /privacy/LIST that the software makes from this file."""
    contact: Line | None = None
    """Contact for data protection (AVG 13(1)(b)): a name, an address or a web page."""
    purpose: Line | None = None
    consent_wording: str = ""
    consent_wording_version: str = ""

    colophon: str = ""
    """Markdown; who makes this newsletter. Empty: title and controller."""
    disclaimer: str = ""
    logo: AnyPath | None = None
    website: Line | None = None
    subscribe_url: Line | None = None
    """Page where people sign up; a mail that was forwarded names it. Our own page if sign-up is open."""
    signup: Literal["open", "closed"] = "closed"
    """Whether everybody may sign up, on our page or with a form elsewhere."""
    signup_fields: tuple[SignUpField, ...] = ("name", "organisation")
    """What the form asks besides the address."""

    images: Literal["hosted", "embedded"] = "hosted"
    archive: Literal["public", "unlisted", "none"] = "unlisted"
    envelope: Literal["fixed", "verp"] = "fixed"
    bounce_mailbox: AnyMailbox | None = None
    """Envelope sender; for verp its domain takes the bounces. The sender's address unless given."""
    time_zone: str = "Europe/Amsterdam"
    attributes: AttributeNames = ()
    """Names of further columns that an import may store and an issue may use; anything else is not stored."""
    attribute_types: dict[Slug, TypeName] = Field(default_factory=dict)
    """What each holds, from `[lists.x.attributes]`; text unless said. Not a key of the file."""
    consent_cutoff: AnyDay | None = None
    """Imported consent must be later than this day; unless given, later than the newest erasure."""
    periods: AnyRetention = Field(default=ListRetention(), alias="retention")
    """Days until all is erased after unsubscribing, or a table with a period per rule."""
    dsn: bool = True
    """Ask the relay, where it can, to report failures only, with the headers only (A27)."""
    require_tls: bool = False
    """No server on the way may hand it on without verified TLS (RFC 8689, A27): few can do that, and mail bounces."""
    dkim: tuple[Slug, ...] = ()
    """Names of the keys among [dkim] that sign this list's mail; none if the relay signs (A21)."""
    leaving_mail: Literal["none", "farewell", "owner"] = "none"
    """Mail to who left by a link: a farewell, or "was it you?", since a mail with its links can be forwarded."""
    less_often: Annotated[int, Field(ge=2, le=90)] | None = None
    """Readers may choose at most one issue in this many days; not offered unless given."""
    expire_after_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 72
    """Deferred deliveries are given up after this: news gets old (A23)."""

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, values: Any) -> Any:  # noqa: ANN401 - what the file holds
        return split_attributes(values)

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.less_often and self.less_often > self.periods.deliveries:
            kept = self.periods.deliveries
            msg = f"less_often is longer than deliveries are kept ({kept} days), so it cannot be counted"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _ever_open(self) -> Self:
        hours = Hours(zone=self.zone, windows=self.sending_windows, quiet=self.quiet_hours)
        if hours.opens(datetime(2027, 1, 4, tzinfo=UTC)) is None:
            msg = "sending_windows and quiet_hours leave no hour to send in"
            raise ValueError(msg)
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            msg = f"{value!r} is not a time zone such as Europe/Amsterdam"
            raise ValueError(msg) from None
        return value

    @field_validator("sender", "reply_to")
    @classmethod
    def _answerable(cls, value: Mailbox | None) -> Mailbox | None:
        local = value.address.partition("@")[0].casefold() if value else ""
        if local.replace("-", "").replace("_", "").replace(".", "") in {
            "noreply",
            "donotreply",
            "nietantwoorden",
        }:
            msg = "readers must be able to answer (B6): name a mailbox that is read"
            raise ValueError(msg)
        return value

    @property
    def retention(self) -> Period:
        """How long who left stays: the promise in every mail."""
        return self.periods.unsubscribed

    @property
    def policy(self) -> RetentionPolicy:
        """How long this list keeps whom, rule by rule."""
        return self.periods.policy(self.zone)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Time zone in which this list counts days."""
        return ZoneInfo(self.time_zone)

    @property
    def typed_attributes(self) -> dict[str, ValueType]:
        """The attributes and what each holds."""
        return {name: ValueType(self.attribute_types.get(name, "text")) for name in self.attributes}

    @property
    def relay(self) -> str:
        """The relay that its mail goes through, or the first of several."""
        return self.relay_names[0]

    @property
    def id_domain(self) -> str:
        """Domain of List-Id and Message-ID."""
        return self.domain or self.sender.parsed.domain


class Limits(Table):
    """Limits on everything that comes from outside."""

    image_megapixels: Annotated[int, Field(ge=1, le=200)] = 36
    image_megabytes: Annotated[int, Field(ge=1, le=200)] = 20
    image_kilobytes: Annotated[int, Field(ge=20, le=20_000)] = 300
    """What one image of a mail may weigh after compression."""
    download_megabytes: Annotated[int, Field(ge=1, le=200)] = 20
    issue_kilobytes: Annotated[int, Field(ge=1, le=10240)] = 1024
    csv_line_kilobytes: Annotated[int, Field(ge=1, le=10240)] = 64
    import_megabytes: Annotated[int, Field(ge=1, le=10240)] = 1024
    """What the files in a ZIP of subscribers may weigh together, unpacked."""


class Theme(Table):
    """A department's own templates, searched before the built-in ones."""

    folder: AnyPath | None = None


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
            remedy=nearest(slug, self.lists, f"add [lists.{slug}] to {FILE_NAME}"),
        )

    def relay_of(self, slug: str) -> Relay:
        """The relay that the list `slug` is sent through, or the first of several."""
        return self.relays[self.mailing_list(slug).relay]

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
            values = {**values, "lists": {slug: _completed(values, slug, item) for slug, item in lists.items()}}
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
        problems = [*self._missing_relays(), *self._missing_duties(), *self._unfit_keys()]
        problems += self._unprotected()
        problems += self.backup.problems(self.policies.values())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _missing_relays(self) -> Iterator[str]:
        for slug, item in self.lists.items():
            for name in item.relay_names:
                if name not in self.relays:
                    yield f"[lists.{slug}] relay names {name!r}, which is not among [relays]"
                elif len(item.relay_names) > 1 and self.relays[name].warm_up:
                    yield f"[lists.{slug}] shares its mail among relays, so [relays.{name}] warm_up cannot be kept"

    def _unprotected(self) -> Iterator[str]:
        for slug, item in self.lists.items():
            found = [self.relays[name] for name in item.relay_names if name in self.relays]
            if item.require_tls and any(relay.security == "none" for relay in found):
                yield f'[lists.{slug}] require_tls needs relays with security = "starttls" or "tls"'

    def _unfit_keys(self) -> Iterator[str]:
        """A list names keys that exist and that can speak for its sender (A21)."""
        for slug, item in self.lists.items():
            for name in item.dkim:
                key = self.dkim.get(name)
                if key is None:
                    yield f"[lists.{slug}] dkim names {name!r}, which is not among [dkim]"
                elif not is_aligned(key.domain, item.sender.parsed.domain):
                    yield f"[dkim.{name}] domain {key.domain} does not speak for the sender of [lists.{slug}] (A21)"

    def _missing_duties(self) -> Iterator[str]:
        """What the law asks of a list that leaves this machine (B5, B6, B7; DESIGN.md, "Decided now")."""
        for slug, item in self.lists.items():
            if item.signup == "open" and (missing := [key for key in _SIGN_UP_DUTIES if getattr(item, key) is None]):
                yield f"[lists.{slug}] lacks what the sign-up form must say: {', '.join(missing)}"
            if all(name not in self.relays or self.relays[name].is_loopback for name in item.relay_names):
                continue
            if not self.site.base_url.startswith("https:"):
                yield "[site] base_url must be https when mail leaves this machine"
            if missing := [key for key in _DUTIES if getattr(item, key) is None]:
                yield f"[lists.{slug}] lacks what is needed when mail leaves this machine: {', '.join(missing)}"


def _completed(values: dict[str, Any], slug: str, item: object) -> object:
    if not isinstance(item, dict):
        return item
    general, site = values.get("retention"), values.get("site")
    filled = dict(item)
    if isinstance(general, dict):
        filled["retention"] = inherited(general, item.get("retention"))
    base_url = site.get("base_url") if isinstance(site, dict) else getattr(site, "base_url", None)
    if "privacy_url" not in item and isinstance(base_url, str):
        filled["privacy_url"] = f"{base_url.rstrip('/')}/privacy/{slug}"
    return filled


def nearest(found: str, known: Mapping[str, object] | list[str], otherwise: str) -> str:
    """A remedy for a misspelled word: the nearest known one, or `otherwise`."""
    close = get_close_matches(found, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else otherwise


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
    _overlay(values, os.environ if environment is None else environment)
    if "folder" in values:
        raise ConfigurationError("unknown key 'folder'", where=str(path), remedy="remove it")
    try:
        return Configuration.model_validate({**values, "folder": path.resolve().parent})
    except ValidationError as error:
        raise ConfigurationError(
            explained(map(dict, error.errors(include_url=False)), _unknown), where=str(path)
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


def read_secret(path: Path, key: str = "password_file") -> str:
    """The only line of a file that nobody but its owner may read; raises ConfigurationError, naming the key."""
    try:
        with path.open(encoding="utf-8") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{key} cannot be read: {type(error).__name__}",
            where=str(path),
            remedy="write the secret into this file, readable by this user only",
        ) from None
    if mode & _OTHERS:
        raise ConfigurationError(f"others than its owner may read {key}", where=str(path), remedy=f"chmod 600 {path}")
    return text


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Lay `NEWSLETTER__A__B=text` over values["a"]["b"]; a dash in a name may be written as underscore."""
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *tables, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        table = values
        for part in tables:
            known = next((have for have in table if have.replace("-", "_") == part), part)
            table = table.setdefault(known, {})
            if not isinstance(table, dict):
                raise ConfigurationError(f"{part!r} is a value, not a table", where=name, remedy="unset the variable")
        table[key] = text


def _unknown(parts: list[str]) -> str:
    return nearest(parts[-1], _keys_beside(parts), "remove it")


def _keys_beside(parts: list[str]) -> list[str]:
    """The keys known where the last of `parts` stands."""
    model = _model_of(Configuration.model_fields[parts[0]].annotation) if _is_in_table(parts) else Configuration
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [name for name in names if name != "folder"]


def _is_in_table(parts: list[str]) -> bool:
    return len(parts) > 1 and parts[0] in Configuration.model_fields


def _model_of(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 - any annotation of a field
    """The model of a table, or of the tables in a table of tables."""
    named = get_args(annotation)
    found = named[-1] if named else annotation
    return found if isinstance(found, type) and issubclass(found, BaseModel) else Configuration


def templates_dir() -> Path:
    """The built-in templates: inside the installed package, or beside it in a checkout."""
    return _beside("_templates", "templates")


def rules_dir() -> Path:
    """The pages about the rules of preflight: inside the installed package, or in a checkout's documentation."""
    return _beside("_rules", "docs/rules")


def _beside(inside: str, outside: str) -> Path:
    package = Path(__file__).resolve().parent
    return package / inside if (package / inside).is_dir() else package.parent / outside
