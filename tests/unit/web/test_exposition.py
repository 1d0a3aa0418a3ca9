"""The text format of Prometheus, read by its grammar."""

import re
from dataclasses import fields
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newsletter.store.measures import Measures
from newsletter.web.exposition import Family, exposed
from newsletter.web.metrics import families
from newsletter.web.works import Works
from tests.support.prometheus import parse


def test_a_family_has_its_help_its_type_and_its_samples():
    family = Family(name="jobs", kind="gauge", help="Send jobs.", samples=[({"list": "a", "state": "x"}, 3), ({}, 0.5)])
    assert exposed([family]) == (
        "# HELP newsletter_jobs Send jobs.\n# TYPE newsletter_jobs gauge\n"
        'newsletter_jobs{list="a",state="x"} 3\nnewsletter_jobs 0.5\n'
    )


def test_without_samples_the_name_stays():
    assert exposed([Family(name="x", kind="counter", help="y", samples=[])]).splitlines()[-1] == (
        "# TYPE newsletter_x counter"
    )


@given(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False))
def test_any_text_in_a_label_is_read_back(text, value):
    found = parse(exposed([Family(name="x", kind="gauge", help="y\n# TYPE z", samples=[({"label": text}, value)])]))
    assert found == {("newsletter_x", (("label", text),)): value}


def test_seconds_since_1970_keep_their_precision():
    shown = exposed([Family(name="x", kind="gauge", help="y", samples=[({}, 1813224600.25)])])
    assert re.search(r"^newsletter_x 1813224600\.25$", shown, re.MULTILINE)


def test_every_name_is_documented():
    text = (Path(__file__).resolve().parents[3] / "docs" / "operators.md").read_text()
    nothing = Measures(**{field.name: 0 if field.name == "overdue" else {} for field in fields(Measures)})
    names = [f"newsletter_{family.name}" for family in families(nothing, Works(), 0, 0)]
    assert len(names) > 15
    assert [name for name in names if f"`{name}`" not in text] == []
