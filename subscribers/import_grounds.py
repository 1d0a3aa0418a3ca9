"""On what grounds a file of people is put on a list, and whether they suffice for each of them. Pure.

For a list on consent a person is active only with evidence of it: the row's own moment, or what the operator says of
the whole file. An old file must not revive who left and was erased: evidence counts only if it is later than the
cutoff, and the operator's undated word only where there is none. Everybody else waits, and is erased unless they
confirm (decision 0017).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent
from subscribers.import_rows import Entry
from subscribers.import_states import Standing
from subscribers.subscription import Actor, State

CONSENT = "consent"


class Waits(StrEnum):
    """Why somebody waits for a confirmation instead of being on the list."""

    UNCONFIRMED = "the file says that this person never confirmed"
    NO_EVIDENCE = "nothing says when this person consented"
    TOO_OLD = "the consent is not later than the cutoff"
    IN_THE_FUTURE = "the moment of consent lies in the future"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a person who is new to the list."""

    at: datetime
    """Moment of the evidence."""
    waits: Waits | None = None
    """None: active."""
    is_dated: bool = False
    """Whether `at` is when they consented; otherwise it is the moment of the import."""

    @property
    def state(self) -> State:
        """The state of the new subscription."""
        return State.PENDING if self.waits else State.ACTIVE

    @property
    def event(self) -> ConsentEvent:
        """What the evidence says of somebody who is active."""
        return ConsentEvent.IMPORTED_DATED if self.is_dated else ConsentEvent.IMPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasures:
    """Everybody whom an old file could bring back, by the marks of the runs; none of them is named anywhere."""

    people: int
    """How many were erased after they had left, or on request; 0 after a mere change of address or a restore."""
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """On what grounds people are put on a list: the evidence that is kept of each (B3)."""

    list: str
    basis: str
    source: str
    wording: str = ""
    wording_version: str = ""
    now: datetime
    actor: Actor = Actor.OPERATOR
    update: bool = False
    """Whether a name that differs replaces the stored one; otherwise only empty fields are filled."""
    consented_at: datetime | None = None
    """When everybody consented whose row does not say it, as the operator states."""
    cutoff: datetime | None = None
    """Consent must be later than this; None where nobody can have left and been erased."""
    older_than_erasures: datetime | None = None
    """On a list that is not on consent: when the file was made, if people were erased after it. Who is new to the list
    may be one of them, and is not put on it. None where that cannot be, or the operator knows better."""
    erased: Erasures | None = None
    """What was erased when cutoff and age of the file were judged: who is erased later is not covered by them."""

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        for moment in (self.now, self.consented_at, self.cutoff, self.older_than_erasures):
            if moment is not None:
                require_aware(moment)

    def decide(self, entry: Entry, *, is_dated: bool) -> Decision:
        """Whether somebody is active or waits; `is_dated`: each row of the file has to say when they consented."""
        if entry.standing is Standing.PENDING:
            return Decision(self.now, Waits.UNCONFIRMED)
        if self.basis != CONSENT:
            return Decision(self.now)
        given = entry.at or self.consented_at
        if given is None:
            return Decision(self.now, Waits.NO_EVIDENCE if is_dated or self.cutoff else None)
        if given > self.now:
            return Decision(self.now, Waits.IN_THE_FUTURE)
        if self.cutoff and given <= self.cutoff:
            return Decision(self.now, Waits.TOO_OLD)
        return Decision(given, is_dated=True)

    def after(self, erased: Erasures | None) -> "Grounds":
        """These grounds once `erased` is gone: nobody is brought back who was erased after the operator gave them."""
        if erased is None or erased == self.erased:
            return self
        if self.basis != CONSENT:
            return replace(self, erased=erased, older_than_erasures=self.older_than_erasures or self.now)
        return replace(self, erased=erased, cutoff=max(self.cutoff or erased.last, erased.last))

    def evidence(self, event: ConsentEvent) -> tuple[Any, ...]:
        """Columns of a consent behind its moment, as `ADD_CONSENTS` names them."""
        return (event.value, self.basis, self.source, self.wording, self.wording_version, self.actor.value)
