"""Authentication-Results: only our own server's, only an aligned pass (A15; RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.authentication import is_authenticated, read

JAN = "jan@gemeente.example"
OURS = ("mx.example.org",)


@pytest.mark.parametrize(
    "header",
    [
        "mx.example.org; dkim=pass header.d=gemeente.example header.s=s1",
        "MX.Example.ORG 1; dkim=pass (2048-bit key; unprotected) header.d=gemeente.example",
        "mx.example.org; dkim=pass header.i=@Gemeente.Example",
        "mx.example.org; spf=pass smtp.mailfrom=bounce@gemeente.example",
        "mx.example.org; spf=pass smtp.mailfrom=gemeente.example; dkim=fail header.d=gemeente.example",
        "mx.example.org; dmarc=pass (p=none dis=none) header.from=gemeente.example",
        'mx.example.org; dkim=pass reason="good; signature" header.d=gemeente.example',
        "mx.example.org; dkim=fail header.d=elders.example; dkim=pass header.d=gemeente.example",
    ],
)
def test_a_pass_for_the_domain_of_from_proves_the_sender(header: str) -> None:
    assert is_authenticated([header], OURS, JAN)


def test_a_domain_above_speaks_for_those_below_it_and_not_the_other_way_round() -> None:
    above = "mx.example.org; dkim=pass header.d=gemeente.example"
    below = "mx.example.org; dkim=pass header.d=post.gemeente.example"
    assert is_authenticated([above], OURS, "jan@post.gemeente.example")
    assert not is_authenticated([below], OURS, JAN)
    assert not is_authenticated(["mx.example.org; dkim=pass header.d=example"], OURS, JAN)
    assert not is_authenticated(
        ["mx.example.org; dmarc=pass header.from=gemeente.example"], OURS, "j@x.gemeente.example"
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "mx.example.org",
        "mx.example.org; none",
        "mx.elders.example; dkim=pass header.d=gemeente.example",
        "mx.example.org.elders.example; dkim=pass header.d=gemeente.example",
        "mx.elders.example (mx.example.org); dkim=pass header.d=gemeente.example",
        "mx.example.org; dkim=fail header.d=gemeente.example",
        "mx.example.org; dkim=pass header.d=nepgemeente.example",
        "mx.example.org; dkim=none (dkim=pass header.d=gemeente.example)",
        'mx.example.org; dkim=fail reason="x; dkim=pass header.d=gemeente.example" header.d=gemeente.example',
        "mx.example.org; spf=pass smtp.helo=gemeente.example",
        "mx.example.org; spf=softfail smtp.mailfrom=gemeente.example",
        "mx.example.org; (((( dkim=pass header.d=gemeente.example",
        # A sender chooses the local part, and servers write it down as it came.
        'mx.example.org; spf=pass smtp.mailfrom="a smtp.mailfrom=b@gemeente.example "@elders.example',
        'mx.example.org; spf=pass smtp.mailfrom="a smtp.mail=x smtp.mailfrom=gemeente.example',
        'mx.example.org; dkim=pass reason="header.d=gemeente.example" header.i=@elders.example',
        "mx.example.org; spf=pass smtp.mailfrom=elders.example smtp.mailfrom=gemeente.example",
    ],
)
def test_anything_else_proves_nothing(header: str) -> None:
    assert not is_authenticated([header], OURS, JAN)


def test_for_each_method_the_topmost_header_of_ours_decides() -> None:
    forged = "mx.example.org; dkim=pass header.d=gemeente.example"
    assert not is_authenticated(["mx.example.org; dkim=none", forged], OURS, JAN)
    assert is_authenticated(["mx.example.org; spf=none", forged], OURS, JAN), "another milter of ours wrote it"
    assert is_authenticated(["mx.elders.example; dkim=fail", forged], OURS, JAN)


def test_without_a_trusted_server_or_a_sender_nothing_is_proven() -> None:
    good = "mx.example.org; dkim=pass header.d=gemeente.example"
    assert not is_authenticated([good], (), JAN)
    assert not is_authenticated([good], OURS, None)
    assert not is_authenticated([good], OURS, "jan")
    assert not is_authenticated([], OURS, JAN)


@given(st.text(st.sampled_from('mx.example.org;()"\\= dkimpass header.d=gemeente.example\r\n\t'), max_size=300))
def test_reading_never_fails_whatever_the_header(text: str) -> None:
    assert isinstance(read(text)[0], str)


@given(text=st.text(max_size=60), quoted=st.booleans())
def test_what_stands_in_comments_and_quotes_never_counts(*, text: str, quoted: bool) -> None:
    inside = text.replace("\\", "").replace('"', "").replace("(", "").replace(")", "")
    hidden = f"{inside}; dkim=pass header.d=gemeente.example"
    header = f'mx.example.org; x-a=b reason="{hidden}"' if quoted else f"mx.example.org; x-a=b ({hidden})"
    assert not is_authenticated([header], OURS, JAN)
