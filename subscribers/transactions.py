"""Short transactions on either database; nobody holds a cursor open between them (I5)."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

WRITING = "newsletter_writing"
"""Execution option: begin with the write lock, so that a transaction never fails half-way for want of it."""


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A view for a moment; read by pages of keys and leave.

    On PostgreSQL each statement has a view of its own: what must fit together is asked in one.
    """
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write: committed at the end, rolled back on any exception."""
    with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        yield connection
