"""What a server offers (EHLO), and what a letter looks like to it: commands, limits, dots. Pure.

A letter that the server cannot take is refused here, without asking it: no downgrade (A7), no cutting (SIZE).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.delivery.attempt import Attempt, Letter, Result
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import Stage

_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")
_DIGITS = 19
"""Of a size; a server that says more, or anything else, has said nothing."""
_NO_XTEXT = re.compile(r"[^!-*,-<>-~]")
"""What stands as its number in xtext (RFC 3461 section 4): + and =, and all that is no visible ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The extensions of a server that matter to us."""

    is_pipelined: bool
    """RFC 2920."""
    takes_8bit: bool
    takes_utf8: bool
    takes_dsn: bool
    """RFC 3461."""
    takes_require_tls: bool
    """RFC 8689."""
    asks_size: bool
    largest: int
    """Octets of a message; 0: no limit is known."""

    @classmethod
    def of(cls, extensions: Mapping[str, str]) -> "Offers":
        """What the server said: names in lower case, and what followed them."""
        size = extensions.get("size", "")
        return cls(
            is_pipelined="pipelining" in extensions,
            takes_8bit="8bitmime" in extensions,
            takes_utf8="smtputf8" in extensions,
            takes_dsn="dsn" in extensions,
            takes_require_tls="requiretls" in extensions,
            asks_size="size" in extensions,
            largest=int(size) if size.isascii() and size.isdigit() and len(size) <= _DIGITS else 0,
        )

    def refuse(self, letter: Letter) -> Attempt | None:
        """The refusal of a letter that the server cannot take."""
        if _UNSAFE.search(letter.recipient) or _UNSAFE.search(letter.sender):
            never = Reply(553, "5.1.3 the address has characters that no command can carry")
            return Attempt(result=Result.REFUSED, stage=Stage.RCPT, reply=never)
        if not self.takes_utf8 and _needs_smtputf8(letter):
            reply, stage = Reply(553, "5.6.7 the relay does not offer SMTPUTF8"), Stage.RCPT
        elif 0 < self.largest < len(letter.message):
            reply, stage = Reply(552, f"5.3.4 the relay takes at most {self.largest} octets"), Stage.MAIL
        elif letter.require_tls and not self.takes_require_tls:  # not for ever: the operator may mend it
            reply, stage = Reply(451, "4.7.30 the relay does not offer REQUIRETLS"), Stage.MAIL
        else:
            return None
        return Attempt(result=Result.REFUSED, stage=stage, reply=reply, is_unasked=True)

    def mail(self, letter: Letter) -> bytes:
        """The first command of a transaction."""
        more = f" SIZE={len(letter.message)}" if self.asks_size else ""
        if self.takes_8bit and not letter.is_plain and not letter.message.isascii():
            more += " BODY=8BITMIME"
        if _needs_smtputf8(letter):
            more += " SMTPUTF8"
        if self.takes_dsn and letter.envid:
            more += f" RET=HDRS ENVID={letter.envid}"
        if letter.require_tls:
            more += " REQUIRETLS"
        return f"MAIL FROM:<{letter.sender}>{more}\r\n".encode()

    def rcpt(self, letter: Letter) -> bytes:
        """The second command of a transaction; a report is asked for failures only, not for delays (A27)."""
        if not (self.takes_dsn and letter.envid):
            return f"RCPT TO:<{letter.recipient}>\r\n".encode()
        original = f" ORCPT=rfc822;{xtext(letter.recipient)}" if letter.recipient.isascii() else ""
        return f"RCPT TO:<{letter.recipient}> NOTIFY=FAILURE{original}\r\n".encode()

    def group(self, letter: Letter) -> bytes:
        """All commands that begin a transaction, to be written at once; DATA is the last (RFC 2920 section 3.1)."""
        return b"%b%bDATA\r\n" % (self.mail(letter), self.rcpt(letter))


def xtext(text: str) -> str:
    """ASCII text as a parameter can carry it (RFC 3461 section 4)."""
    return _NO_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def stuff(message: bytes) -> bytes:
    """`message` with a line end at its end and a second dot before each line that begins with one (RFC 5321 4.5.2).

    Our templates have no such line; looking costs microseconds.
    """
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..") if b"\r\n." in message else message


def _needs_smtputf8(letter: Letter) -> bool:
    return letter.needs_smtputf8 or not (letter.sender.isascii() and letter.recipient.isascii())
