"""Deliveries that were erased, counted by state (I7): what becomes of them after their row is gone still counts.

A worker may hold a delivery, even have its message in flight, when its person is erased. The erasure counts the state
the row had, "claimed"; whoever learns how it ended moves that count, so that the sums of the job stay true.
"""

from collections import Counter
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.delivery.outcome import State
from newsletter.store.tables import delivery, job_tally

CHUNK = 500
"""Ids in one statement."""


def erased_of(connection: Connection, ids: Collection[int]) -> set[int]:
    """Those of these deliveries whose row is gone."""
    ordered = sorted(ids)
    there: set[int] = set()
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        there.update(connection.scalars(select(delivery.c.id).where(delivery.c.id.in_(chunk))))
    return set(ordered) - there


def move_erased(connection: Connection, job: int, before: State, ends: Iterable[State]) -> int:
    """Count erased deliveries of the job, so far counted as `before`, as what they ended as; how many.

    No more than are there: what an operator settled meanwhile stays settled.
    """
    return sum(_move(connection, job, before, end, number) for end, number in Counter(ends).items())


def count_erased(connection: Connection, job: int, state: State) -> int:
    """How many erased deliveries of the job are counted as `state`."""
    where = job_tally.c.job_id == job, job_tally.c.state == int(state)
    return int(connection.scalar(select(job_tally.c.count).where(*where)) or 0)


def _move(connection: Connection, job: int, before: State, end: State, number: int) -> int:
    row = job_tally.c.job_id == job, job_tally.c.state == int(before)
    there = int(connection.scalar(select(job_tally.c.count).where(*row).with_for_update()) or 0)
    number = min(number, there)
    if number and end is not before:
        connection.execute(update(job_tally).where(*row).values(count=job_tally.c.count - number))
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        added = dialect.insert(job_tally).values(job_id=job, state=int(end), count=number)
        more = job_tally.c.count + added.excluded["count"]
        keys = [job_tally.c.job_id, job_tally.c.state]
        connection.execute(added.on_conflict_do_update(index_elements=keys, set_={"count": more}))
    return number
