"""The queue of sign-ups: in order, none twice, none lost at the end, and honest when the store does not answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from newsletter.web.signup_queue import SignUpQueue
from newsletter.web.writer import UnavailableError
from subscribers.address import parse_address
from subscribers.signup import SignUp


def a_form(number: int = 0) -> SignUp:
    return SignUp(
        address=parse_address(f"p{number}@example.org"), list="nieuws", details={}, basis="consent", source="",
        wording="", wording_version="", at=datetime(2027, 6, 14, tzinfo=UTC),
    )  # fmt: skip


@contextmanager
def running(write, **settings) -> Iterator[SignUpQueue]:
    queue = SignUpQueue(write, pause=0.01, **settings)
    queue.start()
    try:
        yield queue
    finally:
        queue.close()


def test_everything_is_written_once_and_in_order_also_at_the_end() -> None:
    written: list[SignUp] = []
    forms = [a_form(number) for number in range(200)]
    with running(written.append) as queue:
        for form in forms:
            queue.put(form)
    assert written == forms
    with pytest.raises(UnavailableError):
        queue.put(a_form())


def test_more_than_may_wait_is_refused() -> None:
    go = threading.Event()
    with running(lambda _form: go.wait(10), capacity=3) as queue:
        with suppress(UnavailableError):
            for number in range(10):
                queue.put(a_form(number))
        assert number in {3, 4}, "one may be in the writer's hands"
        with pytest.raises(UnavailableError):
            queue.put(a_form())
        go.set()


def test_a_store_that_does_not_answer_is_asked_again_and_meanwhile_nothing_more_is_taken() -> None:
    tries: list[SignUp] = []
    failed, answers = threading.Event(), threading.Event()

    def write(form: SignUp) -> None:
        tries.append(form)
        if not answers.is_set():
            failed.set()
            raise OperationalError("INSERT", {"address": "jan@example.org"}, Exception("locked"))

    with running(write, retries=1000) as queue:
        queue.put(a_form())
        assert failed.wait(5)
        threading.Event().wait(0.05)
        with pytest.raises(UnavailableError):
            queue.put(a_form(1))
        answers.set()
        for _ in range(500):
            with suppress(UnavailableError):
                queue.put(a_form(2))
                break
            threading.Event().wait(0.01)
    assert {form.address.key for form in tries} == {"p0@example.org", "p2@example.org"}


def test_one_form_that_breaks_us_does_not_stop_the_others_and_no_log_names_anybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    written: list[str] = []

    def write(form: SignUp) -> None:
        if form.address.key.startswith("p1"):
            raise LookupError(form.address.key)
        written.append(form.address.key)

    with running(write) as queue:
        for number in range(3):
            queue.put(a_form(number))
    assert written == ["p0@example.org", "p2@example.org"]
    assert "LookupError" in caplog.text
    assert "example.org" not in caplog.text


def test_the_end_does_not_wait_for_a_store_that_is_gone() -> None:
    def write(_form: SignUp) -> None:
        raise OperationalError("INSERT", {}, Exception("gone"))

    with running(write, retries=10_000) as queue:
        queue.put(a_form())
    assert not queue._thread.is_alive()
