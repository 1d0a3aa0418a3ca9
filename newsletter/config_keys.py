"""Which keys are known where in `newsletter.toml`, and what was meant by one that is not. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias, get_args, get_origin

from pydantic import BaseModel

from newsletter.config_values import Table

Model: TypeAlias = type[BaseModel]
MOST_NAMED = 12
"""Keys of a table that are all named; `newsletter init` writes longer ones with their meaning."""
MOST_TABLES = 3
"""Tables that are named as those where a key belongs; one that is in more of them says too little."""
_OURS = frozenset({"folder", "attribute_types"})
"""Filled in by the program; no key of the file."""


def nearest(found: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy for a misspelled word: the nearest known one, or `otherwise`."""
    close = get_close_matches(found, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else otherwise


def remedy_for(parts: Sequence[str], root: Model) -> str:
    """What to do about an unknown key at the end of `parts`, in a file that is read as `root`."""
    tables = _tables(parts, root)
    known = keys_of(tables[-1]) if tables[-1] else []
    above = tables[-2] if len(tables) > 1 else None
    if above and parts[-1] in keys_of(above):
        return f"it belongs to [{'.'.join(parts[:-2])}]: put it above [{'.'.join(parts[:-1])}]"
    others = [name for name, table in _all_tables(root) if parts[-1] in keys_of(table)]
    if 0 < len(others) <= MOST_TABLES:
        return f"it belongs under {' or '.join(others)}: uncomment or add that line above it"
    named = f", or use one of: {', '.join(sorted(known))}" if 0 < len(known) <= MOST_NAMED else ""
    return nearest(parts[-1], known, f"remove it{named}")


def is_table(parts: Sequence[str], root: Model) -> bool:
    """Whether a table stands at `parts`, and not a value."""
    return _tables([*parts, ""], root)[-1] is not None


def keys_of(model: Model) -> list[str]:
    """The keys of a table, as they are written."""
    names = (field.alias or name for name, field in model.model_fields.items())
    return [name for name in names if name not in _OURS]


def _all_tables(model: Model, place: tuple[str, ...] = ()) -> Iterator[tuple[str, Model]]:
    """Every table of the file as its line is written, those that bear a name of their own as NAME."""
    for name, field in model.model_fields.items():
        inside, has_name = _inside(field.annotation)
        if inside is None or not issubclass(inside, Table):
            continue
        here = (*place, field.alias or name, *(["NAME"] if has_name else []))
        is_repeated = get_origin(field.annotation) in {tuple, list}
        yield f"[[{'.'.join(here)}]]" if is_repeated else f"[{'.'.join(here)}]", inside
        yield from _all_tables(inside, here)


def _tables(parts: Sequence[str], root: Model) -> list[Model | None]:
    """The table of each of `parts`, the last of which is a key; names in a table of tables are passed over."""
    found: list[Model | None] = [root]
    is_name = False
    for part in parts[:-1]:
        model = found[-1]
        if is_name or model is None:
            is_name = False
            continue
        fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        inside, is_name = _inside(fields.get(part))
        found.append(inside)
    return found


def _inside(annotation: Any) -> tuple[Model | None, bool]:  # noqa: ANN401 - any annotation of a field
    """The table that a field holds, and whether a name stands in between: [lists.NAME]."""
    for candidate in (annotation, *reversed(get_args(annotation))):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate, get_origin(annotation) is dict
    return None, False
