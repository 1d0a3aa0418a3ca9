import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.outcome import (
    OPEN,
    TRANSITIONS,
    Event,
    InvalidMoveError,
    Outcome,
    State,
    move,
    sources,
    when_erased,
)

states = st.sampled_from(State)
events = st.sampled_from(Event)


def test_every_state_has_a_row_in_the_table():
    assert set(TRANSITIONS) == set(State)


def test_the_numbers_of_the_states_are_those_in_the_database():
    assert [state.value for state in State] == list(range(9))
    assert (State.QUEUED, State.SENT, State.UNKNOWN) == (0, 3, 8)


@given(states, events)
def test_a_move_is_in_the_table_or_an_error(state, event):
    if event in TRANSITIONS[state]:
        assert move(state, event) in State
        assert state in sources(event)
    else:
        with pytest.raises(InvalidMoveError):
            move(state, event)


def test_sent_skipped_and_cancelled_never_move_again():
    assert not TRANSITIONS[State.SENT]
    assert not TRANSITIONS[State.SKIPPED]
    assert not TRANSITIONS[State.CANCELLED]


def test_unknown_moves_only_by_the_operators_word():
    assert set(TRANSITIONS[State.UNKNOWN]) == {Event.SETTLE_SENT, Event.SETTLE_UNSENT}


def test_only_what_may_be_claimed_can_be_sent():
    assert sources(Event.ACCEPT) == {State.CLAIMED}
    assert sources(Event.CLAIM) == {State.QUEUED, State.DEFERRED}


def test_a_restored_database_makes_every_open_delivery_unknown():
    assert {move(state, Event.RESTORE) for state in OPEN} == {State.UNKNOWN}


@given(states)
def test_an_erased_delivery_is_never_counted_as_open(state):
    assert when_erased(state) not in OPEN


def test_an_outcome_that_no_claimed_delivery_can_have_is_an_error():
    with pytest.raises(InvalidMoveError):
        _ = Outcome(delivery=1, event=Event.CLAIM).state
