"""A mailbox by IMAP over verified TLS: look at mails, move them, expunge old ones (edge; RFC 3501, 6851, 4315).

Nothing is sent before TLS stands and the certificate is verified; a server that offers no STARTTLS gets no password.
Mails are read with PEEK, so that nobody else sees them as read.
"""

import imaplib
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.config_feedback import ImapMailbox
from subscribers.errors import ConfigurationError, ServiceError

SECONDS = 60.0
"""To wait for the server, each time."""
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of a mail before it is read."""

    uid: int
    size: int
    arrived_at: datetime


class Mailbox:
    """One session with one folder open; a context. Raises ServiceError for what the server does, without a secret."""

    def __init__(self, settings: ImapMailbox, password: str, ca_file: Path | None = None) -> None:
        self._settings = settings
        self._password = password
        self._context = _tls_context(ca_file)
        self._where = f"IMAP {settings.host}:{settings.port_number}"

    def __enter__(self) -> Self:
        try:
            self._client = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise self._failed(
                f"its certificate is not valid: {error.verify_message}",
                "use the host name that the certificate has, or name its authority with ca_file",
            ) from None
        except (OSError, imaplib.IMAP4.error, EOFError) as error:
            raise self._failed(_words(error), "check host, port and security: 993 is tls, 143 is starttls") from None
        try:
            self._client.login(_string(self._settings.username), self._password)
        except (OSError, imaplib.IMAP4.abort, EOFError) as error:
            self._close()
            raise self._failed(_words(error), "try again") from None
        except (imaplib.IMAP4.error, UnicodeError):
            self._close()
            raise self._failed("it refuses the user name or password", "check username and password_file") from None
        said = b" ".join(line for line in self._ask("CAPABILITY", self._client.capability) if line)
        self._offers = frozenset(said.decode("ascii", "replace").upper().split())
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._close()

    def _connect(self) -> imaplib.IMAP4:
        settings = self._settings
        if settings.security == "tls":
            return imaplib.IMAP4_SSL(settings.host, settings.port_number, ssl_context=self._context, timeout=SECONDS)
        client = imaplib.IMAP4(settings.host, settings.port_number, timeout=SECONDS)
        try:
            client.starttls(ssl_context=self._context)
        except BaseException:
            client.shutdown()
            raise
        return client

    def open(self, folder: str) -> int:
        """Select `folder` for changes; its UIDVALIDITY. Raises ServiceError if there is none."""
        self._ask("SELECT", self._client.select, _quoted(folder), what=f"the folder {folder!r} cannot be opened")
        value = self._client.response("UIDVALIDITY")[1]
        if not value or not value[0]:
            raise self._failed("it gives no UIDVALIDITY", "this server cannot be used")
        return int(value[0])

    def make(self, folder: str) -> None:
        """Make `folder` unless it is there; people see it in their mail programs."""
        found = self._ask("LIST", self._client.list, '""', _quoted(folder))
        if not any(found):
            self._ask("CREATE", self._client.create, _quoted(folder), what=f"the folder {folder!r} cannot be made")
            with suppress(imaplib.IMAP4.error):
                self._client.subscribe(_quoted(folder))

    def uids(self, after: int = 0) -> list[int]:
        """The mails of the open folder with a number above `after`, in their order."""
        found = self._uid("SEARCH", "UID", f"{after + 1}:*")
        numbers = [int(word) for line in found if isinstance(line, bytes) for word in line.split()]
        return sorted(number for number in numbers if number > after)  # "n:*" names the last mail also if it is below n

    def header(self, uid: int) -> Header | None:
        """Size and arrival of one mail; None if it is gone."""
        for item in self._uid("FETCH", str(uid), "(RFC822.SIZE INTERNALDATE)"):
            line = item[0] if isinstance(item, tuple) else item
            size, when = (_SIZE.search(line), _DATE.search(line)) if line else (None, None)
            if size and when:
                return Header(uid=uid, size=int(size[1]), arrived_at=_moment(when[1].decode("ascii", "replace")))
        return None

    def content(self, uid: int) -> bytes | None:
        """The bytes of one mail, which stays unread; None if it is gone."""
        found = self._uid("FETCH", str(uid), "(BODY.PEEK[])")
        return next((bytes(item[1]) for item in found if isinstance(item, tuple)), None)

    def move(self, uid: int, folder: str) -> None:
        """Move one mail to `folder`. Without MOVE: copied, then removed by its number; a crash leaves it twice."""
        if "MOVE" in self._offers:
            self._uid("MOVE", str(uid), _quoted(folder))
            return
        self._require_uidplus()
        self._uid("COPY", str(uid), _quoted(folder))
        self._expunge(str(uid))

    def discard(self, uid: int, folder: str) -> None:
        """Remove one mail for good; where the server cannot, move it to `folder`, which is emptied by age."""
        if "UIDPLUS" in self._offers:
            self._expunge(str(uid))
        else:
            self.move(uid, folder)

    def expunge_before(self, day: date) -> int:
        """Remove the mails of the open folder that arrived before `day`, by the server's calendar; how many."""
        found = self._uid("SEARCH", "BEFORE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}")
        numbers = [word.decode("ascii") for line in found if isinstance(line, bytes) for word in line.split()]
        self._expunge_all(numbers)
        return len(numbers)

    def expunge(self, uids: Iterable[int]) -> None:
        """Remove these mails of the open folder for good; nothing happens for one that is gone."""
        self._expunge_all([str(uid) for uid in uids])

    def _expunge_all(self, numbers: list[str]) -> None:
        if numbers:
            self._require_uidplus()
        for chunk in _chunks(numbers):
            self._expunge(",".join(chunk))

    def _expunge(self, numbers: str) -> None:
        self._uid("STORE", numbers, "+FLAGS.SILENT", r"(\Deleted)")
        self._uid("EXPUNGE", numbers)

    def _require_uidplus(self) -> None:
        if "UIDPLUS" not in self._offers:
            raise self._failed("it offers neither MOVE nor UIDPLUS", "a mail cannot be removed alone on this server")

    def _uid(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        return self._ask(command, self._client.uid, command, *arguments)

    def _ask(self, command, function, *arguments: str, what: str = "") -> list:  # type: ignore[no-untyped-def, type-arg]  # noqa: ANN001 - imaplib's own types
        try:
            answer, data = function(*arguments)
        except (OSError, imaplib.IMAP4.error, EOFError) as error:
            raise self._failed(what or f"{command} failed: {_words(error)}", "try again") from None
        if answer != "OK":
            raise self._failed(what or f"it refuses {command}", "look at the mailbox with a mail program")
        return list(data)

    def _close(self) -> None:
        with suppress(OSError, imaplib.IMAP4.error, EOFError):
            self._client.logout()

    def _failed(self, what: str, remedy: str) -> ServiceError:
        return ServiceError(what, where=self._where, remedy=remedy)


def _chunks(numbers: list[str], size: int = 200) -> Iterator[list[str]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


def _string(text: str) -> str:
    """A user name on the wire: as it is if it can stand so, else quoted (imaplib quotes the password by itself)."""
    if re.fullmatch(r"[A-Za-z0-9.@_+=-]+", text, re.ASCII):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _quoted(folder: str) -> str:
    """A folder name on the wire; `&` begins an encoded character there (RFC 3501 section 5.1.3)."""
    return '"' + folder.replace("&", "&-") + '"'


def _moment(text: str) -> datetime:
    """`17-Jul-1996 02:44:25 -0700`, without the month names of this machine's language; now for what is no moment."""
    found = re.fullmatch(r"\s?(\d{1,2})-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d [+-]\d{4})", text)
    if not found or found[2] not in _MONTHS:
        return datetime.now(UTC)
    month = _MONTHS.index(found[2]) + 1
    try:
        return datetime.strptime(f"{found[3]}-{month}-{found[1]} {found[4]}", "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            f"ca_file cannot be used: {getattr(error, 'strerror', None) or type(error).__name__}",
            where=str(ca_file),
            remedy="name a file with the certificate of the authority, in PEM form",
        ) from None


def _words(error: BaseException) -> str:
    """What went wrong, without what the server said: it may repeat what we sent."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return "TLS fails"
    if isinstance(error, OSError):
        return f"it cannot be reached: {error.strerror or type(error).__name__}"
    if isinstance(error, imaplib.IMAP4.abort):
        return "it closed the connection"
    return "it does not talk IMAP as expected, or offers no STARTTLS"
