"""Contrast and size of type, computed from the theme: in light, in dark, and inverted by the mail program (A32, A42).

Apple Mail follows the dark values of the theme; Gmail on a telephone inverts the light ones by itself. Pure.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from newsletter.compose.theme import Theme
from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages

MINIMUM_RATIO = 4.5
"""WCAG 2.1, 1.4.3: for text of any size; large headings share the colour of running text."""
MINIMUM_TYPE = 14
"""Pixels (A42)."""

TEXT_ON = (
    *(("text", surface) for surface in ("page", "sheet", "tint")),
    *(("muted", surface) for surface in ("page", "sheet", "tint")),
    *(("accent", surface) for surface in ("sheet", "tint")),
    ("on_accent", "accent"),
)
"""Each colour of text with the surfaces that the templates put it on."""
_TYPE_KEYS = ("size", "small", "h1", "h1_phone", "h2", "h3", "h4")
_MODES = {
    "light": {"nl": "in licht", "en": "in light"},
    "dark": {"nl": "in donker", "en": "in dark"},
    "inverted": {"nl": "als het mailprogramma de kleuren omkeert", "en": "where the mail program inverts colours"},
}


def check_theme(theme: Theme, messages: Messages) -> Iterator[Finding]:
    """Every pair of text and surface in each mode, and every size of type."""
    for mode, colours in _modes(theme).items():
        for front, back in TEXT_ON:
            if front in colours and back in colours:
                yield from _pair(front, back, mode, colours, messages)
    for key in _TYPE_KEYS:
        size = theme["type"].get(key, MINIMUM_TYPE)
        if isinstance(size, int | float) and size < MINIMUM_TYPE:
            yield messages.finding("small-type", 0, size=size, key=f"type.{key}", limit=MINIMUM_TYPE)


def _modes(theme: Theme) -> dict[str, Mapping[str, str]]:
    light = {key: str(value) for key, value in theme["colour"].items()}
    dark = {key: str(value) for key, value in theme.get("dark", {}).items()}
    return {"light": light, "dark": dark, "inverted": {key: invert(value) for key, value in light.items()}}


def _pair(front: str, back: str, mode: str, colours: Mapping[str, str], messages: Messages) -> Iterator[Finding]:
    ratio = contrast(colours[front], colours[back])
    if ratio >= MINIMUM_RATIO:
        return
    table = "dark" if mode == "dark" else "colour"
    shown = f"{int(ratio * 10) / 10}"
    yield messages.finding(
        "low-contrast",
        0,
        front=f"{table}.{front}",
        back=f"{table}.{back}",
        front_colour=colours[front],
        back_colour=colours[back],
        mode=_MODES[mode][messages.language],
        ratio=shown.replace(".", ",") if messages.language == "nl" else shown,
    )


@lru_cache(maxsize=512)
def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours `#rrggbb`: 1 for equal ones, 21 for black on white (WCAG 2.1)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`: 0 for black, 1 for white (WCAG 2.1)."""
    red, green, blue = (_linear(int(colour[index : index + 2], 16) / 255) for index in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - WCAG's formula  # noqa: PLR2004 - WCAG's formula


def invert(colour: str) -> str:
    """`#rrggbb` as it looks when a program turns every pixel around."""
    return f"#{0xFFFFFF - int(colour[1:], 16):06x}"
