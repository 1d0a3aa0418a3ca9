"""States of a subscription, consents and suppressions: which moves there are, and that every word has a meaning."""

import ast
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from subscribers import consent, subscription, suppression
from subscribers.consent import ConsentEvent, Evidence
from subscribers.subscription import Actor, EndedReason, State, may_move
from subscribers.suppression import ENDS_WITH, SuppressionReason


def test_the_moves_that_need_no_fresh_consent() -> None:
    allowed = {(before.value, after.value) for before, after in product(State, State) if may_move(before, after)}
    assert allowed == {("pending", "active"), ("pending", "ended"), ("active", "ended")}


def test_only_a_fresh_consent_opens_what_has_ended() -> None:
    for after in (State.ACTIVE, State.PENDING):
        assert not may_move(State.ENDED, after)
        assert may_move(State.ENDED, after, fresh_consent=True)


@pytest.mark.parametrize("state", State)
def test_no_state_moves_to_itself(state: State) -> None:
    assert not may_move(state, state, fresh_consent=True)


def test_every_suppression_ends_subscriptions_with_a_reason() -> None:
    assert set(ENDS_WITH) == set(SuppressionReason)
    assert set(ENDS_WITH.values()) <= set(EndedReason)


@pytest.mark.parametrize("module", [subscription, consent, suppression], ids=lambda module: module.__name__)
def test_every_word_has_its_meaning_beside_it(module) -> None:
    for enum in ast.parse(Path(module.__file__).read_text()).body:
        if isinstance(enum, ast.ClassDef) and any(getattr(base, "id", "") == "StrEnum" for base in enum.bases):
            words = enum.body[1:]  # after the docstring
            assert [type(node) for node in words] == [ast.Assign, ast.Expr] * (len(words) // 2), enum.name


def evidence(at: datetime) -> Evidence:
    words = {"basis": "consent", "source": "form", "wording": "Ja, graag", "wording_version": "3"}
    return Evidence(event=ConsentEvent.GRANTED, at=at, actor=Actor.SUBSCRIBER, **words)


def test_evidence_makes_a_row_with_the_words_that_were_shown_rule_b3() -> None:
    assert evidence(datetime(2027, 3, 1, tzinfo=UTC)).row(7) == {
        "subscription_id": 7,
        "at": datetime(2027, 3, 1, tzinfo=UTC),
        "event": "granted",
        "basis": "consent",
        "source": "form",
        "wording": "Ja, graag",
        "wording_version": "3",
        "actor": "subscriber",
    }


def test_evidence_at_a_naive_moment_is_refused_rule_i10() -> None:
    with pytest.raises(ValueError, match="naive"):
        evidence(datetime(2027, 3, 1))  # noqa: DTZ001 - that is the point
