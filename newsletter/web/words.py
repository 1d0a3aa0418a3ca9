"""Characters that no page or feed may hold. Pure."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def without_controls(text: str) -> str:
    """`text` without what XML 1.0 forbids (section 2.2) or no reader can show."""
    return _CONTROL.sub("", text)
