"""The `[lists.<slug>]` tables of newsletter.toml, and what a list leaves out. Pure.

Deadlines are counted in the list's own time zone (I10).
"""

from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from newsletter.config_imports import AnyDay, TypeName, split_attributes
from newsletter.config_pace import AnyNames, AnyWindows
from newsletter.config_retention import AnyRetention, ListRetention, inherited
from newsletter.config_signup import SignUpField
from newsletter.config_values import AnyMailbox, AnyPath, AttributeNames, HostName, Line, Mailbox, Slug, Table
from newsletter.delivery.windows import Hours
from subscribers.retention import Period, RetentionPolicy
from subscribers.value_types import ValueType

Basis: TypeAlias = Literal["consent", "public-task", "contract"]
"""Legal basis of the processing, GDPR article 6."""
Permission: TypeAlias = Literal["consent", "customer", "published-address", "service"]
"""Why mailing is allowed at all, Telecommunicatiewet article 11.7 (B6)."""


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
    """Imported consent must be later than this day, and in any case later than the newest erasure."""
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


def completed(values: dict[str, Any], slug: str, item: object) -> object:
    """A list as the file holds it, with [retention] behind its own periods and our page as its privacy statement."""
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
