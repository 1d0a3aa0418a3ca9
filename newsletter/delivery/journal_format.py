"""The records of a journal as bytes, and what they say together. Pure.

One record per line, ids and numbers only (I7).

    newsletter-journal 2 <boot> <power-safe or not>    boot: an id of this start of the machine, or "-"
    S <delivery>                                       the dot is about to be written
    W <delivery>                                       it was not written after all
    O <delivery> <event> <code> <hard> <due> <reason>  what became of it; "-" for nothing, due in seconds since 1970

Text, so that an operator can read it; a record is short, so that one `write` takes it or does not.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

from newsletter.delivery.outcome import Event, Outcome

HEADER = b"newsletter-journal 1\n"
"""Of the first format, which said nothing about the machine; it is still read."""
_WORDS = b"newsletter-journal 2 "
_FIELDS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a journal says: the outcomes, and the deliveries whose dot was written without one."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    open_dots: frozenset[int] = frozenset()
    is_damaged: bool = False
    """A record was unreadable: what is not mentioned may have been sent all the same."""


def encode_start(delivery: int) -> bytes:
    """The record "the dot of this delivery is about to be written"."""
    return b"S %d\n" % delivery


def encode_withdrawal(delivery: int) -> bytes:
    """The record "the dot of this delivery was not written after all"."""
    return b"W %d\n" % delivery


def encode_outcome(outcome: Outcome) -> bytes:
    """The record of what became of a delivery; the reply text is not kept here (I7)."""
    if outcome.event is Event.ACCEPT and outcome.code and not (outcome.reason or outcome.is_hard or outcome.due_at):
        return b"O %d accept %d 0 - -\n" % (outcome.delivery, outcome.code)
    code = "-" if outcome.code is None else str(outcome.code)
    due = "-" if outcome.due_at is None else str(int(outcome.due_at.timestamp()))
    reason = outcome.reason or "-"
    return f"O {outcome.delivery} {outcome.event} {code} {int(outcome.is_hard)} {due} {reason}\n".encode("ascii")


def encode_header(boot: str, *, power_safe: bool) -> bytes:
    """The first line: which start of the machine this is, and whether records are synced before their dots."""
    return f"newsletter-journal 2 {boot or '-'} {'power-safe' if power_safe else 'crash-safe'}\n".encode("ascii")


def decode(content: bytes, boot: str = "") -> Account:
    """`decode_lines` of a whole journal."""
    return decode_lines(BytesIO(content), boot)


def decode_lines(content: Iterable[bytes], boot: str = "", among: Container[int] | None = None) -> Account:
    """What the records say, the last one of a delivery counting; an unfinished last line was never written.

    `content` are the lines with their ends, read one by one: the journal of a large job holds millions. With `among`
    only those deliveries are kept in mind.

    `boot` names this start of the machine. If the journal is of another, the power may have been cut: of one that is
    power-safe the end may be unreadable, and no dot followed from it; of any other records may be missing.
    """
    lines = (line.removesuffix(b"\n") for line in content if line.endswith(b"\n"))
    is_foreign, is_synced, is_elsewhere = _judge(next(lines, b""), boot)
    account = _Reading(among)
    for line in lines:
        account.take(line)
    is_damaged = account.is_torn or (bool(account.unread) and not (is_synced and is_elsewhere))
    return Account(
        outcomes=account.outcomes,
        open_dots=frozenset(account.dots),
        is_damaged=is_foreign or is_damaged or (is_elsewhere and not is_synced),
    )


def _judge(header: bytes, boot: str) -> tuple[bool, bool, bool]:
    """Whether the header is none of ours, says that records are synced, and is of another start of the machine."""
    words = header.split(b" ")
    if header + b"\n" == HEADER:
        return False, False, False
    if not header.startswith(_WORDS) or len(words) != len((*_WORDS.split(), "boot", "safety")):
        return True, False, False
    written = words[2].decode("ascii", "replace")
    return False, words[3] == b"power-safe", bool(boot) and written not in {"-", boot}


class _Reading:
    """Records as they are read, one after the other."""

    def __init__(self, among: Container[int] | None) -> None:
        self._among = among
        self.outcomes: dict[int, Outcome] = {}
        self.dots: set[int] = set()
        self.unread = 0
        self.is_torn = False
        """A record follows one that is unreadable."""

    def take(self, line: bytes) -> None:
        """Read one record."""
        try:
            self._read(line.decode("ascii").split(" "))
        except (ValueError, IndexError):
            self.unread += 1
        else:
            self.is_torn = self.is_torn or bool(self.unread)

    def _read(self, words: list[str]) -> None:
        delivery = int(words[1])
        is_meant = self._among is None or delivery in self._among
        if words[0] in {"S", "W"} and len(words) == 2:  # noqa: PLR2004 - letter and id
            if not is_meant:
                return
            (self.dots.add if words[0] == "S" else self.dots.discard)(delivery)
            self.outcomes.pop(delivery, None)
            return
        if words[0] != "O" or len(words) != _FIELDS:
            msg = f"not a record: {words[0]}"
            raise ValueError(msg)
        outcome = _outcome(delivery, words)
        if is_meant:
            self.outcomes[delivery] = outcome
            self.dots.discard(delivery)


def _outcome(delivery: int, words: list[str]) -> Outcome:
    return Outcome(
        delivery=delivery,
        event=Event(words[2]),
        code=None if words[3] == "-" else int(words[3]),
        is_hard=words[4] == "1",
        due_at=None if words[5] == "-" else datetime.fromtimestamp(int(words[5]), tz=UTC),
        reason="" if words[6] == "-" else words[6],
    )
