"""`[feedback]` of newsletter.toml: mail that comes back, where it arrives and how long it is kept. Pure."""

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, model_validator

from newsletter.config_values import AnyPath, HostName, Line, Table

_FOLDER = re.compile(r"[ !#-\[\]-~]+", re.ASCII)
_SOCKET = "unix:"


def _folder_name(name: str) -> str:
    if not _FOLDER.fullmatch(name):
        msg = f"{name[:80]!r} is not a folder name in plain ASCII, without quotes and backslashes"
        raise ValueError(msg)
    return name


def _address(text: str) -> str:
    """`unix:PATH`, or `HOST:PORT` with a host name or a number."""
    if text.startswith(_SOCKET) and len(text) > len(_SOCKET) and "\0" not in text:
        return text
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536):  # noqa: PLR2004 - ports have 16 bits
        msg = f"{text[:80]!r} is neither unix:PATH nor HOST:PORT"
        raise ValueError(msg)
    return text


FolderName: TypeAlias = Annotated[str, AfterValidator(_folder_name)]
ListenAddress: TypeAlias = Annotated[str, AfterValidator(_address)]


class Listen(Table):
    """Where `newsletter feedback listen` takes mail from the organisation's server, and how much of it."""

    protocol: Literal["lmtp", "smtp"] = "lmtp"
    address: ListenAddress = "127.0.0.1:2424"
    """`HOST:PORT`, or `unix:PATH` for a socket, whose group may write to it."""
    megabytes: Annotated[int, Field(ge=1, le=100)] = 10
    """A larger mail is refused."""
    connections: Annotated[int, Field(ge=1, le=1000)] = 20
    """At the same time; more are asked to come back."""
    seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    """A connection that says nothing, or a message that takes longer, is ended."""


class ImapMailbox(Table):
    """A mailbox that `newsletter feedback fetch` reads; always over verified TLS."""

    host: HostName
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """993 for tls, 143 for starttls unless given."""
    security: Literal["tls", "starttls"] = "tls"
    username: Line
    password: SecretStr | None = None
    password_file: AnyPath | None = None
    ca_file: AnyPath | None = None
    folder: FolderName = "INBOX"
    done_folder: FolderName = "Newsletter-done"
    """What was recorded is moved here; expunged after [retention] feedback days, or an erasure of whom it names."""
    human_folder: FolderName | None = None
    """What is for a person is moved here; it stays where it is unless given."""
    minutes: Annotated[int, Field(ge=1, le=720)] = 5
    """How often `newsletter serve` looks: at least twice a day, so that what names the erased is gone in time (B1)."""
    megabytes: Annotated[int, Field(ge=1, le=100)] = 10
    """A larger mail stays where it is."""

    @property
    def port_number(self) -> int:
        """The port, given or usual."""
        return self.port or (993 if self.security == "tls" else 143)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            msg = (
                "give password_file, or NEWSLETTER__FEEDBACK__IMAP__PASSWORD in the environment; "
                "one of the two and not both"
            )
            raise ValueError(msg)
        if self.done_folder in {self.folder, self.human_folder}:
            msg = "done_folder must be a folder of its own: what lies there is expunged"
            raise ValueError(msg)
        return self


class Feedback(Table):
    """What bounces, complaints and mailed requests lead to, and how long their raw mails live."""

    soft_limit: Annotated[int, Field(ge=2, le=100)] = 3
    """Failures on so many different days, with no mail arriving in between, suppress an address (A23)."""
    soft_days: Annotated[int, Field(ge=2, le=730)] = 90
    """Within this many days; older failures are forgotten."""
    policy_limit: Annotated[int, Field(ge=1)] = 20
    """So many refusals about us (reputation, authentication) pause a job that is still running (A29)."""
    human_days: Annotated[int, Field(ge=1, le=27)] = 21
    """Raw mails that wait for a person; those that were handled live for [retention] feedback days."""
    kept_mails: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000
    """Raw mails below data_dir/feedback, at most; beyond it your mail server is asked to keep them and try again."""
    kept_megabytes: Annotated[int, Field(ge=100, le=1_000_000)] = 1024
    """The same in size; no less than one mail of the largest size that `listen` takes."""
    trusted_authserv: tuple[Line, ...] = ()
    """Names of servers whose Authentication-Results are believed: your own, which remove those of others (RFC 8601)."""
    listen: Listen = Listen()
    imap: ImapMailbox | None = None
