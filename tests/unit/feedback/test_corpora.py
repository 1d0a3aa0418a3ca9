"""The bars on real bounces (STANDARDS C): run where NEWSLETTER_CORPORA names the folder with `bounces/`."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from newsletter.feedback.parse import parse_returned_mail

FOLDER = Path(os.environ.get("NEWSLETTER_CORPORA", "")) / "bounces"
RIGHT = 0.92
SOFT_FOR_HARD = 0.05

Cases = dict[str, dict[str, Any]]


def is_tuned(name: str) -> bool:
    """The half that the parser was developed on; the other half was only measured."""
    return hashlib.sha256(name.encode()).digest()[-1] % 2 == 0


@pytest.fixture(scope="module")
def cases() -> Cases:
    return json.loads((FOLDER / "expected.json").read_text())


def understood(name: str, ending: bytes = b"\n") -> dict[str, str]:
    raw = (FOLDER / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", ending)
    return {item.address.lower(): item.bounce_class.value for item in parse_returned_mail(raw).recipients}


@pytest.mark.parametrize("tuned", [True, False], ids=["developed on", "held out"])
def test_the_recipients_are_right(cases: Cases, *, tuned: bool) -> None:
    names = [name for name in cases if is_tuned(name) is tuned]
    right = sum(set(understood(name)) == {r["address"].lower() for r in cases[name]["recipients"]} for name in names)
    assert right / len(names) > RIGHT


@pytest.mark.parametrize("tuned", [True, False], ids=["developed on", "held out"])
def test_few_soft_ones_are_taken_for_hard(cases: Cases, *, tuned: bool) -> None:
    soft = [
        understood(name).get(item["address"].lower())
        for name, case in cases.items()
        for item in case["recipients"]
        if is_tuned(name) is tuned and not item["hard"] and item["reason"] != "feedback"
    ]
    assert soft.count("hard") / len(soft) < SOFT_FOR_HARD


def test_line_ends_change_nothing(cases: Cases) -> None:
    for name in cases:
        assert understood(name) == understood(name, b"\r\n") == understood(name, b"\r"), name
