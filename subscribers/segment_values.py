"""A condition asked of one person's values: for audience blocks, and to test the database against. Pure."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from subscribers.segment_tree import AllOf, AnyOf, Compare, Condition, Has, Not, OneOf, Operator
from subscribers.value_types import ValueType, day_of, folded, number_of

Values: TypeAlias = Mapping[str, str]
Predicate: TypeAlias = Callable[[Values], bool]

_READ: dict[ValueType, Callable[[str], Any]] = {
    ValueType.TEXT: folded,
    ValueType.NUMBER: number_of,
    ValueType.DATE: day_of,
}
"""A stored value as it is compared; None for what is not of the type."""
_ORDER: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.MORE: gt,
    Operator.AT_LEAST: ge,
}


def holds(condition: Condition, values: Values) -> bool:
    """Whether `condition` holds for somebody with these values."""
    return predicate(condition)(values)


def predicate(condition: Condition) -> Predicate:
    """The condition as a function, made once and asked for every person."""
    match condition:
        case Compare():
            return _comparison(condition)
        case OneOf(name, texts, kind):
            read = _READ[kind]
            wanted = frozenset(map(read, texts)) - {None}
            return lambda values: read(values.get(name, "")) in wanted
        case Has(name):
            return lambda values: bool(values.get(name))
        case Not(inner):
            opposite = predicate(inner)
            return lambda values: not opposite(values)
        case AllOf(conditions):
            parts = tuple(map(predicate, conditions))
            return lambda values: all(part(values) for part in parts)
        case AnyOf(conditions):
            parts = tuple(map(predicate, conditions))
            return lambda values: any(part(values) for part in parts)


def _comparison(test: Compare) -> Predicate:
    name, read = test.name, _READ[test.type]
    wanted = read(test.text)
    match test.operator:
        case Operator.CONTAINS:
            return lambda values: wanted in folded(values.get(name, ""))
        case Operator.UNEQUAL:
            return lambda values: wanted is None or read(values.get(name, "")) != wanted
        case Operator.EQUAL:
            return lambda values: wanted is not None and read(values.get(name, "")) == wanted
        case operator:
            return _ordered(name, read, _ORDER[operator], wanted)


def _ordered(name: str, read: Callable[[str], Any], compare: Callable[[Any, Any], bool], wanted: Any) -> Predicate:  # noqa: ANN401 - a text or a number
    """Less or more than `wanted`: never holds for what is empty or not of the type."""

    def is_so(values: Values) -> bool:
        text = values.get(name, "")
        found = read(text) if text else None
        return found is not None and wanted is not None and compare(found, wanted)

    return is_so
