"""DKIM records (RFC 6376 section 3.6.1, RFC 8463): whether DNS shows the public half of the key that signs. Pure."""

import re
from collections.abc import Iterator

from newsletter.doctor.diagnosis import Diagnosis, Resolver, fault, good, warning

_SPACE = re.compile(r"\s+")


def judge_dkim(resolver: Resolver, name: str, wanted: str) -> Iterator[Diagnosis]:
    """Whether `name` (`selector._domainkey.domain`) shows `wanted`, the record of the key that signs (A21)."""
    about = f"DKIM {name}"
    record = zone_line(name, wanted)
    found = [tags(text) for text in resolver.texts(name)]
    if not found:
        yield fault(about, "there is no record: every signature fails", "publish it", record)
        return
    if len(found) > 1:
        yield fault(about, f"there are {len(found)} records for one selector", "keep the right one only", record)
        return
    (shown,) = found
    if not shown.get("p"):
        yield fault(about, "the key is revoked: p= is empty", "publish the record, or sign with another key", record)
    elif shown["p"] != tags(wanted)["p"] or shown.get("k", "rsa") != tags(wanted)["k"]:
        yield fault(about, "it shows another key than the one that signs", "publish this one, or mend key_file", record)
    elif "y" in shown.get("t", "").split(":"):
        yield warning(about, "it says t=y, a test: receivers may ignore the signature", "take t=y out", record)
    elif "sha256" not in shown.get("h", "sha256").split(":"):
        yield fault(about, "h= does not allow sha256", "take h= out", record)
    else:
        yield good(about, "the record shows the key that signs")


def tags(record: str) -> dict[str, str]:
    """`k=rsa; p=...` as a mapping, white space in values gone."""
    pairs = (tag.partition("=") for tag in record.split(";"))
    return {name.strip().lower(): _SPACE.sub("", value) for name, sign, value in pairs if sign}


def zone_line(name: str, record: str) -> str:
    """The record as a line of a zone file, in strings of at most 255 characters."""
    pieces = (f'"{record[index : index + 250]}"' for index in range(0, len(record), 250))
    return f"{name}. TXT {' '.join(pieces)}"
