"""Reading the text format of Prometheus, strictly: what does not follow the grammar is an error."""

import re

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
_UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parse(text: str) -> Samples:
    """The samples by name and labels; every one belongs to the family announced last, and none comes twice."""
    assert text.endswith("\n")
    found: Samples = {}
    family = ""
    for line in text[:-1].split("\n"):
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert kind in {"gauge", "counter"}
            assert family.endswith("_total") == (kind == "counter") or kind == "counter"
            continue
        if line.startswith("# HELP "):
            continue
        match = _SAMPLE.fullmatch(line)
        assert match, line
        assert match[1] == family, line
        key = match[1], _labels(match[2] or "")
        assert key not in found, line
        found[key] = float(match[3])
    return found


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [
        (label[1], re.sub(r'\\["\\n]', lambda found: _UNESCAPED[found[0]], label[2])) for label in _LABEL.finditer(text)
    ]
    written = ",".join(label[0] for label in _LABEL.finditer(text))
    assert written == text, text
    return tuple(pairs)
