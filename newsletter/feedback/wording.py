"""Many small patterns as one: a line for each, so that a table of words stays readable. Pure."""

import re


def any_of(*patterns: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """A pattern that finds any of `patterns`, in any case of letters, between `before` and `after`."""
    return re.compile(f"{before}(?:{'|'.join(patterns)}){after}", re.IGNORECASE)
