"""The one tree of errors that a person may see.

    NewsletterError            what went wrong, where, and the remedy
    ├── InputError             the input, the configuration or the command is unusable       exit 2
    │   ├── ConfigurationError newsletter.toml or an environment variable
    │   └── ConflictError      what is asked contradicts what has already happened
    ├── NegativeError          done, and the answer is no: something is overdue or refused   exit 1
    └── ServiceError           a relay or a database cannot be used                          exit 3

Every error names what happened, where (a file and line, a table, a host) and the remedy; none carries personal data
into a log (I7), so addresses stay out of `what` unless the person typed them on the same command line.
"""

from typing import ClassVar


class NewsletterError(Exception):
    """Something a person can mend; printed without a traceback."""

    exit_status: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  Remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class InputError(NewsletterError):
    """The input or the command line is unusable; nothing was changed."""


class ConfigurationError(InputError):
    """`newsletter.toml`, a secret file or an environment variable is unusable."""


class ConflictError(InputError):
    """What is asked contradicts what has already happened (another digest for one identity, I6)."""


class NegativeError(NewsletterError):
    """The command did its work and the answer is negative."""

    exit_status: ClassVar[int] = 1


class ServiceError(NewsletterError):
    """A relay, a database or another service cannot be reached or refuses to work."""

    exit_status: ClassVar[int] = 3
