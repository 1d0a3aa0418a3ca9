"""What a condition on people is made of, and its text. Pure. subscribers/segments.py reads that text."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from subscribers.value_types import ValueType


class Operator(StrEnum):
    """How a value is compared with what is written."""

    EQUAL = "="
    UNEQUAL = "!="
    CONTAINS = "~"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Compare:
    """`name operator "text"`; without quotes for a number and a date, as they are stored."""

    name: str
    operator: Operator
    text: str
    type: ValueType = ValueType.TEXT


@dataclass(frozen=True, slots=True)
class OneOf:
    """`name in ("a", "b")`: equal to one of them."""

    name: str
    texts: tuple[str, ...]
    type: ValueType = ValueType.TEXT


@dataclass(frozen=True, slots=True)
class Has:
    """`has name`: there is a value, and it is not empty. `empty name` is Not(Has)."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conditions joined by `and`."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions joined by `or`."""

    conditions: tuple["Condition", ...]


Condition: TypeAlias = Compare | OneOf | Has | Not | AllOf | AnyOf


def written(condition: Condition) -> str:
    """The condition as text, always in the same form."""
    match condition:
        case Compare(name, operator, text, kind):
            return f"{name} {operator} {_literal(text, kind)}"
        case OneOf(name, texts, kind):
            return f"{name} in ({', '.join(_literal(text, kind) for text in texts)})"
        case Has(name):
            return f"has {name}"
        case Not(Has(name)):
            return f"empty {name}"
        case Not(inner):
            return f"not {_nested(inner, (AllOf, AnyOf))}"
        case AllOf(conditions) | AnyOf(conditions):
            word, kinds = (" and ", (AllOf, AnyOf)) if isinstance(condition, AllOf) else (" or ", (AnyOf,))
            return word.join(_nested(inner, kinds) for inner in conditions)


def comparisons(condition: Condition) -> tuple[Compare, ...]:
    """Every comparison in it, in the order of the text; `in` counts as one per value."""
    match condition:
        case Compare():
            return (condition,)
        case OneOf(name, texts, kind):
            return tuple(Compare(name, Operator.EQUAL, text, kind) for text in texts)
        case Has():
            return ()
        case Not(inner):
            return comparisons(inner)
        case AllOf(conditions) | AnyOf(conditions):
            return tuple(found for inner in conditions for found in comparisons(inner))


def names(condition: Condition) -> Iterator[str]:
    """Every name that it asks about, in the order of the text."""
    match condition:
        case Compare(name) | OneOf(name) | Has(name):
            yield name
        case Not(inner):
            yield from names(inner)
        case AllOf(conditions) | AnyOf(conditions):
            for inner in conditions:
                yield from names(inner)


def _literal(text: str, kind: ValueType) -> str:
    quote = "" if kind is not ValueType.TEXT else "'" if '"' in text else '"'
    return f"{quote}{text}{quote}"


def _nested(condition: Condition, kinds: tuple[type, ...]) -> str:
    text = written(condition)
    return f"({text})" if isinstance(condition, kinds) else text
