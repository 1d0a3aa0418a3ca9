"""The lines whose state is kept in the store, so that limits and pushbacks hold over runs and processes (edge)."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import SECOND, microseconds, moment
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.slot_terms import NAME, Terms
from newsletter.store import pace
from subscribers.transactions import reading, writing

LOG = logging.getLogger("newsletter.delivery")
QUEUE_LOOK = 10 * SECOND
"""How often to look whether those who make up a queue are still there."""
_NO_JOB = 0
HEAR = 5 * SECOND
"""How often to hear what other runs learned, also while this one is limited by nothing."""


def look_up(receivers: Receivers, engine: Engine, at: int) -> None:
    """Give the lines what the store knows of them at the instant `at`; nothing is locked or written."""
    _know_slow_groups(receivers, engine)
    lines = _public(receivers)
    with reading(engine) as connection:
        for name, state in pace.peek(connection, lines).items():
            lines[name].restore(state)
    for line in receivers.every():
        line.come_near(at)
        line.rise(at)


def renew(receivers: Receivers, engine: Engine, at: int, *, is_first: bool) -> None:
    """Let no job wait for a slot that does not hold any more, as a run does; nothing is sent.

    `is_first`: this process did not look before, so its limits may be new. Later ones are not: another process may
    have newer ones, and two of them would place all anew by turns.
    """
    KeptLines(receivers, engine, _NO_JOB, at, is_first=is_first)


def _is_lately(then: int, now: int, within: int = QUEUE_LOOK) -> bool:
    """Not if the clock was put back since."""
    return 0 <= now - then < within


def _know_slow_groups(receivers: Receivers, engine: Engine) -> None:
    for name in pace.every_name(engine):  # groups that were slow when the last run ended
        if name in receivers.groups.values():
            receivers.made(name)


def _public(receivers: Receivers) -> dict[str, Line]:
    return {line.name: line for line in receivers.every() if line.is_public}


class KeptLines:
    """Takes over what other runs wrote, and writes what this one changed; in the transaction of the caller."""

    def __init__(self, receivers: Receivers, engine: Engine, job: int, at: int, *, is_first: bool = True) -> None:
        self._receivers, self._engine, self._job = receivers, engine, job
        self._looked_at = self._heard_at = 0
        self._terms = Terms()
        if limited := {line.name: line.state for line in receivers.every() if line.is_public and line.limits}:
            with writing(engine) as connection:
                pace.begin(connection, limited)
        self.look(at)
        if is_first and self._terms.under(receivers) != self._terms.limits:  # a run keeps the limits it began with
            self._place_anew(at, has_begun=True)

    def load(self, connection: Connection, at: int) -> None:
        """What is known at the instant `at`, locked for this transaction."""
        self._take_over(pace.load(connection, [*_public(self._receivers), NAME]))
        if at:
            self._mend(connection, at)

    def look(self, at: int) -> None:
        """Now and then: hear what other runs learned, and let nobody wait for what does not hold any more."""
        if _is_lately(self._heard_at, at, HEAR):
            return
        self._heard_at = at
        pace.ask_again(self._engine, moment(at))
        _know_slow_groups(self._receivers, self._engine)
        with reading(self._engine) as connection:
            self._take_over(pace.peek(connection, [*_public(self._receivers), NAME]))
            has_stopped = bool(pace.stopped(connection, self._terms.jobs))
        if has_stopped:
            self._place_anew(at)

    def save(self, connection: Connection) -> None:
        """Write down the lines whose names may stand in the store."""
        every = self._receivers.every()
        kept = {line.name: line.state for line in every if line.is_public and (line.limits or line.changed)}
        pace.save(connection, kept)

    def stand(self, connection: Connection) -> None:
        """Some of the job were set aside: should it stop, those who stand behind them are placed anew."""
        if self._job in self._terms.jobs:
            return
        pace.begin(connection, {NAME: Terms().state})
        self._take_over(pace.load(connection, [NAME]))
        going_on = pace.going_on(connection, self._terms.jobs)
        self._change_terms(connection, replace(self._terms, jobs={*going_on, self._job}))

    def _take_over(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        lines, terms = _public(self._receivers), Terms.of(states.get(NAME, {}))
        for name, state in states.items():
            if name != NAME:
                lines[name].restore(state)
        if terms.placed != self._terms.placed:  # another run did it; of its own lines a run knows alone
            self._end_queues(terms.placed)
        self._terms = terms

    def _end_queues(self, at: int) -> None:
        for line in self._receivers.every():
            if not line.is_public:
                line.end_queue(at)

    def _change_terms(self, connection: Connection, terms: Terms) -> None:
        pace.save(connection, {NAME: terms.state})
        self._terms = terms

    def _place_anew(self, at: int, *, has_begun: bool = False) -> None:
        """Let all who wait in the store look for room again; `has_begun`: under the limits of this run."""
        with writing(self._engine) as connection:
            pace.begin(connection, {NAME: Terms().state})
        with writing(self._engine) as connection:
            self.load(connection, 0)  # all rows at once and in the order of all runs: no two wait for each other
            limits = self._terms.under(self._receivers) if has_begun else self._terms.limits
            stopped = pace.stopped(connection, self._terms.jobs)
            if limits == self._terms.limits and not stopped:
                return  # another run was faster
            number = pace.place_anew(connection, moment(at))
            for line in self._receivers.every():
                line.end_queue(at)
            self.save(connection)
            jobs = set(self._terms.jobs) - stopped
            self._change_terms(connection, Terms(limits=limits, jobs=jobs, placed=at))
        if number:
            LOG.info("pace: limits changed, or a job stopped: %d that were set aside look for room again", number)

    def _mend(self, connection: Connection, at: int) -> None:
        """No line waits for a clock that was wrong, or behind those who are gone: their job stopped, or was ended."""
        every = list(self._receivers.every())
        for line in every:
            line.come_near(at)
        if _is_lately(self._looked_at, at) or not any(line.has_queue(at) for line in every):
            return
        self._looked_at = at
        last = pace.last_slot(connection)
        for line in every:
            line.end_queue(microseconds(last) if last else 0)
