"""One SMTP session with a relay: transactions of one recipient each, pipelined where the server offers it (edge).

What matters here is what is known afterwards (A24): a session that ends before the final dot was written has sent
nothing; one that ends after it leaves the delivery unknown, whatever the cause.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from newsletter.delivery.attempt import Attempt, Letter, Result
from newsletter.delivery.dialogue import Dialogue, SessionLostError
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import END_OF_SESSION, Stage

BLOCK = 256 * 1024
"""Octets handed to the transport at once; there must be progress within `Timeouts.block` for each."""
GO_AHEAD = 354
_STAGES = (Stage.MAIL, Stage.RCPT, Stage.DATA)
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for the server (A22, RFC 5321 section 4.5.3.2)."""

    connect: float = 30
    """Until the TCP connection stands."""
    greeting: float = 300
    """Each step until the session is ready: greeting, EHLO, STARTTLS, AUTH."""
    mail: float = 300
    rcpt: float = 300
    data: float = 120
    block: float = 180
    dot: float = 600
    quit: float = 10
    """Politeness has its limits: nothing depends on the reply."""


class Session:
    """A session that is connected, protected and authenticated; made by newsletter/delivery/smtp.py."""

    def __init__(self, dialogue: Dialogue, extensions: Mapping[str, str], timeouts: Timeouts) -> None:
        self._dialogue = dialogue
        self._extensions = extensions
        self._timeouts = timeouts
        self._has_written_dot = False
        self._is_ending = False
        self.transactions = 0
        """How many were begun."""

    @property
    def is_over(self) -> bool:
        """Whether a new session is needed."""
        return self._is_ending or self._dialogue.is_lost

    async def send(self, letter: Letter, before_dot: Callable[[], None]) -> Attempt:
        """One transaction. `before_dot` is called just before the final dot is written; if it raises, none is.

        Never raises for what the server does: the attempt says it.
        """
        refusal = self._refuse_here(letter)
        if refusal:
            return refusal
        self.transactions += 1
        self._has_written_dot = False
        try:
            return await self._transact(letter, before_dot)
        except SessionLostError as error:
            self._end(str(error))
            if self._has_written_dot:
                return Attempt(result=Result.LOST, stage=Stage.DOT)
            return Attempt(result=Result.NOT_SENT, stage=Stage.DATA)

    async def quit(self) -> None:
        """Say goodbye, if there is anyone to say it to, and close."""
        if not self.is_over:
            try:
                self._dialogue.write(b"QUIT\r\n")
                await self._dialogue.reply(self._timeouts.quit)
            except SessionLostError:
                pass
        self._is_ending = True
        self._dialogue.close()

    def abort(self) -> None:
        """Drop the connection now; a transaction under way ends as NOT_SENT or LOST."""
        self._end("aborted by us")

    def _end(self, why: str) -> None:
        self._is_ending = True
        self._dialogue.abort(why)

    def _offers(self, extension: str) -> bool:
        return extension in self._extensions

    def _refuse_here(self, letter: Letter) -> Attempt | None:
        """What the server cannot take is refused without asking it: no downgrade (A7), no cutting (SIZE)."""
        size = self._extensions.get("size", "")
        if _UNSAFE.search(letter.sender + letter.recipient):
            reply, stage = Reply(553, "5.1.3 the address has characters that no command can carry"), Stage.RCPT
        elif _needs_smtputf8(letter) and not self._offers("smtputf8"):
            reply, stage = Reply(553, "5.6.7 the relay does not offer SMTPUTF8"), Stage.RCPT
        elif size.isdigit() and 0 < int(size) < len(letter.message):
            reply, stage = Reply(552, f"5.3.4 the relay takes at most {size} octets"), Stage.MAIL
        else:
            return None
        return Attempt(result=Result.REFUSED, stage=stage, reply=reply)

    def _commands(self, letter: Letter) -> list[tuple[bytes, float]]:
        mail = f"MAIL FROM:<{letter.sender}>"
        if self._offers("size"):
            mail += f" SIZE={len(letter.message)}"
        if self._offers("8bitmime") and not letter.message.isascii():
            mail += " BODY=8BITMIME"
        if _needs_smtputf8(letter):
            mail += " SMTPUTF8"
        return [
            (f"{mail}\r\n".encode(), self._timeouts.mail),
            (f"RCPT TO:<{letter.recipient}>\r\n".encode(), self._timeouts.rcpt),
            (b"DATA\r\n", self._timeouts.data),
        ]

    async def _transact(self, letter: Letter, before_dot: Callable[[], None]) -> Attempt:
        if self._dialogue.has_unread:  # said between transactions: a farewell (421), or out of step
            raise SessionLostError("the server spoke out of turn")
        replies = await self._announce(self._commands(letter))
        refused = await self._refusal(replies)
        if refused:
            return refused
        await self._write_body(letter.message, before_dot)
        reply = await self._dialogue.reply(self._timeouts.dot)
        if reply.is_positive:
            return Attempt(result=Result.ACCEPTED, stage=Stage.DOT, reply=reply)
        return self._refused(Stage.DOT, reply)

    async def _announce(self, commands: list[tuple[bytes, float]]) -> list[Reply]:
        """Write the commands, in one group if PIPELINING is offered, and read their replies as far as they come."""
        replies: list[Reply] = []
        is_grouped = self._offers("pipelining")
        if is_grouped:
            self._dialogue.write(b"".join(command for command, _ in commands))
        for command, seconds in commands:
            try:
                if not is_grouped:
                    self._dialogue.write(command)
                replies.append(await self._dialogue.reply(seconds))
            except SessionLostError:
                if not any(reply.code >= 400 for reply in replies):  # noqa: PLR2004 - a refusal heard is worth more than the loss
                    raise
                break
            if not is_grouped and not _is_expected(command, replies[-1]):
                break
        return replies

    async def _refusal(self, replies: list[Reply]) -> Attempt | None:
        """The first refusal among the replies to MAIL, RCPT and DATA; after it the session is ready for the next."""
        heard = zip(_STAGES, replies, strict=False)  # fewer replies than stages: the first refusal ended it
        refused = next(((stage, reply) for stage, reply in heard if not _is_go(stage, reply)), None)
        if refused is None:
            return None
        attempt = self._refused(*refused)
        if not self.is_over:
            await self._clean_up(replies)
        return attempt

    async def _clean_up(self, replies: list[Reply]) -> None:
        """End what is left of a refused transaction; a failure here ends the session, not the attempt."""
        answers = [_is_go(stage, reply) for stage, reply in zip(_STAGES, replies, strict=False)]
        is_open, has_recipient, has_go_ahead = (*answers, False, False)[:3]
        try:
            if has_go_ahead and has_recipient:  # a dot would send them an empty message
                self._end("the server accepts what it refused")
            elif has_go_ahead:
                await self._say(b".\r\n", self._timeouts.dot)  # RFC 2920 section 3.1; the reply does not matter
            if is_open and not self.is_over and not (await self._say(b"RSET\r\n", self._timeouts.mail)).is_positive:
                self._end("RSET was refused")
        except SessionLostError as error:
            self._end(str(error))

    async def _say(self, command: bytes, seconds: float) -> Reply:
        self._dialogue.write(command)
        return await self._dialogue.reply(seconds)

    def _refused(self, stage: Stage, reply: Reply) -> Attempt:
        """The refusal in `reply`; one that is neither 4yz nor 5yz is nonsense and ends the session."""
        if not reply.is_temporary and not reply.is_permanent:
            raise SessionLostError("the server is out of step")
        if reply.code == END_OF_SESSION:
            self._end("421")
            if stage is Stage.MAIL:  # about the session, before anything was said about a recipient
                return Attempt(result=Result.NOT_SENT, stage=stage, reply=reply)
        return Attempt(result=Result.REFUSED, stage=stage, reply=reply)

    async def _write_body(self, message: bytes, before_dot: Callable[[], None]) -> None:
        body = stuff(message)
        last = max(0, (len(body) - 1) // BLOCK * BLOCK)
        for start in range(0, last, BLOCK):
            self._dialogue.write(body[start : start + BLOCK])
            await self._dialogue.drained(self._timeouts.block)
        if self._dialogue.has_unread:  # whatever it is, it must not be taken for the reply to the dot
            raise SessionLostError("the server spoke before the message was complete")
        if self._dialogue.is_lost:
            raise SessionLostError("the connection was lost in the message")
        try:
            before_dot()
        except BaseException:
            self._end("the dot may not be written")
            raise
        self._has_written_dot = True
        self._dialogue.write((body[last:] if last else body) + b".\r\n")


def _needs_smtputf8(letter: Letter) -> bool:
    return letter.needs_smtputf8 or not (letter.sender + letter.recipient).isascii()


def _is_go(stage: Stage, reply: Reply) -> bool:
    return reply.code == GO_AHEAD if stage is Stage.DATA else reply.is_positive


def _is_expected(command: bytes, reply: Reply) -> bool:
    return _is_go(Stage.DATA if command == b"DATA\r\n" else Stage.MAIL, reply)


def stuff(message: bytes) -> bytes:
    """`message` with a line end at its end and a second dot before each line that begins with one (RFC 5321 4.5.2).

    Our templates have no such line; looking costs microseconds.
    """
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..") if b"\r\n." in message else message
