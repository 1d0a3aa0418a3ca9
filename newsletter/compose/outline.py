"""Heading levels of the mail: one h1, none skipped (A40), whatever levels the editor wrote. Pure."""

_LOWEST = 6
_BELOW_TITLE = 2


class Outline:
    """Follows the headings in reading order; the mail's title is the h1, the editor's highest level becomes h2."""

    def __init__(self) -> None:
        self._open: list[int] = []

    def enter(self, written: int) -> int:
        """The level (2-6) of a heading written as level `written`."""
        while self._open and self._open[-1] >= written:
            self._open.pop()
        self._open.append(written)
        return min(len(self._open) + 1, _LOWEST)

    def below(self, steps: int = 0) -> int:
        """The level of a heading that a block brings along, one (and `steps` more) under the latest one."""
        return min(len(self._open) + _BELOW_TITLE + steps, _LOWEST)
