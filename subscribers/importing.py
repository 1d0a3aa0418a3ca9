"""Which column of a file is what: by its heading, by the system that wrote it, or as an operator says. Pure.

Columns that the list's `attributes` do not name are reported and not stored; where somebody was (IP address,
coordinates) never is, also if the configuration names it.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from subscribers.errors import InputError
from subscribers.headings import HEADINGS, NAME_PARTS, WHEREABOUTS, Role, plain_heading
from subscribers.hints import meant
from subscribers.import_formats import FileFormat, check_asked, meanings, recognised, standing_in_file
from subscribers.import_rows import Columns, Entry
from subscribers.value_types import ValueType

__all__ = ["HEADINGS", "TARGETS", "Columns", "Entry", "Role", "map_columns", "plain_heading", "read_mapping"]

TARGETS: Mapping[str, Role | None] = {
    "email": Role.ADDRESS,
    "address": Role.ADDRESS,
    "name": Role.NAME,
    "first-name": Role.FIRST_NAME,
    "infix": Role.INFIX,
    "last-name": Role.LAST_NAME,
    "organisation": Role.ORGANISATION,
    "state": Role.STATE,
    "reason": Role.REASON,
    "consented-at": Role.SIGNED_UP,
    "confirmed-at": Role.CONFIRMED,
    "left-at": Role.LEFT,
    "since": Role.SINCE,
    "skip": None,
}
"""What an operator may call the meaning of a column, besides the names of attributes."""
_PACKED = frozenset({"attributes", "attribs"})
_UTC = ZoneInfo("UTC")


def map_columns(
    header: Sequence[str],
    attributes: Sequence[str] | Mapping[str, ValueType] = (),
    *,
    file_format: FileFormat | None = None,
    file_name: str = "",
    mapping: Mapping[int, str] | None = None,
    zone: ZoneInfo | None = None,
) -> Columns:
    """Find each column by its heading, whatever its case, accents and punctuation; configured attributes go first.

    `mapping` is what an operator says of some columns, by index (`read_mapping`). `zone` is that of moments that name
    none. Raises InputError naming what was found when two columns hold the same thing, or none the address.
    """
    check_asked(file_name)
    types = attributes if isinstance(attributes, Mapping) else dict.fromkeys(attributes, ValueType.TEXT)
    chosen = file_format or recognised(header)
    said = {index: TARGETS.get(word, word) for index, word in (mapping or {}).items()}
    of_format = meanings(header, chosen)
    found, ignored = _found(header, {plain_heading(name): name for name in types}, of_format | said)
    if Role.ADDRESS not in found:
        raise _no_address(header)
    is_mailchimp, is_listmonk = chosen is FileFormat.MAILCHIMP, chosen is FileFormat.LISTMONK
    packed = _packed(header) if is_listmonk else -1
    parts = tuple(found[part] for part in NAME_PARTS if part in found)
    if Role.NAME in found:
        ignored = [*ignored, *(header[index].strip() for index in parts)]
        parts = (found[Role.NAME],)
    return Columns(
        width=len(header),
        address=found[Role.ADDRESS],
        name=parts,
        organisation=found.get(Role.ORGANISATION, -1),
        state=found.get(Role.STATE, -1),
        reason=found.get(Role.REASON, -1),
        signed_up=found.get(Role.SIGNED_UP, -1),
        confirmed=found.get(Role.CONFIRMED, -1),
        left=found.get(Role.LEFT, -1),
        since=found.get(Role.SINCE, -1),
        changed=found.get(Role.CHANGED, -1),
        packed=packed,
        attributes=tuple((name, found[name]) for name in types if name in found),
        types=types,
        ignored=tuple(name for name in ignored if packed < 0 or name != header[packed].strip()),
        never=frozenset(header[index].strip() for index in _unkept(header, of_format) if index not in said),
        left_out=frozenset(header[index].strip() for index, meaning in said.items() if meaning is None),
        standing=standing_in_file(file_name, header, chosen),
        zone=_UTC if is_mailchimp or zone is None else zone,
        is_dated=chosen is not FileFormat.CSV or Role.SIGNED_UP in found or Role.CONFIRMED in found,
        confirmed_alone=not is_mailchimp,
    )


def _found(
    header: Sequence[str], wanted: Mapping[str, str], fixed: Mapping[int, str | None]
) -> tuple[dict[str, int], list[str]]:
    """Index by meaning (a Role, or the name of an attribute), and the headings that mean nothing to us."""
    found: dict[str, int] = {}
    ignored: list[str] = []
    for index, heading in enumerate(header):
        word = plain_heading(heading)
        meaning = fixed[index] if index in fixed else _by_heading(word, wanted)
        if meaning is None:
            ignored += [heading.strip()] if word else []
        elif meaning in found:
            first = header[found[meaning]].strip()
            raise InputError(
                f"two columns hold the same: {first!r} and {heading.strip()!r}",
                remedy=f"remove or rename one of them, or leave it out: --map '{heading.strip()}=skip'",
            )
        else:
            found[meaning] = index
    return found, ignored


def _by_heading(word: str, wanted: Mapping[str, str]) -> str | None:
    return None if word in WHEREABOUTS else wanted.get(word) or HEADINGS.get(word)


def _unkept(header: Sequence[str], of_format: Mapping[int, Role | None]) -> list[int]:
    """Columns that are not stored whatever the configuration says."""
    words = [plain_heading(heading) for heading in header]
    return [index for index, word in enumerate(words) if word in WHEREABOUTS or of_format.get(index, Role.NAME) is None]


def _packed(header: Sequence[str]) -> int:
    return next((index for index, heading in enumerate(header) if plain_heading(heading) in _PACKED), -1)


def read_mapping(texts: Sequence[str], header: Sequence[str], attributes: Sequence[str]) -> dict[int, str]:
    """What `--map 'Heading=meaning'` says, as index and meaning; raises InputError naming what there is."""
    known = [heading.strip() for heading in header]
    mapping: dict[int, str] = {}
    for text in texts:
        heading, equals, target = text.rpartition("=")
        if not equals:
            raise InputError(f"{text[:80]!r} does not say what the column is", remedy="write --map 'Heading=email'")
        target = target.strip()
        if target not in TARGETS and target not in attributes:
            words = [word for word in (*TARGETS, *attributes) if word != "address"]
            raise InputError(f"no column can be {target[:80]!r}", remedy=meant(target, words))
        if heading.strip() not in known:
            raise InputError(f"there is no column {heading.strip()[:80]!r}", remedy=meant(heading.strip(), known))
        mapping[known.index(heading.strip())] = target
    return mapping


def _no_address(header: Sequence[str]) -> InputError:
    if any("@" in heading for heading in header):
        return InputError("the first line is a person, not a header", remedy="put a line above it: e-mail;naam")
    found = ", ".join(repr(heading.strip()[:40]) for heading in header[:20])
    remedy = "call the column \"e-mail\", or say which it is: --map 'Heading=email'"
    return InputError(f"no column for the e-mail address; found {found}", remedy=remedy)
