"""What each shape of returned mail is: tests/support/returned_mails.py (A15, A16, A19, A20, A23, A29)."""

import pytest

from newsletter.feedback.parse import parse_returned_mail
from tests.support.returned_mails import SAMPLES, Sample


def said(raw: bytes) -> tuple[str, list[tuple[str, str | None, str | None, str]]]:
    mail = parse_returned_mail(raw)
    return mail.kind.value, [
        (item.address, item.action and item.action.value, item.status, item.bounce_class.value)
        for item in mail.recipients
    ]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_shape_is_understood(sample: Sample) -> None:
    assert said(sample.raw) == (sample.kind, list(sample.recipients))


@pytest.mark.parametrize("ending", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_line_ends_change_nothing(ending: bytes) -> None:
    for sample in SAMPLES:
        assert said(sample.raw.replace(b"\n", ending)) == said(sample.raw), sample.name


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_diagnostic_holds_no_address(sample: Sample) -> None:
    """I7: it is stored."""
    assert not any("@" in item.diagnostic for item in parse_returned_mail(sample.raw).recipients)


def test_the_samples_have_names_of_their_own() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
