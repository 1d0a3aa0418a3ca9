"""What a condition is made of, and its text. Pure. newsletter.issue.conditions reads that text."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Operator(StrEnum):
    """How a value is compared with a text."""

    EQUAL = "="
    UNEQUAL = "!="
    CONTAINS = "~"


@dataclass(frozen=True, slots=True)
class Compare:
    """`name operator "text"`."""

    name: str
    operator: Operator
    text: str


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


Condition: TypeAlias = Compare | Has | Not | AllOf | AnyOf


def written(condition: Condition) -> str:
    """The condition as text, always in the same form."""
    match condition:
        case Compare(name, operator, text):
            quote = "'" if '"' in text else '"'
            return f"{name} {operator} {quote}{text}{quote}"
        case Has(name):
            return f"has {name}"
        case Not(Has(name)):
            return f"empty {name}"
        case Not(inner):
            return f"not {_nested(inner, (AllOf, AnyOf))}"
        case AllOf(conditions):
            return " and ".join(_nested(inner, (AllOf, AnyOf)) for inner in conditions)
        case AnyOf(conditions):
            return " or ".join(_nested(inner, (AnyOf,)) for inner in conditions)


def comparisons(condition: Condition) -> tuple[Compare, ...]:
    """Every comparison in it, in the order of the text."""
    match condition:
        case Compare():
            return (condition,)
        case Has():
            return ()
        case Not(inner):
            return comparisons(inner)
        case AllOf(conditions) | AnyOf(conditions):
            return tuple(found for inner in conditions for found in comparisons(inner))


def _nested(condition: Condition, kinds: tuple[type, ...]) -> str:
    text = written(condition)
    return f"({text})" if isinstance(condition, kinds) else text
