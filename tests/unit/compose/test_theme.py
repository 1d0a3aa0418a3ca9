import re
from itertools import product

import pytest

from newsletter.compose.theme import read_theme
from newsletter.issue.finding import IssueError
from newsletter.shipped import templates_dir

BUILT_IN = ("theme.toml", (templates_dir() / "email" / "theme.toml").read_text())
PAIRS = [
    *product(("text", "muted", "accent", "alert"), ("page", "sheet", "tint")),
    ("on_accent", "accent"),
]
"""Which colour of text stands on which surface."""


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def inverted(colour: str) -> str:
    return "#" + "".join(f"{255 - int(colour[index : index + 2], 16):02x}" for index in (1, 3, 5))


@pytest.mark.parametrize(("ink", "surface"), PAIRS)
@pytest.mark.parametrize("table", ["colour", "dark"])
def test_every_text_has_the_contrast_of_a42_also_under_full_inversion(table, ink, surface):
    colours = read_theme([BUILT_IN])[table]
    assert contrast(colours[ink], colours[surface]) >= 4.5
    if table == "colour":
        assert contrast(inverted(colours[ink]), inverted(colours[surface])) >= 4.5


def test_no_text_is_smaller_than_14_px_and_running_text_has_16_or_more():
    theme = read_theme([BUILT_IN])
    assert min(theme["type"][key] for key in ("small", "size", "h1", "h1_phone", "h2", "h3", "h4")) >= 14
    assert theme["type"]["size"] >= 16
    assert theme["type"]["line_height"] >= 1.5
    css = (templates_dir() / "email" / "inlined.css.j2").read_text()
    assert all(float(size) >= 14 for size in re.findall(r"font-size:\s*([\d.]+)px", css))


def test_single_keys_are_overridden_and_the_rest_stays():
    theme = read_theme([BUILT_IN, ("own/theme.toml", '[colour]\naccent = "#701c45"\n')])
    assert theme["colour"]["accent"] == "#701c45"
    assert theme["colour"]["text"] == read_theme([BUILT_IN])["colour"]["text"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[colour]\nacent = "#701c45"', "did you mean 'accent'"),
        ('[colours]\naccent = "#701c45"', "did you mean 'colour'"),
        ('[colour]\naccent = "red"', "a colour such as"),
        ("[colour]\naccent = 3", "must be a text"),
        ('[type]\nsize = "groot"', "must be a number"),
        ('[type]\nfamily = "Arial;} body {display:none"', "style sheet"),
        ('[type]\nfamily = "url(https://example.com/x)"', "style sheet"),
        ("size = 3", "not part of the theme"),
        ("[colour\n", "theme.toml:1: error [theme] this is not TOML"),
    ],
)
def test_a_theme_that_cannot_be_used_is_refused_with_the_remedy(text, said):
    with pytest.raises(IssueError) as caught:
        read_theme([BUILT_IN, ("own/theme.toml", text)])
    assert said in str(caught.value)
    assert "own/theme.toml" in str(caught.value)
