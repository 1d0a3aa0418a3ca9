"""One SMTP session with a relay: transactions of one recipient each, pipelined where the server offers it (edge).

What matters here is what is known afterwards (A24): a session that ends before the final dot was written has sent
nothing; one that ends after it leaves the delivery unknown, whatever the cause.

With PIPELINING a message costs one round trip: its body goes out in one write with MAIL, RCPT and DATA of the letter
that follows (RFC 2920 section 3.1: content may come first in a group, DATA last). The server answers the dot first, so
what it says of the one is known before the other's body is written.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from newsletter.delivery.attempt import Attempt, Letter, Result
from newsletter.delivery.dialogue import Dialogue, SessionLostError
from newsletter.delivery.offers import Offers, stuff
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import END_OF_SESSION, Stage
from newsletter.delivery.timeouts import Timeouts

BLOCK = 256 * 1024
"""Octets handed to the transport at once; there must be progress within `Timeouts.block` for each."""
GO_AHEAD = 354
CLOSING = 1.0
"""Seconds that a connection may take to close, TLS and all."""
_STAGES = (Stage.MAIL, Stage.RCPT, Stage.DATA)

BeforeDot: TypeAlias = Callable[[], Awaitable[None] | None]
"""Called just before the final dot is written, and awaited if it returns what to wait for; if it raises, no dot is."""
Following: TypeAlias = Callable[[], Letter | None]
"""The letter that will be sent next in this session, or None if there is none yet."""


class Session:
    """A session that is connected, protected and authenticated; made by newsletter/delivery/smtp.py."""

    def __init__(self, dialogue: Dialogue, extensions: Mapping[str, str], timeouts: Timeouts) -> None:
        self._dialogue = dialogue
        self._timeouts = timeouts
        self._names = frozenset(name.lower() for name in extensions)
        self._server = Offers.of(extensions)
        self._announced: Letter | None = None
        self._has_written_dot = False
        self._is_ending = False
        self.transactions = 0
        """How many were begun."""

    @property
    def offers(self) -> frozenset[str]:
        """Names of the extensions that the server offers, in lower case."""
        return self._names

    def refuse(self, letter: Letter) -> Attempt | None:
        """The refusal of a letter that this server cannot take, as far as its offers tell; nothing is sent."""
        return self._server.refuse(letter)

    @property
    def is_over(self) -> bool:
        """Whether a new session is needed."""
        return self._is_ending or self._dialogue.is_lost

    @property
    def awaits_verdict(self) -> bool:
        """Whether the final dot was written: only its answer says what became of the message."""
        return self._has_written_dot

    def has_announced(self, letter: Letter) -> bool:
        """Whether the transaction of `letter` is open already: it must be sent next, or the session ended."""
        return self._announced is letter and not self.is_over

    async def send(self, letter: Letter, before_dot: BeforeDot, following: Following = lambda: None) -> Attempt:
        """One transaction. `following` is asked for the letter that comes next, before this one's dot is written.

        Never raises for what the server does: the attempt says it.
        """
        if self._announced is not None and self._announced is not letter:
            self._end("another message was announced")
        is_announced, self._announced = self._announced is letter, None
        self._has_written_dot = False
        if not is_announced:
            if refusal := self._server.refuse(letter):
                return refusal
            self.transactions += 1
        try:
            if not is_announced:
                self._open(letter)
            return await self._transact(letter, before_dot, following)
        except SessionLostError as error:
            self._end(str(error))
            if self._has_written_dot:
                return Attempt(result=Result.LOST, stage=Stage.DOT)
            return Attempt(result=Result.NOT_SENT, stage=Stage.DATA)

    async def quit(self) -> None:
        """Say goodbye, if there is anyone to say it to, and close."""
        if self._announced:  # the server waits for its body, and would take QUIT for that
            self._end("a message was announced and is not sent")
        if not self.is_over:
            try:
                self._dialogue.write(b"QUIT\r\n")
                await self._dialogue.reply(self._timeouts.quit)
            except SessionLostError:
                pass
        self._is_ending = True
        await self._dialogue.close(CLOSING)

    def abort(self) -> None:
        """Drop the connection now; a transaction under way ends as NOT_SENT or LOST."""
        self._end("aborted by us")

    def _end(self, why: str) -> None:
        self._is_ending = True
        self._dialogue.abort(why)

    def _open(self, letter: Letter) -> None:
        """Begin a transaction: all its commands at once if the server takes groups, else the first."""
        if self._dialogue.has_unread:  # said between transactions: a farewell (421), or out of step
            raise SessionLostError("the server spoke out of turn")
        self._dialogue.write(self._server.group(letter) if self._server.is_pipelined else self._server.mail(letter))

    async def _transact(self, letter: Letter, before_dot: BeforeDot, following: Following) -> Attempt:
        if not self._dialogue.heard(
            len(_STAGES), _are_go_aheads
        ):  # as a rule they came with the reply to the dot before
            replies = await self._answers(letter)
            if refused := await self._refusal(replies):
                return refused
        await self._write_body(letter, before_dot, following)
        reply = await self._dialogue.reply(self._timeouts.dot)
        if reply.is_positive:
            return Attempt(Result.ACCEPTED, Stage.DOT, reply)
        return self._refused(Stage.DOT, reply)

    async def _answers(self, letter: Letter) -> list[Reply]:
        """The replies to MAIL, RCPT and DATA, as far as they come; without PIPELINING each waits for the one before."""
        replies: list[Reply] = []
        limits = self._timeouts.mail, self._timeouts.rcpt, self._timeouts.data
        for stage, seconds in zip(_STAGES, limits, strict=True):
            try:
                if not self._server.is_pipelined and stage is not Stage.MAIL:
                    self._dialogue.write(b"DATA\r\n" if stage is Stage.DATA else self._server.rcpt(letter))
                replies.append(await self._dialogue.reply(seconds))
            except SessionLostError:
                if not any(reply.code >= 400 for reply in replies):  # noqa: PLR2004 - a refusal heard is worth more than the loss
                    raise
                break
            if not self._server.is_pipelined and not _is_go(stage, replies[-1]):
                break
        return replies

    async def _refusal(self, replies: list[Reply]) -> Attempt | None:
        """The first refusal among the replies to MAIL, RCPT and DATA; after it the session is ready for the next."""
        for stage, reply in zip(_STAGES, replies, strict=False):  # fewer replies: the first refusal ended it
            if not _is_go(stage, reply):
                break
        else:
            return None
        attempt = self._refused(stage, reply)
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

    async def _write_body(self, letter: Letter, before_dot: BeforeDot, following: Following) -> None:
        """The message, its dot, and what begins the next transaction; `before_dot` comes before the last of it."""
        body = letter.message if letter.is_plain else stuff(letter.message)
        if len(body) > BLOCK:
            body = await self._write_all_but_the_end(body)
        self._require_silence()
        try:
            after = following() if self._server.is_pipelined else None
            waiting = before_dot()
            if waiting is not None:
                await waiting
        except BaseException:
            self._end("the dot may not be written")
            raise
        if waiting is not None:  # time has passed
            self._require_silence()
        self._write_dot(body, after)

    def _require_silence(self) -> None:
        """Whatever the server says in the message, it must not be taken for the reply to the dot."""
        if self._dialogue.has_unread:
            raise SessionLostError("the server spoke before the message was complete")
        if self._dialogue.is_lost:
            raise SessionLostError("the connection was lost in the message")

    async def _write_all_but_the_end(self, body: bytes) -> bytes:
        """Write whole blocks, each at the pace of the server; the rest."""
        last = (len(body) - 1) // BLOCK * BLOCK
        for start in range(0, last, BLOCK):
            self._dialogue.write(body[start : start + BLOCK])
            await self._dialogue.drained(self._timeouts.block)
        return body[last:]

    def _write_dot(self, body: bytes, after: Letter | None) -> None:
        self._has_written_dot = True
        if after is None or self._server.refuse(after):
            self._dialogue.write(body, b".\r\n")
            return
        self._dialogue.write(body, b".\r\n" + self._server.group(after))
        self._announced = after
        self.transactions += 1


def _is_go(stage: Stage, reply: Reply) -> bool:
    return reply.code == GO_AHEAD if stage is Stage.DATA else reply.is_positive


def _are_go_aheads(mail: Reply, rcpt: Reply, data: Reply) -> bool:
    """Whether these replies to MAIL, RCPT and DATA are what they are when all is well."""
    return mail.is_positive and rcpt.is_positive and data.code == GO_AHEAD
