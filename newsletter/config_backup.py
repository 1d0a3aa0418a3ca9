"""`[backup]` of newsletter.toml: where backups lie, how long they live, and the key they are encrypted with.

Who left is promised to be gone within one calendar month. A backup made just before an erasure still holds them, so
the longest period after leaving and the life of a backup may not exceed 27 days together: then the shortest month is
never passed (B11, I4; decision 0014).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from newsletter.config_secrets import read_private
from newsletter.config_values import AnyPath, Table
from subscribers.errors import ConfigurationError
from subscribers.retention import MAXIMUM_DAYS, Period, RetentionPolicy, Rule

FOLDER = "backups"
"""Below data_dir, unless another folder is named."""
MOST_DAYS = MAXIMUM_DAYS - 1
USUAL_DAYS = 7
"""What a backup lives at most if keep_days is left out."""
KEY_OCTETS = 32
_WHEN_LEFT = (Rule.UNSUBSCRIBED, Rule.HARD_BOUNCED, Rule.COMPLAINED, Rule.UNCONFIRMED)


def _key_text(value: SecretStr) -> SecretStr:
    parse_key(value.get_secret_value())
    return value


def parse_key(text: str) -> bytes:
    """The key that 64 hexadecimal digits write down; raises ValueError."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        msg = f"a key of backups is {2 * KEY_OCTETS} hexadecimal digits; `newsletter database key FILE` makes one"
        raise ValueError(msg)
    return key


class Backup(Table):
    """Backups of the database: made by `newsletter database backup`, removed when their life is over."""

    folder: AnyPath | None = None
    """data_dir/backups unless given."""
    keep_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None
    """Unless given: what the promise leaves, at most a week."""
    key: Annotated[SecretStr, AfterValidator(_key_text)] | None = None
    """For the environment: NEWSLETTER__BACKUP__KEY."""
    key_file: AnyPath | None = None

    def days(self, policies: Iterable[RetentionPolicy]) -> int:
        """How many days a backup lives; 0 if the promise leaves none."""
        left = days_left(policies)
        return min(left, USUAL_DAYS) if self.keep_days is None else min(left, self.keep_days)

    def problems(self, policies: Iterable[RetentionPolicy]) -> Iterator[str]:
        """What would break the promise, and a key that is given twice."""
        left = days_left(policies)
        if self.keep_days is not None and self.keep_days > left:
            yield (
                f"[backup] keep_days = {self.keep_days} keeps who left longer than one month: the longest retention of "
                f"the lists leaves {left} days for backups; shorten one of them"
            )
        if self.key and self.key_file:
            yield "[backup] key and key_file are both given; keep one"

    def folder_in(self, data_dir: Path, beside: Path) -> Path:
        """The folder of backups; a relative one lies beside newsletter.toml."""
        return beside / self.folder if self.folder else data_dir / FOLDER

    def read_key(self, beside: Path) -> bytes | None:
        """The key to encrypt and open with; None if none is configured. Raises ConfigurationError for a bad file."""
        if self.key:
            return parse_key(self.key.get_secret_value())
        return read_key_file(beside / self.key_file) if self.key_file else None


def read_key_file(path: Path) -> bytes:
    """The key in a file that nobody but its owner may read; raises ConfigurationError."""
    remedy = (
        "put the copy of the key back: a new key opens no backup that another encrypted; if there never was one, "
        "`newsletter database key FILE` makes it"
    )
    data = read_private(path, "the key of backups", remedy=remedy)
    try:
        return parse_key(data.decode("ascii", "replace"))
    except ValueError as error:
        raise ConfigurationError(str(error), where=str(path)) from None


def days_left(policies: Iterable[RetentionPolicy]) -> int:
    """What the longest period after leaving leaves of the promise; a period of one month leaves nothing."""
    longest = max((_days(policy.period_of(rule)) for policy in policies for rule in _WHEN_LEFT), default=0)
    return min(MOST_DAYS, MAXIMUM_DAYS - longest)


def _days(period: Period) -> int:
    return MAXIMUM_DAYS if period.days is None else period.days
